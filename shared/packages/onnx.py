"""A package of the platform ONNX: the served graph, its labels, a manifest, samples that run it, and our licence."""

import hashlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from shared.models.training.exports import ExportManifest, ExportRecord, exported_date
from shared.models.training.model_spec import ModelSpec
from shared.models.workspace.domains import DomainType
from shared.settings import ROOT

MODEL, LABELS, MANIFEST, LICENCE = "model.onnx", "labels.txt", "cvexport.manifest", "LICENSE"
EXPORTER_VERSION = "2.0"
SAMPLES = ROOT / "shared" / "packages" / "samples"
# The C# sample reads classifiers only.
LANGUAGES = {DomainType.CLASSIFICATION: ("CSharp", "python"), DomainType.OBJECT_DETECTION: ("python",)}


def package(record: ExportRecord, spec: ModelSpec, graph: bytes) -> bytes:
    """The zip."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped:
        zipped.writestr(MODEL, graph)
        zipped.writestr(LABELS, "\n".join(tag.name for tag in spec.tags))
        zipped.writestr(MANIFEST, _manifest(record, spec, graph))
        zipped.write(ROOT / LICENCE, LICENCE)
        for language in LANGUAGES[spec.domain_type]:
            for path in sorted((SAMPLES / language).glob("*.*")):
                zipped.write(path, f"{language}/{path.name}")
    return buffer.getvalue()


def _manifest(record: ExportRecord, spec: ModelSpec, graph: bytes) -> bytes:
    manifest = ExportManifest(
        domain_type=spec.domain_type,
        platform=record.platform,
        flavor=record.flavor,
        exporter_version=EXPORTER_VERSION,
        exported_date=exported_date(),
        iteration_id=record.iteration_id,
        model_file_name=MODEL,
        label_file_name=LABELS,
        model_file_sha1=hashlib.sha1(graph, usedforsecurity=False).hexdigest(),
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2).replace(b"\n", b"\r\n")
