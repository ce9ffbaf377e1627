"""Bodies of a few texts that come as a form or as XML, as Custom Vision takes them for the address of a picture."""

import codecs
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from shared import errors

XML_LIMIT = 65_536
FORM = "application/x-www-form-urlencoded"


def read_fields(content_type: str, data: bytes) -> dict[str, str] | None:
    """None where the body is neither. Raises BadRequest."""
    data = data.removeprefix(codecs.BOM_UTF8).strip()
    if data.startswith(b"<"):
        return _xml(data)
    if content_type.lower().startswith(FORM) and data[:1] not in (b"", b"{", b"["):
        return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))
    return None


def _xml(data: bytes) -> dict[str, str]:
    """The root's children by their names without a namespace. A document that declares entities is none of ours."""
    try:
        written = data[:XML_LIMIT].decode()
        if len(data) > XML_LIMIT or "<!DOCTYPE" in written:
            raise errors.BadRequest("The XML body has a document type, or is long; send one as <ImageUrl><Url>.")
        root = ElementTree.fromstring(written)  # noqa: S314 - it declares no entities, and is short
    except (ElementTree.ParseError, UnicodeDecodeError):
        raise errors.BadRequest("The body is not XML; send JSON, or <ImageUrl><Url>...</Url></ImageUrl>.") from None
    return {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in root}
