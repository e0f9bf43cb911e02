"""Configuration of the whole: what `agent.settings` has, and the server, its keys and its inboxes.

`frontdesk.toml` first, then `FRONTDESK_SECTION__KEY`. A fault names the file, the setting and what is wrong with it.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from agent.errors import Misconfigured
from agent.lookups.settings import LookUpSettings
from agent.settings import Agent, Memory, Models, Organisation, Qdrant, Redis, Secret, Section, Store
from channels.gating.settings import Gate
from channels.inboxes.union import Inbox
from channels.inboxes.websocket import WebsocketInbox
from channels.oidc.settings import Oidc
from channels.outgoing.settings import OutgoingWebhook
from channels.proactive.settings import Digests, Proactive
from channels.retention_settings import RetentionSettings
from channels.staffing import DeskSettings, SlaSettings, TeamSettings

Role = Literal["viewer", "agent", "admin", "service"]
DEFAULT_FILE = Path("frontdesk.toml")


class Server(Section):
    """`public_url` is how the outside reaches this server, sub-path included; providers' signatures cover it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str | None = None
    root_path: str = ""
    trusted_proxies: list[str] = Field(default_factory=lambda: ["127.0.0.1"])


class WorkerSettings(Section):
    """`metrics_port` is where `frontdesk worker` shows /metrics, /healthz and /readyz on `metrics_host`; 0 is off."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"


class Key(Section):
    """An API key by name; `role` says what it may do."""

    key: Secret
    role: Role = "agent"


def _web_only() -> dict[str, Inbox]:
    return {"web": WebsocketInbox()}


class Settings(BaseSettings):
    """Every section of the file."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="FRONTDESK_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    organisation: Organisation = Organisation()
    server: Server = Server()
    worker: WorkerSettings = WorkerSettings()
    store: Store = Store()
    qdrant: Qdrant = Qdrant()
    redis: Redis | None = None
    models: Models = Models()
    agent: Agent = Agent()
    memory: Memory = Memory()
    lookups: dict[str, LookUpSettings] = Field(default_factory=dict)
    gate: Gate = Gate()
    teams: dict[str, TeamSettings] = Field(default_factory=dict)
    sla: SlaSettings = SlaSettings()
    desk: DeskSettings = DeskSettings()
    keys: dict[str, Key] = Field(default_factory=dict)
    oidc: Oidc | None = None
    inboxes: dict[str, Inbox] = Field(default_factory=_web_only)
    webhooks: dict[str, OutgoingWebhook] = Field(default_factory=dict)
    proactive: Proactive = Proactive()
    digests: Digests = Digests()
    retention: RetentionSettings = RetentionSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load(path: Path | None) -> Settings:
    """The settings of a file, `frontdesk.toml` of this folder for None, or the defaults where that is not there.

    Raises Misconfigured with one line for each fault.
    """
    file = path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    if file is not None:
        _check_toml(file)

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        return FromFile()
    except ValidationError as error:
        raise Misconfigured(_words(error, file)) from None


def _check_toml(file: Path) -> None:
    try:
        tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Misconfigured(f"there is no configuration file {file}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{file} is not valid TOML: {error}") from None


def _words(error: ValidationError, file: Path | None) -> str:
    """One line a fault. Values are left out: one of them may be a secret."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            lines.append(f"{name}: there is no such setting{_meant(fault['loc'])}")
        else:
            lines.append(f"{name}: {fault['msg']}")
    return f"{file or 'the environment (FRONTDESK_…)'}: " + "; ".join(lines)


def _meant(location: tuple[int | str, ...]) -> str:
    """The nearest setting's name, where one is near."""
    model: Any = Settings
    for part in location[:-1]:
        field = model.model_fields.get(str(part)) if isinstance(model, type) and issubclass(model, BaseModel) else None
        model = (
            next((a for a in (field.annotation, *get_args(field.annotation)) if _is_model(a)), None) if field else None
        )
    names = list(model.model_fields) if _is_model(model) else []
    near = difflib.get_close_matches(str(location[-1]), names, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _is_model(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)
