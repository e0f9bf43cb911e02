"""Presidio with our recognisers, and no language model behind it.

Presidio's own recognisers stay out where ours say more; those of national ids are asked by `identities.py`. Its context
enhancer stays out because ours look at the words around themselves, and it copies every result. Nothing here opens the
network: no e-mail recogniser that fetches the public-suffix list, no model that downloads itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, LocalRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from agent.guardrails.recognisers.identities import find_identities
from agent.guardrails.recognisers.span import PiiSpan
from agent.guardrails.recognisers.tagged import find_tagged
from agent.guardrails.recognisers.tagger import shipped

ENTITIES: Final = (
    "PERSON",
    "LOCATION",
    "PHONE_NUMBER",
    "EMAIL_ADDRESS",
    "CREDIT_CARD",
    "IBAN_CODE",
    "US_SSN",
    "US_BANK_NUMBER",
    "US_DRIVER_LICENSE",
    "NATIONAL_ID",
    "IP_ADDRESS",
    "URL",
    "USERNAME",
    "PASSWORD",
)
# What was taken out already: card remnants, and pseudonyms. Blotted out, so that nothing is found in them.
_MARKER = re.compile(r"\[card ending \d{4}\]|\[security code removed\]|<[A-Z][A-Z0-9_]{0,39}_\d{1,9}>")
_SURROGATE = re.compile("[\ud800-\udfff]")


class OwnRecogniser(LocalRecognizer):
    """One of our pure `find_…` functions as a Presidio recogniser."""

    def __init__(self, name: str, entities: Sequence[str], find: Callable[[str], list[PiiSpan]]) -> None:
        self._find = find
        super().__init__(supported_entities=list(entities), name=name)

    def load(self) -> None: ...

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        return [_result(span, self) for span in self._find(text)]


class NoEnhancer(ContextAwareEnhancer):
    """Leaves results as they are."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        return raw_results


def load() -> Callable[[Sequence[str]], list[list[PiiSpan]]]:
    """What finds the spans of many texts at once; they may overlap. Loads the tagger (half a second, 15 MB)."""
    shipped()
    analyzer = _analyzer()
    empty = NlpArtifacts(entities=[], tokens=[], tokens_indices=[], lemmas=[], nlp_engine=None, language="en")  # type: ignore[arg-type]

    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        return [
            [
                PiiSpan(found.start, found.end, found.entity_type, found.score)
                for found in analyzer.analyze(_shown(text), "en", entities=list(ENTITIES), nlp_artifacts=empty)
            ]
            for text in texts
        ]

    return analyse


def _shown(text: str) -> str:
    """`text`, equally long, without markers and without lone surrogates, which cannot be encoded."""
    whole = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
    return _MARKER.sub(lambda marker: "•" * len(marker.group()), whole)


def _analyzer() -> AnalyzerEngine:
    recognisers = [
        OwnRecogniser("tagged", ENTITIES, find_tagged),
        OwnRecogniser("identities", ["NATIONAL_ID"], find_identities),
    ]
    registry = RecognizerRegistry(recognizers=recognisers, supported_languages=["en"])
    engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    engine.load()
    return AnalyzerEngine(registry, engine, supported_languages=["en"], context_aware_enhancer=NoEnhancer())


def _result(span: PiiSpan, recogniser: LocalRecognizer) -> RecognizerResult:
    return RecognizerResult(
        entity_type=span.entity,
        start=span.start,
        end=span.end,
        score=span.score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: recogniser.name,  # type: ignore[has-type]  # untyped in Presidio
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
        },
    )
