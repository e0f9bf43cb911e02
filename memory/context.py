"""All that a turn may know, chosen within a budget of tokens, with a bill of what is in it and what was left out. Pure.

What does not fit yields in a fixed order, the last first: what was said in other conversations, then the older pieces
of the summary, passages beyond the nearest, what is remembered, what was pinned, older lines of the window. The
message, the customer's instructions and their consents come before all of that; where even they do not fit, the bill
says so. A kind takes no more than its SHARE of the budget until every other kind had its turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from memory.facts.memory import Memory, Recalled
from memory.identity.profile import Profile
from memory.messages import Line
from memory.segments import Segment
from memory.slots import Slot, asked_for
from memory.window import count_tokens

BlockKind = Literal[
    "message",
    "customer",
    "consent",
    "instruction",
    "focus",
    "external",
    "passage",
    "window",
    "slot",
    "preference",
    "fact",
    "outcome",
    "said",
    "summary",
    "earlier",
]
"""`focus` is what a message like "where is it?" is about, `external` what a look-up gave, `slot` what is pinned to the
letter, `said` a message of another time that was recalled, `earlier` what was said of late in another conversation of
theirs. The rest are as their names say."""
ORDER: Final[tuple[BlockKind, ...]] = (
    "message",
    "customer",
    "consent",
    "instruction",
    "focus",
    "external",
    "passage",
    "window",
    "slot",
    "preference",
    "fact",
    "outcome",
    "said",
    "summary",
    "earlier",
)
"""The order in which blocks are listed and, but for two kinds that are served twice (`build`), served: the nearest
passages have their place here, the rest comes before the summary, and before both what of it bears on the message."""
SHARE: Final[Mapping[str, float]] = {"message": 0.5, "instruction": 0.25, "external": 0.25, "window": 0.4, "slot": 0.25}
"""The most of the budget that a kind takes while others wait. With the defaults (4,000 tokens, a window of 1,200) only
unusual turns reach one: they keep a page pasted into a chat, or five hundred instructions, from crowding out the
evidence."""
NEAREST: Final = 4
"""Passages that come before the conversation's window: in the sample transcripts the passage cited is nearly always
among them."""
_CUT: Final = " … "
_WINDOW: Final = "its line is in the window"
_MESSAGE: Final = "it stands in the message"
_LISTED: Final = 200  # rows of what was left out that a record lists one by one


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of context: `tokens` counts its text, `source` says where it is from, `why` why it is in."""

    kind: BlockKind
    text: str
    tokens: int
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Left:
    """A piece that is not in the context, how long it would have been, and why it is not."""

    kind: BlockKind
    tokens: int
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Parts:
    """All there is to choose from. `window` and `earlier` are oldest first, `segments` in any order, `slots` and
    `earlier_segments` newest first, `passages` and `external` best first, as blocks whose `source` is their id; their
    `tokens` are counted here. `failed` is what could not be had at all, for the bill. `text` is the message where it
    is not that of `said`."""

    said: Sequence[Line] = ()
    text: str = ""
    conversation: str = ""
    channel: str = ""
    proof: str = ""
    profile: Profile = field(default_factory=lambda: Profile(""))
    recalled: Recalled = field(default_factory=Recalled)
    slots: Sequence[Slot] = ()
    focus: Sequence[Slot] = ()
    segments: Sequence[Segment] = ()
    window: Sequence[Line] = ()
    earlier: Sequence[Line] = ()
    earlier_segments: Sequence[Segment] = ()
    passages: Sequence[Block] = ()
    external: Sequence[Block] = ()
    failed: Sequence[Left] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What was chosen. `blocks` are its text in the order of ORDER, each list of parts what of them is in: `message`
    with pseudonyms and perhaps shortened, `identities` kinds with their proof and never a value, `instructions` those
    that stand (memories) and those of this conversation (slots), `window` and `earlier` oldest first, `passages` and
    `external` as blocks. `tokens` are those of all blocks and never more than `budget_tokens`."""

    budget_tokens: int
    tokens: int
    blocks: tuple[Block, ...]
    left_out: tuple[Left, ...]
    message: str = ""
    customer: str = ""
    identities: tuple[tuple[str, str], ...] = ()
    proof: str = ""
    channel: str = ""
    region: str = ""
    tier: str = ""
    consents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    preferences: tuple[Memory, ...] = ()
    instructions: tuple[Memory | Slot, ...] = ()
    focus: tuple[Slot, ...] = ()
    slots: tuple[Slot, ...] = ()
    window: tuple[Line, ...] = ()
    earlier: tuple[Line, ...] = ()
    earlier_summary: tuple[Segment, ...] = ()
    summary: tuple[Segment, ...] = ()
    facts: tuple[Memory, ...] = ()
    passages: tuple[Block, ...] = ()
    external: tuple[Block, ...] = ()

    def of(self, *kinds: BlockKind) -> tuple[Block, ...]:
        """The blocks of these kinds, in the order listed."""
        return tuple(block for block in self.blocks if block.kind in kinds)

    @property
    def words(self) -> str:
        """Everything in it, to look for what was known."""
        return "\n".join(block.text for block in self.blocks)

    def bill(self) -> dict[str, Any]:
        """The bill of materials, as a turn's record keeps it. The text of what the record holds elsewhere (message,
        window, passages) is not repeated. What need not be in because it is in the window or the message anyway is
        counted, and of very many that were left out the last are."""
        told = [left for left in self.left_out if left.why not in (_WINDOW, _MESSAGE)]
        twice = [left for left in self.left_out if left.why in (_WINDOW, _MESSAGE)]
        return {
            "budget_tokens": self.budget_tokens,
            "tokens": self.tokens,
            "blocks": [_row(block) for block in self.blocks],
            "left_out": [*map(_left, told[:_LISTED]), *_summed(told[_LISTED:], "more"), *_summed(twice, "of them")],
        }


def _left(left: Left) -> dict[str, Any]:
    return {"kind": left.kind, "tokens": left.tokens, "source": left.source, "why": left.why}


def _summed(left_out: Sequence[Left], many: str) -> list[dict[str, Any]]:
    """A row for each kind and reason, with how many it stands for."""
    rows: dict[tuple[BlockKind, str], list[Left]] = {}
    for left in left_out:
        rows.setdefault((left.kind, left.why.partition(":")[0]), []).append(left)
    return [
        {
            "kind": kind,
            "tokens": sum(left.tokens for left in of),
            "source": of[0].source if len(of) == 1 else f"{len(of)} {many}",
            "why": why,
        }
        for (kind, why), of in rows.items()
    ]


def _row(block: Block) -> dict[str, Any]:
    row = {"kind": block.kind, "tokens": block.tokens, "source": block.source, "why": block.why}
    return row if block.kind in ("message", "window", "passage") else {**row, "text": block.text}


def build(parts: Parts, budget_tokens: int, count: Callable[[str], int] = count_tokens) -> Context:
    """The context of `parts` within the budget. The same parts give the same context; each part is in it, or in
    `left_out` with a reason."""
    choosing = _Choosing(max(budget_tokens, 0), count)
    choosing.left_out.extend(parts.failed)
    _message(choosing, parts)
    choosing.offer(_customer(parts))
    choosing.offer(_standing(parts, "instruction", choosing))
    choosing.offer(_told(parts, choosing, inside=False))
    choosing.offer(_focus(parts, choosing))
    choosing.offer(_blocks("external", parts.external))
    choosing.offer(_blocks("passage", parts.passages[:NEAREST]))
    choosing.offer(_lines("window", parts.window, "said a moment ago"), run=True)
    choosing.offer(_told(parts, choosing, inside=True))
    choosing.offer(_pinned(parts, choosing))
    choosing.offer(_standing(parts, "preference", choosing))
    choosing.offer(_recalled(parts, choosing))
    choosing.offer(_bearing(parts.segments))
    choosing.offer(_blocks("passage", parts.passages[NEAREST:], first=NEAREST))
    choosing.offer(_segments(parts.segments), run=True)
    choosing.offer(_earlier(parts), run=True)
    choosing.serve_the_waiting()
    return _context(parts, choosing)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something to choose: its place among its kind in reading order, and the part it stands for."""

    kind: BlockKind
    text: str
    source: str
    why: str
    part: object = None
    place: int = 0
    known: str = ""  # why it need not be in: it stands elsewhere


