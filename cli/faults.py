"""How commands end that can't be done: by a line that says why, and by an exit code."""

from http import HTTPStatus
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, DeserializationError
from msrest.exceptions import ClientException, ClientRequestError, HttpOperationError
from requests import RequestException
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from shared.errors import ServiceError
from shared.formats.dataset import DatasetError

NO, FAILED = 1, 2
# What a service says of a caller that it does not let in.
STRANGER = "it does not know this key or token; take a key of that very endpoint, or a token that has not expired."


class CommandError(Exception):
    """The command can't go on; the message says why and what to do."""


class Away(CommandError):
    """What had answered does not any more, however long it was waited for."""


class Interrupted(CommandError):
    """Ctrl-C was pressed. Where there is an `advice`, the same command again is not what goes on."""

    def __init__(self, advice: str = "") -> None:
        super().__init__(f"ended by Ctrl-C. {advice}".strip())
        self.advice = advice


def left(advice: str, fault: BaseException) -> CommandError:
    """Nobody waits any more for what the service goes on with: by Ctrl-C, or as it is away."""
    return Interrupted(advice) if isinstance(fault, KeyboardInterrupt) else CommandError(f"{fault} {advice}")


# What a command may raise; anything else is a fault of its own.
FAULTS = (CommandError, DatasetError, ServiceError, AzureError, ClientException, DeserializationError)


def is_of_machine(fault: OSError) -> bool:
    """Whether a file or a disk is to blame: once that is mended, the same command goes on."""
    return bool(fault.strerror) and not isinstance(fault, ConnectionError | TimeoutError)


def reason(fault: Exception) -> str:
    match fault:
        case HttpOperationError():
            return f"the service said: {said(fault)}"
        case ClientException() | DeserializationError():
            return f"the service did not answer as it should: {fault}"
        case ClientAuthenticationError():
            return "storage does not let us in; sign in with `az login`, or see to STORAGE_CONNECTION_STRING."
        case AzureError():
            return f"storage did not answer as it should: {fault.message}"
        case OSError():
            return f"{fault.filename or 'what it writes'} can't be read or written: {fault.strerror}."
        case _:
            return str(fault)


def unanswered(address: str, fault: Exception) -> str:
    """Why a call got no answer, however often it was tried: by what urllib3, requests or the SDK say of that."""
    while inner := _cause(fault):
        fault = inner
    if isinstance(fault, NewConnectionError | ConnectTimeoutError):
        return _no_answer(address)
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc} does not answer as it should: {fault}"


def _cause(fault: Exception) -> Exception | None:
    match fault:
        case ClientRequestError():
            cause = fault.inner_exception
        case MaxRetryError():
            cause = fault.reason
        case RequestException():
            cause = next(iter(fault.args), None)
        case _:
            return None
    return cause if isinstance(cause, Exception) else None


def _no_answer(address: str) -> str:
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc} can't be reached; does the service run, and is that its address?"


def said(fault: HttpOperationError) -> str:
    """The error of the service's answer, with its code where it has one."""
    if fault.response.status_code == HTTPStatus.UNAUTHORIZED:
        return STRANGER
    code = getattr(fault.error, "code", None)
    if fault.response.status_code == HTTPStatus.NOT_FOUND and not code:
        return "there is no such API (404); is its endpoint right?"
    return f"{code}: {fault.message}" if code else str(fault.message)
