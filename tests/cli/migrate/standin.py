"""A stand-in of Custom Vision: projects as data, answered in its shapes, with all that its callers have to bear."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4, uuid5

import msgspec
from msgspec import Struct

from tests.servers import Answer, Request, serving

KEY = "0" * 32
PREFIX = "/customvision/v3.3/training/"
NAMESPACE = UUID("6f0a2a1e-0000-4000-8000-000000000000")
BEGAN = datetime(2020, 11, 6, 17, 34, 53, 692592)
PAGE, IDS = 256, 256
KEYS = ("training-key", "prediction-key", "authorization")


class Trouble(Struct):
    """What goes wrong, each so many calls (0: never): 429, a cut connection, half of a body, an answer `slow` seconds
    late. An address lasts for `lasts` calls. `at` has what is to happen at a call of that number.
    """

    busy: int = 0
    retry_after: str = "0"
    cut: int = 0
    half: int = 0
    late: int = 0
    slow: float = 0.0
    lasts: int = 1_000_000
    at: dict[int, Callable[[], None]] = {}


class Picture(Struct):
    """`tags` are of their names, `boxes` of a name and left, top, width, height."""

    id: UUID
    data: bytes
    tags: list[str] = []
    boxes: list[tuple[str, float, float, float, float]] = []
    metadata: dict[str, str] = {}
    is_gone: bool = False


class Held(Struct):
    """A project: `project` and `iterations` as they are answered, the rest by ids and names."""

    project: dict[str, object]
    tags: dict[str, dict[str, object]]
    pictures: list[Picture]
    iterations: list[dict[str, object]] = []
    performances: dict[str, dict[str, object]] = {}
    packages: dict[str, bytes] = {}
    exported: set[str] = set()


def identify(*parts: object) -> UUID:
    """The same id for the same words."""
    return uuid5(NAMESPACE, "/".join(map(str, parts)))


def hold(name: str, domain: str, kind: str | None, tags: dict[str, str], description: str = "") -> Held:
    """A project without pictures; `tags` gives each name its type."""
    settings: dict[str, object] = {
        "domainId": domain,
        "classificationType": kind,
        "targetExportPlatforms": [],
        "useNegativeSet": True,
        "detectionParameters": None,
        "imageProcessingSettings": {"augmentationMethods": {"rotation": True, "scaling": False}},
    }
    project: dict[str, object] = {
        "id": str(uuid4()),
        "name": name,
        "description": description,
        "settings": settings,
        "created": "2020-11-06T16:37:26.266Z",
        "lastModified": "2020-11-06T16:37:26.266Z",
        "thumbnailUri": None,
        "drModeEnabled": False,
        "status": "Succeeded",
    }
    return Held(project, {tag: _tag(tag, kind) for tag, kind in tags.items()}, [])


def _tag(name: str, kind: str) -> dict[str, object]:
    return {"id": str(uuid4()), "name": name, "description": f"All that is {name}.", "type": kind, "imageCount": 0}


class Standin:
    def __init__(self, projects: list[Held], trouble: Trouble | None = None) -> None:
        self.projects = {str(held.project["id"]): held for held in projects}
        self.trouble = trouble or Trouble()
        self.endpoint = ""
        self.calls = self.downloads = self.predictions = 0
        self._counting = Lock()
        # Behind a virtual network addresses are paths, which get_artifact hands out.
        self.is_private = False
        # By which verbs published iterations were asked, and what they answer for a picture's bytes.
        self.verbs: set[str] = set()
        self.predict: Callable[[bytes], list[dict[str, object]]] = lambda data: []

    def answer(self, request: Request) -> Answer:
        with self._counting:
            self.calls += 1
            number, trouble = self.calls, self.trouble
        if happening := trouble.at.get(number):
            happening()
        if _is_time(number, trouble.late):
            time.sleep(trouble.slow)
        if _is_time(number, trouble.busy):
            error = {"error": {"code": "429", "message": "Requests have exceeded rate limit. Please retry."}}
            return _json(error, 429, {"Retry-After": trouble.retry_after})
        if _is_time(number, trouble.cut):
            raise ConnectionResetError
        answer = self._answer(request)
        if _is_time(number, trouble.half):
            headers = {**answer.headers, "Content-Length": str(len(answer.body)), "Connection": "close"}
            return Answer(answer.status, answer.body[: len(answer.body) // 2], headers)
        return answer

    def _answer(self, request: Request) -> Answer:
        address = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path.startswith("/blobs/"):
            return self._blob(address.path.split("/")[2:], query)
        if not {KEY, f"Bearer {KEY}"} & {request.headers.get(name) for name in KEYS}:
            return _json({"error": {"code": "401", "message": "Access denied due to invalid subscription key."}}, 401)
        if "/prediction/" in address.path.lower():
            return self._predicted(request)
        match address.path.removeprefix(PREFIX).split("/"):
            case ["projects"]:
                return _json([held.project for held in self.projects.values()])
            case ["projects", project, *rest] if project in self.projects:
                return self._of_project(self.projects[project], rest, query, request.method)
        return _json({"code": "NotFoundProject", "message": "Invalid project"}, 404)

    def _of_project(self, held: Held, path: list[str], query: dict[str, str], method: str) -> Answer:
        match path:
            case []:
                return _json(held.project)
            case ["tags"]:
                return _json(list(held.tags.values()))
            case ["artifacts"]:
                blob, _, issued = query["path"].partition("?issued=")
                return self._blob(blob.split("/")[2:], {"issued": issued})
            case ["images", "count"]:
                return _json(len(held.pictures))
            case ["images", "id"]:
                wanted = query["imageIds"].split(",")
                assert len(wanted) <= IDS
                return _json([self._image(held, each) for each in held.pictures if str(each.id) in wanted])
            case ["images"]:
                return self._page(held, query)
            case ["iterations"]:
                return _json(held.iterations)
            case ["iterations", iteration, "performance"] if iteration in held.performances:
                return _json(held.performances[iteration])
            case ["iterations", iteration, "export"]:
                return self._export(held, iteration, query, method)
        return _json({"code": "NotFound", "message": "Nothing is there."}, 404)

    def _page(self, held: Held, query: dict[str, str]) -> Answer:
        take, skip = int(query.get("take", "50")), int(query.get("skip", "0"))
        if take > PAGE:
            return _json({"code": "BadRequest", "message": f"take is {PAGE} at most"}, 400)
        pictures = held.pictures if query.get("orderBy") == "Oldest" else held.pictures[::-1]
        return _json([self._image(held, each) for each in pictures[skip : skip + take]])

    def _image(self, held: Held, picture: Picture) -> dict[str, object]:
        moment = (BEGAN + timedelta(seconds=held.pictures.index(picture))).isoformat() + "9"
        address = f"{'' if self.is_private else self.endpoint}/blobs/{held.project['id']}/{picture.id}"
        image: dict[str, object] = {
            "id": str(picture.id),
            "created": moment,
            "width": 64,
            "height": 64,
            **{f"{kind}Uri": f"{address}/{kind[0]}?issued={self.calls}" for kind in ("resizedImage", "thumbnail")},
            "originalImageUri": f"{address}/o?issued={self.calls}",
        }
        marks = [held.tags[tag] for tag in picture.tags]
        if marks:
            image["tags"] = [{"tagId": tag["id"], "tagName": tag["name"], "created": moment} for tag in marks]
        if picture.boxes:
            image["regions"] = [_region(held, picture, number, moment) for number in range(len(picture.boxes))]
        if picture.metadata:
            image["metadata"] = picture.metadata
        return image

    def _blob(self, path: list[str], query: dict[str, str]) -> Answer:
        """As Blob Storage answers: a signature that has expired is refused, whatever it is for."""
        if self.calls - int(query["issued"]) > self.trouble.lasts:
            return Answer(403, b"<?xml version='1.0'?><Error><Code>AuthenticationFailed</Code></Error>")
        project, name, *_ = path
        held = self.projects[project]
        if name in held.packages:
            return Answer(body=held.packages[name])
        picture = next(each for each in held.pictures if str(each.id) == name)
        if picture.is_gone:
            return Answer(404, b"<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>")
        self.downloads += 1
        return Answer(body=picture.data, headers={"Content-Type": "image/jpeg"})

    def _export(self, held: Held, iteration: str, query: dict[str, str], method: str) -> Answer:
        """Asked for once, it is done when it is asked after."""
        if method == "POST":
            if iteration not in held.packages or query.get("platform") != "ONNX":
                return _json({"code": "BadRequestExportValidationFailed", "message": "Not exportable."}, 400)
            held.exported.add(iteration)
            return _json({**EXPORT, "status": "Exporting", "downloadUri": None})
        address = f"{self.endpoint}/blobs/{held.project['id']}/{iteration}?issued={self.calls}"
        done = [{**EXPORT, "status": "Done", "downloadUri": address}] if iteration in held.exported else []
        return _json(done)

    def _predicted(self, request: Request) -> Answer:
        self.predictions += 1
        self.verbs.add(request.path.split("/iterations/")[0].rpartition("/")[2])
        predictions = self.predict(request.body)
        answer = {"id": str(identify(self.calls)), "created": "2020-11-06T17:34:53.451Z", "predictions": predictions}
        return _json(answer)


def _is_time(number: int, each: int) -> bool:
    return bool(each) and number % each == 0


EXPORT = {"platform": "ONNX", "flavor": None, "newerVersionAvailable": False}


def _region(held: Held, picture: Picture, number: int, moment: str) -> dict[str, object]:
    name, *sides = picture.boxes[number]
    tag = held.tags[name]
    box = dict(zip(("left", "top", "width", "height"), sides, strict=True))
    region_id = str(identify(picture.id, number))
    return {"regionId": region_id, "tagName": tag["name"], "created": moment, "tagId": tag["id"], **box}


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """Two blanks and CRLF, as Custom Vision writes it."""
    body = msgspec.json.format(msgspec.json.encode(value)).replace(b"\n", b"\r\n")
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})


@contextmanager
def standing_in(projects: list[Held], trouble: Trouble | None = None) -> Iterator[Standin]:
    standin = Standin(projects, trouble)
    with serving(standin.answer) as port:
        standin.endpoint = f"http://127.0.0.1:{port}"
        yield standin
