"""Making and revoking application credentials."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from accounts import actions as account_actions
from accounts.models import Event, Membership, Notification
from accounts.roles import Role
from accounts.viewer import Viewer
from api.actions import make_credential, revoke_as_staff, revoke_credential, used
from api.actions.credentials import LONGEST_LIFE, MOST_CREDENTIALS, NOTED_EVERY
from api.credentials import credential_for, hash_of
from api.models import ApplicationCredential
from tests import factories
from tests.people import Cast


def make(by: Viewer, name: str = "ci", **wanted: Any) -> tuple[ApplicationCredential, str]:
    return make_credential(by=by, **{"name": name, "role": Role.OBSERVER} | wanted)


def problems_of(by: Viewer, **wanted: Any) -> dict[str, list[str]]:
    before = ApplicationCredential.objects.count()
    with pytest.raises(ValidationError) as refused:
        make(by, **wanted)
    assert ApplicationCredential.objects.count() == before
    return refused.value.message_dict


def test_what_is_kept_of_a_secret_is_its_hash(cast: Cast) -> None:
    credential, secret = make(cast.creator, description="Builds images.", role=Role.CREATOR)
    kept = ApplicationCredential.objects.get(pk=credential.pk)
    assert kept.secret_hash == hash_of(secret)
    assert len(bytes.fromhex(secret)) == 32
    assert (kept.user, kept.account, kept.role, kept.description) == (
        cast.carol,
        cast.acme,
        "creator",
        "Builds images.",
    )
    values = [str(value) for value in ApplicationCredential.objects.values_list().get()]
    assert not any(secret in value for value in values)


def test_each_is_an_event_without_the_secret(cast: Cast) -> None:
    credential, secret = make(cast.creator)
    revoke_credential(credential.pk, by=cast.creator)
    events = list(Event.objects.filter(subject_kind="credential", subject_id=credential.pk).order_by("pk"))
    assert [(event.verb, event.account, event.actor) for event in events] == [
        ("credential made", cast.acme, cast.carol),
        ("credential revoked", cast.acme, cast.carol),
    ]
    assert secret not in repr([vars(event) for event in events])


def test_the_person_gets_a_letter_that_always_comes_by_mail(cast: Cast) -> None:
    _credential, secret = make(cast.creator, name="ci")
    letter = Notification.objects.get(user=cast.carol)
    assert letter.kind == Notification.Kind.SECURITY
    assert "“ci”" in letter.body
    assert letter.path == f"/a/{cast.acme.number}/api-access/"
    assert secret not in letter.subject + letter.body


def test_a_role_is_at_most_ones_own(cast: Cast) -> None:
    assert "You are a creator of Acme Producers" in problems_of(cast.creator, role=Role.ADMIN)["role"][0]
    assert problems_of(cast.observer, role=Role.CREATOR)["role"]
    assert problems_of(cast.producer, role=Role.MANAGER)["role"]
    assert make(cast.producer, role=Role.ADMIN)[0].most is Role.ADMIN


def test_the_role_is_that_of_now(cast: Cast) -> None:
    before = cast.creator
    Membership.objects.filter(user=cast.carol, group=cast.acme).update(role=Role.OBSERVER)
    assert problems_of(before, role=Role.CREATOR)["role"]


def test_a_token_of_a_lower_role_makes_no_more_than_that(cast: Cast) -> None:
    assert problems_of(cast.producer.by_token(Role.OBSERVER), role=Role.CREATOR)["role"]


def test_whoever_is_gone_makes_none(cast: Cast) -> None:
    before = cast.creator
    Membership.objects.filter(user=cast.carol, group=cast.acme).delete()
    with pytest.raises(Http404):
        make(before)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "two\nlines", "nul\0", "half \ud800", "\u202edesrever"])
def test_a_name_is_one_line(cast: Cast, name: str) -> None:
    assert problems_of(cast.creator, name=name)["name"]


def test_a_description_is_text(cast: Cast) -> None:
    assert make(cast.creator, description="Two lines,\nand an emoji: \U0001f511")[0].description.endswith("\U0001f511")
    for description in ("nul\0", "half \ud800", "x" * 1001):
        assert problems_of(cast.creator, name="other", description=description)["description"]


def test_a_name_is_used_once_in_all_accounts_of_a_person(cast: Cast) -> None:
    first, _secret = make(cast.creator)
    own = factories.viewer(cast.carol)
    assert "Acme Producers" in problems_of(own, name=" ci ")["name"][0]
    make(cast.producer)
    revoke_credential(first.pk, by=cast.creator)
    assert make(own)[0].name == "ci"


def test_an_end_lies_ahead_and_not_too_far(cast: Cast) -> None:
    now = timezone.now()
    assert problems_of(cast.creator, expires_at=now)["expires_at"]
    assert problems_of(cast.creator, expires_at=now + LONGEST_LIFE + timedelta(minutes=1))["expires_at"]
    assert make(cast.creator, expires_at=now + timedelta(minutes=1))[0].is_live


def test_there_are_so_many_and_no_more(cast: Cast) -> None:
    make(cast.creator, name="short", expires_at=timezone.now() + timedelta(minutes=1))
    for number in range(MOST_CREDENTIALS - 1):
        ApplicationCredential.objects.create(
            id=f"{number}", name=f"{number}", user=cast.carol, account=cast.acme, role="observer", secret_hash="-"
        )
    assert f"{MOST_CREDENTIALS} credentials are the most" in problems_of(cast.creator, name="one more")["name"][0]
    ApplicationCredential.objects.filter(name="short").update(expires_at=timezone.now())
    make(cast.creator, name="one more")


def test_whoever_is_somebody_else_does_not_revoke_it(cast: Cast) -> None:
    credential, _secret = make(cast.creator)
    olga = factories.make_person("olga")
    factories.join(olga, cast.acme, Role.OBSERVER)
    for other in (factories.viewer(olga, cast.acme), factories.viewer(cast.carol), cast.consumer):
        with pytest.raises(Http404):
            revoke_credential(credential.pk, by=other)
    assert ApplicationCredential.objects.get().is_live


def test_an_admin_revokes_those_of_others_who_are_told(cast: Cast) -> None:
    credential, _secret = make(cast.creator)
    revoke_credential(credential.pk, by=cast.producer)
    event = Event.objects.get(verb="credential revoked")
    assert (event.actor, event.detail) == (cast.alice, {"person": "carol"})
    told = Notification.objects.filter(user=cast.carol).latest("pk")
    assert (told.kind, "Alice Archer" in told.body) == (Notification.Kind.SECURITY, True)
    assert not Notification.objects.filter(user=cast.alice).exists()


def test_what_is_revoked_is_not_there(cast: Cast) -> None:
    credential, _secret = make(cast.creator)
    revoke_credential(credential.pk, by=cast.creator)
    with pytest.raises(Http404):
        revoke_credential(credential.pk, by=cast.creator)
    row = ApplicationCredential.objects.get()
    assert (row.revoked_by, row.is_live) == (cast.carol, False)


def test_only_an_administrator_of_the_panel_revokes_for_everybody(cast: Cast) -> None:
    credential, _secret = make(cast.creator)
    with pytest.raises(PermissionDenied):
        revoke_as_staff(credential.pk, by=cast.sam)
    revoke_as_staff(credential.pk, by=cast.root)
    with pytest.raises(Http404):
        revoke_as_staff(credential.pk, by=cast.root)
    assert Event.objects.get(verb="credential revoked").account == cast.acme


def test_leaving_ends_them_for_good(cast: Cast) -> None:
    _credential, secret = make(cast.creator)
    here = credential_for(secret=secret, user=cast.carol, name="ci")
    assert here
    elsewhere, _secret = make(factories.viewer(cast.carol), name="own")
    account_actions.leave(cast.acme, by=cast.creator)
    factories.join(cast.carol, cast.acme, Role.CREATOR)
    assert credential_for(secret=secret, pk=here.pk) is None
    assert ApplicationCredential.objects.live().get() == elsewhere


def test_being_removed_ends_them_with_an_event_for_each_that_was_live(cast: Cast) -> None:
    make(cast.creator)
    expired, _secret = make(cast.creator, name="old", expires_at=timezone.now() + timedelta(minutes=1))
    ApplicationCredential.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    membership = Membership.objects.get(user=cast.carol, group=cast.acme)
    account_actions.remove_member(cast.acme, membership.pk, by=cast.producer)
    assert not ApplicationCredential.objects.filter(revoked_at__isnull=True).exists()
    assert Event.objects.filter(verb="credential revoked").count() == 1


def test_closing_an_account_says_and_ends_them(cast: Cast) -> None:
    make(cast.creator)
    make(cast.producer)
    [told] = [text for text in account_actions.groups.consequences_of_closing(cast.acme) if "credential" in text]
    assert told == "2 application credentials will be revoked."
    account_actions.close(cast.acme, by=cast.producer)
    assert set(ApplicationCredential.objects.values_list("revoked_by", flat=True)) == {cast.alice.pk}


def test_a_use_is_noted_once_a_minute(cast: Cast, django_assert_num_queries: Any) -> None:
    credential, _secret = make(cast.creator)
    with django_assert_num_queries(1):
        used(credential)
    credential.refresh_from_db()
    with django_assert_num_queries(0):
        used(credential)
    credential.last_used_at = timezone.now() - NOTED_EVERY
    with django_assert_num_queries(1):
        used(credential)
