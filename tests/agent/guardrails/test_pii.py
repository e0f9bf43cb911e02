"""Personal data is found as customers write it, shop talk is left alone, and the detector fails closed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.guardrails.pii import PiiDetector, PiiSpan, PiiUnavailable
from agent.guardrails.recognisers.addresses import find_addresses
from agent.guardrails.recognisers.identities import find_identities
from agent.guardrails.recognisers.numbers import find_numbers
from agent.guardrails.recognisers.online import find_online
from agent.guardrails.recognisers.people import find_people
from agent.guardrails.recognisers.span import settle
from agent.guardrails.recognisers.spoken import find_spoken
from agent.guardrails.recognisers.tagged import find_tagged
from memory.pseudonyms import PseudonymBook, pseudonymise

BENIGN = [
    "Where is my order FD-10423? It was due on 3 March and tracking has not moved.",
    "How long does standard delivery take to Scotland and the Highlands?",
    "Do you ship to Northern Ireland, and what does it cost?",
    "Can I return boots I have worn once outdoors?",
    "Returns: do I need the original box?",
    "Boots arrived with a broken eyelet, what now?",
    "Is the Alder 45 backpack waterproof?",
    "Does the Ridgeline jacket run small? I am usually a medium.",
    "My Trailhead tent pole snapped on the second night.",
    "What is the warranty on Summit sleeping bags?",
    "Gaiters or overtrousers for Scottish winter?",
    "Is Gore-Tex covered by your lifetime guarantee?",
    "Do you price match Decathlon or Cotswold Outdoor?",
    "I paid £129.99 on 24/11/2025 and was charged twice.",
    "When will the Merino 200 base layer be back in stock?",
    "Is there a store in Manchester and is it open on Sunday?",
    "What are the opening hours of your Leeds shop at Christmas?",
    "Can I collect from the Bristol store on Boxing Day?",
    "My voucher SUMMER25 does not work at checkout.",
    "Gift card balance please, the card ends 4821.",
    "Klarna says my payment is pending, is the order confirmed?",
    "PayPal refund still missing after 10 working days.",
    "Apple Pay keeps failing on your app, error 402.",
    "How do I reset my password?",
    "I forgot my password and the reset email never comes.",
    "Please delete my account and all my data under GDPR.",
    "What does your privacy policy say about cookies?",
    "Can I change the delivery address after ordering?",
    "DHL says delivered but nothing is here.",
    "Royal Mail lost my parcel, tracking RM123456789GB.",
    "Hermes left it in the rain. Unacceptable.",
    "Thanks, that solved it!",
    "Hi there, quick question about sizing.",
    "Hello, I'm looking for a lightweight tent for two people.",
    "I'm furious, this is the third time.",
    "This is ridiculous, I want to speak to a person.",
    "I am still waiting for a reply.",
    "My name was misspelled on the parcel, does that matter?",
    "Which rucksack fits a 17 inch laptop?",
    "What is the difference between the Fell and the Fell Pro?",
    "Is the Kestrel 38 the same as last year's model?",
    "The zip on my Nuptse broke, can it be repaired?",
    "Do Salomon and Merrell shoes run the same size?",
    "Are your down jackets responsibly sourced?",
    "Nikwax or Grangers for washing a waterproof?",
    "Can I wear crampons with B1 boots?",
    "How heavy is the two person Skye tent, 2.1 kg?",
    "Size chart for kids' wellies, EU 28 to 35?",
    "Chest 102 cm, waist 86 cm, which size?",
    "Black Friday prices: are they valid in store too?",
    "Student discount with UNiDAYS, is that 10% or 15%?",
    "Do you deliver to Germany since Brexit, and who pays customs duty?",
    "How much is express shipping to the United States?",
    "Order 1234567890 shows shipped, 2 of 3 items missing.",
    "Invoice INV-2024-00017 has the wrong VAT number.",
    "I need an invoice for order #20481 from 12 May 2025.",
    "can i exchange a medium for a large without paying postage",
    "what time do you close today",
    "is the rain cover included with the alder pack",
    "my tent poles are bent can you send new ones",
    "do you have climbing shoes for wide feet",
    "still no refund after two weeks whats going on",
    "Cancel my subscription to the newsletter please.",
    "Could you explain the points on my Trail Club membership?",
    "The Primus stove arrived without the gas canister adapter.",
    "Use promo code HIKE20 on top of the sale price?",
    "Vegan leather boots: do you sell any?",
    "[card ending 1111] was charged twice, is that normal?",
    "You wrote [security code removed], what does that mean?",
    "Fleece pilling after one wash, is that a defect?",
    "On Monday your agent said 5 to 7 days. It is now day 9.",
    "Why was I charged $15.00 instead of $12.50?",
    "Battery of the Petzl Actik lasts 20 minutes only.",
    "Will the Lowa Renegade be restocked in size 44?",
    "Osprey Atmos 65 straps squeak, any tips?",
    "<PERSON_1> asked me to contact you about <LOCATION_2>",
]  # fmt: skip

# Written after the recognisers, and not looked at while they were made.
BENIGN_UNSEEN = [
    "Do the Fjord boots come in half sizes?",
    "Is there a difference in warmth between Lofoten and Tromso jackets?",
    "The Hawthorn daypack's side pocket ripped after a month.",
    "Could I swap my Cairn 2 tent for the Cairn 3?",
    "How do I wash the Brecon fleece without ruining it?",
    "Parcel 00340434161094042557 is stuck in customs.",
    "Do you have a branch near Glasgow airport?",
    "Returning a gift: who gets the refund?",
    "Membership number 88120934 does not show my points.",
    "My receipt says 14:35 on 02.11.2025, till 3.",
    "Laces for the Rambler boot, 150 cm or 180 cm?",
    "I'm not happy with the service at all.",
    "Hi, is anybody there?",
    "Good morning, two questions about exchanges.",
    "Order no 77120345 arrived damaged",
    "the stitching on these gloves came loose after three days",
    "Are sale items excluded from the price promise?",
    "What happens if I miss the courier twice?",
    "I'm after a three season bag rated to -5 C.",
    "Which poles did the reviewer at Trail Magazine recommend?",
]

FOUND = [
    ("my name is priya raghunathan and i want a refund", "PERSON", "priya raghunathan"),
    ("Hi, I'm Tomasz Zielinski, order FD-20311", "PERSON", "Tomasz Zielinski"),
    ("this is olga speaking", "PERSON", "olga"),
    ("the name on the order is Mary-Jane O'Neill", "PERSON", "Mary-Jane O'Neill"),
    ("Please address it to Mrs. Nakamura", "PERSON", "Nakamura"),
    ("I spoke to Siobhan on Tuesday", "PERSON", "Siobhan"),
    ("It never came.\n\nKind regards,\nDaniel Weber", "PERSON", "Daniel Weber"),
    ("hi jesse i need help", "PERSON", "jesse"),
    ("sure it's susan miller", "PERSON", "susan miller"),
    ("Send it to 12 High Street, Leeds LS1 4AB please", "LOCATION", "12 High Street, Leeds LS1 4AB"),
    ("my address is 4521 maple avenue springfield il 62704", "LOCATION", "4521 maple avenue springfield il 62704"),
    ("I moved to Flat 3, 27 Kings Road, London", "LOCATION", "Flat 3, 27 Kings Road, London"),
    ("postcode is sw1a 1aa", "LOCATION", "sw1a 1aa"),
    ("I live in Norwich", "LOCATION", "Norwich"),
    ("Lieferung an Hauptstraße 12 bitte", "LOCATION", "Hauptstraße 12"),
    ("call me on 07700 900123", "PHONE_NUMBER", "07700 900123"),
    ("my number is (212) 555-0187", "PHONE_NUMBER", "(212) 555-0187"),
    ("reach me at +49 30 901820", "PHONE_NUMBER", "+49 30 901820"),
    ("mail ann.lee+shop@example.co.uk", "EMAIL_ADDRESS", "ann.lee+shop@example.co.uk"),
    ("it's annlee at gmail dot com", "EMAIL_ADDRESS", "annlee at gmail dot com"),
    ("annlee 82 gmailcom", "EMAIL_ADDRESS", "annlee 82 gmailcom"),
    ("refund to GB29 NWBK 6016 1331 9268 19", "IBAN_CODE", "GB29 NWBK 6016 1331 9268 19"),
    ("my ssn is 536-22-1234", "US_SSN", "536-22-1234"),
    ("last four of my ssn 9632", "US_SSN", "9632"),
    ("account number 84900641324", "US_BANK_NUMBER", "84900641324"),
    ("my driver's license is D1234567", "US_DRIVER_LICENSE", "D1234567"),
    ("my card is 4012 8888 8888 1881", "CREDIT_CARD", "4012 8888 8888 1881"),
    ("National insurance number QQ123456C", "NATIONAL_ID", "QQ123456C"),
    ("my password is Tr0ub4dor&3", "PASSWORD", "Tr0ub4dor&3"),
    ("the verification code is 493817", "PASSWORD", "493817"),
    ("username: hillwalker_77", "USERNAME", "hillwalker_77"),
    ("I am @hillwalker77 on there", "USERNAME", "@hillwalker77"),
    ("from 203.0.113.7 and 2001:db8::1", "IP_ADDRESS", "203.0.113.7"),
    ("john dot smith at gmail dot com", "EMAIL_ADDRESS", "john dot smith at gmail dot com"),
    ("it's j underscore lee at mail dot co dot uk", "EMAIL_ADDRESS", "j underscore lee at mail dot co dot uk"),
    (
        "reach me on oh seven double seven four nine one two three four five",
        "PHONE_NUMBER",
        "oh seven double seven four nine one two three four five",
    ),
    ("my pin is one two three four", "PASSWORD", "one two three four"),
    ("JOE SMITH, 12 HIGH STREET, LEEDS", "PERSON", "JOE SMITH"),
    ("ship it to rua augusta 24", "LOCATION", "rua augusta 24"),
    ("mon nom est Amélie Dubois", "PERSON", "Amélie Dubois"),
    ("me llamo José García", "PERSON", "José García"),
    ("refund FD-10423 to account 84900641324", "US_BANK_NUMBER", "84900641324"),
    ("see https://social.example/u/ann.lee?x=1", "URL", "https://social.example/u/ann.lee?x=1"),
]


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    """One for all: loading takes a second, and a detector belongs to no event loop."""
    return PiiDetector(timeout_s=60)


@pytest.mark.model
@pytest.mark.parametrize(("text", "entity", "value"), FOUND)
async def test_personal_data_is_found_as_customers_write_it(
    detector: PiiDetector, text: str, entity: str, value: str
) -> None:
    [spans] = await detector.find([text])
    assert (entity, value) in [(span.entity, text[span.start : span.end]) for span in spans]


@pytest.mark.model
async def test_shop_talk_is_left_alone(detector: PiiDetector) -> None:
    found = await detector.find(BENIGN)
    wrong = [(text, spans) for text, spans in zip(BENIGN, found, strict=True) if spans]
    assert wrong == []


@pytest.mark.model
async def test_shop_talk_not_seen_before_is_left_alone_nearly_always(detector: PiiDetector) -> None:
    found = await detector.find(BENIGN_UNSEEN)
    wrong = [(text, spans) for text, spans in zip(BENIGN_UNSEEN, found, strict=True) if spans]
    assert len(wrong) <= 1, wrong


@pytest.mark.model
async def test_the_model_gets_pseudonyms_and_the_customer_the_values(detector: PiiDetector) -> None:
    text = "My name is Priya Raghunathan, call 07700 900123, order FD-10423, [card ending 1111]. <PERSON_1>"
    [spans] = await detector.find([text])
    book = PseudonymBook()
    hidden = pseudonymise(text, spans, book)
    assert hidden == ("My name is <PERSON_1>, call <PHONE_NUMBER_1>, order FD-10423, [card ending 1111]. ‹PERSON_1›")
    assert book.restore("<PERSON_1>: <PHONE_NUMBER_1>") == "Priya Raghunathan: 07700 900123"


@pytest.mark.model
async def test_a_value_on_the_border_of_two_pieces_of_a_long_text_is_found(detector: PiiDetector) -> None:
    for before in range(3_860, 4_010, 30):
        text = "ab cd " * (before // 6) + "my email is ann.lee@example.org and more " + "ef gh " * 800
        [spans] = await detector.find([text])
        assert [text[span.start : span.end] for span in spans if span.entity == "EMAIL_ADDRESS"] == [
            "ann.lee@example.org"
        ]


@pytest.mark.model
async def test_hostile_texts_are_answered(detector: PiiDetector) -> None:
    texts = ["", " ", "\n\n", "\x00", "\ud800", "🏕️" * 500, "a" * 20_000, "@" * 5_000, "1 " * 5_000, "A. " * 3_000]
    texts += ["my name is " * 1_000, "http://" * 1_000, "‮txet‬", "名前は田中です"]
    found = await detector.find(texts)
    assert len(found) == len(texts)
    for text, spans in zip(texts, found, strict=True):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.model
async def test_a_message_of_two_hundred_characters_costs_at_most_the_budget(detector: PiiDetector) -> None:
    text = (
        "Hi, my name is Priya Raghunathan and I ordered the Alder 45 backpack on 3 March, order FD-10423. It has not"
        " arrived at 12 High Street, Leeds. Could you call me on 07700 900123 or email me please, thanks"
    )
    await detector.find([text] * 5)
    best = min([await _cpu_ms(detector, text) for _ in range(5)])
    assert best <= 12  # budget 6 ms on an idle core, measured 3; the margin is for a shared one


@pytest.mark.model
async def test_in_bulk_a_message_costs_at_most_the_budget(detector: PiiDetector) -> None:
    texts = [f"{text} {number}" for number in range(3) for text in BENIGN]
    await detector.find(texts[:40])
    began = time.process_time()
    await detector.find(texts)
    assert (time.process_time() - began) * 1000 / len(texts) <= 8  # budget 4 ms of 200 characters, these have 60


ORDERS = [
    "order 77120345",
    "my order number is 1234567890",
    "Where is order 1234567890123?",
    "order number one two three four five six seven",
    "tracking number 00340434161094042557 for order FD-10423",
    "77120345",
    "flight BA2490 on 3/4/2025 at 14:30",
    "on 12 March 2025 I paid 45.99 for 2 of WO-0049985",
    "invoice 2024-00017 of 24/11/2025",
]


@pytest.mark.model
@pytest.mark.parametrize("text", ORDERS)
async def test_orders_dates_and_amounts_stay_to_be_read(detector: PiiDetector, text: str) -> None:
    assert await detector.find([text]) == [[]]


@pytest.mark.model
async def test_an_order_beside_an_address_stays_and_the_address_goes(detector: PiiDetector) -> None:
    text = "Please send WO-0049985 to Flat 3, 62 Quarry Lane, Sheffield. Regards, Helena Marsh"
    [spans] = await detector.find([text])
    left = pseudonymise(text, spans, PseudonymBook())
    assert "WO-0049985" in left
    assert not any(word in left for word in ("Quarry", "Helena", "Marsh"))


@pytest.mark.model
async def test_two_names_in_two_sentences_are_two(detector: PiiDetector) -> None:
    [spans] = await detector.find(["My name is Ann. Susan is my sister"])
    assert [(span.start, span.end) for span in spans] == [(11, 14), (16, 21)]


async def _cpu_ms(detector: PiiDetector, text: str) -> float:
    began = time.process_time()
    for _ in range(20):
        await detector.find([text])
    return (time.process_time() - began) * 1000 / 20


@pytest.mark.model
async def test_the_organisation_s_own_names_are_allowed() -> None:
    text = (
        "Is Marlow & Vance in Keswick, ask@marlowvance.example, www.marlowvance.example/help?"
        " I am Tom Reed from Keswick"
    )
    plain, allowing = (
        PiiDetector(timeout_s=60),
        PiiDetector(timeout_s=60, allow=frozenset({"Marlow & Vance", "marlowvance.example", "keswick"})),
    )
    [before], [after] = await plain.find([text]), await allowing.find([text])
    assert {"EMAIL_ADDRESS", "URL"} <= {span.entity for span in before}
    assert [text[span.start : span.end] for span in after] == ["Tom Reed"]
    await plain.aclose()
    await allowing.aclose()


async def test_a_secret_is_never_allowed_out() -> None:
    detector = PiiDetector(allow=frozenset({"hunter2"}), load=lambda: lambda texts: [[PiiSpan(0, 7, "PASSWORD", 0.9)]])
    assert await detector.find(["hunter2"]) == [[PiiSpan(0, 7, "PASSWORD", 0.9)]]
    await detector.aclose()


# ---- failing closed: the detector around an analyser that misbehaves


def nothing(texts: Sequence[str]) -> list[list[PiiSpan]]:
    return [[] for _ in texts]


async def test_an_analyser_that_cannot_load_is_unavailable_and_tried_again() -> None:
    attempts = []

    def load() -> object:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError("no model")
        return nothing

    detector = PiiDetector(load=load)  # type: ignore[arg-type]
    with pytest.raises(PiiUnavailable) as refused:
        await detector.find(["x"])
    assert (refused.value.code, refused.value.retryable) == ("pii_unavailable", True)
    assert await detector.find(["x"]) == [[]]
    await detector.aclose()


async def test_an_analyser_that_fails_says_its_kind_and_not_the_text() -> None:
    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        raise RuntimeError(texts[0])

    detector = PiiDetector(load=lambda: analyse)
    with pytest.raises(PiiUnavailable, match="RuntimeError") as refused:
        await detector.find(["my secret"])
    assert "secret" not in str(refused.value)
    await detector.aclose()


async def test_one_bad_text_does_not_fail_the_others_of_its_batch() -> None:
    gate = threading.Event()

    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        gate.wait(5)
        if "bad" in texts:
            raise RuntimeError
        return nothing(texts)

    detector = PiiDetector(load=lambda: analyse)
    asked = [asyncio.create_task(detector.find([text])) for text in ("first", "good", "bad", "fine")]
    await asyncio.sleep(0.05)
    gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(answer, PiiUnavailable) for answer in answers] == [False, False, True, False]
    await detector.aclose()


async def test_an_analyser_that_answers_too_little_is_unavailable() -> None:
    detector = PiiDetector(load=lambda: lambda texts: [])
    with pytest.raises(PiiUnavailable):
        await detector.find(["x", "y"])
    await detector.aclose()


async def test_an_analyser_that_hangs_is_given_up_in_time_and_replaced() -> None:
    release = threading.Event()
    hung = threading.Event()

    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        if "hang" in texts and not hung.is_set():
            hung.set()
            release.wait(30)
        return nothing(texts)

    detector = PiiDetector(timeout_s=0.2, load_timeout_s=0.2, load=lambda: analyse)
    await detector.find(["warm"])
    began = time.monotonic()
    with pytest.raises(PiiUnavailable, match="no answer"):
        await detector.find(["hang"])
    assert time.monotonic() - began < 2
    assert await detector.find(["after"]) == [[]]
    release.set()
    await detector.aclose()


async def test_what_waits_together_is_analysed_together_and_answered_apart() -> None:
    sizes: list[int] = []

    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        sizes.append(len(texts))
        time.sleep(0.02)
        return [[PiiSpan(0, len(text), "PERSON", 0.9)] for text in texts]

    detector = PiiDetector(load=lambda: analyse)
    texts = ["x" * (n + 1) for n in range(100)]
    answers = await asyncio.gather(*(detector.find([text]) for text in texts))
    assert [answer[0][0].end for answer in answers] == list(range(1, 101))
    assert len(sizes) <= 10
    assert max(sizes) <= 32
    await detector.aclose()


async def test_a_caller_that_leaves_costs_the_others_nothing() -> None:
    detector = PiiDetector(load=lambda: nothing)
    leaving = asyncio.create_task(detector.find(["x"]))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await detector.find(["y"]) == [[]]
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await detector.aclose()


async def test_no_texts_need_no_analyser_and_a_closed_one_is_unavailable() -> None:
    detector = PiiDetector(load=lambda: nothing)
    assert await detector.find([]) == []
    await detector.aclose()
    with pytest.raises(PiiUnavailable, match="closed"):
        await detector.find(["x"])


# ---- the pure parts


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("abz AEZ.,'-@0123456789\n<>+()/:#") | st.characters(), max_size=120))
def test_recognisers_take_any_text_and_stay_inside_it(text: str) -> None:
    finders = (find_people, find_addresses, find_numbers, find_online, find_spoken, find_identities, find_tagged)
    spans = [span for find in finders for span in find(text)]
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert 0 < span.score <= 1
    settled = settle(text, spans)
    assert all(one.end <= other.start for one, other in pairwise(settled))


PIECES = [
    "my name is ",
    "name ",
    "1 ",
    "1",
    "a ",
    "a.",
    "a@",
    "A ",
    "my email is ",
    "at ",
    "ssn ",
    "call me on 0",
    "12 High ",
]
PIECES += [
    "password is ",
    "address: ",
    "http://a.",
    "a dot ",
    "one ",
    "double two ",
    "X1234567",
    "passport A",
    "1:",
    "1.1.",
    "AB12",
    "flat 1 ",
    "-",
    "i'm ",
    "\n",
    "x,(1)",
]


@pytest.mark.parametrize("piece", PIECES)
def test_recognisers_take_time_that_grows_with_the_text_and_no_faster(piece: str) -> None:
    def seconds(characters: int) -> float:
        text = piece * (characters // len(piece))
        began = time.process_time()
        for find in (find_people, find_addresses, find_numbers, find_online, find_spoken, find_identities):
            find(text)
        return time.process_time() - began

    seconds(400)
    # Four times the text: a square would take sixteen times as long. The better of two, as others use the machine too.
    short, long = (min(seconds(characters) for _ in range(2)) for characters in (2_000, 8_000))
    assert long < max(12 * short, 1.0)
