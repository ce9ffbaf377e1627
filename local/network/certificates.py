"""The certificate of `./run --https`: an authority of the data folder's own, which clients trust once, and signs it."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_VALID = timedelta(days=3650)
# Browsers take none that is valid for longer.
SERVER_VALID = timedelta(days=397)
RENEWED_BEFORE = timedelta(days=30)
# Clocks differ.
SINCE = timedelta(days=1)


class Certificates(NamedTuple):
    """Their files: what the server shows, with its key; what clients trust; and that beside all that others trust."""

    server: Path
    authority: Path
    bundle: Path


class Signer(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def prepare(folder: Path, names: Collection[str]) -> Certificates:
    """Make what is not there yet, has expired, or was made for other names than these names and addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Certificates(folder / "server.pem", folder / "ca.pem", folder / "bundle.pem")
    authority = _kept(files.authority, folder / "ca.key", SERVER_VALID) or _new_authority()
    _write(folder / "ca.key", _key_pem(authority.key), 0o600)
    _write(files.authority, _pem(authority.certificate), 0o644)
    _write(files.bundle, Path(certifi.where()).read_bytes() + _pem(authority.certificate), 0o644)
    server = _kept(files.server, files.server, RENEWED_BEFORE)
    if server is None or not _serves(server.certificate, authority, names):
        server = _new_server(authority, names)
    _write(files.server, _key_pem(server.key) + _pem(server.certificate), 0o600)
    return files


def _kept(certificate: Path, key: Path, left: timedelta) -> Signer | None:
    """Those of the files, where they belong together and are valid for that long."""
    try:
        kept = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != kept.public_key():
        return None
    return Signer(kept, private) if kept.not_valid_after_utc - left > datetime.now(UTC) else None


def _serves(certificate: x509.Certificate, authority: Signer, names: Collection[str]) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, ValueError):
        return False
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(held) == set(_alternatives(names))


def _new_authority() -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Ocellus on one machine, {datetime.now(UTC):%Y-%m-%d}")
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, name, key.public_key(), AUTHORITY_VALID)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    return Signer(certificate, key)


def _new_server(authority: Signer, names: Collection[str]) -> Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    issuer = authority.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _builder(_name("Ocellus"), authority.certificate.subject, key.public_key(), SERVER_VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
        .sign(authority.key, SHA256())
    )
    return Signer(certificate, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, valid: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SINCE)
        .not_valid_after(now - SINCE + valid)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _alternatives(names: Collection[str]) -> list[x509.GeneralName]:
    return [_alternative(name) for name in dict.fromkeys(names)]


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name if name.isascii() else name.encode("idna").decode())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    """In one step, so that no start finds half of it, and nobody else ever reads a key."""
    if path.is_file() and path.read_bytes() == data:
        return
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=mode)
    new.write_bytes(data)
    new.replace(path)