@dataclass(slots=True, eq=False)
class _Choosing:
    """What has been chosen so far. `waiting` are pieces that did not fit or whose kind had its share; a `run` of
    them is cut at one place: nothing older than what did not fit comes in."""

    budget: int
    count: Callable[[str], int]
    taken: list[tuple[Block, _Piece]] = field(default_factory=list)
    left_out: list[Left] = field(default_factory=list)
    waiting: list[tuple[_Piece, int, bool]] = field(default_factory=list)
    seen: dict[tuple[BlockKind, str], str] = field(default_factory=dict)
    spent: Counter[BlockKind] = field(default_factory=Counter)
    lines: dict[int, str] = field(default_factory=dict)
    """The window's lines that are in, by seq."""

    @property
    def room(self) -> int:
        return self.budget - self.spent.total()

    def has(self, kind: BlockKind) -> list[Any]:
        """The parts of this kind that are in, in reading order."""
        ordered = sorted((piece for _, piece in self.taken if piece.kind == kind), key=lambda piece: piece.place)
        return [piece.part for piece in ordered]

    def repeats(self, kind: BlockKind, text: str, source: str) -> str:
        """Why a piece need not be in: its words were offered before. "" for new ones, which count as offered now."""
        words = (kind, " ".join(text.casefold().split()))
        if words in self.seen:
            return f"the same as {self.seen[words]}"
        self.seen[words] = source
        return ""

    def offer(self, pieces: Iterable[_Piece], *, run: bool = False) -> None:
        """Takes what fits of these, in this order. The pieces are made as they are asked for, so that each may depend
        on what was taken before it."""
        stopped = False
        for piece in pieces:
            tokens = self.count(piece.text)
            if piece.known:
                self.leave(piece, tokens, piece.known)
            elif stopped or not self._fits(piece, tokens, SHARE.get(piece.kind, 1.0)):
                self.waiting.append((piece, tokens, run))
                stopped = run
            else:
                self._take(piece, tokens)

    def serve_the_waiting(self) -> None:
        """Gives what room is left to those that waited, in their order; the rest is left out."""
        ended: set[BlockKind] = set()
        for piece, tokens, run in self.waiting:
            if run and piece.kind in ended:
                self.leave(piece, tokens, "older than what fits in the budget")
            elif self._fits(piece, tokens, 1.0):
                self._take(piece, tokens)
            else:
                ended.update([piece.kind] if run else [])
                self.leave(piece, tokens, f"no room: {tokens} tokens, {self.room} were left")
        self.waiting.clear()

    def leave(self, piece: _Piece, tokens: int, why: str) -> None:
        self.left_out.append(Left(piece.kind, tokens, piece.source, why))

    def _fits(self, piece: _Piece, tokens: int, share: float) -> bool:
        return tokens <= self.room and self.spent[piece.kind] + tokens <= self.budget * share

    def _take(self, piece: _Piece, tokens: int) -> None:
        self.taken.append((Block(piece.kind, piece.text, tokens, piece.source, piece.why), piece))
        self.spent[piece.kind] += tokens
        if piece.kind == "window" and isinstance(piece.part, Line):
            self.lines[piece.part.seq] = piece.part.text


