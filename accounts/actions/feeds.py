"""Addresses for feed readers: the activity of an account, as one person may know it."""

import hashlib
import secrets
from typing import Any

from django.db import transaction
from django.http import Http404

from accounts.models import Feed
from accounts.records import record
from accounts.viewer import Viewer

TOKEN_BYTES = 32


@transaction.atomic
def make_feed(*, by: Viewer) -> str:
    """Make an address by which a feed reader reads what this person may know of the account. An older one ends.

    Returns:
        The secret text of the address, which is kept nowhere.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed, _made = Feed.objects.update_or_create(account=by.account, user=by.user, defaults={"digest": digest_of(token)})
    _record("feed made", feed, by)
    return token


@transaction.atomic
def revoke_feed(feed_id: int, *, by: Viewer) -> None:
    """End an address: one's own, or as an admin of the account anybody's.

    Raises:
        Http404: there is no such feed for this viewer.
    """
    feed = Feed.objects.shown_to(by).filter(pk=feed_id).first()
    if feed is None:
        raise Http404
    _record("feed revoked", feed, by)
    feed.delete()


def digest_of(token: str) -> str:
    """What is kept of a secret text that is too long to be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def _record(verb: str, feed: Feed, by: Viewer) -> None:
    whose = {} if feed.user_id == by.user.pk else {"person": feed.user.username}
    told: dict[str, Any] = {"subject_kind": "feed", "subject_id": feed.pk, "subject_name": feed.user.username} | whose
    record(verb, by=by, **told)
