"""The way into a cloud: where requests may go, whom they trust, and how long they wait.

Every request of openstacksdk passes ``Gate``, whatever address it came from: what people set, what the cloud's own
catalogue of services says, or where an answer leads on. So a cloud key is sent to no place that staff have not allowed.
"""

import re
import ssl
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from keystoneauth1 import session as sessions
from keystoneauth1.identity.v3 import ApplicationCredential
from openstack.connection import Connection
from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter

from servers.clouds.base import patience
from servers.clouds.openstack.problems import EndpointNotAllowed, RegionSetUpWrong

CONNECT_SECONDS, READ_SECONDS = 10, 60
DATA_SECONDS = 600  # for which a cloud may be silent while image data comes or goes
CONNECTIONS_KEPT = 64
BLOCK = 256 * 1024  # bytes that are read of a body at once
USER_AGENT = "stockroom"
PORTS = {"http": 80, "https": 443}
OF_DATA = re.compile(r"/v2/images/[^/]+/file\Z")


@dataclass(frozen=True, slots=True)
class Access:
    """Whom a cloud lets in, and where requests with that may go.

    Attributes:
        region: what people call the region.
        auth_url: of the Identity service.
        region_name: what the cloud calls the region; empty where it has only one.
        endpoints: where else requests may go: the start of each address.
        certificates: PEM of the authorities to trust; empty: those that this system trusts.
        secret: of the application credential.
    """

    region: str
    auth_url: str
    credential_id: str
    secret: str = field(repr=False)
    region_name: str = ""
    endpoints: tuple[str, ...] = ()
    certificates: str = ""


class Gate(HTTPAdapter):
    """Lets requests through to allowed addresses only, and answers that lead elsewhere not at all."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._allowed = [_place(each) for each in (access.auth_url, *access.endpoints)]
        self._trusted = _trusted(access)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As ``requests`` does it, with the authorities of the region and no others."""
        super().init_poolmanager(*args, **kwargs, ssl_context=self._trusted, blocksize=BLOCK)

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """The context of the pool says whom to trust; ``requests`` would add its own list."""

    def send(self, request: PreparedRequest, *args: Any, stream: Any = False, **kwargs: Any) -> Response:
        """Send a request to an allowed address. How long it waits and whom it trusts is decided here.

        Raises:
            EndpointNotAllowed: the address, or where the answer leads, is not allowed.
        """
        url = str(request.url)
        if _place(url) is None or not any(_is_within(url, allowed) for allowed in self._allowed):
            raise EndpointNotAllowed(self._access.region, url)
        seconds = DATA_SECONDS if OF_DATA.search(urlsplit(url).path) else READ_SECONDS
        longest = DATA_SECONDS if seconds == DATA_SECONDS else CONNECT_SECONDS
        limits = (min(longest, patience()), min(seconds, patience()))
        answer = super().send(request, stream=stream, timeout=limits, verify=True)
        if answer.is_redirect:
            answer.close()
            raise EndpointNotAllowed(self._access.region, answer.headers["Location"], led_from=url)
        return answer


@lru_cache(maxsize=CONNECTIONS_KEPT)
def connected(access: Access) -> Connection:
    """A connection that signs in when it is first used, and again when that has expired."""
    requests = Session()
    requests.trust_env = False  # no proxies, certificates and passwords from the environment
    for scheme in ("https://", "http://"):
        requests.mount(scheme, Gate(access))
    credential = ApplicationCredential(
        auth_url=access.auth_url,
        application_credential_id=access.credential_id,
        application_credential_secret=access.secret,
    )
    session = sessions.Session(auth=credential, session=requests, redirect=False, user_agent=USER_AGENT)
    # A second attempt would send what is left of the bytes.
    return Connection(
        session=session,
        region_name=access.region_name or None,
        app_name=USER_AGENT,
        image_status_code_retries=0,
    )


def _place(url: str) -> SplitResult | None:
    """The parts of an address; None where it is none that a request may have."""
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.password:
            return None
        return parts._replace(netloc=f"{parts.hostname}:{parts.port or PORTS[parts.scheme]}")
    except ValueError:
        return None


def _is_within(url: str, allowed: SplitResult | None) -> bool:
    """Whether an address is an allowed one, or lies below it."""
    place = _place(url)
    if place is None or allowed is None or (place.scheme, place.netloc) != (allowed.scheme, allowed.netloc):
        return False
    path, base = unquote(place.path), allowed.path.rstrip("/")
    return ".." not in path.split("/") and f"{path}/".startswith(f"{base}/")


def _trusted(access: Access) -> ssl.SSLContext | None:
    places = (access.auth_url, *access.endpoints)
    if not access.certificates and not any(place.startswith("https:") for place in places):
        return None  # nothing is encrypted: this is somebody's own machine
    try:
        return ssl.create_default_context(cadata=access.certificates or None)
    except (ssl.SSLError, ValueError):
        raise RegionSetUpWrong(access.region, "its certificate authority is not readable as PEM") from None
