"""The commands, one line each, and how they end."""

import logging
import shlex
import sys
from collections.abc import Sequence

import typer
from typer.core import TyperGroup

from cli import audit, backup, batch, dataset, gate, model, package, projects, replay
from cli.faults import FAILED, FAULTS, Away, Interrupted, is_of_machine, reason
from cli.migrate import command as migration
from cli.patience import INTERRUPTED, interruptible
from cli.predict import command as predicting
from shared.errors import AccessRefused, ServiceUnavailable

# Whose values are not repeated on a screen.
SECRETS = ("--key", "--prediction-key")


class Commands(TyperGroup):
    """Typer itself says nothing of Ctrl-C, nor how to go on."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None


app = typer.Typer(
    cls=Commands,
    help="Work on an installation of Ocellus, on this machine or in Azure.",
    epilog="Ends with 0 when it is done, 1 when the answer is no, 2 when it could not be done, and 130 by Ctrl-C.",
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


def run(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process. What can't be done is said in a line on stderr."""
    # What the clients warn of ends as a fault, which is said once.
    for name in ("azure", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with interruptible():
            app(arguments, prog_name="ocellus")
    except FAULTS as fault:
        print(f"ocellus: {reason(fault)}", file=sys.stderr)
        if _goes_on(fault):
            print(f"Run it again, it goes on where it was: {_again(arguments)}", file=sys.stderr)
        sys.exit(INTERRUPTED if isinstance(fault, Interrupted) else FAILED)
    except OSError as fault:
        if not is_of_machine(fault):
            raise
        print(f"ocellus: {reason(fault)}", file=sys.stderr)
        print(f"Run it again when that is mended, it goes on where it was: {_again(arguments)}", file=sys.stderr)
        sys.exit(FAILED)


def _goes_on(fault: Exception) -> bool:
    """Whether the same command may end otherwise the next time."""
    match fault:
        case Interrupted():
            return not fault.advice
        case AccessRefused():
            return False
        case _:
            return isinstance(fault, Away | ServiceUnavailable)


def _again(arguments: Sequence[str] | None) -> str:
    """The command line, without what lets people in."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    for place, word in enumerate(words):
        name, has_value, _ = word.partition("=")
        if name in SECRETS and has_value:
            words[place] = f"{name}=..."
        elif place and words[place - 1] in SECRETS:
            words[place] = "..."
        elif "sig=" in word:
            words[place] = f"{word.partition('?')[0]}?..."
    return shlex.join(["ocellus", *words])
