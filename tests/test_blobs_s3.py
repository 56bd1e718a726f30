"""Blobs in an S3 store: against a small one of our own that checks every signature."""

import hashlib
import hmac
import os
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from obstore.store import S3Store

from hiringhall.blobs import open_blobs
from hiringhall.blobs.objects import ObjectBlobs
from hiringhall.blobs.port import BlobMissing, read_all

pytestmark = pytest.mark.anyio

KEY_ID, SECRET = "AKIDEXAMPLE", "a-secret-of-the-tests"


class Bucket(ThreadingHTTPServer):
    """What S3 promises of one bucket: signature version 4, whole objects, multipart uploads."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.attributes: dict[str, dict[str, str]] = {}


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        if not self._is_signed(url.path, query):
            return self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        declared = self.headers.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
        if declared not in {"UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()}:
            return self._answer(400, b"<Error><Code>XAmzContentSHA256Mismatch</Code></Error>")
        return getattr(self, f"_{self.command.lower()}")(url.path, query, body)

    do_GET = do_PUT = do_POST = _handle  # noqa: N815

    def _get(self, path: str, query: dict[str, str], body: bytes) -> None:
        if path not in self.server.objects:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        content, attributes = self.server.objects[path]
        return self._answer(200, content, attributes)

    def _put(self, path: str, query: dict[str, str], body: bytes) -> None:
        if "partNumber" in query:
            self.server.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.server.objects[path] = (body, self._given())
        self._answer(200, b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'})  # noqa: S324

    def _post(self, path: str, query: dict[str, str], body: bytes) -> None:
        if "uploads" in query:
            upload = uuid.uuid4().hex
            self.server.uploads[upload] = {}
            self.server.attributes[upload] = self._given()
            answer = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
            return self._answer(200, f"{answer}</InitiateMultipartUploadResult>".encode())
        if "delete" in query:
            keys = re.findall(r"<Key>([^<]+)</Key>", body.decode())
            for key in keys:
                self.server.objects.pop(f"{path.rstrip('/')}/{key}", None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            return self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
        parts = self.server.uploads.pop(query["uploadId"])
        content = b"".join(parts[number] for number in sorted(parts))
        self.server.objects[path] = (content, self.server.attributes.pop(query["uploadId"]))
        answer = "<CompleteMultipartUploadResult><ETag>&quot;x&quot;</ETag>"
        return self._answer(200, f"{answer}</CompleteMultipartUploadResult>".encode())

    def _given(self) -> dict[str, str]:
        names = ("content-type", "content-disposition")
        return {name: self.headers[name] for name in names if name in self.headers}

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        fields = {"ETag": '"x"', "Last-Modified": "Mon, 02 Feb 2026 10:00:00 GMT"}
        for name, value in {**fields, **(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _is_signed(self, path: str, query: dict[str, str]) -> bool:
        """AWS Signature Version 4, by header or by query, computed anew."""
        if "X-Amz-Signature" in query:
            signature = query.pop("X-Amz-Signature")
            scope, names = query["X-Amz-Credential"], query["X-Amz-SignedHeaders"]
            at, payload = query["X-Amz-Date"], "UNSIGNED-PAYLOAD"
        else:
            _, _, fields = self.headers.get("authorization", "").partition(" ")
            pairs = dict(pair.strip().split("=", 1) for pair in fields.split(",") if "=" in pair)
            scope, names, signature = (
                pairs.get(name, "") for name in ("Credential", "SignedHeaders", "Signature")
            )
            at = self.headers.get("x-amz-date", "")
            payload = self.headers.get("x-amz-content-sha256", "")
        key_id, _, scope = scope.partition("/")
        quoted = urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote)
        headers = "".join(
            f"{name}:{' '.join(self.headers.get(name, '').split())}\n" for name in names.split(";")
        )
        canonical = "\n".join([self.command, path, quoted, headers, names, payload])
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = f"AWS4{SECRET}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        message = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{digest}"
        wanted = hmac.digest(key, message.encode(), "sha256").hex()
        return key_id == KEY_ID and hmac.compare_digest(wanted, signature)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def blobs_at(bucket: Bucket, *, secret: str = SECRET) -> ObjectBlobs:
    store = S3Store(
        "files",
        prefix="hall",
        endpoint=f"http://127.0.0.1:{bucket.server_port}",
        region="eu-central-1",
        access_key_id=KEY_ID,
        secret_access_key=secret,
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    return ObjectBlobs(store)


@pytest.mark.parametrize("size", [0, 3, 12_000_000])
async def test_what_is_put_is_read(bucket: Bucket, tmp_path: Path, size: int) -> None:
    blobs = blobs_at(bucket)
    content = os.urandom(size)
    (tmp_path / "source").write_bytes(content)
    for given in (content, tmp_path / "source"):
        key = str(uuid.uuid4())
        stored = await blobs.put(key, given)
        assert (stored.size_bytes, stored.sha256) == (size, hashlib.sha256(content).digest())
        assert bucket.objects[f"/files/hall/{key}"][0] == content
        assert await read_all(blobs, key) == content
    await blobs.delete(key)
    await blobs.delete(key)
    with pytest.raises(BlobMissing):
        await read_all(blobs, key)
    assert not bucket.uploads


async def test_a_browser_gets_a_file_from_the_store_as_an_attachment(bucket: Bucket) -> None:
    blobs = blobs_at(bucket)
    key = str(uuid.uuid4())
    await blobs.put(key, b"<script>alert(1)</script>")
    url = await blobs.url(key, expires_s=3600)
    assert url is not None
    assert "X-Amz-Expires=3600" in url
    assert SECRET not in url
    with urllib.request.urlopen(url) as answer:  # noqa: ASYNC210, S310
        assert answer.read() == b"<script>alert(1)</script>"
        assert answer.headers["content-disposition"] == "attachment"
        assert answer.headers["content-type"] == "application/octet-stream"
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(url.replace("3600", "9600"))  # noqa: ASYNC210, S310
    refused.value.close()


async def test_a_wrong_key_is_refused(bucket: Bucket) -> None:
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        await blobs_at(bucket, secret="another").put(str(uuid.uuid4()), b"x")


async def test_a_store_is_named_by_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    blobs = open_blobs("s3://files/hall", folder=Path("unused"))
    key = str(uuid.uuid4())
    url = await blobs.url(key, expires_s=3600)
    assert url is not None
    assert urllib.parse.urlsplit(url).path.endswith(f"/hall/{key}")
    assert f"Credential={KEY_ID}" in urllib.parse.unquote(url)
