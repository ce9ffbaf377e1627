"""Serves the exported model over HTTP, on the paths of Custom Vision's containers and on those of its cloud.

The environment: HOST (0.0.0.0) and PORT (80), PREDICTION_KEY (without one every key is taken), ALLOW_PRIVATE_URLS
(false).
"""

import json
import logging
import os
import signal
import struct
import sys
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from hmac import compare_digest
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from PIL import Image
from predict import Model, Prediction
from waitress import serve
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.multipart import Data, Epilogue, MultipartDecoder
from werkzeug.wrappers import Response

from shared import errors
from shared.fetch import fetch

FOLDER = Path(__file__).resolve().parent
HARNESS, FAILURE = "CustomVision.ai model host harness", "Error processing image"
CLOUD = "/customvision/"
CLASSIFY, DETECT = "classify", "detect"
NAMED = f"<project>/<any({CLASSIFY}, {DETECT}):kind>/iterations/<name>"
PLACES = ("/", "/<project>/", f"/{NAMED}/", f"{CLOUD}<version>/prediction/{NAMED}/")
KEY_HEADERS = ("Prediction-Key", "Ocp-Apim-Subscription-Key")

# The service's own: bytes of a picture, pixels of a side, of what is decoded whole, and how far sides may differ.
MOST_BYTES, MOST_SIDE, MOST_PIXELS, MOST_RATIO = 4 * 1024 * 1024, 10_240, 40_000_000, 25
FORMATS = ("JPEG", "PNG", "GIF", "BMP")
# What Pillow raises on bytes that lie, beside errors of its own.
BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, EOFError),
    *(AssertionError, MemoryError, struct.error, zlib.error),
)
# No picture has so many bytes, nor has what clients wrap it in.
BODY_BYTES = 4 * MOST_BYTES
LEAST = 1e-8
THREADS = 4

# `checked` knows a bomb, and says so as the service does.
Image.MAX_IMAGE_PIXELS = None
app = Flask(__name__, static_folder=None)
model = Model(FOLDER / "model.onnx")
about = json.loads((FOLDER / "model.json").read_text(encoding="utf-8"))
tags = {tag["name"]: tag for tag in about["tags"]}


@app.get("/")
def harness() -> Response:
    return Response(HARNESS, mimetype="text/plain")


def predict_image(kind: str = "", **_: str) -> Response:
    return predicted(kind, picture(request.get_data()))


def predict_url(kind: str = "", **_: str) -> Response:
    private = os.environ.get("ALLOW_PRIVATE_URLS", "").lower() == "true"
    return predicted(kind, fetch(address(request.get_data()), limit=MOST_BYTES, allow_private=private))


for place in PLACES:
    for stored in ("", "/nostore"):
        app.add_url_rule(f"{place}image{stored}", view_func=predict_image, methods=["POST"])
        app.add_url_rule(f"{place}url{stored}", view_func=predict_url, methods=["POST"])


@app.before_request
def admit() -> None:
    """Whoever sends the key, where there is one, and anybody to `/`. Raises Unauthorized."""
    key, given = os.environ.get("PREDICTION_KEY", ""), [request.headers.get(name, "") for name in KEY_HEADERS]
    if key and request.path != "/" and not any(compare_digest(key.encode(), each.strip().encode()) for each in given):
        raise errors.Unauthorized("Access denied due to invalid subscription key or wrong API endpoint.")


def picture(body: bytes) -> bytes:
    """A raw body, or the one part of a multipart body, whatever it is called. Raises BadImageBatch."""
    if request.mimetype != "multipart/form-data":
        return body
    try:
        found = list(parts(body, request.mimetype_params.get("boundary", "").encode("latin-1")))
    except (ValueError, HTTPException) as error:
        raise errors.BadImageBatch(f"The multipart body is broken: {error}") from None
    if len(found) != 1:
        raise errors.BadImageBatch(f"Send exactly one picture in the body, not {len(found)}.")
    return found[0]


def parts(body: bytes, boundary: bytes) -> Iterable[bytes]:
    """As they are: the SDKs send a picture as a field, which Flask would read as text. Raises ValueError."""
    decoder = MultipartDecoder(boundary, max_parts=10)
    decoder.receive_data(body)
    decoder.receive_data(None)
    contents = b""
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, Data):
            contents += event.data
            if not event.more_data:
                yield contents
                contents = b""


def address(body: bytes) -> str:
    """Of `{"url": ...}`, the name in any case. Raises BadRequest."""
    try:
        given = {name.lower(): value for name, value in json.loads(body).items()}
    except (ValueError, AttributeError, RecursionError):
        raise errors.BadRequest('The body is not valid JSON; send {"url": "https://..."}.') from None
    if not isinstance(given.get("url"), str):
        raise errors.BadRequest('The body does not fit; send {"url": "https://..."}.')
    return str(given["url"])


