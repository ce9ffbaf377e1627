"""Zips that strangers made, and zips that are written in pieces."""

import struct
import zipfile
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from shared.formats import archive, packing, reading
from shared.formats.archive import ArchiveError, PackedFile, Ranged
from shared.formats.dataset import DatasetError
from shared.formats.exchange import table
from shared.formats.source import Source

PICTURE = bytes(range(256)) * 40


def zipped(kind: int = ZIP_DEFLATED, **files: bytes) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", kind) as package:
        for name, data in files.items():
            package.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def place_of(data: bytes, name: str = "a.jpg") -> PackedFile:
    with archive.opened(BytesIO(data), 10) as opened:
        return archive.place(opened.getinfo(name))


def unpacked(data: bytes, place: PackedFile, limit: int = 1_000_000) -> bytes:
    return archive.unpacked(lambda start, end: data[start:end], place, limit)


@pytest.mark.parametrize("kind", [ZIP_STORED, ZIP_DEFLATED])
def test_a_file_is_read_by_its_place_alone(kind: int) -> None:
    data = zipped(kind, first__jpg=b"x", a__jpg=PICTURE, last__jpg=b"y")
    assert unpacked(data, place_of(data)) == PICTURE


def test_a_file_that_is_not_what_its_directory_says_is_refused() -> None:
    data = zipped(a__jpg=PICTURE)
    place = place_of(data)
    for wrong in (
        place._replace(offset=3),
        place._replace(crc=1),
        place._replace(size=7),
        place._replace(deflated=False),
        place._replace(packed=len(data) * 2),
    ):
        with pytest.raises(ArchiveError, match="no zip that can be read"):
            unpacked(data, wrong)
    with pytest.raises(ArchiveError, match="over 1,000 bytes"):
        unpacked(data, place, 1_000)


def test_a_bomb_gives_no_more_than_its_limit() -> None:
    data = zipped(a__jpg=bytes(50_000_000))
    with pytest.raises(ArchiveError, match="no zip that can be read"):
        unpacked(data, place_of(data)._replace(size=900_000))


def test_more_files_than_there_may_be_are_not_taken_apart() -> None:
    data = zipped(ZIP_STORED, **{f"f{number}": b"" for number in range(11)})
    with pytest.raises(ArchiveError, match="over 10 files"), archive.opened(BytesIO(data), 10):
        pass


def test_a_file_that_is_packed_otherwise_or_encrypted_is_refused() -> None:
    with pytest.raises(ArchiveError, match="zip it by deflate"):
        place_of(zipped(zipfile.ZIP_LZMA, a__jpg=b"x"))
    data = bytearray(zipped(a__jpg=b"x"))
    # The first flag, of the file and of its line in the directory.
    data[6] |= 1
    data[data.index(archive.ENTRY) + 8] |= 1
    with pytest.raises(ArchiveError, match="without a password"):
        place_of(bytes(data))


def test_what_describes_pictures_is_read_within_a_bound() -> None:
    data = zipped(a__jpg=PICTURE, big__json=bytes(2_000_000))
    with ZipFile(BytesIO(data)) as package, pytest.raises(DatasetError, match="over 1 MB"):
        Source.sent(package, 1024**2)
    # The directory says that it is small, and it is not.
    lying = data.replace(struct.pack("<L", 2_000_000), struct.pack("<L", 20))
    with ZipFile(BytesIO(lying)) as package, pytest.raises(zipfile.BadZipFile):
        Source.sent(package, 1024**2)


def test_a_file_that_is_read_in_ranges_is_read_as_any_other() -> None:
    data = zipped(a__jpg=PICTURE, b__txt=b"b")
    ranged = Ranged(lambda start, end: data[start:end], len(data))
    with archive.opened(ranged, 10) as opened:  # type: ignore[arg-type]
        assert opened.read("a.jpg") == PICTURE


def pieces(*names: str) -> tuple[list[packing.Entry], bytes]:
    made = [packing.packed(name, name.encode() * 3, deflate=at % 2 == 1) for at, name in enumerate(names)]
    return [entry for entry, _ in made], b"".join(data for _, data in made)


@pytest.mark.parametrize("name", [b"K\xc3\xb6ln.jpg", b"K\x94ln.jpg"], ids=["UTF-8", "cp437"])
def test_names_are_read_as_they_were_written_where_the_zip_does_not_say(name: bytes) -> None:
    plain = b"K" + b"~" * (len(name) - 7) + b"ln.jpg"
    data = zipped(ZIP_DEFLATED, **{plain.decode(): PICTURE}).replace(plain, name)
    with archive.opened(BytesIO(data), 10) as opened:
        assert archive.contents(opened, opened.getinfo("Köln.jpg"), len(PICTURE)) == PICTURE
    entry = place_of(data, "Köln.jpg")
    assert archive.unpacked(lambda begin, end: data[begin:end], entry, len(PICTURE)) == PICTURE


def test_a_zip_in_pieces_is_a_zip() -> None:
    entries, data = pieces("a.jpg", "Größe/b c.txt", "d.json")
    with ZipFile(BytesIO(data + packing.directory(entries))) as package:
        assert package.testzip() is None
        assert package.namelist() == ["a.jpg", "Größe/b c.txt", "d.json"]
        assert package.read("Größe/b c.txt") == "Größe/b c.txt".encode() * 3
    with ZipFile(BytesIO(packing.directory([]))) as package:
        assert package.namelist() == []


def test_a_zip_in_pieces_has_more_files_than_old_zips_have() -> None:
    entry, data = packing.packed("a", b"")
    count = 70_000
    with ZipFile(BytesIO(data * count + packing.directory([entry] * count))) as package:
        assert len(package.infolist()) == count
        assert package.infolist()[-1].header_offset == len(data) * (count - 1)


def test_a_zip_in_pieces_has_more_bytes_than_old_zips_have(tmp_path: Path) -> None:
    sizes = 3 * 1024**3
    large = [packing.Entry(name, 0, sizes, sizes, deflated=False) for name in ("a", "b")]
    entry, data = packing.packed("c", b"the last")
    with (tmp_path / "large.zip").open("wb") as file:
        # Holes, which take no room on the disk.
        file.seek(sum(each.taken for each in large))
        file.write(data + packing.directory([*large, entry]))
    with ZipFile(tmp_path / "large.zip") as package:
        assert package.read("c") == b"the last"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "".join(f"{at}.jpg,a\n" for at in range(4)),
            "over 3 of its pictures or lines can't be read; the first: 0.jpg",
        ),
        ("".join(f"a.jpg,{at}\n" for at in range(4)), ""),
    ],
    ids=["faults", "tags"],
)
def test_what_is_said_of_pictures_is_bounded(rows: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_FAULTS", 3)
    data = zipped(ZIP_DEFLATED, **{"a__jpg": PICTURE, "set__csv": f"image,tag\n{rows}".encode()})
    with ZipFile(BytesIO(data)) as package:
        source = Source.sent(package, 1024**2)
        if message:
            with pytest.raises(DatasetError, match=message):
                table.read(source)
        else:
            # One picture, however often it comes.
            assert [picture.tags for picture in table.read(source).pictures] == [("0", "1", "2", "3")]


def test_more_columns_than_tags_are_refused() -> None:
    head = ",".join(["image", *(f"tag {at}" for at in range(5_000))])
    data = zipped(a__jpg=PICTURE, set__csv=f"{head}\na.jpg".encode())
    with ZipFile(BytesIO(data)) as package, pytest.raises(DatasetError, match="5,001 columns; 5,000 are the most"):
        table.read(Source.sent(package, 1024**2))
