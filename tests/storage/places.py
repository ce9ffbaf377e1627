"""Containers as places of backups, as somebody names them who has the key of their account."""

from datetime import UTC, datetime, timedelta

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas


def signed(connection_string: str, container: str, permission: str = "rwdlc") -> str:
    """The address of a container with a signature in it."""
    service = BlobServiceClient.from_connection_string(connection_string)
    signature = generate_container_sas(
        str(service.account_name),
        container,
        account_key=service.credential.account_key,
        permission=ContainerSasPermissions.from_string(permission),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{service.url}{container}?{signature}"
