"""What becomes of a message that did not leave."""

from __future__ import annotations

import pytest

from channels.adapters.registry import BUILT_IN
from channels.providers.ports import FateUnknown, Gone, NeedsPerson, OptedOut, Postponed, Rejected, TakenElsewhere
from channels.schedules import LONGEST_S, PATIENT, PROMPT, STANDARD_WEBHOOKS, Next, after


def test_a_message_put_off_is_tried_again_by_the_schedule_and_then_given_up() -> None:
    error = Postponed("busy")
    steps = [after(error, attempt, PROMPT, park_unknown=True) for attempt in range(1, len(PROMPT) + 2)]
    assert [one.retry_s for one in steps[:-1]] == list(PROMPT)
    assert {one.status for one in steps[:-1]} == {"pending"}
    assert steps[-1] == Next("dead")


def test_the_providers_own_time_is_kept_and_a_wrong_one_silences_nobody() -> None:
    assert after(Postponed("busy", retry_after_s=45), 1, PROMPT, park_unknown=True).retry_s == 45
    assert after(Postponed("busy", retry_after_s=1), 3, PROMPT, park_unknown=True).retry_s == PROMPT[2]
    assert after(Postponed("busy", retry_after_s=1e9), 1, PROMPT, park_unknown=True).retry_s == LONGEST_S


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Rejected("no"), "dead"),
        (Gone("nobody"), "refused"),
        (TakenElsewhere("a person speaks there"), "refused"),
        (OptedOut("stop"), "parked"),
        (NeedsPerson("too late"), "parked"),
    ],
)
def test_what_will_never_leave_is_not_tried_again(error: Rejected | NeedsPerson, status: str) -> None:
    assert after(error, 1, PATIENT, park_unknown=False) == Next(status)  # type: ignore[arg-type]  # one of its four


def test_an_unknown_fate_is_parked_or_tried_again_as_the_inbox_says() -> None:
    assert after(FateUnknown("no answer"), 1, PROMPT, park_unknown=True).status == "parked"
    assert after(FateUnknown("no answer"), 1, PROMPT, park_unknown=False).status == "pending"


def test_each_kind_has_its_providers_schedule() -> None:
    assert {kind: one.schedule for kind, one in BUILT_IN.items() if one.schedule != PROMPT} == {
        "sendgrid_email": PATIENT,
        "mailgun_email": PATIENT,
        "postmark_email": PATIENT,
        "webhook": STANDARD_WEBHOOKS,
    }
    assert all(list(one) == sorted(one) for one in (PROMPT, PATIENT, STANDARD_WEBHOOKS))
    assert 4 * 86_400 <= sum(PATIENT) <= 5 * 86_400  # RFC 5321 section 4.5.4.1
