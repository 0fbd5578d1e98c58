"""TLS for clients that refuse plain sockets: a certificate of the box's own, made at its start (catalogue: S1).

Rules: binance.md §1: cryptofeed takes `wss://` only and trusts what `SSL_CERT_FILE` names. The directory gets `ca.pem`
to trust and `server.pem`, certificate and key for 127.0.0.1 and localhost; both are made anew at every start.
"""

import datetime
import ssl
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 30
CA_FILE = "ca.pem"
SERVER_FILE = "server.pem"


class TlsError(ValueError):
    """The directory cannot take the certificate; the text names it."""


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: str, key: EllipticCurvePrivateKey, now_ms: int) -> x509.CertificateBuilder:
    """What both certificates have: issued by the box, from an hour ago on, because clocks differ."""
    start = datetime.datetime.fromtimestamp(now_ms // 1_000, datetime.UTC) - datetime.timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name("tickwright box"))
        .public_key(key.public_key())
        .serial_number(now_ms * 2 + (subject == "localhost"))
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _certificates(now_ms: int) -> tuple[bytes, bytes]:
    """An authority's certificate, and the server's with its key, as PEM."""
    authority_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    authority = (
        _builder("tickwright box", authority_key, now_ms)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    server = (
        _builder("localhost", key, now_ms)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .add_extension(names, critical=False)
        .sign(authority_key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return authority.public_bytes(Encoding.PEM), server.public_bytes(Encoding.PEM) + private


def serve_with(directory: Path, now_ms: int) -> ssl.SSLContext:
    """Writes both files and returns what the servers use; TlsError where the directory cannot take them."""
    authority, server = _certificates(now_ms)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / CA_FILE).write_bytes(authority)
        path = directory / SERVER_FILE
        path.touch(0o600)
        path.write_bytes(server)
    except OSError as why:
        raise TlsError(f"--tls must be a directory that can be written, was {directory} ({why})") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