def _message(choosing: _Choosing, parts: Parts) -> None:
    """The message, whole where it takes no more than its share; else its beginning and end, and the bill says so."""
    text = parts.text or "\n".join(line.text for line in parts.said).strip()
    source = _events([line.seq for line in parts.said])
    piece = _Piece("message", text, source, "what is answered")
    tokens, most = choosing.count(text), int(choosing.budget * SHARE["message"])
    if tokens <= most:
        choosing.offer([piece])
        return
    short = shortened(text, most, choosing.count)
    why = f"longer than half of the budget: {choosing.count(short)} of {tokens} tokens are in"
    if short:
        choosing.offer([replace(piece, text=short, why="what is answered, without its middle")])
    choosing.leave(piece, tokens - (choosing.count(short) if short else 0), why if short else "the budget is too small")


def shortened(text: str, tokens: int, count: Callable[[str], int] = count_tokens) -> str:
    """The text's beginning and end within so many tokens, two thirds and one; "" where not even that fits."""
    if count(text) <= tokens:
        return text
    least, most = 0, len(text)
    while least < most:
        kept = (least + most + 1) // 2
        least, most = (kept, most) if count(_ends(text, kept)) <= tokens else (least, kept - 1)
    return _ends(text, least) if least else ""


def _ends(text: str, kept: int) -> str:
    tail = kept // 3
    return text[: kept - tail].rstrip() + _CUT + (text[-tail:].lstrip() if tail else "")


def _events(seqs: Sequence[int]) -> str:
    if not seqs:
        return "this turn"
    return f"event {seqs[0]}" if len(seqs) == 1 else f"events {seqs[0]} to {seqs[-1]}"


