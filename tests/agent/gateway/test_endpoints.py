from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent.errors import Misconfigured
from agent.gateway.endpoints import build_gateways, build_upstream
from agent.gateway.openai_form import CompatibleChatModel
from agent.settings import Endpoint, Models, RouteSettings, Secret

OWN = Endpoint(model="qwen", base_url="http://127.0.0.1:9/v1")


def test_a_server_of_ones_own_needs_no_key() -> None:
    model = build_upstream("own", OWN).model
    assert isinstance(model, CompatibleChatModel)
    assert model.max_retries == 0
    assert model.stream_usage is True


def test_openai_itself_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-asked-for")
    with pytest.raises(Misconfigured, match=r"api_key = .env:OPENAI_API_KEY."):
        build_upstream("gpt", Endpoint(model="gpt-5.5"))
    model = build_upstream("gpt", Endpoint(model="gpt-5.5", api_key=Secret("env:OPENAI_API_KEY"))).model
    assert not isinstance(model, CompatibleChatModel)
    assert model.openai_api_base == "https://api.openai.com/v1"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Endpoint(base_url="http://127.0.0.1:9/v1"), r"models\.endpoints\.x\.model is missing"),
        (Endpoint(provider="anthropic", model="claude"), "pip install langchain-anthropic"),
        (Endpoint(provider="os; rm -rf", model="m"), "is no provider's name"),
        (Endpoint(provider="../x", model="m"), "is no provider's name"),
        (Endpoint(provider="core", model="m"), r"options\.class must name a chat model of langchain_core: none"),
        (OWN.model_copy(update={"options": {"max_retries": 5}}), "max_retries is set by Frontdesk itself"),
        (
            OWN.model_copy(update={"options": {"temperature": "warm"}}),
            r"^models\.endpoints\.x\.options\.temperature: [^\n]*$",
        ),
        (OWN.model_copy(update={"api_key": Secret("env:NO_SUCH_KEY")}), "NO_SUCH_KEY is not set"),
        (Endpoint(provider="scripted", options={"delay_s": -1}), "delay_s"),
    ],
)
def test_a_wrong_endpoint_says_what_to_do(settings: Endpoint, words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        build_upstream("x", settings)


def test_a_route_to_nowhere_lists_what_there_is() -> None:
    models = Models(endpoints={"own": OWN}, routes={"answer": RouteSettings(endpoints=["won"])})
    with pytest.raises(Misconfigured, match=r"'won'.*extractive, own"):
        build_gateways(models)


def test_routes_share_an_endpoints_breaker() -> None:
    routes = {"answer": RouteSettings(endpoints=["own"]), "summary": RouteSettings(endpoints=["own"])}
    gateways = build_gateways(Models(endpoints={"own": OWN}, routes=routes))
    assert gateways["answer"].upstreams[0] is gateways["summary"].upstreams[0]


def test_a_key_is_in_no_representation() -> None:
    settings = OWN.model_copy(update={"api_key": Secret("sk-very-secret")})
    gateway = build_gateways(Models(endpoints={"own": settings}, routes={"answer": RouteSettings(endpoints=["own"])}))
    shown = [repr(gateway), repr(gateway["answer"].upstreams[0]), str(gateway["answer"].asdict())]
    assert not any("sk-very-secret" in text for text in shown)


def test_another_langchain_provider_is_found_by_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "langchain_acme.py").write_text(
        "from pydantic import SecretStr\n"
        "from langchain_core.language_models import FakeListChatModel\n"
        "class ChatAcme(FakeListChatModel):\n"
        "    model_name: str\n"
        "    responses: list[str] = ['hi']\n"
        "    acme_api_key: SecretStr\n"
        "    max_retries: int = 6\n"
        "    tone: str = ''\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings = Endpoint(provider="acme", model="m1", api_key=Secret("k"), options={"tone": "kind"})
    model = build_upstream("acme", settings).model
    sys.modules.pop("langchain_acme")
    assert type(model).__name__ == "ChatAcme"
    given = {name: getattr(model, name) for name in ("model_name", "acme_api_key", "max_retries", "tone")}
    assert given == {"model_name": "m1", "acme_api_key": SecretStr("k"), "max_retries": 0, "tone": "kind"}
