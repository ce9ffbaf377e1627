"""All of Ocellus on one machine as child processes: Azurite, the functions host and the event relay."""

import shutil
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from local import keys
from local.azurite import ACCOUNT, Azurite, free_ports
from local.keys import WeakKey
from local.network import addresses
from local.network.addresses import LOOPBACK, AddressError
from local.process import Process, StartError
from shared.settings import ROOT, Settings

if TYPE_CHECKING:
    from local.network.certificates import Certificates

RESOURCE_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.CognitiveServices/accounts/ocellus"
)


# So often what ends is started again within so long.
RESTARTS, RESTARTS_SECONDS = 5, 300.0


class Options(Struct, frozen=True):
    """What can be chosen; what is left out is as `./run` has it."""

    app: str = "function_app:app"
    host_json: Path = ROOT / "host.json"
    functions_host: str = "local"
    host: str = LOOPBACK
    https: bool = False
    public_url: str = ""
    threads: int | None = None
    functions: Sequence[str] = ("camera_preprocess",)
    subscribers: Sequence[str] = ()
    relay_arguments: Sequence[str] = ()
    environment: dict[str, str] = {}
    logs_in_files: bool = True


class Service:
    """The processes, each of which can be killed and started again on the same data and ports."""

    def __init__(self, data: Path, port: int | None = None, options: Options | None = None) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data.resolve()
        self.options = options or Options()
        self.port = port or free_ports(1)[0]
        self.topic_port, self._events_port = free_ports(2)
        self.certificates: Certificates | None = None
        self.azurite = Azurite(self.data / "azurite")
        self._given = Settings.read()
        self.keys = keys.keep(self.data / "keys.json", self._given)
        self._host, self._relay = (Process(name, self._log(name)) for name in ("host", "relay"))

    @property
    def endpoint(self) -> str:
        """Where this machine itself reaches it."""
        return self._url(addresses.local(self.options.host))

    @property
    def is_open(self) -> bool:
        """Whether others than this machine reach it. Raises AddressError."""
        return not addresses.is_loopback(self.options.host)

    @property
    def reached(self) -> list[str]:
        """Where other machines may reach it."""
        there = [self._url(host) for host in addresses.reached(self.options.host)]
        return [self.options.public_url, *there] if self.options.public_url else there

    @property
    def events_endpoint(self) -> str:
        """Where its functions take events."""
        return f"http://{LOOPBACK}:{self._events_port}" if self._is_own else self.endpoint

    @property
    def topic_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.topic_port}/topic/api/events"

    @property
    def training_key(self) -> str:
        return self.keys.training

    @property
    def prediction_key(self) -> str:
        return self.keys.prediction

    @property
    def connection_string(self) -> str:
        return self.azurite.connection_string

    @property
    def host_pid(self) -> int | None:
        return self._host.pid

    @property
    def relay_pid(self) -> int | None:
        return self._relay.pid

    def start(self) -> None:
        """Start everything and return when the endpoint answers. Raises StartError and AzuriteError."""
        self._check()
        if self.options.https:
            # Imported here: it takes a tenth of a second.
            from local.network import certificates

            self.certificates = certificates.prepare(self.data / "tls", self._names())
        # All load their modules at once. The relay makes the containers and queues, and only then the host goes on.
        if self._is_own:
            self._launch_host()
        self.azurite.launch()
        self._launch_relay()
        self.azurite.wait()
        self._relay.go(self.topic_port)
        if not self._is_own:
            self._launch_host()
        self._host.go(self._host_port)

    def stop(self) -> None:
        """End everything in good order: what is under way gets some seconds to finish."""
        self._host.end()
        self._relay.end()
        self.azurite.stop()

    def start_host(self) -> None:
        self._launch_host()
        self._host.go(self._host_port)

    def kill_host(self) -> None:
        """As a crash would end it, and the training jobs that it started with it."""
        self._host.kill()

    def start_relay(self) -> None:
        self._launch_relay()
        self._relay.go(self.topic_port)

    def kill_relay(self) -> None:
        self._relay.kill()

    def start_azurite(self) -> None:
        self.azurite.start()

    def kill_azurite(self) -> None:
        self.azurite.kill()

    def wait(self) -> str:
        """Return when one of the processes has ended by itself, with its name."""
        while True:
            for name, pid in (("host", self.host_pid), ("relay", self.relay_pid), ("Azurite", self.azurite.pid)):
                if pid is None:
                    return name
            time.sleep(0.5)

    def keep(self, say: Callable[[str], None]) -> str:
        """Start the host or the relay again when it has ended by itself, as Azure would, and say so.

        Return when Azurite has ended or one of them ends again and again, with its name. Raises StartError.
        """
        starts, ended = {"host": self.start_host, "relay": self.start_relay}, deque[float](maxlen=RESTARTS + 1)
        while (name := self.wait()) in starts:
            ended.append(time.monotonic())
            if len(ended) > RESTARTS and ended[-1] - ended[0] < RESTARTS_SECONDS:
                say(f"The {name} ends again and again.")
                break
            say(f"The {name} has ended; it is started again.")
            starts[name]()
        return name

    def settings(self) -> dict[str, str]:
        """The app settings that the functions run with."""
        return {
            "STORAGE_CONNECTION_STRING": self.connection_string,
            # Where the Functions host of Core Tools keeps its locks.
            "AzureWebJobsStorage": self.connection_string,
            "TRAINING_KEY_1": self.training_key,
            "PREDICTION_KEY_1": self.prediction_key,
            "EVENT_TOPIC_ENDPOINT": self.topic_endpoint,
            "EVENT_TOPIC_KEY": self.keys.topic,
            "LAUNCHER": "process",
            # A child process starts within seconds and beats every two.
            "JOB_START_SECONDS": "60",
            "JOB_HEARTBEAT_SECONDS": "20",
            "JOB_LOGS_FOLDER": str(self.data / "jobs"),
            "ALLOW_PRIVATE_URLS": "true",
            **self.options.environment,
        }

    @property
    def _is_own(self) -> bool:
        return self.options.functions_host == "local"

    @property
    def _host_port(self) -> int:
        """A port of this machine on which the host answers once it is there."""
        return self._events_port if self._is_own else self.port

    def _url(self, host: str) -> str:
        return addresses.url("https" if self.options.https else "http", host, self.port)

    def _names(self) -> list[str]:
        """What callers may call this service."""
        own = ["localhost", LOOPBACK, "::1", self.options.host, socket.gethostname(), *addresses.own()]
        names = [*own, str(urlsplit(self.options.public_url).hostname or "localhost")]
        return [name for name in names if name not in (addresses.ALL, addresses.ALL_IPV4)]

    def _check(self) -> None:
        """Raises StartError for what can't be, or would not be safe."""
        if not self._is_own:
            _core_tools()
            if self.options.host != LOOPBACK or self.options.https or self.options.public_url:
                raise StartError("--host, --https and --public-url are for the functions host `local`; leave them out.")
        try:
            addresses.check(self.options.host, self.port)
            if self.is_open:
                keys.require_strong(self._given)
        except (AddressError, WeakKey) as fault:
            raise StartError(str(fault)) from fault

    def _launch_host(self) -> None:
        if not self._is_own:
            own = {
                "FUNCTIONS_WORKER_RUNTIME": "python",
                "languageWorkers__python__defaultExecutablePath": sys.executable,
            }
            self._host.launch(_core_tools(), "start", "--port", str(self.port), **self.settings(), **own)
            return
        arguments = [f"--port={self.port}", f"--app={self.options.app}", f"--host-json={self.options.host_json}"]
        if self.options.threads:
            arguments.append(f"--threads={self.options.threads}")
        command = (sys.executable, "-m", "local.host", "--leashed", *arguments, *self._places())
        self._host.launch(*command, **self.settings())

    def _places(self) -> list[str]:
        """Where the host listens, and where what it links to is found."""
        root = [*self.reached, self.endpoint][0]
        places = [f"--host={self.options.host}", f"--events-port={self._events_port}"]
        places += [f"--blobs={self.azurite.blobs}", f"--root={root}/{ACCOUNT}"]
        if self.options.public_url:
            places.append("--fixed")
        if self.certificates:
            places += [f"--certificate={self.certificates.server}", f"--authority={self.certificates.authority}"]
        return places

    def _launch_relay(self) -> None:
        places = [f"--port={self.topic_port}", f"--host={self.events_endpoint}", f"--data={self.data}"]
        functions = [f"--function={name}" for name in self.options.functions]
        subscribers = [f"--subscriber={url}" for url in self.options.subscribers]
        self._relay.launch(
            *(sys.executable, "-m", "local.eventgrid", "--leashed", f"--journal={self.azurite.journal}"),
            *(*places, *functions, *subscribers, *self.options.relay_arguments),
            **self.settings(),
        )

    def _log(self, name: str) -> Path | None:
        return self.data / f"{name}.log" if self.options.logs_in_files else None


@contextmanager
def running(data: Path, port: int | None = None, options: Options | None = None) -> Iterator[Service]:
    """A started service on a data folder, on a free port unless one is given; stopped at the end."""
    service = Service(data, port, options)
    try:
        service.start()
        yield service
    finally:
        service.stop()


def _core_tools() -> str:
    if found := shutil.which("func"):
        return found
    raise StartError("`--functions func` needs Azure Functions Core Tools, and there is no `func` on PATH.")
