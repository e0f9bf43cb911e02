"""From all that a turn may know to its context, in the order in which parts are served. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from memory.choosing import Choosing, Piece
from memory.context import IN_MESSAGE, IN_WINDOW, NEAREST, ORDER, SHARE, Block, BlockKind, Context, Parts
from memory.facts.memory import Memory
from memory.messages import Line
from memory.segments import Segment
from memory.slots import Slot, asked_for
from memory.window import count_tokens

_CUT: Final = " … "


def build(parts: Parts, budget_tokens: int, count: Callable[[str], int] = count_tokens) -> Context:
    """The context of `parts` within the budget. The same parts give the same context; each part is in it, or in
    `left_out` with a reason."""
    choosing = Choosing(max(budget_tokens, 0), count)
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


def _message(choosing: Choosing, parts: Parts) -> None:
    """The message, whole where it takes no more than its share; else its beginning and end, and the bill says so."""
    text = parts.text or "\n".join(line.text for line in parts.said).strip()
    source = _events([line.seq for line in parts.said])
    piece = Piece("message", text, source, "what is answered")
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


def _customer(parts: Parts) -> Iterator[Piece]:
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
        yield Piece("customer", text, "customer", "who writes")
    consents = "; ".join(
        f"{channel} {purpose}: {state}"
        for channel, by_purpose in sorted(profile.consents.items())
        for purpose, state in sorted(by_purpose.items())
    )
    if consents:
        yield Piece("consent", consents, "consent ledger", "what they allow")


def _standing(parts: Parts, kind: BlockKind, choosing: Choosing) -> Iterator[Piece]:
    """What holds without being asked for."""
    why = "they told us so, and it stands" if kind == "instruction" else "how they like it"
    for place, memory in enumerate(parts.recalled.standing):
        if memory.kind == kind:
            source = _of_memory(memory)
            known = choosing.repeats(kind, memory.text, source)
            yield Piece(kind, memory.text, source, why, memory, place, known)


def _told(parts: Parts, choosing: Choosing, *, inside: bool) -> Iterator[Piece]:
    """What the customer told us to do in this conversation, newest first: what fell out of the window, and later, with
    `inside`, what stands in lines of the window that did not fit."""
    window = {line.seq for line in parts.window}
    place = len(parts.recalled.standing)
    for slot in parts.slots:
        if slot.kind != "instruction" or (_here(slot, parts) and slot.seq in window) != inside:
            continue
        place, source = place + 1, _of_slot(slot, parts)
        known = _in_lines(slot, parts, choosing) or choosing.repeats("instruction", slot.value, source)
        yield Piece("instruction", slot.value, source, "they told us so in this conversation", slot, place, known)


def _focus(parts: Parts, choosing: Choosing) -> Iterator[Piece]:
    text = parts.text or "\n".join(line.text for line in parts.said)
    for place, slot in enumerate(parts.focus):
        source = _of_slot(slot, parts)
        known = IN_MESSAGE if slot.value in text else choosing.repeats("slot", slot.value, source)
        yield Piece("focus", _text_of(slot), source, "what the message is about", slot, place, known)


def _pinned(parts: Parts, choosing: Choosing) -> Iterator[Piece]:
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
        yield Piece("slot", _text_of(slot), source, why, slot, -number, known)


def _recalled(parts: Parts, choosing: Choosing) -> Iterator[Piece]:
    """What is remembered that may bear on the message, best first."""
    for place, memory in enumerate(parts.recalled.found):
        source = _of_memory(memory)
        why = memory.why or f"recalled, score {memory.score:.3f}"
        known = ""
        if memory.conversation and memory.conversation == parts.conversation:
            near = {line.seq: "message" for line in parts.said} | dict.fromkeys(choosing.lines, "window")
            known = f"it stands in the {near[memory.seq]}" if memory.seq in near and memory.kind == "said" else ""
        known = known or choosing.repeats(memory.kind, memory.text, source)
        yield Piece(memory.kind, remembered(memory), source, why, memory, place, known)


def remembered(memory: Memory) -> str:
    """A memory as a model reads it: when it was said, by whom where it is a message, and until when it held."""
    who = f", {memory.role}" if memory.kind == "said" else ""
    until = f" (until {memory.valid_until:%Y-%m-%d})" if memory.valid_until else ""
    return f"{memory.said_at:%Y-%m-%d}{who}: {memory.text}{until}"


def _blocks(kind: BlockKind, blocks: Sequence[Block], first: int = 0) -> Iterator[Piece]:
    for place, block in enumerate(blocks, first):
        yield Piece(kind, block.text, block.source, block.why, block, place)


def _lines(kind: BlockKind, lines: Sequence[Line], why: str) -> Iterator[Piece]:
    """Lines, newest first."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        source = f"event {line.seq}" if kind == "window" else f"event {line.seq} of another conversation"
        yield Piece(kind, f"{line.role}: {line.text}", source, why, line, place)


def _bearing(segments: Sequence[Segment]) -> Iterator[Piece]:
    """The lines of older pieces that bear on the message, newest first."""
    for segment in sorted(segments, key=lambda each: -each.number):
        if segment.bears:
            source = f"events {segment.from_seq} to {segment.to_seq}, lines of it"
            yield Piece("summary", segment.bears, source, "its words are the message's", segment, segment.number)


def _earlier(parts: Parts) -> Iterator[Piece]:
    """What the person said of late in other conversations, newest first, and after it in short what came before."""
    yield from _lines("earlier", parts.earlier, "what they said of late in another conversation")
    for place, segment in enumerate(parts.earlier_segments, 1):
        source = f"events {segment.from_seq} to {segment.to_seq} of another conversation"
        known = "" if segment.text.strip() else "nothing in it had to be kept but what is pinned"
        yield Piece("earlier", segment.text, source, "another conversation of theirs, in short", segment, -place, known)


def _segments(segments: Sequence[Segment]) -> Iterator[Piece]:
    """Pieces of the summary, newest first."""
    for segment in sorted(segments, key=lambda each: -each.number):
        source = f"events {segment.from_seq} to {segment.to_seq}"
        why = f"fell out of the window (piece {segment.number}, version {segment.version}, {segment.made_by})"
        known = "" if segment.text.strip() else "nothing in it had to be kept but what is pinned"
        yield Piece("summary", segment.text, source, why, segment, segment.number, known)


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


def _in_lines(slot: Slot, parts: Parts, choosing: Choosing) -> str:
    """Why a slot need not be pinned: its line is in the context as it was said. "" where it is not."""
    if not _here(slot, parts):
        return ""
    if slot.value in choosing.lines.get(slot.seq, ""):
        return IN_WINDOW
    if all(slot.seq != line.seq for line in parts.said):
        return ""
    whole = any(block.kind == "message" and slot.value in block.text for block, _ in choosing.taken)
    return IN_MESSAGE if whole else ""


def _context(parts: Parts, choosing: Choosing) -> Context:
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
