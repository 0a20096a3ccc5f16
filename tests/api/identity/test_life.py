"""What a token is worth: no more than its account and its role, and nothing once what it was made with is gone."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, User
from accounts.permissions import may_verify
from accounts.roles import Role
from accounts.viewer import Viewer
from api import tokens
from api.actions import make_credential, revoke_credential
from api.models import ApplicationCredential
from api.permissions import may_revoke_as_staff
from images.models import Image
from images.permissions import Verb, get_image, may_operate, may_set_quotas
from sharing.actions import offer
from sharing.permissions import may_review
from tests import factories
from tests.api.conftest import MakeProgram
from tests.people import Cast

pytestmark = pytest.mark.database  # the question that is written once is another on PostgreSQL
ANYTHING = "/identity/v3/auth/catalog"


def changes_password(cast: Cast) -> None:
    cast.carol.set_password("another-horse-9")
    cast.carol.save()


def leaves(cast: Cast) -> None:
    Membership.objects.filter(user=cast.carol, group=cast.acme.pk).delete()


def is_deactivated(cast: Cast) -> None:
    User.objects.filter(pk=cast.carol.pk).update(is_active=False)


def account_closes(cast: Cast) -> None:
    cast.acme.closed_at, cast.acme.closed_by = timezone.now(), cast.alice
    cast.acme.save()


@pytest.mark.parametrize("happens", [changes_password, leaves, is_deactivated, account_closes])
def test_a_token_dies_with(api: MakeProgram, cast: Cast, happens: Callable[[Cast], None]) -> None:
    program = api(cast.creator)
    assert program.get(ANYTHING).status_code == 200
    happens(cast)
    assert program.get(ANYTHING).status_code == 401


@pytest.mark.parametrize("happens", [changes_password, is_deactivated])
def test_a_token_without_a_scope_dies_with(api: MakeProgram, cast: Cast, happens: Callable[[Cast], None]) -> None:
    program = api(cast.carol)
    assert program.get("/identity/v3/auth/projects").status_code == 200
    happens(cast)
    assert program.get("/identity/v3/auth/projects").status_code == 401


@pytest.fixture
def credential(cast: Cast) -> ApplicationCredential:
    """Alice's for Acme Producers, as creator."""
    return make_credential(by=cast.producer, name="builds", role=Role.CREATOR)[0]


def test_a_token_of_a_credential_dies_with_it_and_not_with_the_password(
    api: MakeProgram, cast: Cast, credential: ApplicationCredential
) -> None:
    program = api(cast.producer, credential=credential)
    cast.alice.set_password("another-horse-9")
    cast.alice.save()
    assert program.get(ANYTHING).status_code == 200
    revoke_credential(credential.pk, by=cast.producer)
    assert program.get(ANYTHING).status_code == 401


def test_a_credential_opens_no_other_account(api: MakeProgram, cast: Cast, credential: ApplicationCredential) -> None:
    assert api(cast.alice, cast.alice.personal_account, credential=credential).get(ANYTHING).status_code == 401


