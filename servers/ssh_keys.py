"""Reading a public key that somebody pasted: one line as in ``~/.ssh/id_ed25519.pub``, and nothing else.

The line goes into ``authorized_keys`` of new servers, so nothing is kept of it that could mean anything else there: no
options, no commands, no second line.
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

KINDS = {
    "ssh-ed25519": "Ed25519",
    "ecdsa-sha2-nistp256": "ECDSA",
    "ecdsa-sha2-nistp384": "ECDSA",
    "ecdsa-sha2-nistp521": "ECDSA",
    "ssh-rsa": "RSA",
    "sk-ssh-ed25519@openssh.com": "Ed25519 on a security key",
    "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA on a security key",
}
FEWEST_BITS, MOST_BITS = 2048, 16384  # of RSA keys; OpenSSH takes no longer ones
LONGEST = 8000  # characters of the line, as the column has them
LONGEST_NAME = 80
LOOKS_LIKE_KIND = re.compile(r"(ssh-|ecdsa-|sk-)[a-z0-9@.-]+\Z")
HOW_TO_MAKE = "Make one with: ssh-keygen -t ed25519"


PRIVATE = (
    "This is a private key. Keep it to yourself, and paste the line in the file of the same name that ends with .pub."
)


class KeyRefused(ValueError):
    """It is not a public key that servers take; the text says what it is instead, and what to do."""


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    Attributes:
        line: as it goes into ``authorized_keys``.
        comment: what its owner called it, often a person and a machine.
        fingerprint: as ``ssh-keygen -l`` prints it.
        kind: in words.
    """

    line: str
    comment: str
    fingerprint: str
    kind: str


def parse(text: str) -> PublicKey:
    """Read a public key.

    Raises:
        KeyRefused: it is none.
    """
    kind, encoded, comment = _parts(text)
    data = _decoded(encoded)
    if _named_in(data) != kind:
        raise KeyRefused(f"It says {kind} at its beginning, and something else inside. Copy the whole line again.")
    _check(kind, encoded)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return PublicKey(
        line=" ".join(filter(None, (kind, base64.b64encode(data).decode(), comment))),
        comment=comment,
        fingerprint=f"SHA256:{digest}",
        kind=KINDS[kind],
    )


def is_private(text: str) -> bool:
    """Whether somebody pasted what they should show to nobody."""
    return "PRIVATE KEY" in text or "PuTTY-User-Key-File" in text


def _parts(text: str) -> tuple[str, str, str]:
    """Kind, encoded key and comment of the one line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        raise KeyRefused("Paste a public key: the line in a file that ends with .pub.")
    if is_private(text):
        raise KeyRefused(PRIVATE)
    if "BEGIN SSH2 PUBLIC KEY" in text:
        raise KeyRefused("This is how PuTTY saves keys. Paste what its window shows for authorized_keys: one line.")
    if text.lstrip().startswith("-----BEGIN"):
        raise KeyRefused("This is a key for something else. Paste the line in a file that ends with .pub.")
    if len(lines) > 1:
        raise KeyRefused("This is more than one line. Add one key at a time, each as one line.")
    if len(text) > LONGEST:
        raise KeyRefused(f"This is too long: a key has at most {LONGEST} characters.")
    return _words(lines[0])


def _words(line: str) -> tuple[str, str, str]:
    kind, _space, rest = line.partition(" ")
    if kind not in KINDS:
        raise KeyRefused(_why_no_kind(kind, rest))
    encoded, _space, comment = rest.strip().partition(" ")
    if not encoded:
        raise KeyRefused(f"After {kind} the key itself is missing. Copy the whole line.")
    return kind, encoded, _tidy(comment)


def _why_no_kind(word: str, rest: str) -> str:
    """Why a line that begins with this word is no key."""
    if any(each in KINDS for each in re.split(r"[\s\"]+", rest)):
        return "Something stands before the key. Options and commands are not taken: leave them out."
    if "-cert-v01@" in word:
        return "This is a certificate. Paste the key itself: its file ends with .pub, without -cert."
    if word == "ssh-dss":
        return f"DSA keys are no longer safe, and servers do not take them. {HOW_TO_MAKE}"
    if LOOKS_LIKE_KIND.match(word):
        return f"Servers here do not take keys of the kind {word[:40]}. {HOW_TO_MAKE}"
    return "This is no public key: it begins with ssh-ed25519, ssh-rsa or ecdsa-…, as the line in a .pub file does."


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused(
            "The key is not whole: a part of it is missing, or was changed on the way. Copy the whole line again."
        ) from None


def _named_in(data: bytes) -> str:
    """The kind that the key itself names (RFC 4253, section 6.6: a length and the characters)."""
    if len(data) < struct.calcsize(">I"):
        return ""
    (length,) = struct.unpack_from(">I", data)
    return data[4 : 4 + length].decode("ascii", "replace")


def _check(kind: str, encoded: str) -> None:
    """Let ``cryptography`` look whether the key makes sense: all of its parts, points on their curves."""
    try:
        key = load_ssh_public_key(f"{kind} {encoded}".encode())
    except (ValueError, UnsupportedAlgorithm):
        raise KeyRefused(
            "The key is not whole: a part of it is missing, or was changed on the way. Copy the whole line again."
        ) from None
    if isinstance(key, RSAPublicKey) and not FEWEST_BITS <= key.key_size <= MOST_BITS:
        few = key.key_size < FEWEST_BITS
        least = f"at least {FEWEST_BITS}" if few else f"at most {MOST_BITS}"
        raise KeyRefused(f"This RSA key has {key.key_size} bits; servers take {least}. {HOW_TO_MAKE}")


def _tidy(comment: str) -> str:
    """A comment that does no harm on a page, in a file and in a terminal."""
    printable = "".join(char if char.isprintable() else " " for char in comment)
    return " ".join(printable.split())[:LONGEST_NAME].strip()
