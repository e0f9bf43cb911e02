"""A file of rules is used whole or refused with its line; nothing in it is guessed at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from policy_support import policy

from agent.policy.compiling import CODES, KEYS
from agent.policy.engine import STRICTNESS, Policy
from agent.policy.facts import FACTS, JUDGES, PHASES
from agent.policy.loading import MOST_RULES, load, loads, restored, shipped
from agent.policy.sources import MOST_BYTES, BrokenRules
from agent.templates import DEFAULTS

GOOD = """
[[rule]]
name = "hours"
phase = "triage"
when.intent = "opening_hours"
decision = "template"
template = "our_hours"
reason = "It asks when we are open."

[templates]
our_hours = "{organisation} is open from nine to five."
"""
RULE = '[[rule]]\nname = "x"\nphase = "triage"\nwhen.kind = "question"\ndecision = "handoff"\nreason = "r"\n'


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(BrokenRules) as raised:
        loads(text, "own.toml")
    assert str(raised.value) == "; ".join(raised.value.faults)
    return raised.value.faults


def test_the_shipped_rules_load_and_decide_about_every_phase() -> None:
    assert {rule.phase for rule in shipped().rules} == set(PHASES)
    assert {rule.judge for rule in shipped().rules} - {""} == set(JUDGES)


def test_a_file_of_ones_own_adds_rules_and_fixed_words() -> None:
    made = loads(GOOD)
    assert [rule.name for rule in made.rules if rule.name not in {each.name for each in shipped().rules}] == ["hours"]
    assert made.templates == {"our_hours": "{organisation} is open from nine to five."}
    assert made.version != shipped().version


def test_a_file_of_comments_alone_changes_nothing() -> None:
    assert loads("# nothing yet\n").version == shipped().version


def test_a_shipped_rule_is_changed_by_its_name_key_by_key_and_fact_by_fact() -> None:
    made = policy('name = "tone_exclamations"\nwhen.exclamations = { above = 5 }\nthen = "handoff"')
    rule = made.rule("tone_exclamations")
    assert rule is not None
    assert {each.name for each in rule.conditions} == {"made_by", "exclamations"}
    assert (rule.then, rule.decision) == ("handoff", "revise")
    assert [each.name for each in made.rules] == [each.name for each in shipped().rules], "it keeps its place"


def test_a_rule_that_is_switched_off_is_gone_and_the_version_tells() -> None:
    made = policy('name = "complaint"\nenabled = false')
    assert made.rule("complaint") is None
    assert made.version != shipped().version


@pytest.mark.parametrize("name", [rule.name for rule in shipped().rules if rule.always])
@pytest.mark.parametrize(
    "change",
    [
        "enabled = false",
        'decision = "pass"',
        'unless.channel = "sms"',
        'when.channel = "sms"',
        'then = "pass"',
        "always = false",
        'phase = "triage"',
    ],
)
def test_what_always_holds_cannot_be_switched_off_or_made_milder(name: str, change: str) -> None:
    (fault,) = faults(f'[[rule]]\nname = "{name}"\n{change}\n')
    assert fault.startswith(f'own.toml:3: rule "{name}": ')


def test_what_always_holds_may_be_made_stricter_and_said_otherwise() -> None:
    made = policy('name = "grounding"\nthen = "handoff"\npriority = "high"\nreason = "Not in our articles: {why}"')
    rule = made.rule("grounding")
    assert rule is not None
    assert (rule.then, rule.priority, rule.always) == ("handoff", "high", True)


@pytest.mark.parametrize("handoff", ["silenced", "asked"])
def test_who_opted_out_is_told_nothing_whatever_a_file_says(handoff: str) -> None:
    (fault,) = (
        faults(f'[[rule]]\nname = "consent"\nhandoff = "{handoff}"\n') if handoff == "asked" else ("own.toml:3:",)
    )
    assert fault.startswith("own.toml:3:")


BROKEN: list[tuple[str, int, str]] = [
    # syntax
    ("a = [", 1, "not valid TOML"),
    ('x = 1\ny = "open\n', 2, "not valid TOML"),
    ("x = 1\n\n\nx = 2\n", 4, "not valid TOML: cannot overwrite a value"),
    ("[rule\n", 1, "not valid TOML"),
    ("a = " + "[" * 5000, 1, "not valid TOML"),
    ("a = " + "9" * 5000, 1, "not valid TOML"),
    ("", 1, "it is empty"),
    (" \n\t\n", 1, "it is empty"),
    # tables
    ("[rules]\n", 1, "there is no table 'rules'; did you mean rule?"),
    ("\n\nthreshold = 3\n", 3, "there is no table 'threshold'"),
    ("rule = 3\n", 1, "write [[rule]]"),
    ('[rule]\nname = "x"\n', 1, "write [[rule]]"),
    ("rule = [1]\n", 1, "write [[rule]]"),
    ("templates = 3\n", 1, "templates is a table"),
    ("[templates]\nx = 3\n", 2, "template 'x'"),
    ('[templates]\nx = "{name}"\n', 2, "no other braces"),
    ('[templates]\nx = "{organisation:>99}"\n', 2, "no other braces"),
    ('[templates]\nx = " "\n', 2, "template 'x'"),
    ('[templates]\nunknown = "No."\n', 2, "[agent.templates]"),
    ("commitment = 3\n", 1, "write [[commitment]]"),
    # names
    ("[[rule]]\n", 1, "rule 1: it needs a name"),
    ("[[rule]]\nname = 3\n", 2, "rule 1: it needs a name"),
    ('[[rule]]\nname = "two words"\n', 2, "rule 1: it needs a name"),
    (RULE + RULE, 8, 'rule "x": there are two of this name'),
    # keys and types
    (RULE + "wen.kind = 3\n", 7, "there is no key 'wen'; did you mean when?"),
    (RULE + "enabled = 1\n", 7, "enabled is true or false"),
    (RULE + "unless = 3\n", 7, "unless is a table"),
    (RULE + "template = true\n", 7, "template is a string"),
    (RULE + 'then = "pass"\n', 7, "then is for rules that revise"),
    (RULE + "always = true\n", 7, "only rules that ship"),
    ('[[rule]]\nname = "x"\n', 1, "it has no phase"),
    ('[[rule]]\nname = "x"\nphase = "later"\ndecision = "pass"\nreason = "r"\n', 3, "phase cannot be 'later'"),
    (RULE.replace('"handoff"', '"revise"'), 5, "decision cannot be 'revise' in the phase triage"),
    (RULE.replace('"handoff"', '"block"'), 5, "decision cannot be 'block'"),
    (RULE + 'priority = "urgent"\n', 7, "priority cannot be 'urgent'"),
    (RULE + 'handoff = "shadowed"\n', 7, "handoff cannot be 'shadowed'"),
    (RULE + 'matter = "a{b}"\n', 7, "matter is"),
    (RULE.replace('"r"', '""'), 6, "its reason has 1 to"),
    (RULE.replace('"r"', '"{knid}"'), 6, "there is no fact 'knid'; did you mean kind?"),
    (RULE.replace('"r"', '"{"'), 6, "its reason has braces"),
    (RULE.replace('"r"', '"{text}"'), 6, "its reason cannot quote text"),
    (RULE.replace('"r"', '"{made_by}"'), 6, "made_by is not known in the phase triage"),
    ('[[rule]]\nname = "pii"\nphase = "draft"\n', 3, "its phase cannot be changed"),
    ('[[rule]]\nname = "asked"\nphase = "draft"\n', 3, "its phase is admit; write a rule of another name"),
    (
        RULE.replace('"triage"', '"sentence"').replace('"handoff"', '"revise"') + 'then = "pass"\n',
        7,
        "a sentence that was refused is never said",
    ),
    # templates and judges
    (RULE.replace('"handoff"', '"template"'), 1, "it ends in a template and names none"),
    (RULE + 'template = "refus"\n', 7, "there is no template 'refus'; did you mean refuse?"),
    (RULE.replace('"handoff"', '"contain"') + 'template = "refuse"\n', 7, "where no template is said"),
    (RULE + 'judge = "groundin"\n', 7, "there is no judge 'groundin'; did you mean grounding?"),
    (RULE + 'judge = "grounding"\n', 7, "grounding does not judge in the phase triage"),
    # conditions
    (RULE.replace('when.kind = "question"\n', ""), 1, "it looks at nothing"),
    (RULE.replace("when", "unless"), 1, "it looks at nothing"),
    (RULE + 'when.knd = "question"\n', 7, "there is no fact 'knd'; did you mean kind?"),
    (RULE + "when.length = 3\n", 7, "length is not known in the phase triage: it is from draft on"),
    (RULE.replace('"question"', '"complain"'), 4, "it can never be 'complain'; did you mean complaint?"),
    (RULE.replace('"question"', '["question", "nothing"]'), 4, "it can never be 'nothing'"),
    (RULE.replace('"question"', "[]"), 4, "it is a word, a list of words"),
    (RULE.replace('"question"', "3"), 4, "it is a word, a list of words"),
    (RULE + 'unless.sentiment = { not = ["negative", "neutral", "positive"] }\n', 7, "leaves nothing"),
    (RULE + 'when.opted_out = "yes"\n', 7, "it is a flag: true or false"),
    (RULE + "when.kind_score = true\n", 7, "it is a number"),
    (RULE + "when.kind_score = nan\n", 7, "it is a number"),
    (RULE + "when.kind_score = { over = 0.5 }\n", 7, "it is a number, or { at_least"),
    (RULE + 'when.kind_score = { at_least = "0.5" }\n', 7, "a bound is a finite number"),
    (RULE + "when.kind_score = { at_least = inf }\n", 7, "a bound is a finite number"),
    (RULE + "when.kind_score = { at_least = 0.7, below = 0.7 }\n", 7, "no number can meet"),
    (RULE + "when.kind_score = { above = 0.9, at_most = 0.1 }\n", 7, "no number can meet"),
    (RULE + 'when.text = "lawyer"\n', 7, "it is a text: { words"),
    (RULE + 'when.text = { words = "lawyer" }\n', 7, "words is a list"),
    (RULE + "when.text = { words = [] }\n", 7, "a list holds 1 to"),
    (RULE + 'when.text = { words = ["*"] }\n', 7, "is no word"),
    (RULE + 'when.text = { matches = "(" }\n', 7, "is not valid"),
    (RULE + "when.text = { matches = '.*' }\n", 7, "upper bound"),
    (RULE + 'when.text = { matches = ["a"] }\n', 7, "a pattern, as a string"),
    (RULE + '[rule.when.text]\nwords = ["a"]\nmatches = "["\n', 9, "is not valid"),
]


@pytest.mark.parametrize(("text", "line", "says"), BROKEN)
def test_a_fault_is_named_with_file_line_and_rule(text: str, line: int, says: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert says in found[0]
    if "when.text]" in text:  # the table is what is at fault, its header is nearest
        line = 7
    assert found[0].startswith(f"own.toml:{line}: "), found
    if 'name = "x"\n' in text and "[rule]\n" not in text and "TOML" not in says:
        assert 'rule "x": ' in found[0]


def test_every_fault_is_told_at_once_in_the_order_of_lines() -> None:
    text = RULE.replace('"question"', '"a"') + RULE.replace('"x"', '"y"').replace('"handoff"', '"b"') + "[other]\n"
    found = faults(text)
    assert [int(re.findall(r":(\d+):", each)[0]) for each in found] == [4, 11, 13]


def test_a_file_that_is_not_utf_8_too_large_or_not_there_is_named(tmp_path: Path) -> None:
    cases: list[tuple[bytes | None, str]] = [
        (b'# fine\nname = "\xff"\n', "2: it is not UTF-8: byte 0xff"),
        ("[[rule]]\n".encode("utf-16"), "1: it is not UTF-8"),
        (b"#" * (MOST_BYTES + 1), "1: it is larger than"),
        (None, "1: it cannot be read: No such file"),
    ]
    for raw, says in cases:
        file = tmp_path / "rules.toml"
        file.unlink(missing_ok=True)
        if raw is not None:
            file.write_bytes(raw)
        with pytest.raises(BrokenRules, match=re.escape(f"{file}:{says}")):
            load(file)
    with pytest.raises(BrokenRules, match="cannot be read"):
        load(tmp_path)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(file).version == loads(GOOD).version


def test_many_rules_load_and_too_many_are_refused() -> None:
    many = "".join(RULE.replace('"x"', f'"x{n}"') for n in range(MOST_RULES))
    assert len(loads(many).rules) == MOST_RULES + len(shipped().rules)
    (fault,) = faults(many + RULE)
    assert "more than" in fault


def test_the_version_is_that_of_what_holds_and_not_of_how_it_is_written() -> None:
    other = GOOD.replace('when.intent = "opening_hours"\n', "").replace("\n[templates]", "\n") + "\n"
    other = '[templates]\nour_hours = "{organisation} is open from nine to five."\n' + GOOD.split("[templates]")[0]
    assert loads(other + "# a comment\n").version == loads(GOOD).version
    assert loads(GOOD.replace("nine", "ten")).version != loads(GOOD).version


def test_a_policy_that_was_kept_judges_again_as_it_did() -> None:
    made = loads(GOOD + RULE)
    again = restored(made.text)
    assert again.version == made.version
    assert [rule.name for rule in again.rules] == [rule.name for rule in made.rules]
    assert again.templates == made.templates


def test_commitments_are_read_by_whoever_knows_them_and_their_faults_have_lines(tmp_path: Path) -> None:
    def read(entries: Any) -> None:
        if any("cap" in entry for entry in entries):
            raise ValueError('"refunds": cap is no key')

    file = tmp_path / "own.toml"
    file.write_text('[[commitment]]\nname = "swap"\n\n[[commitment]]\nname = "refunds"\ncap = 3\n', encoding="utf-8")
    with pytest.raises(BrokenRules, match=re.escape(f'{file}:6: commitment 2: "refunds": cap is no key')):
        load(file, DEFAULTS, read)
    assert [entry["name"] for entry in load(file, DEFAULTS).commitments] == ["swap", "refunds"]


# --- any file loads or fails with a line ---

_LINE = re.compile(r"^own\.toml:\d+: \S")
_NAMES = st.sampled_from([*FACTS, "kidn", "when", "", "*"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-3, 3),
        st.floats(allow_nan=True),
        st.sampled_from(
            ["question", "en", "none", "handoff", "template", "pass", "unknown", "{kind}", "a.{0,9}b", ".*"]
        ),
        st.text(max_size=8),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["not", "words", "matches", "at_least", "below", "x"]), inner, max_size=2),
    ),
    max_leaves=4,
)
_PHASES = st.sampled_from([*PHASES, "later"])
_RULES = st.fixed_dictionaries(
    {"name": st.sampled_from(["x", "y", "grounding", "person", "consent", "bad name", ""])},
    optional={
        "phase": _PHASES,
        "decision": st.sampled_from(["pass", "contain", "approve", "revise", "template", "handoff", "no"]),
        "reason": st.sampled_from(["r", "{kind}", "{why}", "{", ""]),
        "when": st.dictionaries(_NAMES, _VALUES, max_size=3),
        "unless": st.dictionaries(_NAMES, _VALUES, max_size=2),
        "judge": st.sampled_from([*JUDGES, "none"]),
        "then": st.sampled_from(["pass", "template", "handoff", "stop"]),
        "template": st.sampled_from(["unknown", "refuse", "nothing"]),
        "handoff": st.sampled_from([*CODES, "shadowed"]),
        "priority": st.sampled_from(["low", "high", "huge"]),
        "enabled": _VALUES,
        **dict.fromkeys(sorted(set(KEYS) - {"name", "phase", "decision"})[:2], _VALUES),
    },
)


def written(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(str(key))} = {written(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() or c in " .*{}_," else f"\\u{ord(c) % 0xD800:04x}" for c in value) + '"'
    return "nan" if value != value else str(value).replace("+", "")


def attempt(text: str) -> tuple[Policy | None, tuple[str, ...]]:
    """The policy, or None and the faults; nothing else may be raised."""
    try:
        return loads(text, "own.toml"), ()
    except BrokenRules as error:
        return None, error.faults


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_RULES, max_size=3))
def test_any_file_of_rules_loads_or_fails_with_a_line(rules: list[dict[str, Any]]) -> None:
    lines = ["# ours"]
    for rule in rules:
        lines.append("[[rule]]")
        lines += [f"{key} = {written(value)}" for key, value in rule.items()]
    made, told = attempt("\n".join(lines))
    if made is None:
        assert told
        assert all(_LINE.match(fault) for fault in told), told
        assert all(1 <= int(fault.split(":")[1]) <= len(lines) for fault in told)
        return
    assert restored(made.text).version == made.version
    assert {rule.name for rule in shipped().rules if rule.always} <= {rule.name for rule in made.rules}


@settings(deadline=None, max_examples=100)
@given(st.one_of(st.text(max_size=200), st.text(alphabet="[]rule=\"\n{}.#'when", max_size=80)))
def test_any_text_at_all_loads_or_fails_with_a_line(text: str) -> None:
    made, told = attempt(text)
    assert made is not None or told
    assert all(_LINE.match(fault) for fault in told), told


# --- the page ---

_PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", sorted({*FACTS, *JUDGES, *PHASES, *STRICTNESS, *KEYS} - {"when", "unless", "always"}))
def test_the_page_explains_whatever_a_rule_may_say(word: str) -> None:
    assert re.search(rf"^\| `{word}` \|", _PAGE, re.MULTILINE) or f"`{word}`" in _PAGE


def test_the_example_on_the_page_is_a_file_that_loads() -> None:
    (example,) = re.findall(r"```toml\n# rules\.toml\n(.*?)```", _PAGE, re.DOTALL)
    made = loads(example)
    assert {"opening_hours", "chargeback", "competitors", "prices_by_text"} <= {rule.name for rule in made.rules}
    assert made.rule("length_voice") is None


def test_the_page_names_all_that_always_holds() -> None:
    (said,) = re.findall(r"\*\*What always holds\.\*\* (.*?) cannot", _PAGE)
    assert set(re.findall(r"`(\w+)`", said)) == {rule.name for rule in shipped().rules if rule.always}
