"""Addresses of clouds, as staff may set them: requests with the secrets of accounts go there."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

DEFAULT_PORT = {"https": 443, "http": 80}


def normalised(address: str) -> str:
    """An address in the one way in which it is written here: small letters, no usual port, no slash at its end.

    Raises:
        ValidationError: it is none to which a secret may be sent, with the reason.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValidationError("“%(given)s” is no address.", code="invalid", params={"given": address}) from None
    if reason := _why_not(parts.scheme, host, parts.username, parts.query or parts.fragment, parts.path):
        raise ValidationError(f"“%(given)s”: {reason}", code="invalid", params={"given": _without_person(address)})
    name = f"[{host}]" if ":" in host else host
    port_text = f":{port}" if port and port != DEFAULT_PORT[parts.scheme] else ""
    return f"{parts.scheme}://{name}{port_text}{parts.path.rstrip('/')}"


def checked_certificates(pem: str) -> str:
    """Certificates of authorities, one or more, as PEM.

    Raises:
        ValidationError: they cannot be read, or none of them is valid any more.
    """
    text = pem.strip().replace("\r\n", "\n")
    if not text:
        return ""
    if "PRIVATE KEY" in text:
        raise ValidationError("This holds a private key. Give the certificate alone.", code="private_key")
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ValidationError(
            "This is no certificate in PEM: it begins with -----BEGIN CERTIFICATE----- and ends with "
            "-----END CERTIFICATE-----.",
            code="invalid",
        ) from None
    if all(certificate.not_valid_after_utc < timezone.now() for certificate in certificates):
        raise ValidationError("It is not valid any more: it has expired.", code="expired")
    return f"{text}\n"


def _why_not(scheme: str, host: str, person: str | None, rest: str, path: str) -> str:
    if scheme not in DEFAULT_PORT or not host:
        return "Enter a whole address, like https://cloud.example.org:5000/v3."
    if person is not None:
        return "Leave out the name and the password: the cloud key of each account takes their place."
    if rest or ".." in path.split("/"):
        return "Leave out what follows the path."
    if scheme == "http" and not _may_be_plain(host):
        return "Secrets go there, so it has to begin with https://."
    return ""


def _may_be_plain(host: str) -> bool:
    """Whether nobody can listen on the way: this host itself, where the settings allow that."""
    if not settings.CLOUDS_ON_LOOPBACK:
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_person(address: str) -> str:
    """The address without what may be a password, for a message."""
    before, at, after = address.rpartition("@")
    return f"{before.partition('//')[0]}//…@{after}" if at else address
