"""Letters about images themselves, to those who have them or are offered them: a new version, an end, a new owner."""

from collections.abc import Iterable

from django.utils import timezone

from accounts.models import Event
from images.actions.later import enqueue_at
from images.models import Image
from sharing.announcements import MOST_A_DAY, ONE_DAY, tell_recipients
from sharing.letters import quoted
from sharing.models import Share
from sharing.querysets import gives_access, is_waiting


def end_changed(image: Image, news: str) -> None:
    """Have them told that the end of an image was announced or called off, or is near. One task, whoever they are."""
    enqueue_at(timezone.now(), "sharing.tasks.tell_of_end", queue="mail", image_id=str(image.pk), news=news)


def tell_of_end(image_id: str, news: str) -> None:
    """Deliver what ``end_changed`` has asked for, if it still holds.

    Args:
        news: "announced", "cancelled", "obsolete soon" or "retired soon".
    """
    image = Image.objects.live().select_related("replacement").get(pk=image_id)
    if (image.deprecated_at is None) is not (news == "cancelled") or _is_announced_too_often(image, news):
        return
    shares = list(_reaching(image))
    with_replacement = _recipients_of(image.replacement) if image.replacement else set()
    for knows in (True, False):
        some = [share for share in shares if (share.recipient_id in with_replacement) is knows]
        replacement = image.replacement if knows else None
        by = image.end_announced_by_id if news == "announced" else None
        context = {"image": image, "replacement": replacement, "reason": quoted(image.end_reason)}
        tell_recipients(f"end_{news.replace(' ', '_')}", some, but=by, **context)


def version_came(shares: Iterable[Share]) -> None:
    """Have those told who agreed to have later versions, and got one."""
    ids = [share.pk for share in shares]
    enqueue_at(timezone.now(), "sharing.tasks.tell_of_version", queue="mail", share_ids=ids)


def tell_of_version(share_ids: list[int]) -> None:
    """Deliver what ``version_came`` has asked for."""
    shares = Share.objects.filter(pk__in=share_ids).live().not_blocked().filter(gives_access() | is_waiting())
    tell_recipients("new_version", list(shares.with_sides().select_related("image__family")))


def owner_changed(image: Image, former: str) -> None:
    """Have those who have an image told whose it is now.

    Args:
        former: who gave it away, in words.
    """
    enqueue_at(timezone.now(), "sharing.tasks.tell_of_owner", queue="mail", image_id=str(image.pk), former=former)


def tell_of_owner(image_id: str, former: str) -> None:
    """Deliver what ``owner_changed`` has asked for."""
    tell_recipients("new_owner", list(_reaching(Image.objects.live().get(pk=image_id))), former=former)


def _reaching(image: Image) -> Iterable[Share]:
    shares = Share.objects.filter(gives_access() | is_waiting(), image=image)
    return shares.live().not_blocked().with_sides()


def _recipients_of(image: Image) -> set[int | None]:
    """Whom an image reaches as well, so that they may be told of it."""
    return {share.recipient_id for share in _reaching(image)}


def _is_announced_too_often(image: Image, news: str) -> bool:
    """Who announces and calls off, again and again, must not fill anybody's mailbox."""
    if news not in ("announced", "cancelled"):
        return False
    said = Event.objects.of("image", image.pk).filter(verb=f"end {news}")
    return said.filter(at__gt=timezone.now() - ONE_DAY).count() > MOST_A_DAY
