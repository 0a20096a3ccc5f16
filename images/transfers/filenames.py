"""What a file is called when somebody saves it."""

import unicodedata
from urllib.parse import quote

SLASHES = "/\\"
MISREAD = '%"'  # browsers decode "%41" in a plain name (RFC 6266, appendix D), and curl cuts it off at a quotation mark


def attachment(filename: str) -> str:
    """A Content-Disposition that saves a file under this name, in any script (RFC 6266).

    Slashes and characters that cannot be seen become "_": names come from people and end up in folders of others.
    Clients that know only plain names, such as curl, get the nearest one.
    """
    name = _safe(filename, without=SLASHES)
    plain = _plain(name)
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=utf-8''{quote(name, safe='')}"


def _plain(name: str) -> str:
    """The name in ASCII: letters without their accents, and "_" for all that has no such letter."""
    letters = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    # Once more: there are wide slashes and dots in other scripts, of which plain ones have just been made.
    return _safe("".join(char if char.isascii() else "_" for char in letters), without=SLASHES + MISREAD)


def _safe(name: str, *, without: str) -> str:
    return "".join("_" if char in without or not char.isprintable() else char for char in name).strip(" .") or "image"
