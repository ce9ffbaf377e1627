"""Imports step by step, and exports as somebody else would serve them."""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from shared.models.messages.tasks import ReadImport
from shared.models.transfer import ExportInfo, PartHeader, PartImage
from shared.models.wire import now
from shared.models.workspace.images import ImageRecord, TagMark
from shared.models.workspace.projects import ProjectStatus
from shared.operations.transfer import project_import
from shared.storage.workspace import projects as stored_projects
from shared.storage.workspace import transfers

TAKEN = 30


def records(store, project_id) -> list[ImageRecord]:
    return transfers.images_after(store, project_id, None, 100)


def steps(store, settings, task: ReadImport | None, times: int = 1) -> None:
    """Every step of an import, each of them so many times."""
    for _ in range(TAKEN):
        if task is None:
            return
        following = [project_import.read_import(store, settings, task) for _ in range(times)]
        task = following[-1]
    raise AssertionError("the import does not end")


def begin(store, settings, token, name=None) -> ReadImport:
    """The first task of an import."""
    return ReadImport(project_import.import_project(store, settings, token=token, name=name).id)


def step(store, settings, task: ReadImport) -> ReadImport:
    following = project_import.read_import(store, settings, task)
    assert following
    return following


def imported(store, settings, token, times: int = 1):
    project = project_import.import_project(store, settings, token=token, name=None)
    assert project.status == ProjectStatus.IMPORTING
    steps(store, settings, ReadImport(project.id), times)
    return stored_projects.get(store, project.id)


def marked(tag_ids: list[UUID], record: ImageRecord) -> ImageRecord:
    return replace(record, tags=[TagMark(tag_id, now()) for tag_id in tag_ids], metadata={"camera": "7"})


class Copy:
    """An export as somebody else serves it, changed as he likes."""

    def __init__(self, web, token: str) -> None:
        self.web = web
        self.root = token.partition("exports/")[0]
        self.info = msgspec.json.decode(web.get(token), type=ExportInfo)
        first, *rest = web.get(f"{self.root}{self.info.images}").splitlines()
        self.header = msgspec.json.decode(first, type=PartHeader)
        self.images = [msgspec.json.decode(line, type=PartImage) for line in rest]

    def token(self) -> str:
        images = [replace(entry, original=self.rehosted(entry.original)) for entry in self.images]
        part = self.web.serve(msgspec.json.Encoder().encode_lines([self.header, *images]))
        return self.web.serve(msgspec.json.encode(replace(self.info, images=part)))

    def rehosted(self, url: str | None) -> str | None:
        return self.web.serve(self.web.get(f"{self.root}{url}")) if url and url.startswith("images/") else url