def test_a_token_ends(api: MakeProgram, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    program = api(cast.producer)
    later = timezone.now() + timedelta(seconds=tokens.LIFETIME + 1)
    monkeypatch.setattr("api.tokens.time.time", later.timestamp)
    assert program.get(ANYTHING).status_code == 401


def test_nobody_writes_a_token(api: MakeProgram, cast: Cast) -> None:
    text = api(cast.producer).token
    said, time, signature = text.split(":")
    other = api(cast.consumer).token.split(":")[0]
    for forged in (f"{other}:{time}:{signature}", f"{said}:{time}:{signature[::-1]}", said, f"{said}::", text + "x"):
        answer = api().get(ANYTHING, headers={"X-Auth-Token": forged})
        assert answer.status_code == 401


def test_the_role_is_that_of_now(api: MakeProgram, cast: Cast, credential: ApplicationCredential) -> None:
    text = api(cast.producer, credential=credential).token
    assert role_of(text) is Role.CREATOR
    Membership.objects.filter(user=cast.alice, group=cast.acme.pk).update(role=Role.OBSERVER)
    assert role_of(text) is Role.OBSERVER


def role_of(text: str) -> Role:
    caller = tokens.caller_of(text)
    assert caller
    assert caller.viewer
    assert {membership.role for membership in caller.viewer.memberships} == {caller.viewer.role}
    return caller.viewer.role


def test_asking_who_it_is_costs_one_query(api: MakeProgram, cast: Cast, credential: ApplicationCredential) -> None:
    for program in (api(cast.producer), api(cast.alice), api(cast.producer, credential=credential)):
        tokens.caller_of(program.token)  # the question is written once
        with CaptureQueriesContext(connection) as captured:
            caller = tokens.caller_of(program.token)
            assert caller
            if caller.viewer:
                assert caller.viewer.account.is_open
                assert caller.viewer.principals == {cast.acme.pk, cast.acme_group.pk}
                assert caller.viewer.accounts == [cast.acme]
                assert caller.viewer.account.group_ptr.pk == cast.acme.pk
        assert len(captured) == 1


# --- Nothing of what else the person is -------------------------------------------------------------


@pytest.fixture
def reached(cast: Cast) -> dict[str, Image]:
    """Images that Bob can see, each by another way. All of them he could boot from."""
    other = factories.make_account("Other Works", cast.bob)
    by = factories.viewer(cast.bob, other)
    images = {
        "own": factories.make_image(cast.beta, cast.bob, name="own"),
        "other": factories.make_image(other, cast.bob, name="other"),
        "personal": factories.make_image(cast.bob.personal_account, cast.bob, name="personal"),
    }
    ways: dict[str, Any] = {
        "account": cast.beta,
        "organization": cast.beta_holdings,
        "person": cast.bob.personal_account,
        "group": cast.night_shift,
    }
    for name, group in ways.items():
        images[name] = factories.make_image(other, cast.bob, name=name)
        offer(images[name].pk, by=by, groups=[group.group_ptr])
    return images


def test_a_token_sees_what_its_account_and_the_organization_see(cast: Cast, reached: dict[str, Image]) -> None:
    viewer = viewer_of(cast.consumer)
    assert names(Image.objects.visible_to(cast.consumer)) == set(reached) - {"other", "personal"}
    assert names(Image.objects.visible_to(viewer)) == {"own", "account", "organization"}
    assert names(Image.objects.usable_by(viewer)) == {"own", "account", "organization"}
    assert names(Image.objects.exportable_by(viewer)) == {"own", "account", "organization"}
    for name in ("other", "personal", "person", "group"):
        with pytest.raises(Http404):
            get_image(viewer, reached[name].pk, Verb.SEE)


def test_a_token_decides_for_its_account_alone(cast: Cast) -> None:
    viewer = viewer_of(cast.consumer)
    assert viewer.decides_for == {cast.beta.pk}
    assert (viewer.managed_teams, viewer.managed_organizations) == ([], [])
    assert viewer.administered_accounts == [cast.beta]
    assert viewer_of(cast.observer).decides_for == frozenset()


def test_a_token_stays_limited_when_the_person_is_looked_at_again(cast: Cast) -> None:
    kept, _secret = make_credential(by=cast.producer, name="reads", role=Role.OBSERVER)
    viewer = viewer_of(cast.producer, credential=kept)
    again = viewer.now()
    assert again
    assert (again.role, again.principals) == (Role.OBSERVER, viewer.principals)


def test_staff_are_nobody_special_by_a_token(api: MakeProgram, cast: Cast) -> None:
    secret = factories.make_image(cast.acme, cast.alice, name="secret")
    rights = Permission.objects.filter(content_type__app_label__in=["accounts", "images", "sharing", "servers", "api"])
    cast.sam.user_permissions.set(rights)
    for person in (cast.sam, cast.root):
        assert may_review(User.objects.get(pk=person.pk))
        caller = tokens.caller_of(api(factories.viewer(person)).token)
        assert caller
        assert caller.viewer
        asked = (may_review, may_verify, may_set_quotas, may_revoke_as_staff)
        assert not any(may(caller.user) or may(caller.viewer.user) for may in asked)
        assert not any(
            caller.user.has_perm(f"{app}.{name}")
            for app, name in rights.values_list("content_type__app_label", "codename")
        )
        assert not may_operate(caller.user, secret)
        assert names(Image.objects.visible_to(caller.viewer)) == set()
    cast.root.refresh_from_db()
    assert cast.root.is_superuser


def viewer_of(viewer: Viewer, credential: ApplicationCredential | None = None) -> Viewer:
    """Who asks with a token of this viewer."""
    number, method = viewer.account.number, "application_credential" if credential else "password"
    token = tokens.issue(viewer.user, number=number, methods=(method,), credential=credential)
    caller = tokens.caller_of(token.signed())
    assert caller
    assert caller.viewer
    return caller.viewer


def names(images: Iterable[Image]) -> set[str]:
    return {image.name for image in images}
