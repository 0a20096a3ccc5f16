"""The pages of application credentials: the list, a new one with its secret, and the end of one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains

from accounts.models import Account, Membership, User
from accounts.roles import Role
from api.actions import make_credential
from api.actions.credentials import MOST_CREDENTIALS
from api.credentials import credential_for
from api.listing import CREDENTIALS_ON_A_PAGE
from api.models import ApplicationCredential
from tests import factories
from tests.factories import signed_in
from tests.people import Cast

FORM = {"name": "ci", "role": "observer", "ends": "90"}


def page(name: str, account: Account, *more: str) -> str:
    return reverse(f"credential_{name}", args=[account.number, *more])


def shown(user: User, account: Account, **parameters: str) -> str:
    answer = signed_in(user).get(page("list", account), parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def make(client: Client, account: Account, **fields: str) -> Any:
    return client.post(page("create", account), FORM | fields)


def many(user: User, account: Account, count: int) -> None:
    now = timezone.now()
    made = ApplicationCredential.objects.bulk_create(
        ApplicationCredential(
            id=f"{account.number}-{user.pk}-{n}", name=f"many-{n:02}", user=user, account=account, role="observer"
        )
        for n in range(count)
    )
    for n, each in enumerate(made):
        each.created_at = now - timedelta(minutes=n + 1)
    ApplicationCredential.objects.bulk_update(made, ["created_at"])


class TestList:
    def test_an_empty_one_teaches(self, cast: Cast) -> None:
        text = shown(cast.carol, cast.acme)
        assert "No program signs in here yet" in text
        assert 'data-copy="source openrc.sh"' in text
        assert f'href="{page("create", cast.acme)}"' in text
        assert 'data-copy="http://testserver/identity/v3"' in text

    def test_a_person_sees_theirs_and_an_admin_everybodys(self, cast: Cast) -> None:
        make_credential(by=cast.creator, name="carols", role=Role.CREATOR)
        make_credential(by=cast.producer, name="alices", role=Role.ADMIN)
        make_credential(by=factories.viewer(cast.carol), name="private", role=Role.ADMIN)
        assert [name in shown(cast.carol, cast.acme) for name in ("carols", "alices", "private")] == [
            True,
            False,
            False,
        ]
        text = shown(cast.alice, cast.acme)
        assert [name in text for name in ("carols", "alices", "private")] == [True, True, False]
        assert "Carol Cho" in text

    def test_it_says_what_a_program_has_now(self, cast: Cast) -> None:
        make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        Membership.objects.filter(user=cast.carol, group=cast.acme).update(role="observer")
        assert "made for creator" in shown(cast.alice, cast.acme)
        ApplicationCredential.objects.update(expires_at=timezone.now())
        assert "Expired" in shown(cast.alice, cast.acme)

    def test_whoever_is_deactivated_is_said_to_be(self, cast: Cast) -> None:
        make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        User.objects.filter(pk=cast.carol.pk).update(is_active=False)
        assert "Its person is deactivated" in shown(cast.alice, cast.acme)

    def test_pages_lead_on_and_back(self, cast: Cast) -> None:
        many(cast.carol, cast.acme, CREDENTIALS_ON_A_PAGE + 1)
        last = f"many-{CREDENTIALS_ON_A_PAGE}"
        first_page = shown(cast.alice, cast.acme)
        assert last not in first_page
        before = f"{cast.acme.number}-{cast.carol.pk}-{CREDENTIALS_ON_A_PAGE - 1}"
        assert f'href="?before={before}"' in first_page
        second_page = shown(cast.alice, cast.acme, before=before)
        assert last in second_page
        assert "Newer" in second_page
        assert "many-00" in shown(cast.alice, cast.acme, before="nul\0")

    def test_who_has_the_most_is_told_so(self, cast: Cast) -> None:
        many(cast.carol, cast.acme, MOST_CREDENTIALS)
        assert "credentials are the most that you may have" in shown(cast.carol, cast.acme)
        refused = make(signed_in(cast.carol), cast.acme)
        assertContains(refused, "credentials are the most that you may have", status_code=422)

    @pytest.mark.parametrize("count", [1, 20])
    def test_queries_do_not_grow(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries, count: int
    ) -> None:
        many(cast.carol, cast.acme, count)
        client = signed_in(cast.alice)
        client.get(page("list", cast.acme))  # the session remembers the account
        with django_assert_num_queries(9):
            client.get(page("list", cast.acme))

    def test_a_second_factor_makes_the_password_worth_nothing(self, cast: Cast) -> None:
        assertContains(
            signed_in(cast.carol).get(page("list", cast.acme)), reverse("access_openrc", args=[cast.acme.number])
        )
        Authenticator.objects.create(user=cast.carol, type=Authenticator.Type.TOTP, data={})
        answer = signed_in(cast.carol).get(page("list", cast.acme))
        assertContains(answer, "You sign in with a second factor")
        assertNotContains(answer, reverse("access_openrc", args=[cast.acme.number]))


class TestMaking:
    def test_the_secret_is_shown_this_once(self, cast: Cast) -> None:
        client = signed_in(cast.carol)
        answer = make(client, cast.acme)
        credential = ApplicationCredential.objects.get()
        secret = answer.context["secret"]
        assertContains(answer, f'data-copy="{secret}"')
        assert "no-store" in answer.headers["Cache-Control"]
        assert credential_for(secret=secret, pk=credential.pk)
        assert secret not in repr(dict(client.session))
        assertNotContains(client.get(page("list", cast.acme)), secret)

    @pytest.mark.parametrize(("ends", "days"), [("30", 30), ("90", 90), ("365", 365)])
    def test_it_ends_with_a_day(self, cast: Cast, ends: str, days: int) -> None:
        make(signed_in(cast.carol), cast.acme, ends=ends)
        end = ApplicationCredential.objects.get().expires_at
        assert end
        assert (end.date(), f"{end:%H:%M}") == (datetime.now(UTC).date() + timedelta(days=days), "23:59")

    def test_it_ends_on_a_day_of_ones_choice_or_never(self, cast: Cast) -> None:
        client, day = signed_in(cast.carol), datetime.now(UTC).date() + timedelta(days=400)
        make(client, cast.acme, name="on", ends="day", last_day=day.isoformat())
        make(client, cast.acme, name="never", ends="none", last_day="no day")
        ends = dict(ApplicationCredential.objects.values_list("name", "expires_at"))
        assert ends["never"] is None
        assert ends["on"]
        assert ends["on"].date() == day

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"name": ""}, "Enter a name."),
            ({"name": "a\u202eb"}, "Use one line"),
            ({"role": "admin"}, "Select a valid choice"),
            ({"role": ""}, "This field is required"),
            ({"ends": "1"}, "Select a valid choice"),
            ({"ends": "day"}, "Choose the last day."),
            ({"ends": "day", "last_day": "2020-01-01"}, "Choose a day from tomorrow on"),
            ({"description": "x" * 1001}, "at most 1000 characters"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, cast: Cast, fields: dict[str, str], said: str) -> None:
        assertContains(make(signed_in(cast.carol), cast.acme, **fields), said, status_code=422)
        assert not ApplicationCredential.objects.exists()

    def test_a_name_that_is_taken_keeps_the_rest(self, cast: Cast) -> None:
        make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        answer = make(signed_in(cast.carol), cast.acme, description="Where it runs.")
        assertContains(answer, "You have a credential of this name, for Acme Producers", status_code=422)
        assertContains(answer, "Where it runs.", status_code=422)

    def test_only_ones_own_roles_are_offered(self, cast: Cast) -> None:
        answer = signed_in(cast.carol).get(page("create", cast.acme))
        assertContains(answer, 'value="creator"')
        assertNotContains(answer, 'value="admin"')
        assertContains(answer, "you are a creator")

    def test_it_opens_in_the_dialog(self, cast: Cast) -> None:
        answer = signed_in(cast.carol).get(page("create", cast.acme), headers={"X-Dialog": "1"})
        assertContains(answer, "dialog-content")
        assertNotContains(answer, "<html")

    def test_queries(self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        client = signed_in(cast.carol)
        client.get(page("create", cast.acme))
        with django_assert_num_queries(17):
            make(client, cast.acme)


class TestRevoking:
    def test_it_says_what_ends_and_ends_it(self, cast: Cast) -> None:
        credential, _secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        client, path = signed_in(cast.carol), page("revoke", cast.acme, credential.pk)
        assertContains(client.get(path), "No program has used it so far.")
        assertContains(client.post(path, follow=True), "“ci” is revoked.")
        assert client.get(path).status_code == 404

    def test_an_admin_is_told_who_hears_of_it(self, cast: Cast) -> None:
        credential, _secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        ApplicationCredential.objects.update(last_used_at=timezone.now(), expires_at=timezone.now())
        path = page("revoke", cast.acme, credential.pk)
        assertContains(signed_in(cast.alice).get(path), "Carol Cho is told.")
        assertContains(signed_in(cast.alice).get(path), "It has expired")

    def test_queries(self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        credential, _secret = make_credential(by=cast.creator, name="ci", role=Role.CREATOR)
        client = signed_in(cast.carol)
        client.get(page("list", cast.acme))
        with django_assert_num_queries(7):
            client.get(page("revoke", cast.acme, credential.pk))
