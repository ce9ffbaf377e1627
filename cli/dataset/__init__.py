"""`ocellus dataset`: data sets in and out of a project."""

import typer

from cli.dataset import exporting, importing

app = typer.Typer(help="Bring data sets in, and take them out.", no_args_is_help=True, rich_markup_mode="markdown")
app.command("import")(importing.import_dataset)
app.command("export")(exporting.export_dataset)
