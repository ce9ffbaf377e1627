"""Options that importing and exporting have in common."""

from typing import Annotated

import typer

from cli.naming import NAME

ProjectName = Annotated[str, typer.Option(metavar=NAME, help="The project's name or id.")]
