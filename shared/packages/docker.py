"""A package of the platform DockerFile: a small service of the exported model, to be built by one command."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from shared.models.training.model_spec import ModelSpec
from shared.packages.sampling import SAMPLES, sample
from shared.settings import ROOT

APP = SAMPLES / "docker"
# The first line that says so wins: Docker takes the platform of the machine that builds, else.
BASE = "FROM "
PLATFORMS = {"Linux": ("Linux", ""), "ARM": ("Linux", "--platform=linux/arm64 "), "Windows": ("Windows", "")}


def files(spec: ModelSpec, graph: bytes, flavor: str) -> dict[str, bytes]:
    """What lies in the zip beside the manifest and the licence, by name; `flavor` is one of PLATFORMS."""
    written = {"Dockerfile": _dockerfile(flavor), "app/model.onnx": graph}
    written["app/labels.txt"] = "\n".join(tag.name for tag in spec.tags).encode()
    written["app/model.json"] = msgspec.json.encode(spec)
    return written | {f"app/{name}": sample(path, spec) for name, path in _sources()}


def _dockerfile(flavor: str) -> bytes:
    name, platform = PLATFORMS[flavor]
    return (APP / f"{name}.Dockerfile").read_text().replace(BASE, BASE + platform, 1).encode()


def _sources() -> Iterator[tuple[str, Path]]:
    """The sample's reading of pictures, and the service's own guard of addresses: both as they are."""
    yield from ((name, APP / name) for name in ("app.py", "requirements.txt"))
    yield "predict.py", SAMPLES / "common" / "python" / "predict.py"
    yield "runtime.py", SAMPLES / "onnx" / "python" / "runtime.py"
    yield from ((f"shared/{name}", ROOT / "shared" / name) for name in ("__init__.py", "errors.py", "fetch.py"))