def predicted(kind: str, data: bytes) -> Response:
    """Raises OperationNotSupported, and the errors of `checked`."""
    mine = DETECT if model.detects else CLASSIFY
    if kind and kind != mine:
        raise errors.OperationNotSupported(f"This is a model of the other kind; call {mine} instead.")
    image = checked(data)
    try:
        pixels = model.prepare(image)
    except BROKEN as error:
        raise errors.BadImageFormat("The image is broken or cut off; send the whole file.") from error
    return answer(model.run(pixels))


def checked(data: bytes) -> Image.Image:
    """Its pixels are not decoded yet. Raises BadImageSize, BadImageFormat, BadImageDimensions, BadImageAspectRatio."""
    if len(data) > MOST_BYTES:
        raise errors.BadImageSize(f"The picture has {len(data):,} bytes; at most {MOST_BYTES:,} are allowed.")
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except BROKEN:
        raise errors.BadImageFormat("The data is no JPEG, PNG, BMP or GIF image; convert it to one of these.") from None
    width, height = image.size
    whole = image.format != "JPEG" or "progressive" in image.info
    if max(width, height) > MOST_SIDE or (whole and width * height > MOST_PIXELS):
        raise errors.BadImageDimensions(f"The image is {width} x {height} px; send a smaller one.")
    if max(width, height) > MOST_RATIO * min(width, height):
        raise errors.BadImageAspectRatio(f"The sides of the image differ by more than {MOST_RATIO}:1.")
    return image


def in_cloud() -> bool:
    return request.path.startswith(CLOUD)


def answer(found: list[Prediction]) -> Response:
    created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if in_cloud():
        ids = {"id": str(uuid4()), "project": about["projectId"], "iteration": about["iterationId"]}
        return sent({**ids, "created": created, "predictions": [as_cloud(each) for each in found]})
    likely = [as_container(each) for each in found if each.probability > LEAST]
    return sent({"id": "", "project": "", "iteration": "", "created": created, "predictions": likely})


def as_cloud(found: Prediction) -> dict[str, object]:
    tag = tags[found.label]
    shown = {"probability": found.probability, "tagId": tag["id"], "tagName": found.label, "tagType": tag["type"]}
    return {**shown, "boundingBox": bounds(found)} if found.box else shown


def as_container(found: Prediction) -> dict[str, object]:
    return {"probability": found.probability, "tagId": "", "tagName": found.label, "boundingBox": bounds(found)}


def bounds(found: Prediction) -> dict[str, float] | None:
    return dict(zip(("left", "top", "width", "height"), found.box, strict=True)) if found.box else None


def sent(content: object, status: int = 200) -> Response:
    return Response(json.dumps(content), status, mimetype="application/json")


@app.errorhandler(errors.ServiceError)
def refused(error: errors.ServiceError) -> Response:
    """The service's own error shape, or its gateway's; the containers had one text for all that is wrong."""
    logging.warning("%r: %s %s", request.path, error.code, error.message)
    if in_cloud():
        shape: object = {"code": error.code, "message": error.message}
        return sent({"error": shape} if error.code.isdigit() else shape, error.status)
    if isinstance(error, errors.Unauthorized):
        return Response(error.message, error.status, mimetype="text/plain")
    return Response(FAILURE, 500, mimetype="text/plain")


@app.errorhandler(HTTPException)
def unrouted(error: HTTPException) -> Response:
    """No path, or none of its verbs; it keeps its headers, such as `Allow`."""
    message = error.description or error.name
    response = sent({"error": {"code": str(error.code), "message": message}}, error.code or 500)
    response.headers.extend([pair for pair in error.get_headers() if pair[0] not in response.headers])
    return response


@app.errorhandler(Exception)
def failed(error: Exception) -> Response:
    logging.error("%r failed", request.path, exc_info=error)
    if in_cloud():
        return sent({"code": "ErrorUnknown", "message": "Something failed on our side; our log tells more."}, 500)
    return Response(FAILURE, 500, mimetype="text/plain")


def in_lower_case(wrapped: WSGIApplication) -> WSGIApplication:
    """The cloud takes a path in any case, and its old clients write `Prediction`."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return wrapped(environ | {"PATH_INFO": environ["PATH_INFO"].lower()}, start_response)

    return application


app.wsgi_app = in_lower_case(app.wsgi_app)  # type: ignore[method-assign,assignment]

if __name__ == "__main__":
    # A container is closed but for the ports that its host publishes.
    listen = f"{os.environ.get('HOST', '0.0.0.0')}:{os.environ.get('PORT', '80')}"  # noqa: S104
    # A container's first process has no default way to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    serve(app, listen=listen, threads=THREADS, max_request_body_size=BODY_BYTES, ident=None)
