"""`./ocellus`: its commands, one line each."""

import logging
import sys
from collections.abc import Sequence

import typer

from cli import audit, backup, batch, dataset, gate, model, package, projects, replay
from cli.faults import FAILED, FAULTS, reason
from cli.migrate import command as migration
from cli.predict import command as predicting

app = typer.Typer(
    help="Work on an installation of Ocellus, on this machine or in Azure.",
    epilog="Ends with 0 when it is done, 1 when the answer is no, and 2 when it could not be done.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
MOVE, DELIVER, LOOK_AFTER = "Move in and out", "Deliver", "Look after"
app.command(rich_help_panel=MOVE)(migration.migrate)
app.add_typer(dataset.app, name="dataset", rich_help_panel=MOVE)
app.add_typer(model.app, name="model", rich_help_panel=MOVE)
app.command(rich_help_panel=DELIVER)(projects.projects)
app.command(rich_help_panel=DELIVER)(gate.gate)
app.command(rich_help_panel=DELIVER)(predicting.predict)
app.add_typer(batch.app, name="batch", rich_help_panel=DELIVER)
app.command(rich_help_panel=DELIVER)(package.package)
app.command(rich_help_panel=LOOK_AFTER)(backup.backup)
app.command(rich_help_panel=LOOK_AFTER)(backup.restore)
app.command(rich_help_panel=LOOK_AFTER)(audit.audit)
app.command(rich_help_panel=LOOK_AFTER)(replay.replay)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process. What can't be done is said in a line on stderr."""
    # What the clients warn of ends as a fault, which is said once.
    for name in ("azure", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        app(arguments, prog_name="ocellus")
    except FAULTS as fault:
        print(f"ocellus: {reason(fault)}", file=sys.stderr)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
