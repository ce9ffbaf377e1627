"""Where a pretrained network comes from: a hub, at one revision and no other, or a folder. The weights are tensors
alone (safetensors): a pickle is never opened, nor is code that comes along ever run.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from training_job.graphs.backbones import BackboneUnavailable

PINNED = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)@(?P<revision>[0-9a-f]{40})")
CONFIGURATION, PREPROCESSING, WEIGHTS = FILES = "config.json", "preprocessor_config.json", "model.safetensors"
INSTALL = "pip install -r training_job/detectors-requirements.txt"

Read = TypeVar("Read")


class HubUnavailable(BackboneUnavailable):
    """A pretrained network can't be had; the message says what to do."""


class Source(Struct, frozen=True):
    """A folder with all files of a network that is a `noun`; the name tells of its origin."""

    noun: str
    name: str
    folder: Path

    def read(self, file: str, kind: type[Read], possible: str) -> Read:
        """One of its JSON files. Raises HubUnavailable with what would be possible."""
        path = self.folder / file
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except msgspec.DecodeError as error:
            raise HubUnavailable(f"{path} is not that of one of {possible}: {error}.") from error

    def unknown_preparation(self) -> HubUnavailable:
        return HubUnavailable(
            f"The {self.noun} in {self.folder} wants pictures prepared in a way that is not known here."
        )


class HubNetworks(Struct, frozen=True):
    """What a setting may name: a network that is `known` by a name of ours, another of the hub, or a folder."""

    setting: str
    noun: str
    known: Mapping[str, str]

    def pinned(self, wanted: str) -> re.Match[str] | None:
        """Its `name` and `revision`; None of a folder."""
        return PINNED.fullmatch(self.known.get(wanted, wanted))

    def find(self, wanted: str, cache: Path | None) -> Source:
        """Downloads into the cache, the hub's own where there is none. Raises HubUnavailable."""
        pinned = self.pinned(wanted)
        folder = self._downloaded(pinned["name"], pinned["revision"], cache) if pinned else Path(wanted)
        if not folder.is_dir():
            raise HubUnavailable(
                f"There is no {self.noun} '{wanted}'. {self.setting} is {', '.join(self.known)}, a folder, or a name "
                "of the hub with its revision, owner/name@ and the 40 digits of a commit."
            )
        for file in FILES:
            if not (folder / file).is_file():
                raise HubUnavailable(
                    f"The {self.noun} in {folder} lacks {file}; weights in other formats are not read."
                )
        return Source(self.noun, pinned[0] if pinned else folder.name, folder)

    def _downloaded(self, name: str, revision: str, cache: Path | None) -> Path:
        try:
            hub = import_module("huggingface_hub")
        except ImportError as error:
            raise HubUnavailable(f"The {self.noun} {name} needs {error.name}: {INSTALL}.") from error
        try:
            return Path(hub.snapshot_download(name, revision=revision, allow_patterns=list(FILES), cache_dir=cache))
        except (OSError, hub.errors.HTTPError, hub.errors.XetDownloadError) as error:
            reason, *_ = str(error).split("\n")
            raise HubUnavailable(
                f"The {self.noun} {name} can't be had from its hub: {reason}. Put its {', '.join(FILES)} "
                f"into a folder and name that as {self.setting}, or leave {self.setting} empty."
            ) from error
