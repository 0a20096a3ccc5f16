"""What goes wrong between us and a cloud, in words that somebody can act on.

What the cloud itself says is passed on only as one short line, without anything that we sent as a secret. Nothing is
chained: an exception of openstacksdk holds the whole request.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk
from requests import RequestException

from servers.clouds.base import CloudProblem, CloudRefused

if TYPE_CHECKING:
    from servers.clouds.openstack.access import Access

AGAIN = "It is asked again by itself."
MOST_WORDS = 300  # characters of what a cloud says
UNAUTHORIZED, FORBIDDEN, TOO_LARGE, SERVER_ERROR = 401, 403, 413, 500
ECHO = re.compile(r" Value: .*", re.DOTALL)  # Compute repeats a field that is wrong: that may be somebody's user data
OF_QUOTA = re.compile(r"quota|limit exceeded", re.IGNORECASE)


class KeyRefused(CloudRefused):
    """The credential is wrong, has expired or was removed in the cloud."""

    def __init__(self, region: str) -> None:
        super().__init__(
            f"{region} does not accept the cloud key: it is wrong, has expired, or was removed in that cloud. "
            "Make a new application credential there, and put it in the place of this cloud key."
        )


class EndpointNotAllowed(CloudRefused):
    """A request would have gone to a place that staff have not allowed."""

    def __init__(self, region: str, url: str, *, led_from: str = "") -> None:
        way = f"{one_line(led_from)} leads on to it" if led_from else "its cloud names it"
        super().__init__(
            f"{one_line(url)} is not among the allowed endpoints of {region}, though {way}. "
            "If it belongs to that cloud, staff can allow it."
        )


class RegionSetUpWrong(CloudRefused):
    """What staff have set for the region does not work."""

    def __init__(self, region: str, what: str) -> None:
        super().__init__(f"{region} is not set up rightly: {what}. Ask whoever runs this panel.")


class CloudSilent(CloudProblem):
    """It does not answer, or only that it is out of order. It may later."""

    def __init__(self, region: str, what: str = "") -> None:
        super().__init__(f"The cloud of {region} {what or 'does not answer'}. {AGAIN}")
        self.silent = not what


class QuotaReached(CloudRefused):
    """The project in the cloud has no room for more."""

    def __init__(self, region: str, words: str) -> None:
        super().__init__(
            f"The project in the cloud of {region} has no room left: {words} "
            "Delete something there, or have its quota raised."
        )


class NoSuchFlavor(CloudRefused):
    """The size is gone from the cloud."""

    def __init__(self, region: str, flavor: str) -> None:
        super().__init__(
            f"The cloud of {region} has no size {one_line(flavor)!r} any more. Choose another one; staff can close it."
        )


class NoSuchNetwork(CloudRefused):
    """The network is gone from the cloud, or was taken back there."""

    def __init__(self, region: str) -> None:
        super().__init__(
            f"The cloud of {region} no longer has the network that was chosen, or shares it no more. "
            "Delete this server, and create one in another network."
        )


@contextmanager
def in_words(access: "Access") -> Iterator[None]:
    """Turn what openstacksdk raises into problems for people.

    Raises:
        CloudProblem: in place of anything that openstacksdk raises; never with the secret.
    """
    try:
        yield
    except (sdk.SDKException, keystone.ClientException, RequestException) as error:
        problem = _problem(error, access)
    else:
        return
    raise problem from None


def said(error: Exception, access: "Access") -> str:
    """What a cloud says of an error, as one short sentence without our secret, and without repeating what was sent."""
    words = ECHO.sub("", str(getattr(error, "details", None) or getattr(error, "message", None) or ""))
    words = words.replace(access.secret, "…") if access.secret else words
    line = one_line(words.removeprefix(f"{_status(error)} "))
    return line if not line or line.endswith(".") else f"{line}."


def one_line(text: str) -> str:
    """A text of a stranger, fit for a sentence."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return words if len(words) <= MOST_WORDS else f"{words[: MOST_WORDS - 1]}…"


def _problem(error: Exception, access: "Access") -> CloudProblem:
    region, status = access.region, _status(error)
    if status == UNAUTHORIZED:
        return KeyRefused(region)
    if isinstance(error, keystone.SSLError):
        return RegionSetUpWrong(region, "the certificate of its cloud is not one that it trusts")
    if isinstance(error, keystone.CatalogException | sdk.EndpointNotFound | sdk.ServiceDisabledException):
        return RegionSetUpWrong(region, "its cloud names no such service there")
    if status >= SERVER_ERROR:
        return CloudSilent(region, f"is out of order (it answers {status})")
    if status:
        return _refusal(error, access, status)
    return CloudSilent(region)


def _refusal(error: Exception, access: "Access", status: int) -> CloudProblem:
    words = said(error, access)
    if status == TOO_LARGE or (status == FORBIDDEN and OF_QUOTA.search(words)):
        return QuotaReached(access.region, words)
    if status == FORBIDDEN:
        return CloudRefused(f"The cloud of {access.region} does not let this cloud key do that. {words}".rstrip())
    return CloudRefused(f"The cloud of {access.region} refuses that. {words}".rstrip())


def _status(error: Exception) -> int:
    return int(getattr(error, "status_code", None) or getattr(error, "http_status", None) or 0)
