"""Staff: people who administer the panel or only look at it."""

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts.models import Membership, User
from accounts.records import record
from accounts.roles import Kind, Role

REVIEWERS = "Reviewers"
OUR_APPS = ("accounts", "images", "sharing")


@transaction.atomic
def make_reviewer(user: User, *, by: User | None = None) -> None:
    """Let somebody look at everything in the administration, and change nothing.

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
    """The staff group of those who only look, with the right to view whatever the panel keeps."""
    group, _created = Group.objects.get_or_create(name=REVIEWERS)
    rights = Permission.objects.filter(content_type__app_label__in=OUR_APPS, codename__startswith="view_")
    group.permissions.set(rights)
    return group
