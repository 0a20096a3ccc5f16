"""Making people, and changing what they are."""

from datetime import datetime

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts import actions, hooks
from accounts.errors import Conflict
from accounts.models import Event, Membership, User
from accounts.roles import Role
from accounts.setup import check_code, new_code
from tests.factories import join
from tests.people import Cast


def test_everybody_has_an_account_with_exactly_themselves(cast: Cast) -> None:
    for user in User.objects.all():
        only = Membership.objects.get(group=user.personal_account.pk)
        assert (only.user, only.role) == (user, Role.ADMIN)


def test_the_manager_makes_whole_people(db: None) -> None:
    boss = User.objects.create_superuser("Boss", "boss@example.org", "a-password")
    assert (boss.username, boss.is_superuser, boss.personal_account.title) == ("boss", True, "boss")


def administrator(code: str) -> User:
    return actions.create_first_administrator(code=code, login="root", email="Root@example.org", password="long-enough")


def test_the_code_makes_the_first_administrator_and_is_over(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    code = new_code()
    with django_capture_on_commit_callbacks(execute=True):
        root = administrator(code)
    assert root.is_superuser
    assert EmailAddress.objects.get(user=root).verified
    assert not check_code(code)


def test_a_wrong_code_makes_nobody(db: None) -> None:
    new_code()
    with pytest.raises(ValidationError, match="not the code of now"):
        administrator("wrong")
    assert not User.objects.exists()


def test_there_is_only_one_first_administrator(cast: Cast) -> None:
    with pytest.raises(Conflict, match="administrator already"):
        administrator(new_code())


def test_a_new_name_is_recorded(cast: Cast) -> None:
    actions.edit_person(name="Erin E.", by=cast.erin)
    actions.edit_person(name="Erin E.", by=cast.erin)
    assert User.objects.get(pk=cast.erin.pk).name == "Erin E."
    assert Event.objects.get(verb="renamed").account == cast.erin.personal_account


def test_a_deactivated_person_is_out_and_can_come_back(cast: Cast) -> None:
    actions.deactivate_person(cast.erin, by=cast.root)
    assert not User.objects.get(pk=cast.erin.pk).is_active
    actions.reactivate_person(cast.erin, by=cast.root)
    actions.reactivate_person(cast.erin, by=cast.root)
    assert User.objects.get(pk=cast.erin.pk).is_active
    verbs = Event.objects.filter(subject_kind="user", actor=cast.root).exclude(verb="signed up")
    assert sorted(verbs.values_list("verb", flat=True)) == ["deactivated", "reactivated"]


def test_only_an_administrator_deactivates_and_not_themselves(cast: Cast) -> None:
    for by in (cast.alice, cast.sam, cast.erin):
        with pytest.raises(PermissionDenied):
            actions.deactivate_person(cast.erin, by=by)
    with pytest.raises(PermissionDenied):
        actions.deactivate_person(cast.root, by=cast.root)
    with pytest.raises(PermissionDenied):
        actions.reactivate_person(cast.erin, by=cast.sam)


def test_whoever_decides_alone_is_not_deactivated(cast: Cast) -> None:
    with pytest.raises(Conflict, match="Rival Images"):
        actions.deactivate_person(cast.rhea, by=cast.root)
    join(cast.trudy, cast.rival, Role.ADMIN)
    actions.deactivate_person(cast.rhea, by=cast.root)


def test_a_confirmed_address_is_told_to_the_other_apps(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[User, str, datetime]] = []
    monkeypatch.setattr(hooks.email_confirmed, "_answers", [lambda *what: asked.append(what)])
    now = timezone.now()
    actions.email_was_confirmed(cast.erin, "erin@new.example", link_sent_at=now)
    assert asked == [(cast.erin, "erin@new.example", now)]


def test_a_reviewer_looks_and_changes_nothing(cast: Cast) -> None:
    for _ in range(2):
        actions.make_reviewer(cast.sam, by=cast.root)
    sam = User.objects.get(pk=cast.sam.pk)
    assert sam.is_staff
    assert sam.has_perm("accounts.view_event")
    decides = {right for right in sam.get_all_permissions() if ".view_" not in right}
    assert decides == {"accounts.verify_account", "sharing.review_case"}
    assert Event.objects.filter(verb="made reviewer").count() == 1
    with pytest.raises(PermissionDenied):
        actions.make_reviewer(cast.erin, by=cast.sam)
