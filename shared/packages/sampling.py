"""Samples that run an exported model, as its domain and its training have them read a picture."""

from pathlib import Path

from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DOMAINS, GENERAL
from shared.settings import ROOT

SAMPLES = ROOT / "shared" / "packages" / "samples"
# What stands in them, and is said otherwise where the model wants it so.
BLUE_FIRST = {b"BLUE_FIRST = False": b"BLUE_FIRST = True", b"BLUE_FIRST = false": b"BLUE_FIRST = true"}
RESAMPLING = b"Resampling.BICUBIC"


def sample(path: Path, spec: ModelSpec) -> bytes:
    data = path.read_bytes().replace(RESAMPLING, f"Resampling.{spec.preprocessing.interpolation.name}".encode())
    if DOMAINS.get(spec.domain_id, DOMAINS[GENERAL]).first_generation:
        for otherwise, so in BLUE_FIRST.items():
            data = data.replace(otherwise, so)
    return data
