"""`./run`: starts Ocellus on this machine, or runs the demo."""

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local.service import Service

ROOT = Path(__file__).resolve().parent.parent
ENDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: list[str]) -> int:
    if argv[:1] == ["demo"]:
        from local import demo

        return demo.main(argv[1:])
    options = _arguments().parse_args(argv)
    return serve(options.data, options.port, options.host)


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
        "--host", choices=["local", "func"], default="local", help="func: Azure Functions Core Tools, where installed"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not '{text}'")
    return int(text)


def serve(data: Path, port: int, host: str) -> int:
    """Start the service, say how to reach it, and keep it until Ctrl-C. Returns the exit code."""
    from local.azurite import AzuriteError
    from local.service import Options, Service, StartError

    started = time.monotonic()
    for number in ENDED:
        signal.signal(number, signal.default_int_handler)
    try:
        service = Service(data, port, Options(host=host, logs_in_files=False))
    except OSError as fault:
        print(f"The folder {data} can't be used: {fault}. Choose another with --data.", file=sys.stderr)
        return 1
    try:
        service.start()
        write_environment(service)
        announce(service, time.monotonic() - started)
        print(
            f"The {service.wait()} has ended; stopping the rest. Nothing is lost: start ./run again.", file=sys.stderr
        )
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
    """The endpoint and keys under the names that Custom Vision's quickstarts read, and what `local.replay` needs."""
    from local.service import RESOURCE_ID

    values = {
        "VISION_TRAINING_ENDPOINT": service.endpoint,
        "VISION_TRAINING_KEY": service.training_key,
        "VISION_PREDICTION_ENDPOINT": service.endpoint,
        "VISION_PREDICTION_KEY": service.prediction_key,
        "VISION_PREDICTION_RESOURCE_ID": RESOURCE_ID,
        "STORAGE_CONNECTION_STRING": f"'{service.connection_string}'",
        "EVENT_TOPIC_ENDPOINT": service.topic_endpoint,
        "EVENT_TOPIC_KEY": service.keys.topic,
    }
    path = service.data / "ocellus.env"
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={value}\n" for name, value in values.items()))
    return path


def announce(service: "Service", seconds: float) -> None:
    print(
        f"""
Ocellus is ready after {seconds:.1f} s.

  endpoint        {service.endpoint}
  training key    {service.training_key}
  prediction key  {service.prediction_key}

Next, in another terminal:
  . {service.data / "ocellus.env"}
  curl -H "Training-Key: $VISION_TRAINING_KEY" $VISION_TRAINING_ENDPOINT/customvision/v3.3/training/domains
or stop this with Ctrl-C and see all of it at work:
  ./run demo
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
