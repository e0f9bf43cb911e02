"""A value is found wherever it stands in a store's bytes, however it was written there, and nothing else is."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.erasure.known import numbered, telling
from memory.erasure.needles import Needles, in_files

VALUES = ("Xanthippe Quillfeather", "+441632960001", "ORD-48213", "zoë@exämple.org", 'says "no"\\', "£129.99", "Łódź 5")


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "written", [str, str.upper, lambda v: json.dumps(v), lambda v: json.dumps(v, ensure_ascii=False)]
)
def test_a_value_is_found_in_every_form(value: str, written: object) -> None:
    text = written(value)  # type: ignore[operator]
    if value != value.encode("ascii", "ignore").decode() and written is str.upper:
        text = value
    assert Needles([value]).seen([b"\x00before " + text.encode() + b"\xff after"]) == {0}


@given(st.data())
def test_chunks_may_be_cut_anywhere(data: st.DataObject) -> None:
    value = data.draw(st.text(min_size=4, max_size=40).filter(lambda v: len(v.encode("utf-8", "surrogatepass")) >= 4))
    body = b"x" * data.draw(st.integers(0, 50)) + value.encode("utf-8", "surrogatepass") + b"y" * 9
    cut = data.draw(st.integers(1, 7))
    assert Needles([value, "not there at all"]).seen(body[at : at + cut] for at in range(0, len(body), cut)) == {0}


def test_a_telephone_is_found_without_its_country() -> None:
    assert Needles(["+44 1632 960001"]).seen([b"call 01632960001 now"]) == {0}
    assert Needles(["1,250.00"]).seen([b"call 01632960001 now"]) == set()


def test_nothing_is_found_in_nothing(tmp_path: Path) -> None:
    assert Needles([]).seen([b"anything", b""]) == set()
    assert in_files([tmp_path / "missing", tmp_path], Needles(VALUES)).values == frozenset()
    (tmp_path / "empty").touch()
    assert in_files([tmp_path], Needles(VALUES)).parts == 1


def test_what_lies_deep_in_a_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c").write_bytes(b"\x00" * 3_000_000 + b"ord-48213" + b"\x00" * 100)
    found = in_files([tmp_path], Needles(VALUES))
    assert (found.parts, found.bytes, found.values) == (1, 3_000_109, frozenset({2}))


def test_many_values_cost_little_more_than_one() -> None:
    """A ratio of CPU times on the same bytes: how many values there are hardly counts."""
    rng = random.Random(4)
    body = [rng.randbytes(1 << 20) for _ in range(4)]

    def cost(values: list[str]) -> float:
        needles, best = Needles(values), 1e9
        for _ in range(3):
            begun = time.process_time()
            assert needles.seen(body) == set()
            best = min(best, time.process_time() - begun)
        return best

    assert cost([f"customer value {n:08}" for n in range(2000)]) < 5 * cost(["customer value 1"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order ORD-48213 of 2026-11-24 at 10:30 cost £129.99.", ["ORD-48213", "£129.99"]),
        ("It is the 3rd of 2024, call 07700 900123", ["900123"]),
        ("nothing here", []),
        ("", []),
    ],
)
def test_what_is_taken_from_a_message(text: str, expected: list[str]) -> None:
    found = numbered(text)
    assert [each for each in expected if each not in found] == []
    assert not {"2026-11-24", "10:30", "2024", "3rd"} & set(found)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("<PERSON_1>", False),
        ("Ann", False),
        ("Leeds", True),
        ("2026", False),
        ("A123", True),
        ("x" * 301, False),
        ("", False),
    ],
)
def test_what_tells_of_one_person(value: str, says: bool) -> None:
    assert telling(value) is says
