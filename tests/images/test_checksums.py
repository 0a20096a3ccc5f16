"""Checksums that people type, and those in files."""

import pytest
from django.core.exceptions import ValidationError

from images.checksums import find_checksum, read_checksum

MD5, SHA256, SHA512 = "a1" * 16, "b2" * 32, "c3" * 64

FEDORA = f"""-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# disk.qcow2: 123 bytes
SHA256 (disk.qcow2) = {SHA256}
-----BEGIN PGP SIGNATURE-----
iQIzBAEBCAAdFiEE
-----END PGP SIGNATURE-----
"""


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        ("   ", ""),
        (MD5, f"md5:{MD5}"),
        (SHA256, f"sha256:{SHA256}"),
        (SHA512.upper(), f"sha512:{SHA512}"),
        (f"  SHA-256: {SHA256}".replace(": ", ":"), f"sha256:{SHA256}"),
        (f"sha256={SHA256}", f"sha256:{SHA256}"),
    ],
)
def test_a_checksum_is_read(typed: str, read: str) -> None:
    assert read_checksum(typed) == read


@pytest.mark.parametrize("typed", ["abc", MD5 + "0", "g" * 32, f"sha1:{'a' * 40}", f"md5:{SHA256}", "sha256:", ":"])
def test_what_is_no_checksum_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        read_checksum(typed)


@pytest.mark.parametrize(
    ("listing", "found"),
    [
        (f"{SHA256}  disk.qcow2\n", f"sha256:{SHA256}"),
        (f"{SHA256} *disk.qcow2\r\n", f"sha256:{SHA256}"),
        (f"{SHA256}  ./images/disk.qcow2\n", f"sha256:{SHA256}"),
        (f"{MD5}  disk.qcow2\n{SHA512}  disk.qcow2\n{SHA256}  disk.qcow2", f"sha512:{SHA512}"),
        (f"MD5 (disk.qcow2) = {MD5}", f"md5:{MD5}"),
        (f"SHA512(disk.qcow2)= {SHA512.upper()}", f"sha512:{SHA512}"),
        (FEDORA, f"sha256:{SHA256}"),
        (f"{SHA256}\n", f"sha256:{SHA256}"),
        (f"{SHA256}  other.qcow2", ""),
        (f"{SHA256}  disk.qcow2.asc", ""),
        (f"MD5 (disk.qcow2) = {SHA256}", ""),
        (f"{'a' * 40}  disk.qcow2", ""),
        (f"{'a' * 40}", ""),
        ("", ""),
        ("<html>404</html>", ""),
    ],
)
def test_a_file_is_found_in_a_listing(listing: str, found: str) -> None:
    assert find_checksum(listing, "disk.qcow2") == found
