"""Configuration of everything from `agent` down: `frontdesk.toml`, then FRONTDESK_SECTION__KEY.

Secrets are written as a value, `env:NAME` or `file:PATH`; `Secret.reveal()` reads them and nothing prints them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, SecretStr

if TYPE_CHECKING:  # they are sections themselves
    from agent.lookups.settings import LookUpSettings


class Section(BaseModel):
    """A table of the file: unknown keys are errors, so that a typo is named at start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(SecretStr):
    """A secret by value, by environment variable (`env:NAME`) or by file (`file:PATH`)."""

    def reveal(self) -> str:
        """The secret itself. Raises ValueError naming the missing variable or file, never the value."""
        raw = self.get_secret_value()
        if raw.startswith("env:"):
            value = os.environ.get(raw[4:])
            if not value:
                raise ValueError(f"the environment variable {raw[4:]} is not set")
            return value
        if raw.startswith("file:"):
            try:
                return Path(raw[5:]).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ValueError(f"cannot read the secret file {raw[5:]}: {error.strerror}") from None
        return raw


class Organisation(Section):
    """`postal_address` stands in marketing mail, which the law of many countries asks for."""

    name: str = "Frontdesk"
    locale: str = "en-GB"
    timezone: str = "Europe/London"
    voice: str = "Plain, short and friendly."
    postal_address: str = ""


class Store(Section):
    """`previous_master_keys` open what was sealed before a new `master_key`, until `frontdesk keys rotate` is done.
    `erasure_journal` is the file of who was erased; "" is `erasures.jsonl` beside the SQLite file, or in `data`. Keep
    it out of the database's backup: it is what erases them again after one is restored."""

    url: str = "sqlite:///data/frontdesk.db"
    master_key: Secret = Secret("file:data/master.key")
    previous_master_keys: list[Secret] = Field(default_factory=list)
    erasure_journal: str = ""


class Qdrant(Section):
    path: str = "data/qdrant"
    url: str | None = None
    api_key: Secret | None = None
    collection: str = "help"


class Redis(Section):
    url: str


class Embedding(Section):
    """`model` is "bundled" (all-MiniLM-L6-v2 from a package) or any name or folder sentence-transformers loads."""

    model: str = "bundled"


class Endpoint(Section):
    """One model. `provider` "openai" is any OpenAI-compatible server at `base_url`; another name is a LangChain
    provider package; "extractive" is the embedded answerer; "scripted" says what `options.replies` lists."""

    provider: str = "openai"
    model: str = ""
    base_url: str | None = None
    api_key: Secret | None = None
    first_token_s: float = Field(default=10.0, gt=0)
    timeout_s: float = Field(default=30.0, gt=0)
    context_tokens: int | None = Field(default=None, gt=0)
    price_in: float = Field(default=0.0, ge=0, description="per million tokens")
    price_out: float = Field(default=0.0, ge=0, description="per million tokens")
    options: dict[str, Any] = Field(default_factory=dict)


class RouteSettings(Section):
    """`endpoints` are names under [models.endpoints], in order of preference; `deadline_s` bounds them all.

    The route "answer" writes replies. One named "rewrite" makes a message that leans on the lines before stand alone
    before it is searched; a search waits for it no longer than its deadline, and at most half of its own. One named
    "summary" writes what falls out of a conversation's window anew, in the background; one named "remember" reads
    messages for what is to be remembered, there too.
    """

    endpoints: list[str] = Field(default=["extractive"], min_length=1)
    deadline_s: float = Field(default=45.0, gt=0)


class Models(Section):
    embedding: Embedding = Embedding()
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)
    routes: dict[str, RouteSettings] = Field(default_factory=lambda: {"answer": RouteSettings()})


class Agent(Section):
    """How turns are run. Seconds and tokens are in the names; `max_failures` ends a turn in a handover. `ranking` is a
    card that `frontdesk train ranking` wrote, `grounding` one of `frontdesk calibrate grounding` or `frontdesk train
    grounding`; without one, the shipped weights stand. `policy` is a file of your own rules over the shipped ones.
    `triage` is a folder of intents that `frontdesk train triage` made."""

    window_tokens: int = Field(default=1200, gt=0)
    fold_tokens: int = Field(default=400, gt=0)
    passages: int = Field(default=16, gt=0, le=50)
    ranking: str = ""
    triage: str = ""
    grounding: str = ""
    policy: str = ""
    retrieve_timeout_s: float = Field(default=5.0, gt=0)
    lease_s: float = Field(default=60.0, gt=0)
    max_failures: int = Field(default=3, gt=0)
    concurrency: int = Field(default=16, gt=0)
    sweep_s: float = Field(default=1.0, gt=0)
    redact: bool = True
    approve: Literal["never", "always"] = "never"
    templates: dict[str, str] = Field(default_factory=dict)


class Memory(Section):
    """What a turn may know. `context_tokens` bounds all that a model is shown of the message, the customer, the
    conversation, look-ups and passages; the bill in a turn's record says what did not fit. A recall from long ago is
    waited for `recall_timeout_s` and no longer. Without `remember` nothing is taken into memory beyond the log."""

    remember: bool = True
    context_tokens: int = Field(default=4000, ge=200)
    recall_timeout_s: float = Field(default=1.0, gt=0)


class Configured(Protocol):
    """The sections this layer reads, whoever holds them."""

    @property
    def organisation(self) -> Organisation: ...
    @property
    def store(self) -> Store: ...
    @property
    def qdrant(self) -> Qdrant: ...
    @property
    def redis(self) -> Redis | None: ...
    @property
    def models(self) -> Models: ...
    @property
    def lookups(self) -> Mapping[str, LookUpSettings]: ...
    @property
    def agent(self) -> Agent: ...
    @property
    def memory(self) -> Memory: ...
