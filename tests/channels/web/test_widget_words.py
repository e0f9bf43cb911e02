"""The widget's words: the same in every language, and the script around them as it was written."""

from __future__ import annotations

import json
import re

import pytest

from channels.web.widget import STATIC, languages, speaks, widget_js


def test_every_language_has_the_same_words_with_the_same_blanks() -> None:
    read = {name: json.loads((STATIC / "words" / f"{name}.json").read_text(encoding="utf-8")) for name in languages()}
    assert set(read) >= {"en", "de", "fr", "es", "it", "nl", "pl", "pt"}
    for name, words in read.items():
        assert list(words) == list(read["en"]), name
        for key, text in words.items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", read["en"][key]), (name, key)
            assert text.strip() == text or key == "of"
            assert text


def test_the_script_keeps_its_strings_and_loses_its_comments() -> None:
    script = widget_js()
    assert 'accept: "image/*"' in script
    assert script.count("/*") == 2  # the first comment, and that string
    assert "Mit einem Menschen sprechen" in script


@pytest.mark.parametrize(("locale", "spoken"), [("de-AT", True), ("PT-br", True), ("ja", False), ("", False)])
def test_a_region_speaks_its_language(locale: str, spoken: bool) -> None:
    assert speaks(locale) is spoken
