"""SendGrid's Inbound Parse, read. Mails here were written for this test."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.normalise import sendgrid_email
from channels.normalise.mime import decode, parse_mail
from channels.normalise.payloads import Arrived, BadPayload, Empty, FieldMissing, Malformed, Oversized, Part, form_parts
from memory.messages import Inbound

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HEADERS = (
    "Received: by mx.example.org; Sun, 1 Mar 2026 11:59:58 +0000\n"
    "Message-ID: <abc.1@mail.example.org>\n"
    "From: Ann Walker <Ann.Walker@Example.org>\n"
    "To: help@shop.example\n"
    "Subject: Boots\n"
)
FIELDS = {
    "headers": HEADERS,
    "from": "Ann Walker <Ann.Walker@Example.org>",
    "to": "help@shop.example",
    "subject": "Boots",
    "text": "Can I return them after 30 days?\n\nOn Sat, 28 Feb 2026 at 10:00, Help wrote:\n> Hello\n",
    "envelope": '{"to":["help@shop.example"],"from":"ann.walker@example.org"}',
    "charsets": '{"to":"UTF-8","subject":"UTF-8","from":"UTF-8","text":"UTF-8"}',
    "SPF": "pass",
    "attachments": "0",
}


def read(*more: Part, **changes: str | bytes | None) -> Inbound:
    fields = {name: value for name, value in (FIELDS | changes).items() if value is not None}
    parts = [Part(name, value if isinstance(value, bytes) else value.encode()) for name, value in fields.items()]
    return sendgrid_email.normalise([*parts, *more], inbox="mail", address="help@shop.example", now=NOW)


def raw(mail: EmailMessage | bytes, **changes: str) -> Inbound:
    data = mail if isinstance(mail, bytes) else mail.as_bytes()
    fields = {"envelope": FIELDS["envelope"]} | changes
    parts = [Part("email", data), *(Part(name, value.encode()) for name, value in fields.items())]
    return sendgrid_email.normalise(parts, inbox="mail", address="help@shop.example", now=NOW)


def letter(text: str = "Can I return them?", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    defaults = {"Message_ID": "<r.1@example.org>", "From": "Ann <ann@example.org>", "To": "help@shop.example"}
    for name, value in (defaults | headers).items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def test_a_parsed_mail_becomes_one_inbound() -> None:
    assert read() == Inbound(
        inbox="mail",
        channel="email",
        provider_id="abc.1@mail.example.org",
        sender="ann.walker@example.org",
        text="Boots\n\nCan I return them after 30 days?",
        received_at=NOW,
        recipient="help@shop.example",
        name="Ann Walker",
        thread={"message_id": "<abc.1@mail.example.org>", "subject": "Boots", "spf": "pass"},
    )


def test_a_raw_mail_says_the_same_as_a_parsed_one() -> None:
    mail = letter("Can I return them after 30 days?", Subject="Boots", Message_ID="<abc.1@mail.example.org>")
    found = raw(mail)
    assert (found.provider_id, found.text) == ("abc.1@mail.example.org", read().text)


def test_the_subject_leads_only_where_a_thread_opens() -> None:
    assert read(subject="Re: Boots", headers=HEADERS.replace("Boots", "Re: Boots")).text.startswith("Can I")
    assert read(headers=HEADERS + "In-Reply-To: <x@y>\n").text.startswith("Can I")
    assert read(text="Boots: can I return them?").text == "Boots: can I return them?"
    assert read(text="").text == "Boots"


def test_references_are_the_thread_and_stay_short() -> None:
    ids = [f"<{n}@example.org>" for n in range(60)]
    found = raw(letter(References=" ".join(ids), In_Reply_To=ids[-1], Subject="Re: x"))
    kept = found.thread["references"].split()
    assert (kept[0], kept[-1], len(kept)) == (ids[0], ids[-1], 20)
    assert raw(letter(In_Reply_To="<parent@example.org>")).thread["references"] == "<parent@example.org>"


def test_a_mail_without_a_message_id_is_known_by_its_content() -> None:
    bare = HEADERS.replace("Message-ID: <abc.1@mail.example.org>\n", "")
    first, again, other = read(headers=bare), read(headers=bare), read(headers=bare, text="Another question")
    assert first.provider_id.startswith("sha256:")
    assert first.provider_id == again.provider_id != other.provider_id
    assert "message_id" not in first.thread
    long = HEADERS.replace("abc.1", "a" * 900)
    assert read(headers=long).provider_id.startswith("sha256:")


def test_each_field_is_read_in_its_own_charset() -> None:
    charsets = '{"text":"iso-8859-2","subject":"windows-1251","from":"UTF-8"}'
    found = read(
        headers=None, charsets=charsets, text="Święto żółci".encode("iso-8859-2"), subject="Сапоги".encode("cp1251")
    )
    assert found.text == "Сапоги\n\nŚwięto żółci"


@pytest.mark.parametrize("charset", ["", "nonsense", "unicode_escape", "rot13", "zlib", "idna", "utf-16", "x" * 5000])
def test_a_charset_that_is_none_does_not_lose_the_mail(charset: str) -> None:
    assert "30 days" in read(charsets=json.dumps({"text": charset})).text or charset == "utf-16"
    assert decode(b"caf\xe9", charset) or charset == "utf-16"


def test_html_alone_is_read_as_text() -> None:
    html = "<div>Can I <b>return</b> them?</div><blockquote>old</blockquote>"
    assert read(text=None, html=html).text == "Boots\n\nCan I return them?"
    mail = letter(Subject="Boots")
    mail.clear_content()
    mail.set_content(html, subtype="html")
    assert raw(mail).text == "Boots\n\nCan I return them?"


def test_files_come_along_and_stand_for_the_words_of_a_mail_without_any() -> None:
    photo = Part("attachment1", b"\xff\xd8" * 50, "../../etc/pass\u202egpj.exe", "image/jpeg; name=x")
    found = read(photo, text="", subject="", headers=HEADERS.replace("Boots", ""))
    assert [(one.type, one.body) for one in found.attachments] == [("image/jpeg", b"\xff\xd8" * 50)]
    assert found.text == "[passgpj.exe]"
    mail = letter(Subject="Photo")
    mail.add_attachment(b"12345", maintype="image", subtype="png", filename="tür.png")
    [file] = raw(mail).attachments
    assert (file.name, file.type, file.body) == ("tür.png", "image/png", b"12345")


def test_a_mail_attached_whole_comes_along_as_a_file() -> None:
    inner = letter(Subject="The old one")
    mail = letter(Subject="See below")
    mail.add_attachment(inner)
    [file] = raw(mail).attachments
    assert (file.name, file.type) == ("mail.eml", "message/rfc822")
    assert b"Subject: The old one" in file.body


def test_a_contact_forms_reply_to_is_the_customer() -> None:
    form = letter(From="Shop <forms@shop.example>", Reply_To="Ann <Ann@example.org>")
    assert raw(form).sender == "ann@example.org"
    assert raw(letter(Reply_To="help@shop.example")).sender == "ann@example.org"


def test_who_it_is_from_is_found_in_header_field_or_envelope() -> None:
    assert read(headers="Subject: x\n").sender == "ann.walker@example.org"
    envelope = '{"to":["help@shop.example"],"from":"bo@example.org"}'
    assert read(headers="Subject: x\n", **{"from": "nobody", "envelope": envelope}).sender == "bo@example.org"
    with pytest.raises(FieldMissing) as error:
        read(headers="Subject: x\n", **{"from": "nobody", "envelope": "{}"})
    assert error.value.field == "from"


def test_bounces_and_lists_are_automatic_and_say_why() -> None:
    bounce = read(envelope='{"to":["help@shop.example"],"from":""}')
    assert (bounce.automatic, bounce.thread["reply_automatic"]) == (True, "bounce")
    assert raw(letter(List_Id="<news.example.org>")).thread["reply_automatic"] == "list"
    assert raw(letter(From="help@shop.example")).thread["reply_automatic"] == "loop"
    assert not read().automatic


def test_hostile_headers_cannot_add_lines() -> None:
    mail = b"From: ann@example.org\nSubject: =?utf-8?q?Hi=0D=0ABcc:_x@y?=\nMessage-ID: <a@b>\n\nhello\n"
    found = raw(mail)
    assert found.thread["subject"] == "Hi Bcc: x@y"
    assert all("\n" not in value and "\r" not in value for value in found.thread.values())


def test_a_very_long_mail_is_shortened_and_says_so() -> None:
    found = read(text="word " * 20_000)
    assert len(found.text) < 50_200
    assert "[shortened: " in found.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"text": "", "subject": "", "headers": HEADERS.replace("Boots", "")}, Empty),
        ({"text": "\u200b\n ", "subject": " ", "headers": HEADERS.replace("Boots", " ")}, Empty),
    ],
)
def test_a_mail_that_says_nothing_is_empty(changes: dict[str, str], error: type[BadPayload]) -> None:
    with pytest.raises(error):
        read(**changes)


def test_a_request_without_fields_is_refused() -> None:
    with pytest.raises(FieldMissing):
        sendgrid_email.normalise([], inbox="mail", address="help@shop.example", now=NOW)


# --- MIME that no standard knows ---


def test_parts_nested_without_end_are_refused_or_read() -> None:
    deep = b"From: a@b.example\n"
    for n in range(3000):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
    with pytest.raises(Oversized):
        parse_mail(deep)
    wide = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\nhi\n" * 2000
    with pytest.raises(Oversized):
        parse_mail(wide)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\n\n",
        b"no headers at all",
        b"From: a@b\nContent-Type: text/plain; charset=\xff\xfe\n\nhi",
        b"From: a@b\nContent-Transfer-Encoding: base64\n\n!!!!",
        b"From: a@b\nContent-Transfer-Encoding: x-uuencode\n\nbegin\nnot uu",
        b"From: a@b\nContent-Type: multipart/mixed\n\nno boundary",
        b'From: a@b\nContent-Type: multipart/alternative; boundary=""\n\n--\n',
        b"Subject: =?utf-8?b?!!!?=\n\nx",
        b"Subject: =?x-unknown?q?a=?=\n\nx",
        b"Content-Disposition: attachment; filename*0*=utf-8''%ff; filename*1=x\n\nx",
        b"Content-Disposition: attachment; filename*=nonsense''%e4\n\nx",
        b"Content-Type: message/rfc822\n\nFrom: x@y\n\ninner",
        b"From: \xff\xfe <\xe9@b>\n\n\xff",
        b"A: b\n" * 5000 + b"\nx",
    ],
)
def test_malformed_mime_is_read_as_far_as_it_goes(mail: bytes) -> None:
    parsed = parse_mail(mail)
    parsed.text.encode()
    for value in parsed.headers.values():
        value.encode()


chunk = st.sampled_from(
    [
        *(b"From: a@b.example\n", b"Subject: =?utf-8?q?x?=\n", b"\n", b"--b\n", b"--b--\n", b"<p>hi</p>\n", b"aGk=\n"),
        *(b"Content-Type: multipart/mixed; boundary=b\n", b"Content-Type: text/html\n", b"\xff\xfe\n"),
        *(b"Content-Transfer-Encoding: base64\n", b"Content-Type: message/rfc822\n"),
        b"Content-Disposition: attachment; filename*=utf-8''%e4\n",
    ]
) | st.binary(max_size=20)


@settings(deadline=None)
@given(st.lists(chunk, max_size=20).map(b"".join))
def test_any_bytes_are_a_mail_or_a_bad_payload(mail: bytes) -> None:
    try:
        found = raw(mail)
    except BadPayload:
        return
    assert found.text
    assert "@" in found.sender
    for value in (found.text, found.sender, found.provider_id, *found.thread.values()):
        value.encode()


known = st.sampled_from([*FIELDS, "html", "dkim", "email"])


@settings(deadline=None)
@given(st.dictionaries(known, st.binary(max_size=60), max_size=8))
def test_any_fields_are_a_mail_or_a_bad_payload(fields: dict[str, bytes]) -> None:
    parts = [Part(name, value) for name, value in fields.items()]
    try:
        found = sendgrid_email.normalise(parts, inbox="mail", address="help@shop.example", now=NOW)
    except BadPayload:
        return
    assert found.text
    assert found.sender


# --- the form itself ---


def _multipart(boundary: str, *parts: tuple[str, bytes]) -> Arrived:
    body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), data) for head, data in parts)
    kind = f"multipart/form-data; boundary={boundary}"
    return Arrived("https://a", {"content-type": kind}, body + f"--{boundary}--\r\n".encode())


def test_a_multipart_form_keeps_bytes_names_and_files_apart() -> None:
    form = _multipart(
        "xYzZY",
        ('Content-Disposition: form-data; name="text"', b"caf\xe9\r\n--not the boundary"),
        (
            'Content-Disposition: form-data; name="file1"; filename="a.png"\r\nContent-Type: image/png',
            b"\x00\xff",
        ),
        ('Content-Disposition: form-data; name="empty"', b""),
    )
    assert form_parts(form) == [
        Part("text", b"caf\xe9\r\n--not the boundary"),
        Part("file1", b"\x00\xff", "a.png", "image/png"),
        Part("empty", b""),
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("", b"a=1"),
        ("application/json", b"{}"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"x"),
        ("multipart/form-data; boundary=x", b"not a form"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n"),
        ("multipart/form-data; boundary=" + "x" * 500, b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"a: b\r\n" * 100_000),
    ],
)
def test_a_body_that_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(BadPayload) as error:
        form_parts(Arrived("https://a", {"content-type": kind}, body))
    assert isinstance(error.value, Malformed)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_as_a_form_give_parts_or_a_bad_payload(body: bytes) -> None:
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
        try:
            parts = form_parts(Arrived("https://a", {"content-type": kind}, b"--x\r\n" + body))
        except BadPayload:
            continue
        assert all(isinstance(part.value, bytes) for part in parts)
