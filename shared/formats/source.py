"""The files of a data set, in a folder or a zip: listed once, so that nothing of it can lead to any other file."""

import math
import re
import time
import zipfile
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath
from posixpath import basename, dirname, join, normpath
from typing import Self, TypeVar
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from PIL import Image, UnidentifiedImageError

from shared.formats import archive as archives
from shared.formats.dataset import PREDICTED_BOXES, PREDICTED_TAGS, DatasetError
from shared.formats.files import PICTURES, Stored, entries, holder, is_picture, listed, zipped

MEGABYTE = 1024 * 1024
# What describes pictures is read into memory, XML into ten times that; YAML is slow, and says little.
LARGEST = {".xml": 128 * MEGABYTE, ".yaml": MEGABYTE, ".yml": MEGABYTE}
LARGEST_OTHER = 512 * MEGABYTE
LARGEST_PICTURE = 64 * MEGABYTE
# Pictures of one name in as many folders: a camera's, by days.
MOST_ALIKE = 5_000
ORIENTATION, FIRST_ON_ITS_SIDE = 274, 5
# Label Studio puts this before the name of a file that was uploaded to it.
UPLOADED = re.compile(r"^[0-9a-f]{8}-")
ROOT_TAG = re.compile(r"<([A-Za-z_][\w.-]*)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)

T = TypeVar("T")


class Source:
    """Files by their names within the data set, with `/`. `left_out` counts links that lead elsewhere.

    Where `only` names a file, it alone describes the pictures.
    """

    def __init__(self, files: Mapping[str, Stored], left_out: int = 0, only: str = "") -> None:
        self._files = dict(sorted(files.items()))
        self.left_out = left_out
        self.only = only
        self._keys: dict[str, set[str]] = {}
        self._until = math.inf

    @classmethod
    def at(cls, path: Path) -> Self:
        """A folder, a zip, or a file that describes pictures in its folder. Raises DatasetError."""
        if path.is_dir():
            return cls(*listed(path))
        if not path.is_file():
            raise DatasetError(f"there is no file or folder {path}.")
        if zipfile.is_zipfile(path):
            try:
                return cls(*zipped(archives.zip_of(path)))
            except (zipfile.BadZipFile, ValueError, OSError) as fault:
                raise DatasetError(f"{path} is no whole zip: {fault}. Download it again.") from fault
        return cls(*listed(path.parent), only=path.name)

    @classmethod
    def sent(cls, archive: zipfile.ZipFile, limit: int, seconds: float = math.inf) -> Self:
        """A zip of a stranger, who may have made it to keep us busy: after so many seconds nothing more is read of it.

        What is no picture in it is read at once, as it lies, which is `limit` bytes at most. Raises DatasetError,
        ArchiveError.
        """
        until = time.monotonic() + seconds
        files, left_out = zipped(archive)
        described = [info for info in entries(archive) if info.filename in files and not is_picture(info.filename)]
        if sum(info.file_size for info in described) > limit:
            raise DatasetError(
                f"what describes its pictures has over {limit // MEGABYTE} MB; import it by `ocellus dataset import`."
            )
        for info in sorted(described, key=lambda info: info.header_offset):
            files[info.filename] = Stored(info.file_size, holder(archives.contents(archive, info, limit)))
        source = cls(files, left_out)
        source._until = until
        return source

    def beside(self, pictures: Self) -> Self:
        """This one, with pictures of another."""
        return type(self)({**pictures._files, **self._files}, self.left_out + pictures.left_out, self.only)

    @property
    def pictures(self) -> list[str]:
        return [name for name in self._files if is_picture(name)]

    def described(self, *suffixes: str) -> list[str]:
        """The files of these suffixes, but for what a model said."""
        found = [name for name in self._files if name.lower().endswith(suffixes)]
        if self.only:
            return [name for name in found if name == self.only]
        return [name for name in found if basename(name) not in (PREDICTED_BOXES, PREDICTED_TAGS)]

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def weight(self, name: str) -> int:
        """In bytes."""
        return self._files[name].size

    def require_time(self) -> None:
        """Raises DatasetError where there is none left."""
        if time.monotonic() > self._until:
            raise DatasetError("it takes too long to read; import it by `ocellus dataset import`.")

    def picture(self, name: str) -> bytes:
        """Raises DatasetError."""
        return self._read(name, LARGEST_PICTURE)

    def size(self, name: str) -> tuple[int, int]:
        """Width and height of the upright picture, in pixels. Raises DatasetError."""
        try:
            with Image.open(BytesIO(self.picture(name))) as image:
                sideways = image.getexif().get(ORIENTATION, 1) >= FIRST_ON_ITS_SIDE
                width, height = image.size
        except (OSError, ValueError, TypeError, SyntaxError, UnidentifiedImageError) as fault:
            raise DatasetError(f"{name} is no picture that can be read.") from fault
        except Image.DecompressionBombError as fault:
            raise DatasetError(f"{name} has more pixels than a picture has.") from fault
        return (height, width) if sideways else (width, height)

    def text(self, name: str) -> str:
        """Of UTF-8, with or without its mark. Raises DatasetError."""
        return _decoded(name, self._described(name), is_whole=True)

    def start(self, name: str, count: int) -> str:
        """The text of so many bytes. Raises DatasetError."""
        return _decoded(name, self._begin(name, count), is_whole=False)

    def json(self, name: str, kind: type[T]) -> T:
        """Raises DatasetError."""
        with _faults_of(name, "JSON"):
            return msgspec.json.decode(self._described(name).removeprefix(b"\xef\xbb\xbf"), type=kind)

    def lines(self, name: str, kind: type[T]) -> Iterator[T]:
        """Of JSON, one a line. Raises DatasetError."""
        for number, line in enumerate(BytesIO(self._described(name).removeprefix(b"\xef\xbb\xbf")), 1):
            if line.strip():
                with _faults_of(f"line {number} of {name}", "JSON"):
                    yield msgspec.json.decode(line, type=kind)

    def yaml(self, name: str, kind: type[T]) -> T:
        """Raises DatasetError."""
        with _faults_of(name, "YAML"):
            return msgspec.yaml.decode(self._described(name), type=kind)

    def xml(self, name: str) -> Element:
        """The root element. Raises DatasetError, also for entities, which no data set needs and bombs are made of."""
        with _faults_of(name, "XML"):
            root: Element = fromstring(self._described(name), forbid_dtd=True)
            return root

    def root_tag(self, name: str) -> str:
        head = COMMENT.sub("", self._begin(name, 65536).decode("latin-1"))
        found = ROOT_TAG.search(head)
        return found[1] if found else ""

    def keys(self, name: str) -> set[str]:
        """Of a JSON's object, or of the first one in its list or lines; none where it is neither."""
        if name not in self._keys:
            self._keys[name] = self._keys_in(name)
        return self._keys[name]

    def _keys_in(self, name: str) -> set[str]:
        try:
            data = self._described(name).removeprefix(b"\xef\xbb\xbf")
            if not name.lower().endswith(".json"):
                data = next((line for line in BytesIO(data) if line.strip()), b"{}")
            found = msgspec.json.decode(data, type=dict[str, msgspec.Raw] | list[msgspec.Raw])
            first = found if isinstance(found, dict) else msgspec.json.decode(found[0], type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, RecursionError, IndexError, UnicodeDecodeError):
            return set()
        return set(first)

    def flaw(self, name: str) -> str:
        """Why a JSON can't be read; "" of one that can, and of what is none."""
        try:
            if name.lower().endswith(".json"):
                msgspec.json.decode(self._described(name).removeprefix(b"\xef\xbb\xbf"), type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as fault:
            return f"{name} is no whole JSON: {fault}"
        return ""

    def is_list(self, name: str) -> bool:
        """Whether a JSON is one list, and not a line each."""
        return self._begin(name, 64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")

    def find(self, reference: str, near: str = "") -> str | None:
        """The picture that a path or address means, seen from a folder: it, or the one that ends most alike.

        None where there is none, or where several are meant as well; that is not looked for among very many.
        """
        self.require_time()
        path = _path_in(reference)
        exact = normpath(join(near, path))
        if exact in self._files and exact.lower().endswith(PICTURES):
            return exact
        for wanted in dict.fromkeys((path, unquote(path), join(dirname(path), UPLOADED.sub("", basename(path))))):
            if found := self._ending_like(wanted):
                return found
        return None

    def _ending_like(self, path: str) -> str | None:
        alike = self._by_name.get(basename(path).casefold(), [])
        if len(alike) > MOST_ALIKE:
            return None
        rated = sorted((_common_end(name, path), name) for name in alike)
        if not rated or (len(rated) > 1 and rated[-1][0] == rated[-2][0]):
            return None
        return rated[-1][1]

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.pictures:
            found.setdefault(basename(name).casefold(), []).append(name)
        return found

    def _described(self, name: str) -> bytes:
        return self._read(name, LARGEST.get(PurePosixPath(name).suffix.lower(), LARGEST_OTHER))

    def _read(self, name: str, limit: int) -> bytes:
        data = self._begin(name, limit + 1)
        if len(data) > limit:
            raise DatasetError(f"{name} has over {limit // MEGABYTE} MB; make it smaller, or several of it.")
        return data

    def _begin(self, name: str, count: int) -> bytes:
        self.require_time()
        try:
            with self._files[name].open() as file:
                return file.read(count)
        except (OSError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
            raise DatasetError(f"{name} can't be read: {getattr(fault, 'strerror', None) or fault}.") from fault


class _faults_of:  # noqa: N801  # read as a statement
    """What is wrong within is said of a file."""

    def __init__(self, name: str, form: str) -> None:
        self._name, self._form = name, form

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        match fault:
            case DefusedXmlException():
                raise DatasetError(
                    f"{self._name} declares a document type or entities, which are not read; take its DOCTYPE out."
                ) from fault
            case RecursionError():
                raise DatasetError(f"{self._name} is nested too deep to be a data set.") from fault
            # An encoding that nobody knows is a LookupError.
            case msgspec.DecodeError() | ParseError() | ValueError() | LookupError():
                raise DatasetError(
                    f"{self._name} is not {self._form} as its format has it: {fault}. Mend it, or export it again."
                ) from fault


def _decoded(name: str, data: bytes, *, is_whole: bool) -> str:
    try:
        return getincrementaldecoder("utf-8-sig")().decode(data, is_whole)
    except UnicodeDecodeError as fault:
        raise DatasetError(f"{name} is not written in UTF-8; save it so.") from fault


def _path_in(reference: str) -> str:
    """The path within an address, a file's URL, or what Label Studio asks its server for."""
    text = reference.replace("\\", "/")
    if "?d=" in text:
        return text.partition("?d=")[2]
    if "://" in text:
        try:
            return urlsplit(text).path
        except ValueError:
            return text
    return text.removeprefix("file:")


def _common_end(one: str, other: str) -> int:
    pairs = zip(reversed(one.casefold().split("/")), reversed(other.casefold().split("/")), strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(one.count("/"), other.count("/")) + 1)
