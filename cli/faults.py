"""How commands end that can't be done: by a line that says why, and by an exit code."""

from http import HTTPStatus
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError
from msrest.exceptions import ClientException, ClientRequestError, HttpOperationError
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError, NewConnectionError

from shared.errors import ServiceError
from shared.formats.dataset import DatasetError

NO, FAILED = 1, 2


class CommandError(Exception):
    """The command can't go on; the message says why and what to do."""


# What a command may raise; anything else is a fault of its own.
FAULTS = (CommandError, DatasetError, ServiceError, AzureError, ClientException)


def reason(fault: Exception) -> str:
    match fault:
        case HttpOperationError():
            return f"the service said: {said(fault)}"
        case ClientRequestError():
            return _unreached(fault.inner_exception)
        case ClientException():
            return f"the service did not answer as it should: {fault}"
        case ClientAuthenticationError():
            return "storage does not let us in; sign in with `az login`, or see to STORAGE_CONNECTION_STRING."
        case AzureError():
            return f"storage did not answer as it should: {fault.message}"
        case _:
            return str(fault)


def _unreached(fault: Exception) -> str:
    request = getattr(fault, "request", None)
    return _no_answer(request.url) if request else f"the service can't be reached: {fault}"


def unanswered(address: str, fault: HTTPError) -> str:
    """Why a call got no answer, however often it was tried."""
    reason = fault.reason if isinstance(fault, MaxRetryError) else fault
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return _no_answer(address)
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc} does not answer as it should: {reason}"


def _no_answer(address: str) -> str:
    place = urlsplit(address)
    return f"{place.scheme}://{place.netloc} can't be reached; does the service run, and is that its address?"


def said(fault: HttpOperationError) -> str:
    """The error of the service's answer, with its code where it has one."""
    if fault.response.status_code == HTTPStatus.UNAUTHORIZED:
        return "it does not know this key or token."
    code = getattr(fault.error, "code", None)
    return f"{code}: {fault.message}" if code else str(fault.message)
