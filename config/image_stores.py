"""Image stores from the environment: an address for each, and the key of each in variables of their own.

An address (docs/operating.md) never holds a secret, so it may be shown in listings of processes and in logs.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)
EXAMPLE: Final = "s3+https://objects.example.org/bucket/prefix"
SMALLEST_PART: Final = 5  # MiB; the protocol's limit
LARGEST_PARTS: Final = 64  # MiB for the first ones: the last are 64 times as large, and the protocol's limit is 5 GiB
MOST_PARTS: Final = 10_000  # the protocol's limit

Environment = Mapping[str, str]


def read_image_stores(environment: Environment) -> dict[str, dict[str, Any]]:
    """The stores that ``STOCKROOM_STORES`` names, as ``settings.IMAGE_STORES`` describes them.

    Raises:
        ImproperlyConfigured: with a sentence that says what to set.
    """
    names = [name.strip() for name in environment.get("STOCKROOM_STORES", "").split(",") if name.strip()]
    for name in names:
        if not NAME.fullmatch(name):
            raise ImproperlyConfigured(
                f"STOCKROOM_STORES names {name!r}: a store's name begins with a small letter and has at most 40 small "
                "letters, digits and underscores."
            )
    return {name: _read(f"STOCKROOM_STORE_{name.upper()}", environment) for name in names}


def _read(variable: str, environment: Environment) -> dict[str, Any]:
    text = environment.get(variable, "")
    if not text:
        raise ImproperlyConfigured(f"Set {variable} to where the store is: {EXAMPLE}, or file:///srv/images.")
    try:
        address = urlsplit(text)
        address.port  # noqa: B018  # a wrong port shows only when asked for
    except ValueError:
        raise ImproperlyConfigured(f"{variable} is no address. Write it like {EXAMPLE}.") from None
    if address.scheme == "file":
        return _file_store(variable, address)
    if address.scheme in {"s3+https", "s3+http"}:
        return _object_store(variable, address, environment)
    raise ImproperlyConfigured(f"{variable} has to begin with s3+https://, s3+http:// or file:///.")


def _file_store(variable: str, address: SplitResult) -> dict[str, Any]:
    root = Path(unquote(address.path))
    if address.netloc or len(root.parts) < 2 or address.query:  # noqa: PLR2004  # the root of the machine is one part
        raise ImproperlyConfigured(f"{variable} has to be file:// and the whole path of a folder: file:///srv/images.")
    return {"BACKEND": "images.stores.files.FileStore", "OPTIONS": {"root": root}}


def _object_store(variable: str, address: SplitResult, environment: Environment) -> dict[str, Any]:
    if "@" in address.netloc:
        raise ImproperlyConfigured(
            f"{variable} holds a key, which others could read: put it into {variable}_KEY and {variable}_SECRET_FILE."
        )
    bucket, _, prefix = unquote(address.path).strip("/").partition("/")
    if not address.hostname or not BUCKET.fullmatch(bucket):
        raise ImproperlyConfigured(f"{variable} has to name a server and a bucket. Write it like {EXAMPLE}.")
    options = {
        "endpoint": f"{address.scheme.removeprefix('s3+')}://{address.netloc}",
        "bucket": bucket,
        "prefix": f"{prefix}/" if prefix else "",
        "access_key": _required(f"{variable}_KEY", "the name of the key (access key ID)", environment),
        "secret_key": _secret(variable, environment),
    }
    return {"BACKEND": "images.stores.s3.S3Store", "OPTIONS": options | _details(variable, address)}


def _details(variable: str, address: SplitResult) -> dict[str, Any]:
    """What stands behind the question mark of an address."""
    given = dict(parse_qsl(address.query, keep_blank_values=True))
    details: dict[str, Any] = {}
    if "region" in given:
        details["region"] = given.pop("region")
    if "ca" in given:
        details["ca"] = _existing(f"{variable}: ca", given.pop("ca"))
    if "addressing" in given:
        details["addressing"] = given.pop("addressing")
        if details["addressing"] not in {"path", "virtual"}:
            raise ImproperlyConfigured(f"{variable}: addressing is path or virtual.")
    if "part" in given:
        mebibytes = _number(f"{variable}: part", given.pop("part"), SMALLEST_PART, LARGEST_PARTS)
        details["part_bytes"] = mebibytes * 1024**2
    if "parts" in given:
        details["most_parts"] = _number(f"{variable}: parts", given.pop("parts"), 4, MOST_PARTS)
    if given:
        raise ImproperlyConfigured(
            f"{variable} has {next(iter(given))!r} behind the question mark; known are region, addressing, ca, part "
            "and parts."
        )
    return details


def _secret(variable: str, environment: Environment) -> str:
    """From a file if one is named: an environment is easier to read for others than a file."""
    if file := environment.get(f"{variable}_SECRET_FILE"):
        return Path(_existing(f"{variable}_SECRET_FILE", file)).read_text(encoding="utf-8").strip()
    return _required(
        f"{variable}_SECRET", f"the secret of the key, or {variable}_SECRET_FILE to a file that holds it", environment
    )


def _required(variable: str, what: str, environment: Environment) -> str:
    if value := environment.get(variable, ""):
        return value
    raise ImproperlyConfigured(f"Set {variable} to {what}.")


def _existing(what: str, path: str) -> str:
    if not Path(path).is_file():
        raise ImproperlyConfigured(f"{what} names {path}, which is not a file that the panel can see.")
    return path


def _number(what: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII) or not least <= int(text) <= most:
        raise ImproperlyConfigured(f"{what} is a whole number from {least} to {most:,}.")
    return int(text)
