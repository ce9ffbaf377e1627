"""What commands print: a result on stdout, for people or as JSON, and how far they are on stderr."""

from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def show(result: object, text: str, *, as_json: bool) -> None:
    """A line: `text`, or the result itself."""
    typer.echo(msgspec.json.encode(result).decode() if as_json else text)


def progress_of(console: Console, *counts: ProgressColumn) -> Progress:
    """A bar that goes when it is done, and is not there at all where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), *counts, TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
