"""The portal: the built page under /portal/, from memory, with the rules that browsers hold it to."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import azure.functions as func
import msgspec
from msgspec import Struct

from functions.edge.answers import COMMON_HEADERS
from functions.edge.decorators import blueprints
from functions.edge.runtime import runtime
from shared.courtesy import courtesy
from shared.settings import ROOT, Settings
from shared.storage.account import signing

DIST = ROOT / "portal" / "dist"
INDEX, AUTH, CONFIG = "index.html", "auth.html", "config.json"
# Files under this folder carry their content's digest in their names.
LASTING = "assets/"
# By preference: what the build made beside a file.
CODINGS = {"br": ".br", "gzip": ".gz"}
MISSING = b"The portal is not built. Run ./run once with a network, or `npm run build`, and load this page again.\n"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}


class Representation(Struct, frozen=True):
    """A file in one coding."""

    body: bytes
    coding: str
    etag: str


@blueprints["training"].function_name(name="portal")
@blueprints["training"].route(route="portal/{*path}", methods=["GET", "HEAD"], auth_level=func.AuthLevel.ANONYMOUS)
def portal(req: func.HttpRequest) -> func.HttpResponse:
    return serve(req)


def serve(req: func.HttpRequest) -> func.HttpResponse:
    courtesy.asked()
    path = (req.route_params.get("path") or "").strip("/")
    if path == CONFIG:
        return _answer(req, CONFIG, {"": _page(config_of(runtime().settings), "")})
    if not (DIST / INDEX).is_file():
        return _plain(503, MISSING)
    # A path that names no file is a screen of the page.
    name = path if "." in path.rpartition("/")[2] else INDEX
    found = _files().get(name)
    return _plain(404, b"There is no such file.\n") if found is None else _answer(req, name, found)


def _plain(status: int, text: bytes) -> func.HttpResponse:
    return func.HttpResponse(text, status_code=status, mimetype="text/plain", headers=COMMON_HEADERS)


def _answer(req: func.HttpRequest, name: str, codings: dict[str, Representation]) -> func.HttpResponse:
    page = codings[_coding(req.headers.get("Accept-Encoding") or "", codings)]
    headers = COMMON_HEADERS | {
        "Cache-Control": "public, max-age=31536000, immutable" if name.startswith(LASTING) else "no-cache",
        "ETag": page.etag,
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": page.coding} if page.coding else {}),
        **(_rules(name) if name.endswith(".html") else {}),
    }
    known = {tag.strip().removeprefix("W/") for tag in (req.headers.get("If-None-Match") or "").split(",")}
    if known & {page.etag, "*"}:
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(page.body, headers=headers, mimetype=_type(name))


def _coding(accepted: str, codings: dict[str, Representation]) -> str:
    """The best that the client takes: it names each, some with `;q=0` to refuse it."""
    named = [part.replace(" ", "").lower() for part in accepted.split(",")]
    taken = {part.partition(";")[0] for part in named if not part.endswith((";q=0", ";q=0.0", ";q=0.00", ";q=0.000"))}
    return next((coding for coding in CODINGS if coding in taken and coding in codings), "")


def _rules(name: str) -> dict[str, str]:
    """What the browser lets the page do. The one that Entra ID returns to is read from within the other."""
    settings = runtime().settings
    pictures = urlsplit(signing.root(runtime().store))
    authority = urlsplit(settings.entra_authority) if settings.portal_client_id else None
    issuer = f" {authority.scheme}://{authority.netloc}" if authority else ""
    ancestors = "'self'" if name == AUTH else "'none'"
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        f"img-src 'self' blob: data: {pictures.scheme}://{pictures.netloc}; "
        f"connect-src 'self'{issuer}; frame-src 'self'{issuer}; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors {ancestors}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    # A picture's address is its key: it goes to no other site as the page that linked there.
    rules = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return rules if name == AUTH else rules | {"Cross-Origin-Opener-Policy": "same-origin"}


def config_of(settings: Settings) -> bytes:
    """What the page has to know before anybody is signed in."""
    entra = None
    if settings.portal_client_id:
        entra = {
            "authority": f"{settings.entra_authority.rstrip('/')}/{settings.entra_tenant_id}",
            "clientId": settings.portal_client_id,
            "scope": f"{settings.entra_audience.split(',')[0].strip()}/.default",
        }
    return msgspec.json.encode({"keys": settings.allow_keys, "entra": entra})


@cache
def _files() -> dict[str, dict[str, Representation]]:
    """All that was built, by path and coding. Nothing else can be reached."""
    paths = [path for path in DIST.rglob("*") if path.is_file() and not path.name.startswith(".")]
    originals = [path for path in paths if path.suffix not in CODINGS.values()]
    return {path.relative_to(DIST).as_posix(): _codings(path) for path in originals}


def _codings(path: Path) -> dict[str, Representation]:
    twins = {coding: path.with_name(path.name + suffix) for coding, suffix in CODINGS.items()}
    return {coding: _page(file.read_bytes(), coding) for coding, file in ({"": path} | twins).items() if file.is_file()}


def _page(body: bytes, coding: str) -> Representation:
    return Representation(body, coding, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _type(name: str) -> str:
    suffix = Path(name).suffix
    return TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
