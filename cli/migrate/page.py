"""The report as a page: one file, which loads nothing and runs nothing, whatever the names in it are."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from uuid import UUID

import msgspec

from cli.faults import CommandError
from cli.migrate.comparing import Compared, Differing, Found
from cli.migrate.iterations import Before, Performance
from cli.migrate.report import ProjectReport, Report, remarks

HTML, JSON = "report.html", "report.json"
HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>Moved to Ocellus</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .8rem; text-align: left; vertical-align: top }
.number { text-align: right; font-variant-numeric: tabular-nums }
.whole { color: #176b2c } .lacking { color: #a3200d }
figure { display: inline-block; width: 16rem; margin: 0 1rem 1.5rem 0; vertical-align: top; font-size: 14px }
.picture { position: relative; line-height: 0 }
.picture img { width: 100% } .picture svg { position: absolute; inset: 0; width: 100%; height: 100% }
rect { fill: none; stroke: currentcolor; stroke-width: 2; vector-effect: non-scaling-stroke }
.truth { color: #176b2c } .old { color: #b65b00 } .new { color: #1d4fd8 }
</style>
"""

Cell = str | int


def write(folder: Path, report: Report, pictures: Mapping[UUID, bytes]) -> None:
    """`pictures` are JPEGs of the images that differ, by their ids here. Raises CommandError."""
    try:
        (folder / JSON).write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        (folder / HTML).write_text(page(report, pictures), encoding="utf-8", errors="replace")
    except OSError as fault:
        raise CommandError(f"the report can't be written to {folder}: {fault.strerror}.") from fault


def page(report: Report, pictures: Mapping[UUID, bytes]) -> str:
    way = f"<p>From {_text(report.source)} to {_text(report.target)}.</p>"
    return "\n".join([HEAD, "<h1>Moved to Ocellus</h1>", way, *(_project(each, pictures) for each in report.projects)])


def _project(project: ProjectReport, pictures: Mapping[UUID, bytes]) -> str:
    verified = project.verified
    state = ("whole", "All is here as it is there.") if project.is_whole else ("lacking", "Not all is here.")
    counts: list[list[Cell]] = [
        ["images there", project.images_there],
        ["images here that came from there", verified.images],
        ["images here from elsewhere", verified.unknown],
        ["tags of images", verified.tags],
        ["boxes", verified.boxes],
        ["pairs of metadata", verified.metadata],
        ["pictures whose bytes were compared now", verified.bytes_checked],
    ]
    parts = [
        f"<h2>{_text(project.name)}</h2>",
        f'<p class="{state[0]}">{state[1]}</p>',
        _table([], counts),
        *(f"<p>{_text(sentence)}</p>" for sentence in remarks(project)),
        _lacking(project),
        _before(project),
        _compared(project.compared, pictures) if project.compared else "",
    ]
    return "\n".join(part for part in parts if part)


def _lacking(project: ProjectReport) -> str:
    rows: list[list[Cell]] = [[str(each.image), each.reason] for each in project.moved.unmoved]
    rows += [[str(each.image), f"differs: {each.what}"] for each in project.verified.differences]
    return "<h3>What is not here</h3>" + _table(["image there", "why"], rows) if rows else ""


def _before(project: ProjectReport) -> str:
    """The iterations there beside the one that was trained here."""
    if not project.before:
        return ""
    rows = [_iteration(each) for each in project.before]
    if project.trained and project.trained.iteration:
        trained = project.trained
        rows.append([f"{trained.name}, trained here", "", "", *_measured(trained.performance), ""])
    head = ["iteration", "trained", "published as", "precision", "recall", "average precision", "its model"]
    return "<h3>Before the move</h3>" + _table(head, rows)


def _iteration(before: Before) -> list[Cell]:
    model = "answers here" if before.here else before.reason
    day = (before.trained_at or "")[:10]
    return [before.name, day, before.publish_name or "", *_measured(before.performance), model]


def _measured(performance: Performance | None) -> list[Cell]:
    if performance is None:
        return ["", "", ""]
    values = (performance.precision, performance.recall, performance.average_precision)
    return ["" if value is None else f"{value:.3f}" for value in values]


def _compared(compared: Compared, pictures: Mapping[UUID, bytes]) -> str:
    legend = (
        f'<p>Images of which they say different things: <span class="truth">labels</span>, '
        f'<span class="old">{_text(compared.old)}</span>, <span class="new">{_text(compared.new)}</span>.</p>'
    )
    shown = "\n".join(_differing(each, pictures.get(each.image)) for each in compared.differing)
    return f"<h3>Old and new</h3>\n{legend}\n{shown}" if compared.differing else ""


def _differing(differing: Differing, picture: bytes | None) -> str:
    said = {"truth": differing.truth, "old": differing.old, "new": differing.new}
    boxes = "".join(_box(kind, each) for kind, found in said.items() for each in found if each.box)
    lines = "".join(
        f'<div class="{kind}">{_text(", ".join(each.tag for each in found) or "nothing")}</div>'
        for kind, found in said.items()
    )
    image = f'<img alt="" src="data:image/jpeg;base64,{b64encode(picture).decode()}">' if picture else ""
    svg = f'<svg viewBox="0 0 1 1" preserveAspectRatio="none">{boxes}</svg>' if boxes and picture else ""
    return f'<figure><div class="picture">{image}{svg}</div><figcaption>{lines}{differing.image}</figcaption></figure>'


def _box(kind: str, found: Found) -> str:
    assert found.box
    left, top, width, height = found.box
    return f'<rect class="{kind}" x="{left:.4f}" y="{top:.4f}" width="{width:.4f}" height="{height:.4f}"/>'


def _table(head: list[str], rows: Iterable[Iterable[Cell]]) -> str:
    top = f"<tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>" if head else ""
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{top}\n{body}</table>"


def _cell(value: Cell) -> str:
    return f'<td class="number">{value:,}</td>' if isinstance(value, int) else f"<td>{_text(value)}</td>"


def _text(value: str) -> str:
    """Escaped, and apart from the reading direction of what is around it."""
    return f"<bdi>{escape(value)}</bdi>"
