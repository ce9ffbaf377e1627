"""The container and the queue that a project names: tested when they are given, told of what ended, and never trusted.

Both are addresses of Azure Storage with a SAS of the caller's own, so they are asked as any hostile URL is.
"""

import logging
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import UUID
from xml.sax.saxutils import escape

import msgspec

from shared.errors import BadImageUrl, InvalidUri, ProjectNotFound
from shared.fetch import send
from shared.models.messages.notifications import Notification, NotificationContent, NotificationType
from shared.models.messages.tasks import NotifyExport, NotifyTraining
from shared.models.training.exports import ExportRecord, ExportStatus
from shared.models.training.iterations import IterationStatus
from shared.models.wire import now
from shared.settings import Settings
from shared.storage.account.store import Store
from shared.storage.training import exports as stored_exports
from shared.storage.workspace import projects as stored_projects

# How long one that does not take it is tried, and how often.
PATIENCE = timedelta(days=1)
RETRY_SECONDS = 600.0
CREATED = 201
# What an answer may take, and the bytes that the slowest way there takes in a second.
SECONDS, SLOWEST = 10.0, 200_000
VERSION = "2021-12-02"


class NotTaken(Exception):
    """The container or queue did not take what was sent; the message says why."""


def check_container(uri: str, project_id: UUID, *, allow_private: bool) -> None:
    """Raises InvalidUri where no blob can be written there."""
    try:
        _put_blob(uri, f"{project_id} - {NotificationType.CONNECTION_TEST}", b"", allow_private)
    except NotTaken as error:
        raise InvalidUri(
            f"exportModelContainerUri does not take a blob: {error} Give the URI of a container with a SAS token that "
            "may write blobs."
        ) from None


def check_queue(uri: str, project_id: UUID, *, allow_private: bool) -> None:
    """Raises InvalidUri where no message can be put there."""
    test = Notification(NotificationType.CONNECTION_TEST, NotificationContent(project_id))
    try:
        _put_message(uri, test, allow_private)
    except NotTaken as error:
        raise InvalidUri(
            f"notificationQueueUri does not take a message: {error} Give the URI of a queue with a SAS token that may "
            "add messages."
        ) from None


def notify(store: Store, settings: Settings, task: NotifyTraining | NotifyExport) -> bool:
    """Whether that is over: it was told, or given up, or nobody asked for it."""
    try:
        wanted = stored_projects.get(store, task.project_id).settings
    except ProjectNotFound:
        return True
    container, queue = wanted.export_model_container_uri or "", wanted.notification_queue_uri or ""
    allow_private = settings.allow_private_urls
    try:
        if isinstance(task, NotifyTraining):
            notification = _of_training(task)
        else:
            notification = _of_export(task, _back_up(store, task, container, allow_private))
        if queue:
            _put_message(queue, notification, allow_private)
    except NotTaken as error:
        given_up = now() - task.since > PATIENCE
        log = logging.error if given_up else logging.warning
        log("The storage of project %s was not told of %s: %s", task.project_id, type(task).__name__, error)
        return given_up
    return True


def _of_training(task: NotifyTraining) -> Notification:
    status = "TrainingCompleted" if task.status == IterationStatus.COMPLETED else "TrainingFailed"
    content = NotificationContent(task.project_id, task.iteration_id, training_status=status)
    return Notification(NotificationType.TRAINING, content)


def _of_export(task: NotifyExport, model_uri: str | None) -> Notification:
    status = "ExportCompleted" if task.status == ExportStatus.DONE else "ExportFailed"
    content = NotificationContent(task.project_id, task.export.iteration_id, export_status=status)
    if model_uri:
        content = msgspec.structs.replace(content, model_uri=model_uri)
    return Notification(NotificationType.EXPORT, content)


def _back_up(store: Store, task: NotifyExport, container: str, allow_private: bool) -> str | None:
    """Where the package lies: in the project's container, or for a day in ours."""
    if task.status != ExportStatus.DONE:
        return None
    package = stored_exports.read_package(store, task.export)
    if package is None:
        return None
    if not container:
        return stored_exports.download_uri(store, task.export)
    return _put_blob(container, _backup_name(task.export), package, allow_private)


def _backup_name(export: ExportRecord) -> str:
    name = f"{export.project_id} - {export.iteration_id}.{export.platform}"
    return f"{name}.{export.flavor}" if export.flavor else name


def _put_blob(container: str, name: str, data: bytes, allow_private: bool) -> str:
    """The blob's address, without the SAS. Raises NotTaken."""
    uri = _below(container, name)
    _send(uri, "PUT", data, {"x-ms-blob-type": "BlockBlob"}, allow_private)
    return uri.partition("?")[0]


def _put_message(queue: str, notification: Notification, allow_private: bool) -> None:
    """Plain JSON, seven days. Raises NotTaken."""
    text = escape(msgspec.json.encode(notification).decode())
    message = f"<QueueMessage><MessageText>{text}</MessageText></QueueMessage>"
    _send(_below(queue, "messages"), "POST", message.encode(), {"Content-Type": "application/xml"}, allow_private)


def _below(uri: str, name: str) -> str:
    """The address of a blob of a container, or of a queue's messages: the SAS stays at its end. Raises NotTaken."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise NotTaken("The URI can't be read.") from None
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{quote(name)}", fragment=""))


def _send(uri: str, method: str, body: bytes, headers: dict[str, str], allow_private: bool) -> None:
    headers = headers | {"x-ms-version": VERSION}
    try:
        seconds = SECONDS + len(body) / SLOWEST
        status = send(uri, method, body, headers, allow_private=allow_private, seconds=seconds)
    except BadImageUrl:
        # Its reason speaks of images, and may tell of a network that is not the caller's.
        raise NotTaken("Its host can't be reached on the public internet.") from None
    if status != CREATED:
        raise NotTaken(f"It answers with status {status}.")
