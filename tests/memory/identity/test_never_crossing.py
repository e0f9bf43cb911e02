"""Whatever people write from, in whatever form, whoever shares a name or a browser with them: nobody is told what
another said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import KEY, NOW, empty_log
from sqlalchemy import Connection

from memory import log
from memory.identity.continuing import earlier
from memory.identity.profile import profile
from memory.identity.signing_in import Signed, Visit, open_signed, resume
from memory.identity.suggesting import typed
from memory.messages import Inbound
from memory.pseudonyms import Pseudonym, pseudonymise
from memory.receive import NewIds, open_web, receive
from memory.seal import MasterKey
from memory.store import sqlite_engine
from memory.vault import Vault


@dataclass(frozen=True)
class Person:
    """Three people of one name, at one address, with telephones a digit apart; two share a browser."""

    id: int
    phone: tuple[str, ...]
    mail: tuple[str, ...]


PEOPLE = [
    Person(
        n,
        (f"+44 20 7946 001{n}", f"020 7946 001{n}", f"0044 20 7946 001{n}", f"+442079 46001{n}"),
        (f"jo{n}@example.com", f"JO{n}@EXAMPLE.COM", f"Jo{n}@Example.com."),
    )
    for n in range(3)
]
_says = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["sms", "whatsapp", "email", "chat", "signed", "signs in", "types another's"]),
    st.integers(0, 3),
)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = Path(tmp_path_factory.mktemp("people"), "log.db")
    path.write_bytes(empty_log())
    engine = sqlite_engine(f"sqlite:///{path}")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@given(st.lists(_says, min_size=2, max_size=14))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nobody_is_told_what_another_said(connection: Connection, said: list[tuple[Person, str, int]]) -> None:
    vault = Vault(MasterKey.from_secret(KEY))
    with connection.begin() as transaction:
        connection.exec_driver_sql("BEGIN")
        owners: dict[str, Person] = {}
        for n, (person, how, form) in enumerate(said):
            conversation = speak(connection, vault, n, person, how, form)
            owners.setdefault(conversation, person)
        told: dict[int, set[str]] = {person.id: set() for person in PEOPLE}
        for conversation, person in owners.items():
            customer = log.read_head(connection, conversation)["customer_id"]
            found = earlier(connection, vault, profile(connection, customer), conversation, NOW)
            told[person.id] |= {line.text.split()[-1] for line in found.lines}
        for person in PEOPLE:
            assert told[person.id] <= {f"ORD-{person.id}000{n}" for n in range(len(said))}
        transaction.rollback()


def speak(connection: Connection, vault: Vault, n: int, person: Person, how: str, form: int) -> str:
    """One message of a person, with a number of theirs that nobody else has; its conversation."""
    text = f"I am Jo Lee of Leeds, my order is ORD-{person.id}000{n}"
    ids = NewIds(f"c-{n}", f"p-{n}", f"k-{n}")
    phone, mail = person.phone[form % len(person.phone)], person.mail[form % len(person.mail)]
    if how in ("sms", "whatsapp", "email"):
        sender = mail if how == "email" else phone
        inbound = Inbound(how, how, f"m-{n}", sender, text, NOW)
    else:
        signed = Signed(f"user-{person.id}", mail, phone, "Jo Lee")
        visit = Visit("web", ids.conversation, "secret", ids.customer, NOW, "GB")
        if how == "signed":
            open_signed(connection, vault, signed, visit)
        else:
            given_ = {"inbox": "web", "conversation": ids.conversation, "customer": ids.customer, "token": "secret"}
            open_web(connection, vault, **given_, now=NOW)
        inbound = Inbound("web", "chat", f"m-{n}", ids.conversation, text, NOW, conversation=ids.conversation)
    receipt = receive(connection, vault, inbound, ids, NOW, region="GB")
    if how == "signs in":
        resume(connection, vault, signed, Visit("web", ids.conversation, "secret", f"{ids.customer}-in", NOW, "GB"))
    if how == "types another's":
        other = PEOPLE[(person.id + 1 + form) % 3]
        written = [Pseudonym("PHONE_NUMBER", 1, other.phone[0]), Pseudonym("EMAIL_ADDRESS", 1, other.mail[0])]
        typed(connection, vault, receipt.customer, written, NOW, "GB")
    book = vault.book(connection, receipt.customer, to_write=True)
    redacted = pseudonymise(text, [], book)
    vault.keep(connection, receipt.customer, book)
    log.redact_events(connection, receipt.conversation, {receipt.seq: redacted})
    return receipt.conversation
