"""A server of the S3 protocol for the tests: OpenStack Swift, as a program of its own on this machine."""

import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ACCESS_KEY = "stockroom:panel"
SECRET_KEY = "not-a-secret"
BUCKET = "images"
PROGRAM = Path(__file__).with_name("swift_server.py")
STORE = "images.stores.s3.S3Store"
START_SECONDS = 30


class ObjectServer:
    """Serves S3 from a folder of its own, from ``start`` to ``stop``.

    Attributes:
        endpoint: its address, once it has started.
    """

    endpoint: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self._folder / "errors").open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", PROGRAM, self._folder, ACCESS_KEY, SECRET_KEY],
                stdin=subprocess.PIPE,  # it ends when this closes, so never later than we do
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            pytest.fail(f"OpenStack Swift did not start:\n{(self._folder / 'errors').read_text()}", pytrace=False)
        self.endpoint = f"http://127.0.0.1:{port}"
        self._make_bucket()

    def stop(self) -> None:
        self._process.communicate(timeout=START_SECONDS)

    def options(self) -> dict[str, Any]:
        """What ``S3Store`` is made with, to use a place in the bucket that nobody else uses."""
        return {
            "endpoint": self.endpoint,
            "bucket": BUCKET,
            "prefix": f"panel-{uuid.uuid4().hex}/",
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "part_bytes": 5 * 1024**2,
        }

    def _make_bucket(self) -> None:
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(proxies={}),
        )
        client.create_bucket(Bucket=BUCKET)
        client.close()


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectServer]:
    """The server, started by the first test that asks for it."""
    with tempfile.TemporaryDirectory(prefix="stockroom-objects-") as folder:
        server = ObjectServer(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def object_store(object_server: ObjectServer) -> dict[str, Any]:
    """An entry for ``settings.IMAGE_STORES``: a store with a place of its own."""
    return {"BACKEND": STORE, "OPTIONS": object_server.options()}
