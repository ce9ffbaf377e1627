"""Bodies of a few texts that come as a form or as XML, as Custom Vision takes them for the address of a picture."""

import codecs
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from shared import errors

# An address has 8 kB at most, and 256 ids have 10 kB.
FIELDS_LIMIT = 65_536
FORM = "application/x-www-form-urlencoded"


def read_fields(content_type: str, data: bytes) -> dict[str, str] | None:
    """None where the body is neither. Raises BadRequest."""
    data = data.removeprefix(codecs.BOM_UTF8).strip()
    is_xml = data.startswith(b"<")
    if not is_xml and (not content_type.lower().startswith(FORM) or data[:1] in (b"", b"{", b"[")):
        return None
    if len(data) > FIELDS_LIMIT:
        raise errors.BadRequest(f"A form or XML has at most {FIELDS_LIMIT:,} bytes here, not {len(data):,}; send JSON.")
    return _xml(data) if is_xml else dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))


def _xml(data: bytes) -> dict[str, str]:
    """The root's children by their names without a namespace. A document that declares entities is none of ours."""
    try:
        written = data.decode()
        if "<!DOCTYPE" in written:
            raise errors.BadRequest(
                "The XML body has a document type; send one as <ImageUrl><Url>...</Url></ImageUrl>."
            )
        root = ElementTree.fromstring(written)  # noqa: S314 - it declares no entities, and is short
    except (ElementTree.ParseError, UnicodeDecodeError):
        raise errors.BadRequest("The body is not XML; send JSON, or <ImageUrl><Url>...</Url></ImageUrl>.") from None
    return {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in root}
