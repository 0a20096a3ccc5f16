"""Makes what the actions have just done look as if it had been done some time ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from accounts.models import Account, Event, Invitation, Membership, Notification, Organization, Team, User
from images.models import ContentCheck, Family, Image, ImageData, Import, PlannedChange, QuotaRequest, Reference, Upload
from sharing.grants import sync_grants
from sharing.models import Block, Case, HandOver, OfferRequest, Report, Share, Trust

# Tasks that would write to people, and those that wait between one try and the next.
LEFT_OUT = {"accounts.tasks.send_mail", "images.tasks.run_import"}

# Where each model says when something happened.
TIMES: tuple[tuple[Any, str], ...] = (
    (User, "date_joined"),
    *((kind, "created_at") for kind in (Account, Organization, Team)),
    *((kind, "verified_at") for kind in (Account, Organization)),
    (Membership, "joined_at"),
    (Invitation, "invited_at"),
    (Invitation, "decided_at"),
    (Event, "at"),
    (Notification, "created_at"),
    (Notification, "mailed_at"),
    (ImageData, "created_at"),
    (ContentCheck, "requested_at"),
    (ContentCheck, "finished_at"),
    (Upload, "created_at"),
    (Upload, "seen_at"),
    (Import, "since"),
    (QuotaRequest, "requested_at"),
    (Image, "created_at"),
    (Image, "updated_at"),
    (Image, "deactivated_at"),
    (Image, "deprecated_at"),
    (Image, "end_announced_at"),
    (Family, "created_at"),
    (HandOver, "offered_at"),
    (Image, "listed_at"),
    (PlannedChange, "planned_at"),
    (Reference, "created_at"),
    (Share, "decided_at"),
    *((Case, f"{what}_at") for what in ("opened", "taken", "decided")),
    (Report, "reported_at"),
    (Trust, "trusted_at"),
    (Block, "blocked_at"),
    (OfferRequest, "requested_at"),
    (OfferRequest, "expires_at"),
)


@contextmanager
def ago(*, days: int = 0, hours: int = 0, minutes: int = 0) -> Iterator[None]:
    """Put every moment that is written inside the block this far into the past."""
    start, shift = timezone.now(), timedelta(days=days, hours=hours, minutes=minutes)
    yield
    _do_what_waits()
    Notification.objects.filter(created_at__gte=start).update(mailed_at=timezone.now())  # nobody is written to
    _offers_back(start, shift)
    for model, name in TIMES:
        # A plain queryset: that of events refuses to change what happened.
        QuerySet(model).filter(**{f"{name}__gte": start}).update(**{name: F(name) - shift})


def _do_what_waits() -> None:
    """Do now what the actions left to the workers, so that it belongs to the same moment. Nobody is written to."""
    while connection.run_on_commit or OrmQ.objects.exists():
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for callback in waiting:
            callback[1]()
        for row in OrmQ.objects.order_by("pk"):
            task = SignedPackage.loads(row.payload)
            row.delete()
            if task["func"] not in LEFT_OUT:
                import_string(task["func"])(*task["args"], **task["kwargs"])


def _offers_back(start: datetime, shift: timedelta) -> None:
    """An offer runs out later than it was made, so both of its moments move together, and its grants with them."""
    ids = list(Share.objects.filter(offered_at__gte=start).values_list("pk", flat=True))
    Share.objects.filter(pk__in=ids).update(
        offered_at=F("offered_at") - shift, offer_expires_at=F("offer_expires_at") - shift
    )
    for share in Share.objects.filter(pk__in=ids, recipient__isnull=False).select_related("image", "recipient"):
        sync_grants(share.image, share.recipient)
