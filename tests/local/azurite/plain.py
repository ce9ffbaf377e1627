"""Azurite without what we mend of it."""

from pathlib import Path

from local.azurite import Azurite


class Plain(Azurite):
    """Azurite as it comes, but for what is not installed."""

    def _command(self) -> list[str]:
        command = super()._command()
        at = command.index("--require") + 1
        return [*command[:at], str(Path(command[at]).with_name("unused.cjs")), *command[at + 1 :]]
