"""What the free fields of an image may hold."""

import re
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError

from accounts.errors import wrong

HIGHEST_PORT = 65535
MOST_PORTS = 50
MOST_PROPERTIES = 128
LONGEST_TEXT = 255
LONGEST_VALUE = 4096  # a signature of an image has a few hundred
LARGEST_PROPERTIES = 65_536  # characters of all names and values
MOST_TAGS = 128
CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII | re.IGNORECASE)


def valid_ports(ports: Any) -> None:
    """Accept a list of different TCP ports (RFC 6335, section 6).

    Raises:
        ValidationError: anything else.
    """
    if not isinstance(ports, list) or not all(type(port) is int for port in ports):
        raise ValidationError("Ports are whole numbers.", code="not_ports")
    if len(ports) > MOST_PORTS:
        raise ValidationError(f"Give at most {MOST_PORTS} ports.", code="too_many")
    for port in ports:
        if not 1 <= port <= HIGHEST_PORT:
            raise ValidationError(f"A port is a number from 1 to {HIGHEST_PORT}, not {port}.", code="not_a_port")


def valid_properties(properties: Any) -> None:
    """Accept a flat mapping of short texts, as the image service of OpenStack keeps them.

    Raises:
        ValidationError: anything else.
    """
    if not isinstance(properties, dict) or not all(isinstance(value, str) for value in properties.values()):
        raise ValidationError("Properties are names with texts.", code="not_properties")
    if len(properties) > MOST_PROPERTIES:
        raise ValidationError(f"Give at most {MOST_PROPERTIES} properties.", code="too_many")
    for name, value in properties.items():
        if not 1 <= len(name) <= LONGEST_TEXT:
            raise ValidationError(f"A property has a name of at most {LONGEST_TEXT} characters.", code="too_long")
        if len(value) > LONGEST_VALUE:
            raise ValidationError(f"“{name}” has more than {LONGEST_VALUE} characters.", code="too_long")
        if "\0" in name + value:
            raise ValidationError("A property cannot hold the character NUL.", code="nul")
    if sum(len(name) + len(value) for name, value in properties.items()) > LARGEST_PROPERTIES:
        raise ValidationError(f"All properties have at most {LARGEST_PROPERTIES} characters together.", code="too_long")


def valid_tags(tags: Collection[str]) -> None:
    """Accept words, as the image service of OpenStack takes them.

    Raises:
        ValidationError: under "tags", so many that nobody finds anything by them, or a word that is none.
    """
    if len(tags) > MOST_TAGS:
        raise wrong("tags", f"Give at most {MOST_TAGS} tags.", "too_many")
    for tag in tags:
        if not 1 <= len(tag) <= LONGEST_TEXT:
            raise wrong("tags", f"A tag has at most {LONGEST_TEXT} characters.", "max_length")
        if "\0" in tag:
            raise wrong("tags", "A tag cannot hold the character NUL.", "nul")


def valid_checksum(checksum: str) -> None:
    """Accept ``algorithm:hex`` of an md5, sha256 or sha512, or nothing.

    Raises:
        ValidationError: anything else.
    """
    if checksum and not CHECKSUM.fullmatch(checksum):
        sentence = "This is no md5, sha256 or sha512. Paste all of its hexadecimal digits."
        raise ValidationError(sentence, code="not_a_checksum")
