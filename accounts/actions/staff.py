"""Staff: people who administer the panel or only look at it."""

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from accounts.models import Membership, User
from accounts.records import record
from accounts.roles import Kind, Role

REVIEWERS = "Reviewers"
# What people send each other, and what they keep for themselves, is not for reviewers; nor are the images that are
# not open to everybody (images/admin.py): staff meet those only in a request or a report about them.
REVIEWED = {
    "accounts": ("account", "event", "invitation", "membership", "organization", "team", "user"),
    "images": ("image", "imagetag", "region"),
}


@transaction.atomic
def make_reviewer(user: User, *, by: User | None = None) -> None:
    """Let somebody look at people, groups and open images in the administration, and change nothing.

    Args:
        by: the administrator who says so; None for the panel itself (the demo).

    Raises:
        PermissionDenied: only an administrator does this.
    """
    if by is not None and not by.is_superuser:
        raise PermissionDenied("Only an administrator of the panel can do this.")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    membership = {"kind": Kind.STAFF, "role": Role.MEMBER}
    _, joined = Membership.objects.get_or_create(user=user, group=reviewers(), defaults=membership)
    if joined:
        account = user.personal_account
        record(
            "made reviewer",
            subject_kind="user",
            subject_id=user.pk,
            subject_name=user.username,
            by=by,
            account=account,
        )


def reviewers() -> Group:
    """The staff group of those who only look."""
    group, _created = Group.objects.get_or_create(name=REVIEWERS)
    reviewed = Q()
    for app, models in REVIEWED.items():
        reviewed |= Q(content_type__app_label=app, codename__in=[f"view_{model}" for model in models])
    group.permissions.set(Permission.objects.filter(reviewed))
    return group
