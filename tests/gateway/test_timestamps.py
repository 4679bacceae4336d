"""Trusted timestamps of a real service: OpenSSL's, behind HTTP on loopback, with certificates made for the test."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from gateway.config import check
from gateway.errors import KeyFileError, PackageError
from gateway.evidence import timestamp
from gateway.evidence.manifest import Place
from gateway.evidence.package import Written, write
from gateway.evidence.signer import Signer
from gateway.evidence.statements import Statement, Verdict
from gateway.evidence.timestamp import CLAIM, Batch
from gateway.evidence.verify import verify_all, verify_and_print
from gateway.service.timestamping import Timestamping
from gateway.store.store import Store
from gateway.store.thread import StoreThread

SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
PARTS = {"measurement.json": b"{}"}
CONFIG = """
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ leaf ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = tsa1
[ tsa1 ]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Service:
    """A timestamp service in `folder`: `reply` answers a query; `root` is the file with its root certificate."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.root = folder / "ca.pem"
        (folder / "openssl.cnf").write_text(CONFIG)
        (folder / "serial").write_text("01")
        key = "ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        self._openssl(
            f"req -x509 -newkey {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=root "
            "-config openssl.cnf -extensions ca"
        )
        self._openssl(f"req -newkey {key} -keyout tsa.key -out tsa.csr -subj /CN=tsa -config openssl.cnf")
        self._openssl(
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out tsa.pem "
            "-extfile openssl.cnf -extensions leaf"
        )

    def reply(self, query: bytes) -> bytes:
        """Return the answer to `query`."""
        (self.folder / "query").write_bytes(query)
        self._openssl(
            "ts -reply -queryfile query -out reply -config openssl.cnf -section tsa1 -signer tsa.pem "
            "-inkey tsa.key"
        )
        return (self.folder / "reply").read_bytes()

    def _openssl(self, command: str) -> None:
        # `req` wants a section that says nothing here.
        environment = {
            "OPENSSL_CONF": str(self.folder / "openssl.cnf"),
            "PATH": "/usr/bin:/bin:/usr/local/bin",
        }
        text = (self.folder / "openssl.cnf").read_text()
        if "[ req ]" not in text:
            (self.folder / "openssl.cnf").write_text(f"[ req ]\ndistinguished_name = dn\n[ dn ]\n{text}")
        done = subprocess.run(
            ["openssl", *command.split()],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stderr


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Return a service."""
    return Service(tmp_path_factory.mktemp("tsa") / "one")


def package(folder: Path, number: int = 1, previous: str = "") -> Written:
    """Seal a small package."""
    return write(
        folder,
        PARTS,
        event=f"genk-1-1-{number}",
        site="genk",
        sealed="2026-11-23T01:02:03.004Z",
        place=Place(number, previous),
        signer=SIGNER,
        missing=("sound.flac: none",),
    )


def timestamped(folder: Path, written: Written, service: Service) -> Batch:
    """Have a package timestamped; the file lies beside it then."""
    asked = timestamp.ask("genk", 1, [written.manifest_sha256])
    batch = timestamp.answered(asked, service.reply(asked.body))
    (folder / batch.name).write_bytes(timestamp.to_bytes(batch))
    return batch


def said(written: Written, *roots: Path) -> Statement:
    """Return what verify says of the time of a package."""
    services = [load_pem_x509_certificate(root.read_bytes()) for root in roots]
    (report,) = verify_all([written.path], [], services)
    return next(each for each in report.statements if each.claim == CLAIM)


def test_a_timestamp_of_a_trusted_service_holds(tmp_path: Path, service: Service) -> None:
    """It names the time; without the root certificate it says what is needed; without a file, that there is none."""
    written = package(tmp_path)
    assert Verdict.UNKNOWN is said(written, service.root).verdict
    batch = timestamped(tmp_path, written, service)

    assert Verdict.HOLDS is said(written, service.root).verdict
    assert batch.name in said(written, service.root).why
    assert Verdict.UNKNOWN is said(written).verdict
    assert "--tsa" in said(written).why


