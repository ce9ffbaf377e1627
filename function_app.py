"""The one FunctionApp; SERVICES names what it serves: training, prediction, camera, or several of them."""

import ctypes
import logging
import sys
from importlib import import_module
from pkgutil import iter_modules
from threading import Thread

import azure.functions as func
import msgspec
from msgspec import Struct

from functions.edge import openapi, verbs
from functions.edge.decorators import blueprints
from shared.settings import Settings

# The rooms and modules of functions/ in which the operations and triggers of a service stand.
MODULES = {"training": ["training", "ocellus", "portal", "upkeep"], "prediction": ["prediction"], "camera": ["camera"]}
# How long a thread keeps the interpreter while others wait. A call waits so at each of its requests to storage while
# work on many images goes on beside it: its slowest take less than half as long as by Python's 0.005.
sys.setswitchinterval(0.001)
# glibc's M_MMAP_THRESHOLD, and from how many bytes on memory goes back to the system as soon as it is let go. By itself
# glibc would soon keep 32 MB at a time in the heap of each thread: a third more memory after pages of many boxes.
MMAP_THRESHOLD, AT_ONCE = -3, 4 * 1024 * 1024
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    mallopt(MMAP_THRESHOLD, AT_ONCE)


def build(services: str) -> func.FunctionApp:
    """An app of the services in a comma list. Raises ValueError for an unknown one."""
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    names = dict.fromkeys(name.strip() for name in services.split(","))
    for service in names:
        if service not in MODULES:
            raise ValueError(f"SERVICES names '{service}'; it takes {', '.join(MODULES)}, separated by commas.")
        for module in MODULES[service]:
            _import_all(f"functions.{module}")
        app.register_functions(blueprints[service])
    if names.keys() - {"camera"}:
        app.register_functions(openapi.blueprint)
        app.register_functions(verbs.blueprint)
    return app


def _import_all(name: str) -> None:
    """A module, and those within it: each registers its functions."""
    for found in iter_modules(getattr(import_module(name), "__path__", [])):
        import_module(f"{name}.{found.name}")


def prepare(kind: type[Struct]) -> None:
    """Find out what decoding takes, for all that derive from a type.

    msgspec does so at a type's first decoding, and puts the half of it where other threads find it: where one decodes
    such a type meanwhile, the process dies of a null pointer. Here there is one thread yet.
    """
    for known in kind.__subclasses__():
        msgspec.json.Decoder(known)
        prepare(known)


def export_telemetry(settings: Settings) -> None:
    # Imported here: a tenth of a second that the first answer need not wait for.
    from shared.telemetry.export import start

    service = f"ocellus-{settings.services.replace(',', '-')}"
    start(settings.applicationinsights_connection_string, service, settings.telemetry_share)


# The client libraries tell of every request they send, ids and all, at a price per line in Application Insights.
logging.getLogger("azure").setLevel(logging.WARNING)
settings = Settings.read()
app = build(settings.services)
prepare(Struct)
if settings.applicationinsights_connection_string:
    Thread(target=export_telemetry, args=[settings], name="telemetry", daemon=True).start()
