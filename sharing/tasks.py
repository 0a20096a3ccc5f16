"""Background work of sharing: the delivery of letters, and what is said of shares that end."""

from typing import Any

from sharing import actions, announcements, letters


def tell_recipient(**letter: Any) -> None:
    """Deliver a letter to the side that receives the image."""
    letters.tell_recipient(letters.Letter(**letter))


def tell_producer(**letter: Any) -> None:
    """Deliver a letter to the side that shares the image."""
    letters.tell_producer(letters.Letter(**letter))


def tell_of_plan(planned_id: int, occasion: str) -> None:
    """Tell those who have an image what is planned for it, or no longer."""
    announcements.tell_of_plan(planned_id, occasion)


def tell_of_new_end(share_id: int, until: str) -> None:
    """Tell a recipient until when it has an image."""
    announcements.tell_of_new_end(share_id, until)


def tell_of_wish(share_id: int) -> None:
    """Tell a producer that a recipient would like to have an image for longer."""
    announcements.tell_of_wish(share_id)


def attend_to_ends() -> str:
    """Tell both sides of shares that end soon or have ended, and producers of offers that nobody answered."""
    return f"People were told of {actions.attend_to_ends()} shares."


def tell_admins(name: str, page: str, organization_id: int, by_id: int) -> None:
    """Deliver a letter to the admins of all accounts of an organization."""
    announcements.tell_admins(name, page, organization_id, by_id)
