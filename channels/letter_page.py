"""A reply's Markdown as the HTML and the text of one email: what people and models write, and nothing that runs. Pure.

Headings, paragraphs, lists within lists, bold, italics, code and links; all else is escaped and stays as it is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

_ITEM = re.compile(r"^(\s{0,12})(?:([-*•])|(\d{1,3})[.)])\s+(\S.*)$")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.+?)\s*#*$")
_QUOTE = re.compile(r"^\s{0,3}>\s?")
_FENCE = re.compile(r"^\s{0,3}```")
# One pass over a line: code, links in words, bare addresses, bold, italics. Each is bounded, so none runs away.
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,500})`"
    r"|\[(?P<words>[^\]\n]{1,200})\]\((?P<link>https?://[^)\s]{1,500})\)"
    r"|(?P<address>https?://[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)*_])"
    r"|(?<!\w)(?P<b>\*\*|__)(?=\S)(?P<bold>[^\n]{1,500}?)(?<=\S)(?P=b)(?!\w)"
    r"|(?<![\w*])(?P<i>[*_])(?=[^\s*_])(?P<italic>[^\n*_]{1,500}?)(?<=\S)(?P=i)(?![\w*])"
)


def page(text: str, links: Sequence[tuple[str, str]] = ()) -> str:
    """The whole document; `links` are (title, address) of sources, listed below."""
    body = "".join(_blocks(text.strip().split("\n")))
    if links:
        items = "".join(f"<li>{_anchor(address, html.escape(title or address))}</li>" for title, address in links)
        body += f"<p>Sources:</p><ul>{items}</ul>"
    return f"<!DOCTYPE html><html><body>{body}</body></html>"


def letter_text(text: str) -> str:
    """The same as plain text: emphasis without its signs, links as words and address, lists as they are."""
    return "\n".join(_plain(line) for line in text.split("\n"))


def _plain(line: str) -> str:
    if heading := _HEADING.match(line):
        line = heading[2]
    if item := _ITEM.match(line):
        line = f"{item[1]}{'- ' if item[2] else f'{item[3]}. '}{item[4]}"
    return _INLINE.sub(_plain_inline, line)


def _plain_inline(found: re.Match[str]) -> str:
    if found["words"]:
        same = found["words"] == found["link"]
        return found["link"] if same else f"{found['words']} ({found['link']})"
    if found["bold"] or found["italic"]:
        return _INLINE.sub(_plain_inline, found["bold"] or found["italic"])
    return found["code"] or found[0]


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif _FENCE.match(line):
            end = next((n for n in range(at + 1, len(lines)) if _FENCE.match(lines[n])), len(lines))
            yield f"<pre>{html.escape(chr(10).join(lines[at + 1 : end]))}</pre>"
            at = end + 1
        elif heading := _HEADING.match(line):
            level = min(len(heading[1]) + 1, 6)
            yield f"<h{level}>{_inline(heading[2])}</h{level}>"
            at += 1
        elif _ITEM.match(line):
            end = _end_of_list(lines, at)
            yield _list(lines[at:end])
            at = end
        elif _QUOTE.match(line):
            end = next((n for n in range(at, len(lines)) if not _QUOTE.match(lines[n])), len(lines))
            quoted = "<br>".join(_inline(_QUOTE.sub("", each)) for each in lines[at:end])
            yield f"<blockquote>{quoted}</blockquote>"
            at = end
        else:
            end = at + 1
            while end < len(lines) and lines[end].strip() and not _begins(lines[end]):
                end += 1
            yield f"<p>{'<br>'.join(_inline(each) for each in lines[at:end])}</p>"
            at = end


def _begins(line: str) -> bool:
    return any(kind.match(line) for kind in (_ITEM, _HEADING, _FENCE, _QUOTE))


def _end_of_list(lines: Sequence[str], at: int) -> int:
    """Items, what is indented below one, and single blank lines between them."""
    end = at + 1
    while end < len(lines):
        blank = not lines[end].strip()
        if blank and not (end + 1 < len(lines) and _ITEM.match(lines[end + 1])):
            break
        if not (blank or _ITEM.match(lines[end]) or lines[end].startswith((" ", "\t"))):
            break
        end += 1
    return end


def _list(lines: Sequence[str]) -> str:
    """Lists within lists by indentation, kept on a stack: what is deep costs no recursion."""
    out: list[str] = []
    open_: list[tuple[int, str]] = []
    for line in lines:
        item = _ITEM.match(line)
        if item is None:
            if line.strip():
                out.append(f"<br>{_inline(line.strip())}")
            continue
        indent, tag = len(item[1]), "ul" if item[2] else "ol"
        while open_ and indent < open_[-1][0]:
            out.append(f"</li></{open_.pop()[1]}>")
        if open_ and tag != open_[-1][1] and indent <= open_[-1][0] + 1:  # another kind of list follows this one
            out.append(f"</li></{open_.pop()[1]}>")
            indent = max(indent, open_[-1][0] + 2) if open_ else indent
        if not open_ or indent > open_[-1][0] + 1:
            start = f' start="{int(item[3])}"' if item[3] and int(item[3]) != 1 else ""
            out.append(f"<{tag}{start}>")
            open_.append((indent, tag))
        else:
            out.append("</li>")
        out.append(f"<li>{_inline(item[4])}")
    out += [f"</li></{tag}>" for _, tag in reversed(open_)]
    return "".join(out)


def _inline(text: str) -> str:
    done, out = 0, []
    for found in _INLINE.finditer(text):
        out += [html.escape(text[done : found.start()]), _marked(found)]
        done = found.end()
    out.append(html.escape(text[done:]))
    return "".join(out)


def _marked(found: re.Match[str]) -> str:
    if found["code"]:
        return f"<code>{html.escape(found['code'])}</code>"
    if found["words"]:
        return _anchor(found["link"], html.escape(found["words"]))
    if found["address"]:
        return _anchor(found["address"], html.escape(found["address"]))
    if found["bold"]:
        return f"<strong>{_inline(found['bold'])}</strong>"
    return f"<em>{_inline(found['italic'])}</em>"


def _anchor(address: str, words: str) -> str:
    return f'<a href="{html.escape(address)}">{words}</a>'