def _customer(parts: Parts) -> Iterator[_Piece]:
    profile = parts.profile
    known = ", ".join(f"{kind} ({proof or 'not proven'})" for kind, proof in dict.fromkeys(profile.known_by))
    facts = (
        ("known by", known),
        ("on", parts.channel),
        (
            "this conversation proven by",
            {"signed": "a signed identity", "provider": "the channel"}.get(parts.proof, ""),
        ),
        ("region", profile.region),
        ("tier", profile.tier),
        ("time zone", profile.timezone),
    )
    text = "; ".join(f"{name} {value}" for name, value in facts if value)
    if text:
        yield _Piece("customer", text, "customer", "who writes")
    consents = "; ".join(
        f"{channel} {purpose}: {state}"
        for channel, by_purpose in sorted(profile.consents.items())
        for purpose, state in sorted(by_purpose.items())
    )
    if consents:
        yield _Piece("consent", consents, "consent ledger", "what they allow")


def _standing(parts: Parts, kind: BlockKind, choosing: _Choosing) -> Iterator[_Piece]:
    """What holds without being asked for."""
    why = "they told us so, and it stands" if kind == "instruction" else "how they like it"
    for place, memory in enumerate(parts.recalled.standing):
        if memory.kind == kind:
            source = _of_memory(memory)
            known = choosing.repeats(kind, memory.text, source)
            yield _Piece(kind, memory.text, source, why, memory, place, known)


def _told(parts: Parts, choosing: _Choosing, *, inside: bool) -> Iterator[_Piece]:
    """What the customer told us to do in this conversation, newest first: what fell out of the window, and later, with
    `inside`, what stands in lines of the window that did not fit."""
    window = {line.seq for line in parts.window}
    place = len(parts.recalled.standing)
    for slot in parts.slots:
        if slot.kind != "instruction" or (_here(slot, parts) and slot.seq in window) != inside:
            continue
        place, source = place + 1, _of_slot(slot, parts)
        known = _in_lines(slot, parts, choosing) or choosing.repeats("instruction", slot.value, source)
        yield _Piece("instruction", slot.value, source, "they told us so in this conversation", slot, place, known)


def _focus(parts: Parts, choosing: _Choosing) -> Iterator[_Piece]:
    text = parts.text or "\n".join(line.text for line in parts.said)
    for place, slot in enumerate(parts.focus):
        source = _of_slot(slot, parts)
        known = _MESSAGE if slot.value in text else choosing.repeats("slot", slot.value, source)
        yield _Piece("focus", _text_of(slot), source, "what the message is about", slot, place, known)


def _pinned(parts: Parts, choosing: _Choosing) -> Iterator[_Piece]:
    """What was said to the letter: first what the message asks for by kind, then the customer's own, newest first."""
    text = parts.text or "\n".join(line.text for line in parts.said)
    wanted = asked_for(text)
    slots = [slot for slot in parts.slots if slot.kind != "instruction"]
    ranked = sorted(
        enumerate(slots), key=lambda each: (each[1].kind not in wanted, each[1].role != "customer", each[0])
    )
    for number, slot in ranked:
        source, why = _of_slot(slot, parts), "said to the letter"
        words = slot.value if slot.kind not in ("amount", "date") else slot.words or slot.value
        known = _in_lines(slot, parts, choosing) or choosing.repeats("slot", words, source)
        why = "the message asks for it" if slot.kind in wanted else why
        yield _Piece("slot", _text_of(slot), source, why, slot, -number, known)


def _recalled(parts: Parts, choosing: _Choosing) -> Iterator[_Piece]:
    """What is remembered that may bear on the message, best first."""
    for place, memory in enumerate(parts.recalled.found):
        source = _of_memory(memory)
        why = memory.why or f"recalled, score {memory.score:.3f}"
        known = ""
        if memory.conversation and memory.conversation == parts.conversation:
            near = {line.seq: "message" for line in parts.said} | dict.fromkeys(choosing.lines, "window")
            known = f"it stands in the {near[memory.seq]}" if memory.seq in near and memory.kind == "said" else ""
        known = known or choosing.repeats(memory.kind, memory.text, source)
        yield _Piece(memory.kind, remembered(memory), source, why, memory, place, known)


def remembered(memory: Memory) -> str:
    """A memory as a model reads it: when it was said, by whom where it is a message, and until when it held."""
    who = f", {memory.role}" if memory.kind == "said" else ""
    until = f" (until {memory.valid_until:%Y-%m-%d})" if memory.valid_until else ""
    return f"{memory.said_at:%Y-%m-%d}{who}: {memory.text}{until}"


def _blocks(kind: BlockKind, blocks: Sequence[Block], first: int = 0) -> Iterator[_Piece]:
    for place, block in enumerate(blocks, first):
        yield _Piece(kind, block.text, block.source, block.why, block, place)


