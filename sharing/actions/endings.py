"""What shares do when something else changes: an image, a group, an email address."""

from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.permissions import lock_rows
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import refresh_grants
from sharing import letters
from sharing.actions import cases
from sharing.actions.changes import decide, end_later_versions_of, record_for_producer, sync
from sharing.models import AddressKind, Block, Share, Trust

CLOSED = "The recipient was closed."


def follow_image(image: Image, by: Viewer) -> None:
    """After an image's visibility changed or it was deleted: grants follow, and those who had it are told."""
    refresh_grants(image)
    cases.follow_image(image, by)
    if image.is_live:
        return
    for share in Share.objects.of_image(image):
        share.image = image
        letters.image_deleted(share, by)


@transaction.atomic
def end_shares_of(group: Group, by: Viewer) -> None:
    """A group, organization or account is being closed: end what was shared with it, whom it trusted and blocked.

    The producer sees an accepted share end. A pending one stays as it was, addressed to nobody: if it vanished, the
    producer would learn that somebody had been there.
    """
    for share in lock_shares(Q(recipient=group.pk)):
        before, was_accepted = share.recipient, share.status == Share.Status.ACCEPTED
        if was_accepted:
            end_later_versions_of(share)
            decide(share, Share.Status.REJECTED, by.user)
            share.reason = CLOSED
        if share.is_addressed:
            share.recipient = None
        share.save()
        sync(share, before=before)
        if was_accepted:
            record_for_producer("left", share)
    Trust.objects.filter(Q(recipient=group.pk) | Q(producer=group.pk)).delete()
    Block.objects.filter(Q(recipient=group.pk) | Q(producer=group.pk)).delete()


@transaction.atomic
def resolve_email(user: User, address: str, link_sent_at: datetime) -> None:
    """Give a person the offers that were made to an address before the link went out by which they confirmed it."""
    personal = user.personal_account
    lock_rows([personal.pk])  # so that nobody is blocked meanwhile
    waiting = Q(kind=AddressKind.EMAIL, address=address.lower(), recipient=None, offered_at__lt=link_sent_at)
    for share in lock_shares(waiting & ~Q(image__account=personal)):
        share.recipient = personal.group_ptr
        share.save(update_fields=["recipient"])
        sync(share)
        if share.state == Share.Status.PENDING and share.image.grants_apply and not Block.objects.silences(share):
            _record_reached(share, user)


def lock_shares(which: Q) -> list[Share]:
    """Shares, read again under the locks of their images, which are taken in one order."""
    image_ids = set(Share.objects.filter(which).values_list("image_id", flat=True))
    images = Image.objects.select_for_update(of=("self",)).select_related("account").order_by("pk")
    locked = {image.pk: image for image in images.filter(pk__in=image_ids)}
    shares = list(Share.objects.filter(which, image__in=locked).select_related("recipient").order_by("pk"))
    for share in shares:
        share.image = locked[share.image_id]
    return shares


def _record_reached(share: Share, user: User) -> None:
    """Written for the person only: the producer must not learn that the address belongs to somebody now."""
    record(
        "reached",
        subject_kind="image",
        subject_id=share.image_id,
        subject_name=share.image.name,
        by=user,
        account=user.personal_account,
        address=share.address,
    )
