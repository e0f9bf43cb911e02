"""What Twilio is told: documents that nothing said can add a verb to."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.etree import fromstring  # type: ignore[import-untyped]  # lxml ships no types

from channels.twiml import MAX_SAY, Twiml, Voice


def test_words_are_escaped_and_stay_words() -> None:
    hostile = 'Yes</Say><Dial>+1900</Dial> & "so" \x00\x0b\ud800'
    root = fromstring(Twiml(Voice()).say(hostile).document())
    assert [(each.tag, each.text) for each in root] == [("Say", 'Yes</Say><Dial>+1900</Dial> & "so"')]


def test_a_question_listens_while_it_speaks_and_says_so_when_nothing_was_heard() -> None:
    voice = Voice("fr-FR", "Polly.Lea", "retours,Lyon", "phone_call", "auto")
    [gather] = fromstring(Twiml(voice).ask("https://x.example/turn?n=1&after=2", "Bonjour", "", "Oui?").document())
    assert gather.attrib == {
        "input": "speech dtmf",
        "action": "https://x.example/turn?n=1&after=2",
        "method": "POST",
        "numDigits": "1",
        "timeout": "6",
        "speechTimeout": "auto",
        "language": "fr-FR",
        "bargeIn": "true",
        "actionOnEmptyResult": "true",
        "profanityFilter": "false",
        "hints": "retours,Lyon",
        "speechModel": "phone_call",
    }
    assert (gather[0].text, gather[0].attrib) == ("Bonjour Oui?", {"language": "fr-FR", "voice": "Polly.Lea"})


def test_verbs_come_in_order_and_nothing_is_said_without_words() -> None:
    twiml = Twiml(Voice()).say("", " ").pause(1).go("https://x.example/wait").dial("+441632960999", "/d", 25).hang_up()
    root = fromstring(twiml.document())
    assert [each.tag for each in root] == ["Pause", "Redirect", "Dial", "Hangup"]
    assert root[2].get("timeout") == "25"


@settings(deadline=None)
@given(st.text(max_size=500))
def test_any_words_make_a_document(words: str) -> None:
    root = fromstring(Twiml(Voice()).say(words).document())
    assert [each.tag for each in root] in ([], ["Say"])
    assert all(len(each.text or "") <= MAX_SAY for each in root)
