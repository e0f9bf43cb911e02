"""Every table and key of a TOML text has its line."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from agent.policy.positions import line, positions

TEXT = '''# a comment with [brackets] and "quotes"
top = 1

[[rule]]
name = "a # no comment"     # one
when.kind = "x"
words = [
  "one", # with ] in it
  "two",
]
[rule.when.text]
words = ["a"]

[[rule]]
"quoted key" = """
name = "not a key"
[[rule]]
"""
\'literal\' = \'\'\'
[nothing]\'\'\'
a . "b.c" . d = { e = [1, { f = 2 }], g = "}" }
[[rule.inner]]
x = 1
[[rule.inner]]
x = 2
[templates]
last = "it"'''


def test_each_is_found_where_it_stands() -> None:
    found = positions(TEXT)
    expected: dict[tuple[str | int, ...], int] = {
        ("top",): 2,
        ("rule", 0): 4,
        ("rule", 0, "name"): 5,
        ("rule", 0, "when"): 6,
        ("rule", 0, "when", "kind"): 6,
        ("rule", 0, "words"): 7,
        ("rule", 0, "when", "text"): 11,
        ("rule", 0, "when", "text", "words"): 12,
        ("rule", 1): 14,
        ("rule", 1, "quoted key"): 15,
        ("rule", 1, "literal"): 19,
        ("rule", 1, "a"): 21,
        ("rule", 1, "a", "b.c"): 21,
        ("rule", 1, "a", "b.c", "d"): 21,
        ("rule", 1, "inner", 0): 22,
        ("rule", 1, "inner", 0, "x"): 23,
        ("rule", 1, "inner", 1): 24,
        ("rule", 1, "inner", 1, "x"): 25,
        ("templates",): 26,
        ("templates", "last"): 27,
    }
    assert {path: found.get(path) for path in expected} == expected
    assert ("rule", 2) not in found, "what stands in a string is no table"


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [path, *(each for key, inner in value.items() for each in paths(inner, (*path, key)))]
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [each for number, inner in enumerate(value) for each in paths(inner, (*path, number))]
    return [path]


def test_every_path_leads_to_a_line_that_names_its_key() -> None:
    found, lines = positions(TEXT), TEXT.split("\n")
    for path in paths(tomllib.loads(TEXT)):
        at = line(found, path)
        held = path
        while held not in found:
            held = held[:-1]
        names = [part for part in held if isinstance(part, str)]
        assert not names or names[-1] in lines[at - 1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "# only",
        'a = "\\""',
        'a = """x"""""',
        "a = ''''x'''''",
        "a.b.c = 1",
        "a = [[1], [2]]",
        'a = {b = "#"}',
    ],
)
def test_odd_texts_are_read_to_their_end(text: str) -> None:
    tables = tomllib.loads(text)
    assert {path[0] for path in positions(text) if path} == set(tables)


def test_a_long_file_is_read_in_a_moment() -> None:
    text = "".join(f'[[rule]]\nname = "r{n}"\nwhen.text = {{ words = ["a", "b"] }}\n' for n in range(5000))
    assert positions(text)[("rule", 4999, "name")] == 4999 * 3 + 2
