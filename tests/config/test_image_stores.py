"""Image stores from the environment, and a sentence for each mistake."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.image_stores import read_image_stores

KEYS = {"STOCKROOM_STORE_ARCHIVE_KEY": "panel", "STOCKROOM_STORE_ARCHIVE_SECRET": "s/e+c=r%t"}


def environment(address: str, **more: str) -> dict[str, str]:
    return {"STOCKROOM_STORES": "archive", "STOCKROOM_STORE_ARCHIVE": address, **KEYS, **more}


def test_without_the_variable_there_is_none() -> None:
    assert read_image_stores({}) == {}


def test_an_address_becomes_a_store() -> None:
    address = "s3+https://objects.example.org:8443/images/panel/one?region=eu-1&addressing=virtual&part=16&parts=1000"
    assert read_image_stores(environment(address)) == {
        "archive": {
            "BACKEND": "images.stores.s3.S3Store",
            "OPTIONS": {
                "endpoint": "https://objects.example.org:8443",
                "bucket": "images",
                "prefix": "panel/one/",
                "access_key": "panel",
                "secret_key": "s/e+c=r%t",
                "region": "eu-1",
                "addressing": "virtual",
                "part_bytes": 16 * 1024**2,
                "most_parts": 1000,
            },
        }
    }


def test_a_folder_becomes_a_store() -> None:
    assert read_image_stores(environment("file:///srv/all%20images")) == {
        "archive": {"BACKEND": "images.stores.files.FileStore", "OPTIONS": {"root": Path("/srv/all images")}}
    }


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    named = {"STOCKROOM_STORE_ARCHIVE_SECRET_FILE": str(tmp_path / "secret")}
    [store] = read_image_stores(environment("s3+http://127.0.0.1/images", **named)).values()
    assert store["OPTIONS"]["secret_key"] == "from the file"
    assert store["OPTIONS"]["prefix"] == ""


def test_there_may_be_several() -> None:
    several = {
        "STOCKROOM_STORES": " default, old_disk ",
        "STOCKROOM_STORE_DEFAULT": "file:///a",
        "STOCKROOM_STORE_OLD_DISK": "file:///b",
    }
    assert list(read_image_stores(several)) == ["default", "old_disk"]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "Set STOCKROOM_STORE_ARCHIVE to where the store is"),
        ("https://objects.example.org/images", "has to begin with s3\\+https"),
        ("s3+https://objects.example.org:port/images", "is no address"),
        ("s3+https://objects.example.org", "a server and a bucket"),
        ("s3+https:///images", "a server and a bucket"),
        ("s3+https://objects.example.org/..", "a server and a bucket"),
        ("s3+https://key:secret@objects.example.org/images", "holds a key, which others could read"),
        ("s3+https://objects.example.org/images?addressing=magic", "path or virtual"),
        ("s3+https://objects.example.org/images?part=4", "from 5 to 64"),
        ("s3+https://objects.example.org/images?parts=10001", "from 4 to 10,000"),
        ("s3+https://objects.example.org/images?parts=many", "whole number"),
        ("s3+https://objects.example.org/images?ca=/not/there", "not a file that the panel can see"),
        ("s3+https://objects.example.org/images?colour=red", "'colour' behind the question mark"),
        ("file://server/images", "whole path of a folder"),
        ("file:///", "whole path of a folder"),
    ],
)
def test_a_wrong_address_stops_the_start_with_what_to_do(address: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence) as problem:
        read_image_stores(environment(address))
    assert "secret@" not in str(problem.value)


@pytest.mark.parametrize("name", ["Archive", "9lives", "a-b", "a" * 41])
def test_a_name_must_fit_into_a_variable(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="begins with a small letter"):
        read_image_stores({"STOCKROOM_STORES": name})


@pytest.mark.parametrize("variable", KEYS)
def test_a_missing_key_is_asked_for(variable: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"Set {variable} to"):
        read_image_stores(environment("s3+https://objects.example.org/images", **{variable: ""}))


def test_a_file_with_the_secret_must_be_there() -> None:
    named = {"STOCKROOM_STORE_ARCHIVE_SECRET_FILE": "/not/there"}
    with pytest.raises(ImproperlyConfigured, match="not a file that the panel can see"):
        read_image_stores(environment("s3+https://objects.example.org/images", **named))
