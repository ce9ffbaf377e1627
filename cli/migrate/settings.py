"""A project's settings and tags: made once, and changed where they were changed there since."""

from typing import NamedTuple
from uuid import UUID

from cli.faults import CommandError
from cli.migrate.journal import Journal
from cli.migrate.service import Refused, Service
from cli.migrate.shapes import Project, Tag
from shared.models.texts import folded

NOT_UNIQUE, DUPLICATED = "BadRequestTagNameNotUnique", "BadRequestProjectDuplicated"


class Ends(NamedTuple):
    """Where a project comes from, where it goes, and what is known of it."""

    source: Service
    target: Service
    journal: Journal


class MovedProject(NamedTuple):
    """A project there and its id here; the ids here of the tags that are there; how many of them were made or changed
    now, and the names of those that were moved once and are gone there.
    """

    project: Project
    target: UUID
    tag_ids: dict[UUID, UUID]
    tags_moved: int
    tags_gone: list[str]


def move_settings(ends: Ends, project: Project, *, delete: bool) -> MovedProject:
    """Raises CommandError for a project that was deleted here since."""
    target = ends.journal.project(project.id) or _make(ends, project)
    if target not in {each.id for each in ends.target.projects()}:
        raise CommandError(
            f"'{project.name}' was deleted here since it was moved; name another --folder to move it anew."
        )
    if ends.journal.seen(project.id) != project:
        _describe(ends.target, target, project)
        ends.journal.put_seen(project)
    there = {tag.id: tag for tag in ends.source.tags(project.id)}
    moved = _move_tags(ends, project.id, target, list(there.values()))
    gone = {source: tag for source, tag in ends.journal.tags(project.id).items() if source not in there}
    for source in gone if delete else ():
        ends.target.call("DELETE", "projects", target, "tags", gone[source].target)
        ends.journal.drop_tag(project.id, source)
    ids = {source: tag.target for source, tag in ends.journal.tags(project.id).items() if source in there}
    return MovedProject(project, target, ids, moved, [tag.seen.name for tag in gone.values()])


def _make(ends: Ends, project: Project) -> UUID:
    """Under the id that programs know it by. One that is here already is what a move left that was killed or whose
    journal is lost: it is gone on with.
    """
    query: dict[str, object] = {
        "name": project.name,
        "domainId": project.settings.domain_id,
        "newProjectId": project.id,
    }
    if project.settings.classification_type:
        query["classificationType"] = project.settings.classification_type
    try:
        made = ends.target.send(Project, "POST", "projects", query=query).id
    except Refused as refused:
        if refused.code != DUPLICATED:
            raise
        made = project.id
    ends.journal.put_project(project.id, made)
    return made


def _describe(target: Service, target_id: UUID, project: Project) -> None:
    settings = project.settings
    chosen: dict[str, object] = {
        "domainId": settings.domain_id,
        "classificationType": settings.classification_type,
        "targetExportPlatforms": settings.target_export_platforms,
        "imageProcessingSettings": settings.image_processing_settings,
    }
    body = {"name": project.name, "description": project.description or "", "settings": chosen}
    target.send(Project, "PATCH", "projects", target_id, body=body)


def _move_tags(ends: Ends, project: UUID, target: UUID, there: list[Tag]) -> int:
    """How many were made or changed."""
    known = ends.journal.tags(project)
    changed = [tag for tag in there if tag.id not in known or _said(known[tag.id].seen) != _said(tag)]
    for tag in changed:
        here = _change(ends.target, target, known[tag.id].target, tag) if tag.id in known else _add(ends, target, tag)
        ends.journal.put_tag(project, tag, here)
    return len(changed)


def _said(tag: Tag) -> tuple[str, str | None, str]:
    return tag.name, tag.description, tag.type


def _add(ends: Ends, target: UUID, tag: Tag) -> UUID:
    """A tag of that name is the same one: made when we were killed, or by people here."""
    query = {"name": tag.name, "type": tag.type, **({"description": tag.description} if tag.description else {})}
    try:
        return ends.target.send(Tag, "POST", "projects", target, "tags", query=query).id
    except Refused as refused:
        if refused.code != NOT_UNIQUE:
            raise
    here = next(each for each in ends.target.tags(target) if folded(each.name) == folded(tag.name))
    return _change(ends.target, target, here.id, tag)


def _change(service: Service, target: UUID, tag_id: UUID, tag: Tag) -> UUID:
    body = {"name": tag.name, "description": tag.description or "", "type": tag.type}
    return service.send(Tag, "PATCH", "projects", target, "tags", tag_id, body=body).id
