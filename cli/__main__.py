"""`./ocellus`: its commands, one line each."""

import logging
import sys
from collections.abc import Sequence

import typer

from cli import audit, dataset, gate, model, package, replay
from cli.faults import FAILED, FAULTS, reason
from cli.migrate import command as migration

app = typer.Typer(
    help="Work on an installation of Ocellus, on this machine or in Azure.",
    epilog="Ends with 0 when it is done, 1 when the answer is no, and 2 when it could not be done.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command()(migration.migrate)
app.command()(gate.gate)
app.command()(replay.replay)
app.command()(audit.audit)
app.command()(package.package)
app.add_typer(dataset.app, name="dataset")
app.add_typer(model.app, name="model")


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
