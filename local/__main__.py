"""`./run`: starts Ocellus on this machine, or runs the demo."""

import argparse
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.service import Options, Service

ROOT = Path(__file__).resolve().parent.parent
PUBLIC_URL = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?(?:/[\w.~/-]*)?", re.ASCII | re.IGNORECASE)
ENDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: list[str]) -> int:
    if argv[:1] == ["demo"]:
        from local import demo

        return demo.main(argv[1:])
    options = _arguments().parse_args(argv)
    # Imported here, so that --help needs nothing that is not installed yet.
    from local.service import Options

    chosen = Options(
        functions_host=options.functions,
        host=options.host,
        https=options.https,
        public_url=options.public_url or "",
        logs_in_files=False,
    )
    return serve(options.data, options.port, chosen)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Set up what is missing and start Ocellus on this machine.",
        epilog="./run demo [FOLDER] [--test FOLDER] trains, publishes and predicts; ./run demo --help says more.",
    )
    parser.add_argument("--port", type=_port, default=7071, help="port of the endpoint (7071)")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".local", metavar="FOLDER", help="where all is kept (.local)"
    )
    parser.add_argument(
        "--host",
        type=_host,
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where it listens (127.0.0.1: this machine alone); 0.0.0.0 or :: opens it to the network",
    )
    parser.add_argument(
        "--https", action="store_true", help="serve HTTPS, with a certificate that it makes once and says how to trust"
    )
    parser.add_argument(
        "--public-url",
        type=_public_url,
        metavar="URL",
        help="where others reach it, behind a proxy or a port forward: links to pictures begin with it",
    )
    parser.add_argument(
        "--functions",
        choices=["local", "func"],
        default="local",
        help="func: Azure Functions Core Tools, where installed",
    )
    return parser


def _host(text: str) -> str:
    host = text.removeprefix("[").removesuffix("]")
    if host in ("local", "func"):
        raise argparse.ArgumentTypeError(f"an address is meant, such as 0.0.0.0; for Core Tools say --functions {host}")
    if not host or "/" in host or host.count(":") == 1:
        raise argparse.ArgumentTypeError(f"an address or a name is meant, without scheme and port, not '{text}'")
    return host


def _public_url(text: str) -> str:
    found = PUBLIC_URL.fullmatch(text)
    if found is None or not 1 <= int(found[1] or 443) <= 65535:
        raise argparse.ArgumentTypeError(f"a URL is meant, such as https://vision.example.com:8443, not '{text}'")
    return text.rstrip("/")


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not '{text}'")
    return int(text)


def serve(data: Path, port: int, options: "Options") -> int:
    """Start the service, say how to reach it, and keep it until Ctrl-C. Returns the exit code."""
    from msgspec import ValidationError

    from local.azurite import AzuriteError
    from local.process import StartError
    from local.service import Service

    started = time.monotonic()
    for number in ENDED:
        signal.signal(number, signal.default_int_handler)
    try:
        service = Service(data, port, options)
    except OSError as fault:
        print(f"The folder {data} can't be used: {fault}. Choose another with --data.", file=sys.stderr)
        return 1
    except ValidationError as fault:
        print(f"A setting of the environment does not fit: {fault}", file=sys.stderr)
        return 1
    try:
        service.start()
        write_environment(service)
        announce(service, time.monotonic() - started)
        ended = service.keep(lambda text: print(text, file=sys.stderr, flush=True))
        print(f"The {ended} has ended; stopping the rest. Nothing is lost: start ./run again.", file=sys.stderr)
    except (AzuriteError, StartError) as fault:
        print(fault, file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
        return 0
    finally:
        # A second Ctrl-C must not leave half of it running.
        for number in ENDED:
            signal.signal(number, signal.SIG_IGN)
        service.stop()
    return 1


def write_environment(service: "Service") -> Path:
    """The endpoint and keys under the names that Custom Vision's quickstarts read, and what `ocellus replay` needs."""
    from local.service import RESOURCE_ID

    values = {
        "VISION_TRAINING_ENDPOINT": service.endpoint,
        "VISION_TRAINING_KEY": service.training_key,
        "VISION_PREDICTION_ENDPOINT": service.endpoint,
        "VISION_PREDICTION_KEY": service.prediction_key,
        "VISION_PREDICTION_RESOURCE_ID": RESOURCE_ID,
        # Microsoft's quickstart in Go, its labs (AI-102) and its Java samples have names of their own.
        "VISION_ENDPOINT": service.endpoint,
        "TrainingEndpoint": service.endpoint,
        "TrainingKey": service.training_key,
        "PredictionEndpoint": service.endpoint,
        "PredictionKey": service.prediction_key,
        "AZURE_CUSTOMVISION_ENDPOINT": service.endpoint,
        "AZURE_CUSTOMVISION_TRAINING_API_KEY": service.training_key,
        "AZURE_CUSTOMVISION_PREDICTION_API_KEY": service.prediction_key,
        "AZURE_CUSTOMVISION_PREDICTION_ID": RESOURCE_ID,
        "STORAGE_CONNECTION_STRING": service.connection_string,
        "EVENT_TOPIC_ENDPOINT": service.topic_endpoint,
        "EVENT_TOPIC_KEY": service.keys.topic,
    }
    if service.certificates:
        values["OCELLUS_CA"] = str(service.certificates.authority)
        values["OCELLUS_CA_BUNDLE"] = str(service.certificates.bundle)
    path = service.data / "ocellus.env"
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={quote(value)}\n" for name, value in values.items()))
    return path


def announce(service: "Service", seconds: float) -> None:
    lines = [
        f"Ocellus is ready after {seconds:.1f} s.",
        "",
        f"  portal          {service.endpoint}/portal/",
        f"  endpoint        {service.endpoint}",
        *(f"  from elsewhere  {url}" for url in service.reached),
        f"  training key    {service.training_key}",
        f"  prediction key  {service.prediction_key}",
        *_warnings(service),
        "",
        "Next, in another terminal:",
        f"  . {quote(str(service.data / 'ocellus.env'))}",
        f"  curl {'--cacert $OCELLUS_CA ' if service.certificates else ''}"
        '-H "Training-Key: $VISION_TRAINING_KEY" $VISION_TRAINING_ENDPOINT/customvision/v3.3/training/domains',
        "or stop this with Ctrl-C and see all of it at work:",
        "  ./run demo",
    ]
    print("", *lines, "", sep="\n", flush=True)


def _warnings(service: "Service") -> Iterator[str]:
    if service.is_open:
        yield ""
        yield "It is open to the network: anyone who reaches it and has one of these keys can use it."
        if not service.options.https:
            yield "Keys and pictures go over the network unencrypted; --https encrypts them."
    if service.certificates:
        yield ""
        yield f"Clients have to trust its certificate authority, {service.certificates.authority}:"
        bundle = quote(str(service.certificates.bundle))
        yield f"  export REQUESTS_CA_BUNDLE={bundle}    # Python's SDK; docs/clients.md has others"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