def test_a_timestamp_of_another_service_does_not_hold(
    tmp_path: Path, service: Service, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Anybody can make one; it is worth what its root is."""
    written = package(tmp_path)
    timestamped(tmp_path, written, service)
    other = Service(tmp_path_factory.mktemp("tsa") / "two")
    assert Verdict.FAILS is said(written, other.root).verdict


def test_a_timestamp_over_other_packages_is_none_of_this_one(tmp_path: Path, service: Service) -> None:
    """A hash that was put into the file afterwards is not what the service was asked about."""
    written = package(tmp_path)
    asked = timestamp.ask("genk", 1, ["ab" * 32])
    batch = timestamp.answered(asked, service.reply(asked.body))
    (tmp_path / batch.name).write_bytes(timestamp.to_bytes(batch))
    assert Verdict.UNKNOWN is said(written, service.root).verdict

    forged = batch.model_copy(update={"manifests": (written.manifest_sha256,)})
    (tmp_path / batch.name).write_bytes(timestamp.to_bytes(forged))
    assert Verdict.FAILS is said(written, service.root).verdict
    assert "about something else" in said(written).why


def test_an_answer_to_another_question_is_refused(service: Service) -> None:
    """By its nonce; and what is no answer at all."""
    first, second = (timestamp.ask("genk", 1, ["ab" * 32]) for _ in range(2))
    answer = service.reply(second.body)
    with pytest.raises(PackageError, match="another question"):
        timestamp.answered(first, answer)
    with pytest.raises(PackageError, match="cannot be read"):
        timestamp.answered(first, b"<html>it works</html>")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[" * 5000, b'{"layout":1,"site":"genk","first":1,"manifests":[]}']
)
def test_a_file_that_is_no_timestamp_is_none(tmp_path: Path, service: Service, content: bytes) -> None:
    """It does not make the package worse."""
    written = package(tmp_path)
    (tmp_path / "genk-1-1.timestamp").write_bytes(content)
    assert Verdict.UNKNOWN is said(written, service.root).verdict


def test_a_root_that_is_no_certificate_is_said(tmp_path: Path) -> None:
    """With what to do."""
    written = package(tmp_path)
    (tmp_path / "root.pem").write_text("hello")
    for name, why in (("root.pem", "ask the timestamp service"), ("none.pem", "check the path")):
        with pytest.raises(KeyFileError, match=why):
            verify_and_print([written.path], tsa=[tmp_path / name])


@dataclass
class Loopback:
    """The service behind HTTP; `broken` answers are errors, `asked` counts all questions."""

    url: str = ""
    broken: int = 0
    asked: int = 0
    runners: list[web.AppRunner] = field(default_factory=list[web.AppRunner])


@pytest.fixture
async def loopback(service: Service) -> AsyncIterator[Loopback]:
    """Return the service on a port of this computer."""
    found = Loopback()

    async def reply(request: web.Request) -> web.Response:
        found.asked += 1
        assert "application/timestamp-query" == request.content_type
        if found.asked <= found.broken:
            return web.Response(status=503)
        body = await asyncio.to_thread(service.reply, await request.read())
        return web.Response(body=body, content_type="application/timestamp-reply")

    app = web.Application()
    app.router.add_post("/tsr", reply)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tsr"
    yield found
    await runner.cleanup()


async def test_what_was_sealed_while_the_service_was_away_is_asked_about_together(
    tmp_path: Path, loopback: Loopback, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two packages wait in the store over an outage; one timestamp covers both, and its file is to be delivered."""
    loopback.broken = 2
    config = check(
        {
            "site": {"id": "genk", "name": "Genk"},
            "store": {"path": str(tmp_path)},
            "sensors": [{"id": "genk-1", "port": "id:1"}],
            "evidence": {"timestamp_url": loopback.url, "timestamp_every_s": 10.0},
        }
    )
    sleep = asyncio.sleep

    async def no_pause(_seconds: float) -> None:
        await sleep(0.01)

    store = await StoreThread.open(tmp_path)
    written = [package(store.packages)]
    written.append(package(store.packages, 2, written[0].manifest_sha256))

    def note(opened: Store) -> None:
        with opened.manifests._transaction():
            for each in written:
                opened.manifests.add(each.manifest_sha256)

    await store.do(note)
    done = asyncio.Event()
    task = asyncio.create_task(Timestamping(config, store, done.set).run())
    monkeypatch.setattr("gateway.service.timestamping.asyncio.sleep", no_pause)
    async with asyncio.timeout(20):
        await done.wait()
    task.cancel()
    left = await store.do(lambda opened: opened.manifests.unstamped(9))
    waiting = await store.do(lambda opened: opened.manifests.undelivered())
    await store.close()

    assert [] == left
    assert ["genk-1-2.timestamp"] == [name for name, _ in waiting]
    assert 3 == loopback.asked
    for each in written:
        assert Verdict.HOLDS is said(each, service.root).verdict
