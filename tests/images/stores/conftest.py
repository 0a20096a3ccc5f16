"""Stores of every kind, each over a place of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from images.stores import FileStore, ImageStore
from images.stores.s3 import S3Store
from tests.plugins.objects import ObjectServer

MakeStore = Callable[[], ImageStore]


@pytest.fixture
def s3_options(object_server: ObjectServer) -> dict[str, Any]:
    return object_server.options()


@pytest.fixture
def s3(s3_options: dict[str, Any]) -> S3Store:
    return S3Store(name="s3", **s3_options)


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "images")


@pytest.fixture(params=["files", "s3"])
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    """Makes stores that share nothing but the place where they keep data, like those of two processes."""
    if request.param == "files":
        root = request.getfixturevalue("tmp_path") / "images"
        return lambda: FileStore(root)
    options = request.getfixturevalue("s3_options")
    return lambda: S3Store(name="s3", **options)


@pytest.fixture
def store(make_store: MakeStore) -> ImageStore:
    return make_store()
