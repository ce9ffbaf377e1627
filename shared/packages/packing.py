"""A package: the model as one platform reads it, its labels, a manifest, samples that run it, and our licence."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from shared.models.training.exports import ExportManifest, ExportRecord, exported_date
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DomainType
from shared.packages.platforms import Line, line_of
from shared.packages.sampling import SAMPLES, sample
from shared.settings import ROOT

MANIFEST, LICENCE = "cvexport.manifest", "LICENSE"
EXPORTER_VERSION = "2.0"
# Languages whose samples read classifiers alone.
CLASSIFYING = {"CSharp", "kotlin"}
# A flavor whose input is float16, and a language whose sample feeds float32.
HALF, WHOLE = "ONNXFloat16", "CSharp"


def package(record: ExportRecord, spec: ModelSpec, graph: bytes) -> bytes:
    """The zip. Raises Unexportable where the platform can't take the graph."""
    line = line_of(record.platform, record.flavor)
    if line is None:
        raise ValueError(f"There is no {record.platform} {record.flavor}.")
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped:
        for name, data in _files(line, record, spec, graph).items():
            zipped.writestr(name, data)
        zipped.write(ROOT / LICENCE, LICENCE)
        for name, data in _samples(line, spec):
            zipped.writestr(name, data)
    return buffer.getvalue()


def _files(line: Line, record: ExportRecord, spec: ModelSpec, graph: bytes) -> dict[str, bytes]:
    written, labels = line.write(graph, spec), _labels(line, spec)
    if labels:
        written[labels] = "\n".join(tag.name for tag in spec.tags).encode()
    return {**written, MANIFEST: _manifest(line, record, spec, written[line.model])}


def _labels(line: Line, spec: ModelSpec) -> str | None:
    return None if line.labels_within and spec.domain_type == DomainType.CLASSIFICATION else line.labels


def _samples(line: Line, spec: ModelSpec) -> Iterator[tuple[str, bytes]]:
    """By their names in the package, a folder each language: its own runtime, and what is common to all."""
    unfit = {WHOLE} if line.flavor == HALF else set()
    if spec.domain_type != DomainType.CLASSIFICATION:
        unfit |= CLASSIFYING
    for language in [path.name for path in (SAMPLES / line.samples).iterdir()] if line.samples else ():
        if language not in unfit:
            for folder in (line.samples, "common"):
                for path in sorted((SAMPLES / folder / language).glob("*.*")):
                    yield f"{language}/{path.name}", sample(path, spec)


def _manifest(line: Line, record: ExportRecord, spec: ModelSpec, model: bytes) -> bytes:
    manifest = ExportManifest(
        domain_type=spec.domain_type,
        platform=record.platform,
        flavor=line.called or line.flavor,
        exporter_version=EXPORTER_VERSION,
        exported_date=exported_date(),
        iteration_id=record.iteration_id,
        model_file_name=line.model,
        label_file_name=_labels(line, spec),
        model_file_sha1=hashlib.sha1(model, usedforsecurity=False).hexdigest(),
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).replace(b"\n", b"\r\n")
