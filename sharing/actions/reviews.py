"""What managers of an organization ask of its accounts: to look whether a share is still needed."""

from datetime import timedelta

from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Organization
from accounts.permissions import Verb, lock
from accounts.records import record
from accounts.viewer import Viewer
from sharing import circulars
from sharing.exposure import exposed_shares
from sharing.models import Share

ASKED = "asked for a review"
AT_MOST_EVERY = timedelta(days=1)


@transaction.atomic
def ask_for_review(organization: Organization, share_id: int, *, by: Viewer) -> Share:
    """Ask the admins of an account whether a share outside is still needed. Only they can remove it.

    Raises:
        Http404: the viewer is not in the organization, or it shares nothing like this outside.
        PermissionDenied: only a manager.
        Conflict: they were asked less than a day ago.
    """
    group = lock(organization, by=by, verb=Verb.SET_RULES)
    share = exposed_shares(group).filter(pk=share_id).first()
    if share is None:
        raise Http404
    asked = Event.objects.of("image", share.image_id).filter(verb=ASKED, address=share.address_text)
    if asked.filter(at__gt=timezone.now() - AT_MOST_EVERY).exists():
        raise Conflict(f"The admins of {share.image.account.title} were asked less than a day ago.")
    record(
        ASKED,
        subject_kind="image",
        subject_id=share.image_id,
        subject_name=share.image.name,
        by=by.user,
        account=share.image.account,
        address=share.address_text,
        organization=group.title,
    )
    circulars.review_wanted(share, group, by)
    return share
