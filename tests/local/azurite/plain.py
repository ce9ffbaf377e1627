"""Azurite without what we mend of it."""

from pathlib import Path

from local.azurite import Azurite


class Plain(Azurite):
    """Azurite as it comes, but for what is not installed."""

    def _command(self) -> list[str]:
        node, require, preload, *rest = super()._command()
        return [node, require, str(Path(preload).with_name("unused.cjs")), *rest]
