"""Old copies go, and contents that no copy needs any more; what is in doubt stays."""

from datetime import timedelta
from uuid import UUID

from shared.models.wire import now
from shared.operations.backup.vault import NAMED, Vault

# A content that is put for a copy is needed by none until that is whole, or noted: much sooner than this.
GRACE = timedelta(days=1)


def forget_copies(vault: Vault, project_id: UUID, days: int) -> int:
    """Those that were taken longer ago, but for the last: how many. A project that is deleted keeps that one, too."""
    old = f"{now() - timedelta(days=days):{NAMED}}"
    gone = [copy for copy in vault.copies(project_id)[:-1] if copy.name < old]
    for copy in gone:
        vault.forget(copy)
    return len(gone)


def sweep(vault: Vault, days: int) -> int:
    """Delete the contents that neither a copy nor a note needs: how many.

    Raises BackupError where a copy can't say what it needs; then nothing is deleted.
    """
    # Looked at first: what is put meanwhile is not among them, and what is put anew has another version.
    old = [(digest, content) for digest, content in vault.contents() if content.written < now() - GRACE]
    needed = set(vault.all_noted(now() - timedelta(days=days) - GRACE))
    for project_id in vault.projects():
        for copy in vault.copies(project_id):
            needed |= vault.needed(copy)
    return sum(vault.drop(content) for digest, content in old if digest not in needed)
