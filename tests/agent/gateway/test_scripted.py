from __future__ import annotations

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agent.gateway.scripted import REMEMBERED, Asked, Fault, ScriptedChatModel, ScriptedFault


async def test_replies_come_in_order_and_the_last_repeats() -> None:
    model = ScriptedChatModel(replies=["one", "two"])
    assert [(await model.ainvoke("?")).text for _ in range(4)] == ["one", "two", "two", "two"]


async def test_a_rule_goes_before_the_replies() -> None:
    model = ScriptedChatModel(rules=[("refund", "Yes [1].")], replies=["No."])
    assert (await model.ainvoke("A REFUND?")).text == "Yes [1]."
    assert (await model.ainvoke("Hello")).text == "No."


async def test_a_script_sees_the_whole_call() -> None:
    def script(asked: Asked) -> str:
        return f"{len(asked.messages)} {asked.last} {asked.kwargs['question']}"

    model = ScriptedChatModel(script=script)
    reply = await model.ainvoke([SystemMessage("be kind"), HumanMessage("hi")], question=7)
    assert reply.text == "2 hi 7"
    assert model.asked[0].text == "be kind\nhi"


async def test_it_streams_word_by_word() -> None:
    chunks = [chunk.text async for chunk in ScriptedChatModel(replies=["a bb\n ccc"]).astream("?")]
    assert [chunk for chunk in chunks if chunk] == ["a ", "bb\n ", "ccc"]


async def test_a_fault_comes_after_its_text() -> None:
    model = ScriptedChatModel(replies=[Fault(text="half a ", status=429)])
    stream = model.astream("?")
    assert [(await anext(stream)).text, (await anext(stream)).text] == ["half ", "a "]
    with pytest.raises(ScriptedFault) as caught:
        await anext(stream)
    assert caught.value.status_code == 429


async def test_it_does_not_remember_for_ever() -> None:
    model = ScriptedChatModel()
    for _ in range(REMEMBERED + 5):
        model._reply(Asked((), {}))
    assert len(model.asked) == REMEMBERED
