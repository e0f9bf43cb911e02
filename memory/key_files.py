"""Master keys as they are kept: a secret's text, or a file of them. The first of a file is in use, those below it open
what was sealed before: a rotation writes them so, and takes the old ones out when it is done.

A file of one line is one key. Lines that are all encoded keys, or that follow a line that begins with `#`, are several
keys; any other text of several lines is one passphrase.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from memory.seal import MasterKey, MasterKeyError, is_encoded_key, new_customer_key

_HEAD = "# Master keys of Frontdesk: the first is in use, those below it open what was sealed before."


def load_or_create_master_key(spec: str | Path) -> MasterKey:
    """The master key from a secret's text, or from a file when `spec` is a Path or begins with `file:`.

    A file that is not there is made with a random key, readable by its owner only; of processes that start at once
    one makes it and the others read it. A file that is there is never overwritten. Raises MasterKeyError when it
    cannot be read, made or used.
    """
    return load_or_create_master_keys(spec)[0]


def load_or_create_master_keys(spec: str | Path) -> tuple[MasterKey, ...]:
    """As `load_or_create_master_key`, with those that are kept below the key in use."""
    path = key_path(spec)
    if path is None:
        return (MasterKey.from_secret(str(spec)),)
    try:
        if not path.exists():
            _create(path)
        return tuple(MasterKey.from_secret(each) for each in read_secrets(path))
    except MasterKeyError as error:
        raise MasterKeyError(f"cannot use the master key file {path}: {error}") from None
    except OSError as error:
        raise _unusable(path, error) from error


def key_path(spec: str | Path) -> Path | None:
    """The file that a setting names, None where it is the secret itself."""
    if isinstance(spec, Path):
        return spec
    return Path(spec.removeprefix("file:")) if spec.startswith("file:") else None


def read_secrets(path: Path) -> list[str]:
    """The secrets of a file, the one in use first. Raises MasterKeyError when it cannot be read or has none."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    keys = [line for line in lines if not line.startswith("#")]
    several = lines and (lines[0].startswith("#") or all(map(is_encoded_key, keys)))
    if not text or (several and not keys):
        raise MasterKeyError("there is no key in it; take it from your copy")
    return keys if several else [text]


def write_secrets(path: Path, keys: Sequence[str]) -> None:
    """Puts these secrets, the one in use first, in the file's place: whole or not at all, for its owner only.

    Raises MasterKeyError when it cannot be written; then the file is as it was.
    """
    body = "\n".join(keys) if len(keys) == 1 else "\n".join((_HEAD, *keys))
    try:
        draft = _draft(path, body.encode("utf-8") + b"\n")
        try:
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise MasterKeyError(f"cannot write the master key file {path}: {error.strerror}") from error


def new_secret() -> str:
    """A random key as a file holds it."""
    return base64.b64encode(new_customer_key()).decode()


class KeySource:
    """The master keys that hold now: a file is read again when it was changed, so that a process that runs goes on
    when a rotation writes a new key into it. Safe from any thread."""

    def __init__(self, spec: str | Path, previous: Sequence[MasterKey] = ()) -> None:
        """Raises MasterKeyError. `previous` are kept elsewhere, after those of `spec`."""
        self._spec, self._path = spec, key_path(spec)
        self._previous = tuple(previous)
        self._lock = Lock()
        self._own = load_or_create_master_keys(spec)
        self._seen = self._stamp()

    def keys(self) -> tuple[MasterKey, ...]:
        """The one in use, and those before it."""
        if self._path is not None and self._stamp() != self._seen:
            self._read_again()
        return (*self._own, *self._previous)

    def _stamp(self) -> tuple[int, int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return self._seen if hasattr(self, "_seen") else None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read_again(self) -> None:
        with self._lock:
            stamp = self._stamp()
            # A file that cannot be read just now keeps nobody from working with what was read before.
            with contextlib.suppress(MasterKeyError):
                self._own = load_or_create_master_keys(self._spec)
            self._seen = stamp


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(path, new_secret().encode() + b"\n")
    try:
        # A link, unlike a rename, fails when another process was first, and shows the file only when it is whole.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _draft(path: Path, body: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(body)
        opened.flush()
        os.fsync(opened.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unusable(path: Path, error: OSError | UnicodeDecodeError) -> MasterKeyError:
    reason = error.strerror if isinstance(error, OSError) else "not a text"
    return MasterKeyError(f"cannot use the master key file {path}: {reason}")
