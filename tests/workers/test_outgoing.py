"""Where webhooks go: to addresses that were judged after the look-up, and never on from there."""

import datetime
import ssl
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hiringhall.domain.webhooks import Answered
from hiringhall.workers.webhooks.outgoing import Outgoing
from tests.support.receiver import Receiver, receiving

pytestmark = pytest.mark.anyio

LOOPBACK = (ip_network("127.0.0.0/8"),)
NAME = "hooks.example"


def leads_to(*addresses: str):  # noqa: ANN201
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return resolve


async def sent(outgoing: Outgoing, url: str) -> Answered:
    return await outgoing.post(url, headers={"x-test": "1"}, body=b"{}", at_us=1)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[Receiver, ssl.SSLContext]]:
    """A receiver by TLS whose certificate is for one name, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "tls.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    trusting = ssl.create_default_context(cafile=pem)
    async with receiving(serving) as one:
        yield one, trusting


async def test_a_name_is_held_to_its_address_and_its_certificate(
    secure: tuple[Receiver, ssl.SSLContext],
) -> None:
    receiver, trusting = secure
    outgoing = Outgoing(LOOPBACK, resolver=leads_to("127.0.0.1"), trusted=trusting)
    arrived = await sent(outgoing, f"https://{NAME}:{receiver.port}/in")
    assert (arrived.status, arrived.error, arrived.arrived) == (200, "", True)
    assert receiver.received[0].headers["host"] == f"{NAME}:{receiver.port}"
    other = await sent(outgoing, f"https://other.example:{receiver.port}/in")
    assert other.error == "its certificate is not accepted"
    untrusting = Outgoing(LOOPBACK, resolver=leads_to("127.0.0.1"))
    unknown = await sent(untrusting, f"https://{NAME}:{receiver.port}/in")
    assert unknown.error == "its certificate is not accepted"
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "100.64.0.1", "0.0.0.0"],  # noqa: S104
)
async def test_private_addresses_are_refused_after_the_look_up(
    receiver: Receiver, address: str
) -> None:
    for found in ((address,), ("93.184.216.34", address)):
        outgoing = Outgoing(resolver=leads_to(*found))
        refused = await sent(outgoing, f"https://{NAME}:{receiver.port}/")
        assert refused.error == "its host leads to this machine or a private network"
    assert receiver.received == []


async def test_plain_http_goes_to_listed_networks_alone(receiver: Receiver) -> None:
    listed = Outgoing(LOOPBACK, resolver=leads_to("127.0.0.1"))
    assert (await sent(listed, f"http://{NAME}:{receiver.port}/")).arrived
    mixed = Outgoing(LOOPBACK, resolver=leads_to("127.0.0.1", "93.184.216.34"))
    refused = await sent(mixed, f"http://{NAME}:{receiver.port}/")
    assert refused.error == "plain http is for networks that the operator has listed"
    assert len(receiver.received) == 1


async def test_a_redirect_leads_nowhere(receiver: Receiver) -> None:
    receiver.answer(302, f"location: http://127.0.0.1:{receiver.port}/elsewhere")
    answered = await sent(Outgoing(LOOPBACK), receiver.url)
    assert (answered.status, answered.arrived) == (302, False)
    assert answered.error == "it answers with a redirect, which is not followed"
    assert len(receiver.received) == 1


async def test_a_long_answer_is_cut_and_a_slow_one_left(receiver: Receiver) -> None:
    receiver.answer(200, body=b"y" * 5_000_000)
    answered = await sent(Outgoing(LOOPBACK), receiver.url)
    assert answered.answer == "y" * 1_024
    receiver.hangs = True
    slow = await sent(Outgoing(LOOPBACK, attempt_s=0.2), receiver.url)
    assert slow.error == "it did not answer within 0.2 seconds"
    assert slow.status is None


async def test_what_is_no_http_or_is_not_there(receiver: Receiver) -> None:
    receiver.answers.clear()
    receiver.answers.append(b"nonsense\r\n\r\n")
    broken = await sent(Outgoing(LOOPBACK), receiver.url)
    assert broken.error == "it broke off, or does not speak HTTP"
    nobody = await sent(Outgoing(LOOPBACK), "http://127.0.0.1:9/")
    assert nobody.error == "it does not answer, or does not speak TLS"
    nowhere = await sent(Outgoing(resolver=leads_to()), f"https://{NAME}/")
    assert nowhere.error == "its host has no network address just now"
    plain = await sent(Outgoing(LOOPBACK), receiver.url.replace("http:", "https:"))
    assert plain.status is None


async def test_the_first_address_that_answers_is_taken(receiver: Receiver) -> None:
    outgoing = Outgoing(LOOPBACK, resolver=leads_to("127.0.0.2", "127.0.0.1"))
    assert (await sent(outgoing, f"http://{NAME}:{receiver.port}/")).arrived
