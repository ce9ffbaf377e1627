"""A published name, asked about one picture after the other, many at once."""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

import msgspec
import urllib3
from msgspec import Struct
from urllib3 import HTTPConnectionPool

from cli import addresses
from cli.faults import STRANGER, CommandError
from cli.patience import Patience, Watch
from cli.predict.shots import name_of
from shared.models.serving.predictions import Prediction
from shared.settings import PredictingSettings

SECONDS = 60
VERBS = ("classify", "detect")
OTHER_KIND = "BadRequestOperationNotSupported"


class Asked(Struct, frozen=True, omit_defaults=True):
    """What the model says of a picture or of a frame at so many `seconds`, or why it says nothing.

    `size` is a frame's, width and height.
    """

    file: str
    seconds: float | None = None
    size: tuple[int, int] | None = None
    predictions: list[Prediction] = []
    error: str = ""

    @property
    def name(self) -> str:
        return name_of(self.file, self.seconds)


class PictureRefused(Exception):
    """The model says nothing of this picture; the message says why."""


class Answer(Struct, frozen=True):
    predictions: list[Prediction]


class Refusal(Struct, frozen=True):
    code: str = ""
    message: str = "no reason is given"


def asker(given: PredictingSettings, project: UUID, name: str, at_once: int) -> Callable[[bytes], list[Prediction]]:
    """What asks about a picture. Raises CommandError where the environment does not say where the service is."""
    endpoint, key = given.vision_prediction_endpoint, given.vision_prediction_key
    if not endpoint or not key:
        raise CommandError("set VISION_PREDICTION_ENDPOINT and VISION_PREDICTION_KEY.")
    endpoint = addresses.endpoint(endpoint, "VISION_PREDICTION_ENDPOINT")
    watch, address = Watch(), urllib3.util.parse_url(endpoint)
    pool = urllib3.connection_from_url(
        endpoint, maxsize=at_once, retries=Patience.of(watch, twice=True), timeout=SECONDS
    )
    start = f"{(address.path or '').rstrip('/')}/customvision/v3.1/prediction/{project}"
    return Asker(pool, watch, start, name, key)


class Asker:
    """The kind of the model is not known before it is asked: a verb of the other kind is refused, once."""

    def __init__(self, pool: HTTPConnectionPool, watch: Watch, start: str, name: str, key: str) -> None:
        self._pool, self._watch, self._start, self._name, self._verb = pool, watch, start, name, VERBS[0]
        self._headers = {"Prediction-Key": key, "Content-Type": "application/octet-stream"}

    def __call__(self, data: bytes) -> list[Prediction]:
        """Raises PictureRefused, and CommandError for what no other picture would change."""
        for _ in VERBS:
            verb = self._verb
            status, body = self._post(verb, data)
            if status == HTTPStatus.OK:
                return msgspec.json.decode(body, type=Answer).predictions
            refusal = _refusal(body)
            if refusal.code != OTHER_KIND:
                break
            self._verb = VERBS[1 - VERBS.index(verb)]
        if status == HTTPStatus.UNAUTHORIZED:
            raise CommandError(f"the service said: {STRANGER}")
        if status != HTTPStatus.BAD_REQUEST or not refusal.code.startswith("BadRequestImage"):
            code = refusal.code if refusal.code != str(status) else ""
            raise CommandError(
                "the service said: " + ": ".join(filter(None, (f"{status} {code}".strip(), refusal.message)))
            )
        raise PictureRefused(f"{refusal.code}: {refusal.message}")

    def _post(self, verb: str, data: bytes) -> tuple[int, bytes]:
        url = f"{self._start}/{verb}/iterations/{self._name}/image/nostore"
        with self._watch.asking(f"{self._pool.scheme}://{self._pool.host}:{self._pool.port}"):
            answer = self._pool.urlopen("POST", url, data, self._headers)
        return answer.status, answer.data


def _refusal(body: bytes) -> Refusal:
    """The service's, or its gateway's, which lies within `error`."""
    try:
        return msgspec.json.decode(body, type=dict[str, Refusal])["error"]
    except (msgspec.DecodeError, KeyError):
        pass
    try:
        return msgspec.json.decode(body, type=Refusal)
    except msgspec.DecodeError:
        return Refusal()
