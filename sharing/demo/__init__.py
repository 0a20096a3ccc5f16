"""The demo: a small world that has been in use for two months, made by the same actions as a real one."""

from accounts.models import User
from sharing.demo.story import load

__all__ = ["is_loaded", "load"]


def is_loaded() -> bool:
    """Whether the demo people exist."""
    return User.objects.filter(is_demo=True).exists()
