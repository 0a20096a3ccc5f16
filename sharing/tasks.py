"""Background work of sharing: the delivery of letters, and what is said of shares that end."""

from typing import Any

from sharing import (
    actions,
    announcements,
    circulars,
    hand_over_letters,
    letters,
    news_of_images,
    sign_in_letters,
)

SENDING_SECONDS = 50  # of each minute: the schedule begins anew


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
    circulars.tell_admins(name, page, organization_id, by_id)


def tell_of_sign_in(**said: Any) -> None:
    """Tell the admins of an account that somebody accepted for it by signing in."""
    sign_in_letters.tell_of_sign_in(**said)


def refuse_sign_in(producer_id: int, account_id: int | None) -> None:
    """Write down that somebody failed to accept for an account by signing in, whether or not there is one."""
    actions.refuse_sign_in(producer_id, account_id)


def tell_of_end(image_id: str, news: str) -> None:
    """Tell those who have an image when it ends, or that it does not."""
    news_of_images.tell_of_end(image_id, news)


def tell_of_version(share_ids: list[int]) -> None:
    """Tell those who agreed to have later versions that one has come."""
    news_of_images.tell_of_version(share_ids)


def tell_of_owner(image_id: str, former: str) -> None:
    """Tell those who have an image whose it is now."""
    news_of_images.tell_of_owner(image_id, former)


def tell_asked(hand_over_id: int, *, repeated: bool) -> None:
    """Tell those who decide for an account that an image is to become theirs."""
    hand_over_letters.tell_asked(hand_over_id, repeated=repeated)


def tell_giver(hand_over_id: int) -> None:
    """Tell whoever wants to hand an image over what was decided."""
    hand_over_letters.tell_giver(hand_over_id)


def send_deliveries() -> str:
    """Send what waits for webhooks, and for most of a minute what happens meanwhile."""
    return f"{actions.send_deliveries(seconds=SENDING_SECONDS)} attempts."


def prune_deliveries() -> str:
    """Take old lines out of the logs of webhooks."""
    return f"{actions.prune_deliveries()} old deliveries removed."
