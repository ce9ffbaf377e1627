"""The certificate of `--https`: made once, renewed when it has to be, by an authority that stays."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509

from local.network import certificates
from local.network.certificates import Certificates, prepare

NAMES = ["localhost", "127.0.0.1", "::1", "ocellus"]


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def contents(files: Certificates) -> list[bytes]:
    return [path.read_bytes() for path in files]


def test_it_is_for_the_names_and_nobody_else_reads_its_keys(tmp_path: Path) -> None:
    files = prepare(tmp_path, [*NAMES, "localhost"])
    server, authority = read(files.server), read(files.authority)
    held = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert held.get_values_for_type(x509.DNSName) == ["localhost", "ocellus"]
    assert [str(each) for each in held.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    server.verify_directly_issued_by(authority)
    assert server.not_valid_after_utc - server.not_valid_before_utc <= timedelta(days=398)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("ca.key", "server.pem")] == [0o600, 0o600]
    assert b"PRIVATE" not in files.authority.read_bytes() + files.bundle.read_bytes()
    assert files.bundle.read_bytes() == Path(certifi.where()).read_bytes() + files.authority.read_bytes()


def test_it_stays_while_it_serves(tmp_path: Path) -> None:
    first = contents(prepare(tmp_path, NAMES))
    assert contents(prepare(tmp_path, list(reversed(NAMES)))) == first


@pytest.mark.parametrize("names", [[*NAMES, "192.168.1.5"], NAMES[:-1], ["bücher.example"]])
def test_other_names_take_another_by_the_same_authority(tmp_path: Path, names: list[str]) -> None:
    first = contents(prepare(tmp_path, NAMES))
    second = contents(prepare(tmp_path, names))
    assert (second[0] == first[0], second[1:] == first[1:]) == (False, True)


def test_one_that_soon_expires_is_renewed_and_the_authority_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificates, "SERVER_VALID", timedelta(days=30))
    first = contents(prepare(tmp_path, NAMES))
    monkeypatch.undo()
    files = prepare(tmp_path, NAMES)
    assert (contents(files)[0] == first[0], contents(files)[1:] == first[1:]) == (False, True)
    assert read(files.server).not_valid_after_utc > datetime.now(UTC) + timedelta(days=300)


def test_an_authority_that_soon_expires_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "AUTHORITY_VALID", timedelta(days=300))
    first = contents(prepare(tmp_path, NAMES))
    monkeypatch.undo()
    files = prepare(tmp_path, NAMES)
    assert not set(contents(files)) & set(first)
    read(files.server).verify_directly_issued_by(read(files.authority))


@pytest.mark.parametrize("name", ["ca.pem", "ca.key", "server.pem"])
@pytest.mark.parametrize("data", [None, b"", b"no certificate"])
def test_a_lost_or_damaged_file_is_made_anew(tmp_path: Path, name: str, data: bytes | None) -> None:
    prepare(tmp_path, NAMES)
    if data is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(data)
    files = prepare(tmp_path, NAMES)
    read(files.server).verify_directly_issued_by(read(files.authority))


def test_anothers_key_is_not_taken_for_its_own(tmp_path: Path) -> None:
    files = prepare(tmp_path / "one", NAMES)
    other = prepare(tmp_path / "other", NAMES)
    (tmp_path / "one" / "ca.key").write_bytes((tmp_path / "other" / "ca.key").read_bytes())
    again = prepare(tmp_path / "one", NAMES)
    assert read(again.authority) != read(other.authority)
    read(files.server).verify_directly_issued_by(read(again.authority))
