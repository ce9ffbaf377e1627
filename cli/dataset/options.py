"""Options that importing and exporting have in common."""

from typing import Annotated

import typer

ProjectName = Annotated[str, typer.Option(metavar="NAME|ID", help="The project's name or id.")]
