"""A real SMTP server on loopback that keeps what it is given."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.servers.ports import free_port


@dataclass
class Delivery:
    """One message as the server got it."""

    sender: str
    recipients: list[str]
    content: bytes
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.content, policy=policy.default))


@dataclass
class Mailroom:
    """What came in, oldest first; `answers` holds what the next messages are told instead of 250, first one first."""

    port: int
    deliveries: list[Delivery] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What BOOKING_MAIL is set to for this server."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        return [delivery.message for delivery in self.deliveries]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = cast(bytes, envelope.original_content)
        encrypted = session.ssl is not None
        self.deliveries.append(Delivery(str(envelope.mail_from), list(envelope.rcpt_tos), content, encrypted))
        return "250 kept"


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost and 127.0.0.1 that signs itself, and its key, as files."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a server that shows this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def trust(self) -> ssl.SSLContext:
        """For a client that trusts this certificate."""
        return ssl.create_default_context(cafile=self.certificate)


def make_certificate(folder: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(names, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = Certificate(folder / "certificate.pem", folder / "key.pem")
    certificate.certificate.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    certificate.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return certificate


def receiving(tls_context: ssl.SSLContext | None = None) -> Iterator[Mailroom]:
    mailroom = Mailroom(free_port())
    controller = Controller(mailroom, hostname="127.0.0.1", port=mailroom.port, tls_context=tls_context)
    controller.start()
    try:
        yield mailroom
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost; a client trusts it with `SSL_CERT_FILE` set to its file."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def smtp_server() -> Iterator[Mailroom]:
    """A plain SMTP server: `.url`, `.messages`, `.deliveries`, `.answers` (such as `451 later`)."""
    yield from receiving()


@pytest.fixture
def starttls_server(certificate: Certificate) -> Iterator[Mailroom]:
    """An SMTP server that offers STARTTLS."""
    yield from receiving(certificate.context())
