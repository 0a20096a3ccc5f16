"""Inviting, and what invited people answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from accounts import actions
from accounts.errors import Conflict
from accounts.models import AnyGroup, Event, Invitation, Membership, Notification
from accounts.roles import Role
from accounts.viewer import Viewer
from tests.factories import make_account, make_organization, make_person, viewer
from tests.people import Cast

Status = Invitation.Status


def invite(cast: Cast, address: str = "erin", role: Role = Role.CREATOR) -> Invitation:
    """Alice invites somebody into Acme Producers."""
    return actions.invite(cast.acme, address=address, role=role, by=cast.producer)


def problem(action: Callable[[], object]) -> str:
    """The code of the one thing that is wrong."""
    with pytest.raises(ValidationError) as caught:
        action()
    [errors] = caught.value.error_dict.values()
    return str(errors[0].code)


def test_an_invitation_waits_for_an_answer(cast: Cast) -> None:
    invitation = invite(cast)
    assert invitation.status == Status.PENDING
    assert invitation.invitee == cast.erin
    assert not Membership.objects.filter(group=cast.acme.pk, user=cast.erin).exists()
    assert Event.objects.get(verb="invited").detail == {"invited": "erin", "role": "creator"}


def test_accepting_joins_records_and_tells(cast: Cast) -> None:
    invitation = invite(cast)
    actions.accept_invitation(invitation.pk, by=cast.erin)
    assert Membership.objects.get(group=cast.acme.pk, user=cast.erin).role == Role.CREATOR
    assert Event.objects.get(verb="joined").account == cast.acme
    assert Notification.objects.get(user=cast.alice).subject == "Erin Estrada has joined Acme Producers"


def test_accepting_twice_is_no_error_and_does_nothing(cast: Cast) -> None:
    invitation = invite(cast)
    for _ in range(2):
        actions.accept_invitation(invitation.pk, by=cast.erin)
    assert Event.objects.filter(verb="joined").count() == 1


def test_declining_is_final(cast: Cast) -> None:
    invitation = invite(cast)
    actions.decline_invitation(invitation.pk, by=cast.erin)
    actions.decline_invitation(invitation.pk, by=cast.erin)
    assert Event.objects.filter(verb="declined").count() == 1
    with pytest.raises(Conflict, match="declined"):
        actions.accept_invitation(invitation.pk, by=cast.erin)


def test_what_was_accepted_cannot_be_declined(cast: Cast) -> None:
    invitation = invite(cast)
    actions.accept_invitation(invitation.pk, by=cast.erin)
    with pytest.raises(Conflict, match="accepted"):
        actions.decline_invitation(invitation.pk, by=cast.erin)


def test_nobody_answers_for_somebody_else(cast: Cast) -> None:
    invitation = invite(cast)
    for answer in (actions.accept_invitation, actions.decline_invitation):
        with pytest.raises(Http404):
            answer(invitation.pk, by=cast.trudy)


def test_an_invitation_that_was_taken_back_never_existed(cast: Cast) -> None:
    invitation = invite(cast)
    actions.revoke_invitation(cast.acme, invitation.pk, by=cast.producer)
    with pytest.raises(Http404):
        actions.accept_invitation(invitation.pk, by=cast.erin)
    with pytest.raises(Http404):
        actions.revoke_invitation(cast.acme, invitation.pk, by=cast.producer)
    assert invite(cast).status == Status.PENDING


def test_an_answered_invitation_cannot_be_taken_back(cast: Cast) -> None:
    invitation = invite(cast)
    actions.accept_invitation(invitation.pk, by=cast.erin)
    with pytest.raises(Conflict, match="accepted"):
        actions.revoke_invitation(cast.acme, invitation.pk, by=cast.producer)


def test_an_invitation_of_another_account_is_not_found(cast: Cast) -> None:
    invitation = invite(cast)
    with pytest.raises(Http404):
        actions.revoke_invitation(cast.beta, invitation.pk, by=cast.consumer)


def test_only_an_admin_invites(cast: Cast) -> None:
    with pytest.raises(PermissionDenied, match="Only an admin"):
        actions.invite(cast.acme, address="erin", role=Role.OBSERVER, by=cast.creator)
    with pytest.raises(Http404):
        actions.invite(cast.acme, address="erin", role=Role.OBSERVER, by=cast.consumer)


def test_rights_are_checked_anew_under_the_lock(cast: Cast) -> None:
    alice = cast.producer
    Membership.objects.filter(user=cast.alice, group=cast.acme.pk).update(role=Role.OBSERVER)
    with pytest.raises(PermissionDenied):
        actions.invite(cast.acme, address="erin", role=Role.OBSERVER, by=alice)


def test_nobody_is_invited_into_a_personal_account(cast: Cast) -> None:
    own = viewer(cast.alice)
    with pytest.raises(PermissionDenied, match="one person"):
        actions.invite(own.account, address="erin", role=Role.OBSERVER, by=own)


@pytest.mark.parametrize("role", [Role.MEMBER, Role.MANAGER])
def test_roles_belong_to_their_kind(cast: Cast, role: Role) -> None:
    assert problem(lambda: invite(cast, role=role)) == "invalid_role"


def test_members_and_invited_people_are_not_invited_again(cast: Cast) -> None:
    assert problem(lambda: invite(cast, "carol")) == "member"
    invite(cast)
    assert problem(lambda: invite(cast)) == "invited"


def test_a_member_invited_by_address_is_not_given_away(cast: Cast) -> None:
    invitation = invite(cast, "carol@example.org", Role.ADMIN)
    actions.accept_invitation(invitation.pk, by=cast.carol)
    assert Membership.objects.get(user=cast.carol, group=cast.acme.pk).role == Role.CREATOR


def test_a_day_has_its_limit(cast: Cast, settings: Settings) -> None:
    settings.INVITATIONS_PER_DAY = 2
    invite(cast, "one@example.org")
    actions.invite(cast.golden_testers, address="two@example.org", role=Role.MEMBER, by=cast.producer)
    assert problem(lambda: invite(cast, "three@example.org")) == "too_many"
    Invitation.objects.update(invited_at=timezone.now() - timedelta(days=2))
    invite(cast, "three@example.org")


@pytest.mark.parametrize(("known", "unknown"), [("erin", "nobody-here"), ("erin@example.org", "x@nowhere.example")])
def test_known_and_unknown_people_cost_the_same(cast: Cast, known: str, unknown: str) -> None:
    counts = []
    for address in (known, unknown):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            invite(cast, address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


WorkThrough = Callable[[], int]


def tell(capture: DjangoCaptureOnCommitCallbacks, work_through: WorkThrough, action: Callable[[], Any]) -> None:
    with capture(execute=True):
        action()
    work_through()


def test_who_is_told(
    cast: Cast, work_through: WorkThrough, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for address in ("erin", "nobody-here", "x@nowhere.example"):
        tell(django_capture_on_commit_callbacks, work_through, lambda address=address: invite(cast, address))  # type: ignore[misc]
    told = Notification.objects.order_by("pk").values_list("user__username", "email")
    assert list(told) == [("erin", ""), (None, "x@nowhere.example")]


def test_a_strangers_mail_says_nothing_of_its_sender_and_comes_once_a_day(
    cast: Cast, work_through: WorkThrough, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def invite_twice() -> None:
        invite(cast, "x@nowhere.example")
        actions.invite(cast.golden_testers, address="x@nowhere.example", role=Role.MEMBER, by=cast.producer)

    tell(django_capture_on_commit_callbacks, work_through, invite_twice)
    message = Notification.objects.get(email="x@nowhere.example")
    assert not any(word in f"{message.subject} {message.body}" for word in ("Alice", "Acme", "Golden"))


def test_a_confirmed_address_gets_what_was_sent_to_it_before(cast: Cast) -> None:
    early = invite(cast, "new@example.org")
    late = actions.invite(cast.golden_testers, address="new@example.org", role=Role.MEMBER, by=cast.producer)
    Invitation.objects.filter(pk=early.pk).update(invited_at=timezone.now() - timedelta(hours=1))
    newcomer = make_person("newcomer")
    actions.email_was_confirmed(newcomer, "New@example.org", link_sent_at=timezone.now() - timedelta(minutes=1))
    assert list(Invitation.objects.pending_for(newcomer)) == [early]
    late.refresh_from_db()
    assert late.invitee is None


def into(organization: AnyGroup, number: str, by: Viewer) -> Invitation:
    return actions.invite_account(organization, number=number, by=by)  # type: ignore[arg-type]


def test_an_account_joins_by_one_of_its_admins(cast: Cast) -> None:
    invitation = into(cast.acme_group, cast.rival.grouped_number, cast.producer)
    for outsider in (cast.bob, cast.alice):
        with pytest.raises(Http404):
            actions.accept_invitation(invitation.pk, by=outsider)
    actions.accept_invitation(invitation.pk, by=cast.rhea)
    cast.rival.refresh_from_db()
    assert cast.rival.organization == cast.acme_group
    assert {"account joined", "joined an organization"} <= set(Event.objects.values_list("verb", flat=True))


def test_an_account_belongs_to_one_organization(cast: Cast) -> None:
    invitation = into(cast.acme_group, cast.beta.number, cast.producer)
    with pytest.raises(Conflict, match="another organization"):
        actions.accept_invitation(invitation.pk, by=cast.bob)


def test_only_a_manager_invites_accounts(cast: Cast) -> None:
    with pytest.raises(Http404):
        into(cast.acme_group, cast.rival.number, cast.consumer)
    assert problem(lambda: into(cast.acme_group, cast.acme.number, cast.producer)) == "member"
    assert problem(lambda: into(cast.acme_group, "4071 3859 63", cast.producer)) == "invalid"


def test_closing_takes_invitations_back(cast: Cast) -> None:
    account = make_account("Short-lived", cast.alice)
    sent = actions.invite(account, address="erin", role=Role.ADMIN, by=viewer(cast.alice, account))
    received = into(make_organization("Other", cast.bob), account.number, cast.consumer)
    actions.close(account, by=viewer(cast.alice, account))
    for invitation in (sent, received):
        invitation.refresh_from_db()
        assert invitation.status == Status.REVOKED
