"""Who we are to Azure: the managed identity that the settings name, or whoever the environment says."""

from typing import TYPE_CHECKING

from shared.settings import Settings

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential


def credential(settings: Settings) -> "DefaultAzureCredential":
    # Imported only where it is needed: it takes a fifth of a second.
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=settings.identity_client_id or None)
