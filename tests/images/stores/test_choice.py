"""Which stores there are, and which of them a region uses."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from images.models import Region
from images.stores import FileStore, get_store, store_names
from images.stores.s3 import S3Store
from tests.images.stores.bytes_of_images import content, keep


def folder(path: Path) -> dict[str, Any]:
    return {"BACKEND": "images.stores.files.FileStore", "OPTIONS": {"root": path}}


def test_the_default_store_lies_where_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    settings.IMAGE_STORE_DIR = tmp_path / "elsewhere"
    with get_store().local_file(keep(get_store(), b"data")) as path:
        assert path.is_relative_to(tmp_path / "elsewhere")


def test_a_store_that_nobody_set_up_is_an_error() -> None:
    with pytest.raises(LookupError, match="'tape'"):
        get_store("tape")


def test_stores_are_found_by_name(settings: Settings, tmp_path: Path, object_store: dict[str, Any]) -> None:
    settings.IMAGE_STORES = {"archive": object_store, "default": folder(tmp_path / "first")}
    archive, default = get_store("archive"), get_store()
    assert isinstance(archive, S3Store)
    assert isinstance(default, FileStore)
    assert (archive.name, default.name) == ("archive", "default")
    assert default.root == tmp_path / "first"
    assert store_names() == ["default", "archive"]
    assert content(archive, keep(archive, b"data")) == b"data"


def test_a_process_makes_each_store_once_for_each_setting(settings: Settings, tmp_path: Path) -> None:
    settings.IMAGE_STORES = {"disk": folder(tmp_path / "a")}
    first = get_store("disk")
    assert get_store("disk") is first
    settings.IMAGE_STORES = {"disk": folder(tmp_path / "b")}
    assert get_store("disk") is not first


def test_staff_choose_the_store_of_a_region_among_those_that_exist(
    settings: Settings, tmp_path: Path, rf: RequestFactory, db: None
) -> None:
    settings.IMAGE_STORES = {"disk": folder(tmp_path)}
    make_form = site._registry[Region].get_form(rf.get("/"))
    assert make_form({"store": "tape"}).errors["store"] == [
        "Select a valid choice. tape is not one of the available choices."
    ]
    assert "store" not in make_form({"store": "disk"}).errors
