"""Staff: people who administer the panel, or look at it and decide on the review desk."""

from typing import TypeVar

from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actions.events import record_of_group
from accounts.actions.groups import end_verification
from accounts.errors import Conflict
from accounts.models import Account, Membership, Organization, User
from accounts.permissions import OWN, is_own, lock_rows, may_verify
from accounts.records import record
from accounts.roles import Kind, Role

V = TypeVar("V", Account, Organization)

REVIEWERS = "Reviewers"
# What people send each other, and what they keep for themselves, is not for reviewers; nor are the images that are
# not open to everybody (images/admin.py): staff meet those only in a request or a report about them.
REVIEWED = {
    "accounts": ("account", "event", "invitation", "membership", "organization", "team", "user"),
    "images": ("image", "imagetag", "region"),
    "sharing": ("case",),
}
# What reviewers decide, each by a permission of its own: cases on the review desk, and who is who it says it is.
DECIDED = {"accounts": ("verify_account",), "sharing": ("review_case",)}


@transaction.atomic
def make_reviewer(user: User, *, by: User | None = None) -> None:
    """Let somebody look at people, groups and open images in the administration, and decide on the review desk.

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
    """The staff group of those who look, and decide on the review desk."""
    group, _created = Group.objects.get_or_create(name=REVIEWERS)
    theirs = Q()
    for app, models in REVIEWED.items():
        theirs |= Q(content_type__app_label=app, codename__in=[f"view_{model}" for model in models])
    for app, codenames in DECIDED.items():
        theirs |= Q(content_type__app_label=app, codename__in=codenames)
    group.permissions.set(Permission.objects.filter(theirs))
    return group


@transaction.atomic
def verify(group: V, *, by: User) -> V:
    """Say that staff made sure that an account or organization is who its name says. Renaming it ends that.

    Raises:
        PermissionDenied: the person is not staff who may verify, or is in it themselves.
        Conflict: it is verified already, or closed.
    """
    group = _locked(group, by)
    if not group.is_open:
        raise Conflict(f"{group.title} is closed.")
    if group.is_verified:
        raise Conflict(f"{group.title} is verified already.")
    group.verified_at, group.verified_by = timezone.now(), by
    group.save(update_fields=["verified_at", "verified_by"])
    record_of_group("verified", group, by=by)
    return group


@transaction.atomic
def unverify(group: V, *, by: User) -> V:
    """Take it back.

    Raises:
        PermissionDenied: as ``verify``.
        Conflict: it is not verified.
    """
    group = _locked(group, by)
    if not group.is_verified:
        raise Conflict(f"{group.title} is not verified.")
    end_verification(group, by=by)
    return group


def _locked(group: V, by: User) -> V:
    if not may_verify(by):
        raise PermissionDenied("Only staff who may verify accounts can do this.")
    if is_own(by, group):
        raise PermissionDenied(OWN.format(group.title))
    lock_rows([group.pk])
    return type(group).objects.get(pk=group.pk)
