"""Azurite without what we mend of it."""

from local.azurite import Azurite


class Plain(Azurite):
    """Azurite as it comes."""

    def _command(self) -> list[str]:
        node, _require, _preload, *rest = super()._command()
        return [node, *rest]
