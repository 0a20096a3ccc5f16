"""What the free fields of an image may hold."""

import re
from typing import Any

from django.core.exceptions import ValidationError

HIGHEST_PORT = 65535
MOST_PORTS = 50
MOST_PROPERTIES = 128
LONGEST_TEXT = 255
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
        if not 1 <= len(name) <= LONGEST_TEXT or len(value) > LONGEST_TEXT:
            raise ValidationError(f"A property has a name and at most {LONGEST_TEXT} characters.", code="too_long")
        if "\0" in name + value:
            raise ValidationError("A property cannot hold the character NUL.", code="nul")


def valid_checksum(checksum: str) -> None:
    """Accept ``algorithm:hex`` of an md5, sha256 or sha512, or nothing.

    Raises:
        ValidationError: anything else.
    """
    if checksum and not CHECKSUM.fullmatch(checksum):
        sentence = "This is no md5, sha256 or sha512. Paste all of its hexadecimal digits."
        raise ValidationError(sentence, code="not_a_checksum")