def _lines(kind: BlockKind, lines: Sequence[Line], why: str) -> Iterator[_Piece]:
    """Lines, newest first."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        source = f"event {line.seq}" if kind == "window" else f"event {line.seq} of another conversation"
        yield _Piece(kind, f"{line.role}: {line.text}", source, why, line, place)


def _bearing(segments: Sequence[Segment]) -> Iterator[_Piece]:
    """The lines of older pieces that bear on the message, newest first."""
    for segment in sorted(segments, key=lambda each: -each.number):
        if segment.bears:
            source = f"events {segment.from_seq} to {segment.to_seq}, lines of it"
            yield _Piece("summary", segment.bears, source, "its words are the message's", segment, segment.number)


def _earlier(parts: Parts) -> Iterator[_Piece]:
    """What the person said of late in other conversations, newest first, and after it in short what came before."""
    yield from _lines("earlier", parts.earlier, "what they said of late in another conversation")
    for place, segment in enumerate(parts.earlier_segments, 1):
        source = f"events {segment.from_seq} to {segment.to_seq} of another conversation"
        known = "" if segment.text.strip() else "nothing in it had to be kept but what is pinned"
        yield _Piece(
            "earlier", segment.text, source, "another conversation of theirs, in short", segment, -place, known
        )


def _segments(segments: Sequence[Segment]) -> Iterator[_Piece]:
    """Pieces of the summary, newest first."""
    for segment in sorted(segments, key=lambda each: -each.number):
        source = f"events {segment.from_seq} to {segment.to_seq}"
        why = f"fell out of the window (piece {segment.number}, version {segment.version}, {segment.made_by})"
        known = "" if segment.text.strip() else "nothing in it had to be kept but what is pinned"
        yield _Piece("summary", segment.text, source, why, segment, segment.number, known)


def _text_of(slot: Slot) -> str:
    return f"{slot.kind} {slot.words or slot.value}"


def _of_slot(slot: Slot, parts: Parts) -> str:
    where = "" if _here(slot, parts) else " of another conversation"
    return f"event {slot.seq}{where}, {slot.role}"


def _of_memory(memory: Memory) -> str:
    where = f", event {memory.seq} of {memory.conversation}" if memory.conversation else ""
    return f"memory {memory.id}{where}" if memory.kind != "said" else where.removeprefix(", ") or f"memory {memory.id}"


def _here(slot: Slot, parts: Parts) -> bool:
    return slot.conversation in ("", parts.conversation)


def _in_lines(slot: Slot, parts: Parts, choosing: _Choosing) -> str:
    """Why a slot need not be pinned: its line is in the context as it was said. "" where it is not."""
    if not _here(slot, parts):
        return ""
    if slot.value in choosing.lines.get(slot.seq, ""):
        return _WINDOW
    if all(slot.seq != line.seq for line in parts.said):
        return ""
    whole = any(block.kind == "message" and slot.value in block.text for block, _ in choosing.taken)
    return _MESSAGE if whole else ""


def _context(parts: Parts, choosing: _Choosing) -> Context:
    ranks = {kind: rank for rank, kind in enumerate(ORDER)}
    taken = sorted(choosing.taken, key=lambda each: (ranks[each[0].kind], each[1].place))
    blocks = tuple(block for block, _ in taken)
    profile, has = parts.profile, choosing.has
    return Context(
        budget_tokens=choosing.budget,
        tokens=sum(block.tokens for block in blocks),
        blocks=blocks,
        left_out=tuple(choosing.left_out),
        message=next((block.text for block in blocks if block.kind == "message"), ""),
        customer=profile.customer,
        identities=tuple(dict.fromkeys(profile.known_by)),
        proof=parts.proof,
        channel=parts.channel,
        region=profile.region,
        tier=profile.tier,
        consents=profile.consents,
        preferences=tuple(has("preference")),
        instructions=tuple(has("instruction")),
        focus=tuple(parts.focus),
        slots=tuple(has("slot")),
        window=tuple(has("window")),
        earlier=tuple(part for part in has("earlier") if isinstance(part, Line)),
        earlier_summary=tuple(part for part in has("earlier") if isinstance(part, Segment)),
        summary=tuple(dict.fromkeys(has("summary"))),
        facts=tuple(part for kind in ("fact", "outcome", "said") for part in has(kind)),
        passages=tuple(has("passage")),
        external=tuple(has("external")),
    )
