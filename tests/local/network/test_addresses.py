"""Where the service listens and is reached, and what `./run` says of an address that can't be."""

import socket
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import requests

from local.__main__ import main, write_environment
from local.azurite import free_ports
from local.network import addresses
from local.network.addresses import AddressError, listen
from local.process import StartError
from local.service import Options, Service, running
from tests.local.sample import FOLDER


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("ocellus", "http://ocellus:80"),
    ],
)
def test_where_this_machine_reaches_it(host: str, url: str) -> None:
    assert addresses.url("http", addresses.local(host), 80) == url


def test_where_others_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    card = [(socket.AF_INET6, "fe80::1%eth0"), (socket.AF_INET6, "fd00::2"), (socket.AF_INET, "192.168.1.5")]
    loopback = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    cards = {
        name: [SimpleNamespace(family=family, address=address) for family, address in given]
        for name, given in (("lo", loopback), ("eth0", card))
    }
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: cards)
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    assert addresses.own() == ["192.168.1.5", "fd00::2"]
    assert addresses.reached("0.0.0.0") == ["192.168.1.5", "box"]
    assert addresses.reached("::") == ["192.168.1.5", "fd00::2", "box"]
    assert addresses.reached("192.168.1.5") == ["192.168.1.5"]
    assert addresses.reached("127.0.0.1") == addresses.reached("localhost") == addresses.reached("::1") == []


def test_a_name_is_listened_on() -> None:
    bound = listen("localhost", 0)
    try:
        assert {each.getsockname()[0] for each in bound} <= {"127.0.0.1", "::1"}
    finally:
        for each in bound:
            each.close()


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("198.51.100.7", "This machine does not have the address 198.51.100.7; give --host one that it has"),
        ("2001:db8::7", "This machine does not have the address 2001:db8::7"),
        ("nowhere.invalid", "There is no host 'nowhere.invalid'"),
        ("a b", "There is no host 'a b'"),
    ],
)
def test_an_address_that_is_not_this_machines(host: str, said: str) -> None:
    with pytest.raises(AddressError, match="give --host") as refused:
        listen(host, 28000)
    assert said in str(refused.value)


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressError, match=f"Port {port} is in use by another program; choose another with --port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host=http://0.0.0.0"], "without scheme and port"),
        (["--host=0.0.0.0:8080"], "without scheme and port"),
        (["--host="], "an address or a name is meant"),
        (["--host=func"], "say --functions func"),
        (["--public-url=vision.example.com"], "a URL is meant"),
        (["--public-url=https://vision.example.com:99999"], "a URL is meant"),
        (["--public-url=ftp://example.com"], "a URL is meant"),
        (["--public-url=https://user@example.com"], "a URL is meant"),
        (["--public-url=https://example.com/?a=b"], "a URL is meant"),
        (["--public-url=https://exa mple.com"], "a URL is meant"),
        (["--port=65536"], "a port is a number"),
    ],
)
def test_what_run_does_not_take(arguments: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert said in capfd.readouterr().err


@pytest.mark.parametrize("name", ["TRAINING_KEY_1", "TRAINING_KEY_2", "PREDICTION_KEY_1", "PREDICTION_KEY_2"])
@pytest.mark.parametrize("key", ["choose-a-training-key-of-many-letters", "short"])
def test_a_weak_key_is_not_shown_to_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: str
) -> None:
    monkeypatch.setenv(name, key)
    monkeypatch.setattr(addresses, "check", lambda *_: None)
    monkeypatch.setattr(Service, "_launch_host", lambda _: pytest.fail("it was started"))
    with pytest.raises(StartError, match=f"{name} is too weak a key for a service that is open to the network"):
        Service(tmp_path, free_ports(1)[0], Options(host="0.0.0.0")).start()


def test_public_url_and_another_address(tmp_path: Path) -> None:
    """On an address that is not 127.0.0.1 events still arrive, and no other port is there."""
    options = Options(
        app="tests.local.sample_app:app",
        host_json=FOLDER / "host.json",
        host="127.0.0.2",
        public_url="https://vision.example.com/eye",
        functions=["seen"],
    )
    with running(tmp_path, options=options) as service:
        assert service.endpoint == f"http://127.0.0.2:{service.port}"
        assert service.reached == ["https://vision.example.com/eye"]
        assert f"VISION_TRAINING_ENDPOINT={service.endpoint}\n" in write_environment(service).read_text()
        listening = {
            (each.laddr.ip, each.laddr.port)
            for pid in (service.host_pid, service.relay_pid, service.azurite.pid)
            for each in psutil.Process(pid).net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        }
        assert {port for address, port in listening if address != "127.0.0.1"} == {service.port}
        webhook = "/runtime/webhooks/EventGrid?functionName=seen"
        assert requests.post(f"{service.endpoint}{webhook}", data="[]", timeout=20).status_code == 404
        assert requests.post(f"{service.events_endpoint}{webhook}", data="[]", timeout=20).status_code == 202
        assert requests.get(f"{service.events_endpoint}/api/anything", timeout=20).status_code == 404
