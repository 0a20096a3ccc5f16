"""What is looked at before a panel may serve: a demo panel answers on this machine only."""

from collections.abc import Iterable
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User


def refuse_public_demo(addresses: Iterable[str]) -> None:
    """Everybody knows the password of the demo people, so a panel that has some is never public.

    Args:
        addresses: what the server will listen on, as ``host:port`` or ``unix:path``.

    Raises:
        ImproperlyConfigured: demo people exist, and the panel could be reached from elsewhere.
    """
    public = [address for address in addresses if not is_loopback(address)]
    public += sorted(set(settings.ALLOWED_HOSTS) - set(settings.LOOPBACK_HOSTS))
    if public and User.objects.filter(is_demo=True).exists():
        raise ImproperlyConfigured(
            f"This panel has demo people, whose password everybody knows, so it may not answer on {', '.join(public)}. "
            "Use HOST=127.0.0.1 and leave ALLOWED_HOSTS unset, or start a panel without them: make run DEMO=0."
        )


def is_loopback(address: str) -> bool:
    """Whether only this machine can connect. A Unix socket does not count: a public proxy may stand before it."""
    host = address.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
