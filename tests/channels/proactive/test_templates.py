"""Templates: what is wrong with one shows at the start, and each customer gets the words that are for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.proactive.settings import Proactive, TemplateSettings
from channels.proactive.spec import CampaignSpec, read_list
from channels.proactive.templates import Segment, Template, TemplateError

SHIPPED = {
    "text": "Your order {order} is on its way.",
    "subject": "Order {order}",
    "placeholders": ["order"],
    "variants": [
        {"name": "de", "language": "de", "text": "Bestellung {order} ist unterwegs."},
        {"name": "sms", "channel": "sms", "text": "{order} is on its way"},
        {"name": "gb", "region": "GB", "text": "{order} left our Keswick shop"},
        {"name": "de-sms", "language": "de", "channel": "sms", "text": "{order} ist unterwegs"},
    ],
}


def template(**fields: Any) -> Template:
    return TemplateSettings.model_validate({**SHIPPED, **fields}).template("shipped")


def fill(made: Template, segment: Segment, **values: str) -> str:
    chosen = made.choose(segment)
    return made.fill(chosen, values, organisation="Acme", channel=segment.channel, max_sms_parts=3).text


@pytest.mark.parametrize(
    ("segment", "variant"),
    [
        (Segment("email"), "default"),
        (Segment("email", "fr"), "default"),
        (Segment("email", "de"), "de"),
        (Segment("sms", "en"), "sms"),
        (Segment("sms", "de"), "de-sms"),
        (Segment("email", "en", "GB"), "gb"),
        (Segment("email", "de", "GB"), "de"),
        (Segment("sms", "en", "GB", "gold"), "sms"),
    ],
)
def test_words_in_the_customers_language_come_before_words_for_the_channel_or_region(
    segment: Segment, variant: str
) -> None:
    assert template().choose(segment).name == variant


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "{ordr} left"}, "template shipped, variant default: {ordr} is no placeholder; there are order"),
        ({"text": "{order.real}"}, "write {name} and nothing else between braces"),
        ({"text": "{order!r}"}, "nothing else between braces"),
        ({"text": "{}"}, "nothing else between braces"),
        ({"text": "{order"}, "for a brace itself write"),
        ({"subject": "{when}"}, "{when} is no placeholder"),
        ({"variants": [{"name": "de", "language": "de", "text": "{x}"}]}, "template shipped, variant de: {x}"),
        ({"variants": [{"name": "a", "text": "b"}]}, "say whom it is for"),
        (
            {"variants": [{"name": "a", "tier": "g", "text": "b"}, {"name": "c", "tier": "g", "text": "d"}]},
            "the variants a, c are for the same customers",
        ),
        ({"variants": [{"name": "default", "tier": "g", "text": "b"}]}, "two variants are named 'default'"),
        (
            {"variants": [{"name": "s", "channel": "sms", "text": "Reply YES to confirm {order}"}]},
            "variant s: it asks for an answer that carriers take",
        ),
        (
            {"variants": [{"name": "s", "channel": "sms", "text": "x" * 1601}]},
            "1601 characters are more than sms takes",
        ),
    ],
)
def test_a_template_that_cannot_work_is_named_at_the_start(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Proactive.model_validate({"templates": {"shipped": {**SHIPPED, **fields}}})
    assert words in str(caught.value)


def test_values_are_checked_and_kept_on_one_line() -> None:
    made = template()
    assert fill(made, Segment("email"), order="A\n1\x00 {x}") == "Your order A 1 {x} is on its way."
    for values, words in (({}, "no value for order"), ({"order": "1", "b": "2"}, "no placeholder b")):
        with pytest.raises(TemplateError, match=words):
            fill(made, Segment("email"), **values)
    for value in ("", "\x00", "x" * 501):
        with pytest.raises(TemplateError):
            fill(made, Segment("email"), order=value)


def test_an_sms_that_costs_more_parts_than_allowed_is_refused_before_it_is_queued() -> None:
    made = template(variants=[])
    with pytest.raises(TemplateError, match="it takes 4 SMS parts, 3 at most"):
        fill(made, Segment("sms"), order="x" * 440)


def test_a_value_cannot_make_an_sms_ask_for_a_reserved_word() -> None:
    with pytest.raises(TemplateError, match="carriers take"):
        fill(template(variants=[], text="{order}"), Segment("sms"), order="Reply YES to confirm your order")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60))
def test_any_text_as_a_template_is_either_used_as_written_or_refused_in_words(text: str) -> None:
    try:
        made = TemplateSettings.model_validate({"text": text, "placeholders": ["a"]}).template("t")
        filled = made.fill(made.variants[0], {"a": "V"}, organisation="O", channel="email", max_sms_parts=3)
    except (TemplateError, ValidationError):
        pass  # refused, with words that the tests above look at
    else:
        expected = text.replace("{{", "\0").replace("}}", "\1").replace("{a}", "V").replace("{organisation}", "O")
        assert filled.text == expected.replace("\0", "{").replace("\1", "}").strip()


def test_a_list_is_read_with_its_evidence_and_its_own_values() -> None:
    text = (
        "\ufeffrecipient,consent_at,consent_source,language,order\n"
        "+441632960001,2026-05-01,checkout,de,A1\n+441632960002,,,,\n"
    )
    one, two = read_list(text)
    assert (one.to, one.language, one.values) == ("+441632960001", "de", {"order": "A1"})
    assert one.consent is not None
    assert one.consent.source == "checkout"
    assert (two.consent, two.values) == (None, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name\nJo\n", "needs a header with a column `recipient`"),
        ("recipient\n", "nobody in it"),
        ("recipient,order\n+441632960001\n", "line 2: it has other columns"),
        ("recipient,consent_at\n+441632960001,yesterday\n", "line 2: consent_at is no date"),
        ("recipient,consent_at,consent_source\n+441632960001,2026-05-01,\n", "line 2"),
        ("recipient,customer\n,\n", "line 2"),
        ('recipient\n"+44\n', "unexpected end of data"),
    ],
)
def test_a_list_that_cannot_be_read_names_its_line_and_no_persons_value(text: str, words: str) -> None:
    with pytest.raises(TemplateError) as caught:
        read_list(text)
    assert words in str(caught.value)
    assert "+44" not in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"audience": {}},
        {"audience": {"everyone": True, "recipients": [{"to": "a"}]}},
        {"steps": [10, 5, 100]},
        {"steps": [10, 50]},
        {"seeds": []},
        {"seeds": [{"to": "a", "customer": "b"}]},
        {"colour": "red"},
    ],
)
def test_a_spec_that_says_too_little_or_too_much_is_refused(fields: dict[str, Any]) -> None:
    whole = {"name": "a", "inbox": "sms", "template": "t", "audience": {"everyone": True}, "seeds": [{"to": "b"}]}
    CampaignSpec.model_validate(whole)
    with pytest.raises(ValidationError):
        CampaignSpec.model_validate({**whole, **fields})
