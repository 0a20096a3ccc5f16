"""What managers of an organization ask of its accounts: to look whether a share is still needed."""

from django.db import transaction
from django.http import Http404

from accounts.errors import Conflict
from accounts.models import Organization
from accounts.permissions import Verb, lock
from accounts.records import record
from accounts.viewer import Viewer
from sharing import circulars
from sharing.exposure import ASKED, asked_lately, exposed_shares
from sharing.models import Share


@transaction.atomic
def ask_for_review(organization: Organization, share_id: int, *, by: Viewer) -> Share:
    """Ask the admins of an account whether a share outside is still needed. Only they can remove it.

    Raises:
        Http404: the viewer is not in the organization, or it shares nothing like this outside.
        PermissionDenied: only a manager.
        Conflict: they were asked less than a day ago.
    """
    group = lock(organization, by=by, verb=Verb.SEE_EXPOSURE)
    share = exposed_shares(group).filter(pk=share_id).first()
    if share is None:
        raise Http404
    if (str(share.image_id), share.address_text) in asked_lately([str(share.image_id)]):
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
