"""What is sealed opens with its key, in its row, and in no other way."""

from __future__ import annotations

import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.key_files import load_or_create_master_key
from memory.seal import (
    MasterKey,
    MasterKeyError,
    Sealer,
    SealError,
    Tampered,
    UnknownVersion,
    WrongKey,
    lookup_hash,
    new_customer_key,
)

KEY = bytes(range(32))
SEALER = Sealer(KEY)
any_text = st.text(st.characters(), max_size=200)


@settings(deadline=None)
@given(any_text, st.binary(max_size=40))
def test_a_sealed_text_opens_in_its_context(plain: str, context: bytes) -> None:
    sealed = SEALER.seal(plain, context)
    assert SEALER.unseal(sealed, context) == plain
    assert len(sealed) == len(plain.encode("utf-8", "surrogatepass")) + 33


def test_lone_surrogates_and_a_megabyte_survive() -> None:
    plain = "\ud800 \udfff" + "€" * 1_000_000
    assert Sealer(KEY).unseal(SEALER.seal(plain, b"events/1"), b"events/1") == plain


def test_the_same_text_is_never_sealed_the_same_way() -> None:
    assert len({SEALER.seal("hello", b"") for _ in range(1000)}) == 1000


@settings(deadline=None)
@given(st.data())
def test_any_altered_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(SEALER.seal("the customer's words", b"events/7"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealError) as refused:
        SEALER.unseal(bytes(sealed), b"events/7")
    expected = UnknownVersion if at == 0 else WrongKey if at < 5 else Tampered
    assert type(refused.value) is expected
    assert not refused.value.retryable


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_in_the_error_tree(noise: bytes) -> None:
    with pytest.raises(SealError):
        SEALER.unseal(noise, b"")


def test_a_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(Tampered):
        SEALER.unseal(SEALER.seal("x", b"events/1"), b"events/2")


def test_another_customer_s_key_is_named_as_the_reason() -> None:
    with pytest.raises(WrongKey) as refused:
        Sealer(new_customer_key()).unseal(SEALER.seal("x", b""), b"")
    assert refused.value.code == "seal_wrong_key"


def test_a_customer_key_is_wrapped_for_its_customer_by_its_master() -> None:
    master, key = MasterKey(b"m" * 32), new_customer_key()
    wrapped = master.wrap(key, b"customers/1")
    assert key not in wrapped
    assert master.unwrap(wrapped, b"customers/1") == key
    with pytest.raises(Tampered):
        master.unwrap(wrapped, b"customers/2")
    with pytest.raises(WrongKey):
        MasterKey(b"n" * 32).unwrap(wrapped, b"customers/1")
    assert wrapped[1:5] == master.key_id


def test_a_customer_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")


def test_no_key_is_shown_by_repr() -> None:
    key = b"k" * 32
    for shown in (repr(Sealer(key)), repr(MasterKey(key))):
        assert "kkk" not in shown
        assert key.hex() not in shown


def test_a_secret_in_base64_url_safe_base64_or_hexadecimal_is_the_same_key() -> None:
    key = bytes(range(200, 232))
    base64_text = "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5uc="
    ids = {
        MasterKey(key).key_id,
        MasterKey.from_secret(base64_text).key_id,
        MasterKey.from_secret(f" {base64_text.replace('/', '_').rstrip('=')}\n").key_id,
        MasterKey.from_secret(key.hex().upper()).key_id,
    }
    assert len(ids) == 1


def test_a_passphrase_gives_the_same_key_every_time_and_a_short_one_is_refused() -> None:
    phrase = "correct horse battery staple"
    assert MasterKey.from_secret(phrase).key_id == MasterKey.from_secret(phrase).key_id
    for short in ("", "   ", "hunter2"):
        with pytest.raises(MasterKeyError, match="openssl rand"):
            MasterKey.from_secret(short)


def test_lookup_hashes_are_keyed_and_kinds_do_not_collide() -> None:
    one, other = MasterKey(b"a" * 32), MasterKey(b"b" * 32)
    hashed = lookup_hash(one, "email", "ann@example.org")
    assert hashed == lookup_hash(MasterKey(b"a" * 32), "email", "ann@example.org")
    assert len(hashed) == 64
    hashes = [
        hashed,
        lookup_hash(other, "email", "ann@example.org"),
        lookup_hash(one, "phone", "ann@example.org"),
        lookup_hash(one, "a", "b\x00c"),
        lookup_hash(one, "a\x00b", "c"),
        lookup_hash(one, "", "\ud800"),
    ]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("as_text", [True, False])
def test_the_first_start_makes_a_key_file_for_its_owner_only_and_the_second_reads_it(
    tmp_path: Path, as_text: bool
) -> None:
    path = tmp_path / "data" / "master.key"
    spec = f"file:{path}" if as_text else path
    made = load_or_create_master_key(spec)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_or_create_master_key(spec).key_id == made.key_id
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]
    assert load_or_create_master_key(path.read_text()).key_id == made.key_id


def test_many_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_or_create_master_key, [path] * 64))
    assert len({key.key_id for key in keys}) == 1


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe\x00"])
def test_a_broken_key_file_is_named_and_never_overwritten(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(MasterKeyError, match=r"master\.key"):
        load_or_create_master_key(path)
    assert path.read_bytes() == content


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(MasterKeyError, match=r"master\.key"):
        load_or_create_master_key(tmp_path / "master.key")
    tmp_path.chmod(0o700)


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(MasterKeyError, match=r"master\.key"):
        load_or_create_master_key(tmp_path / "data" / "master.key")


def test_sealing_and_opening_a_message_takes_under_forty_microseconds() -> None:
    plain = "Where is my order? " * 10
    SEALER.unseal(SEALER.seal(plain, b"events/1"), b"events/1")
    best = min(_microseconds(plain) for _ in range(5))
    assert best < 40  # 20 each; measured about 5 together


def _microseconds(plain: str) -> float:
    began = time.process_time()
    for _ in range(1000):
        SEALER.unseal(SEALER.seal(plain, b"events/1"), b"events/1")
    return (time.process_time() - began) * 1000
