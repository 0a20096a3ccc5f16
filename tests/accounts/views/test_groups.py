"""The pages that accounts, groups and organizations have alike."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.models import AnyGroup, Invitation, Membership
from accounts.pages import PAGES, group_path
from accounts.roles import Role
from accounts.viewer import Viewer
from tests.accounts.conftest import Browse
from tests.factories import join, make_account, make_person, viewer
from tests.people import Cast

GROUPS = ("acme", "golden_testers", "acme_group")


def path(cast: Cast, name: str, page: str = "detail", **more: object) -> str:
    return group_path(cast.producer, getattr(cast, name), page, **more)


def arguments(cast: Cast, group: AnyGroup, page: str) -> dict[str, object]:
    """What the address of a page names beside the group."""
    if page.startswith("member_"):
        return {"membership_id": Membership.objects.filter(group=group.pk).latest("pk").pk}
    return {"token": "00000000-0000-4000-8000-000000000000"} if page == "invitation_revoke" else {}


@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("what", PAGES)
def test_nobody_else_finds_the_pages(cast: Cast, browse: Browse, name: str, what: str) -> None:
    group = getattr(cast, name)
    address = path(cast, name, what, **arguments(cast, group, what))
    mine = address.replace(cast.acme.number, cast.rival.number)
    rhea = browse(cast.rhea)
    ask = rhea.get if what == "detail" else rhea.post
    assert ask(address).status_code == 404
    if name != "acme":  # the account's pages name nothing but the number
        assert ask(mine).status_code == 404


@pytest.mark.parametrize("name", ["acme", "golden_testers"])
@pytest.mark.parametrize("what", ["edit", "close", "invite", "member_role", "member_remove", "invitation_revoke"])
def test_who_does_not_decide_is_told_why(cast: Cast, browse: Browse, name: str, what: str) -> None:
    group, user = getattr(cast, name), cast.carol if name == "acme" else cast.erin
    account = cast.acme if name == "acme" else user.personal_account
    address = group_path(viewer(user, account), group, what, **arguments(cast, group, what))
    response = browse(user).post(address)
    assertContains(response, group.title, status_code=403)


@pytest.mark.parametrize("name", GROUPS)
def test_changes_are_posts(cast: Cast, browse: Browse, name: str) -> None:
    alice = browse(cast.alice)
    assert alice.get(path(cast, name, "invite")).status_code == 405
    for page in ("edit", "leave", "close"):
        assert alice.get(path(cast, name, page)).status_code == 200
    group = getattr(cast, name)
    group.refresh_from_db()
    assert group.is_open
    assert Membership.objects.filter(group=group.pk, user=cast.alice).exists()


@pytest.mark.parametrize(("name", "queries"), [("acme", 13), ("golden_testers", 8), ("acme_group", 11)])
def test_queries_do_not_grow_with_the_people(
    cast: Cast, browse: Browse, name: str, queries: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    group: AnyGroup = getattr(cast, name)
    alice, page = browse(cast.alice), path(cast, name)
    alice.get(page)
    with django_assert_num_queries(queries):
        alice.get(page)
    grow(group, cast)
    with django_assert_num_queries(queries):
        assert alice.get(page).status_code == 200


def grow(group: AnyGroup, cast: Cast) -> None:
    """Twenty more people, invitations and accounts."""
    from accounts.models import Account

    lowest = Role.OBSERVER if isinstance(group, Account) else Role.MEMBER
    for count in range(20):
        join(make_person(f"person{count}"), group, lowest)
        Invitation.objects.create(
            group=group.group_ptr, kind=group.kind, role=lowest, address_kind="login", address=f"other{count}",
            invited_by=cast.alice,
        )  # fmt: skip
        if group == cast.acme_group:
            make_account(f"Account {count}", cast.alice, organization=cast.acme_group)


def test_known_and_unknown_people_get_the_same_answer(cast: Cast, browse: Browse) -> None:
    alice, answers = browse(cast.alice), []
    for address in ("erin@example.org", "nobody@nowhere.example"):
        data = {"address": address, "role": "observer"}
        response = alice.post(path(cast, "acme", "invite"), data, follow=True)
        answers.append([str(message).replace(address, "…") for message in response.context["messages"]])
    assert answers[0] == answers[1] == ["… is invited. They join when they accept."]


def test_what_was_typed_stays_with_its_error(cast: Cast, browse: Browse) -> None:
    response = browse(cast.alice).post(path(cast, "acme", "invite"), {"address": "carol", "role": "admin"})
    assertContains(response, "carol is in Acme Producers already.")
    assertContains(response, 'value="carol"')
    assertContains(response, "data-error-summary")


def test_a_role_is_changed_and_a_member_removed(cast: Cast, browse: Browse) -> None:
    alice, carols = browse(cast.alice), Membership.objects.get(user=cast.carol, group=cast.acme.pk)
    page: dict[str, Any] = {"membership_id": carols.pk}
    assertContains(alice.get(path(cast, "acme", "member_role", **page)), "Carol Cho")
    response = alice.post(path(cast, "acme", "member_role", **page), {"role": "admin"}, follow=True)
    assertContains(response, "Carol Cho is now admin.")
    response = alice.post(path(cast, "acme", "member_remove", **page), follow=True)
    assertContains(response, "Carol Cho is no longer in Acme Producers.")


def test_the_last_admin_is_told_what_to_do_first(cast: Cast, browse: Browse) -> None:
    alice = browse(cast.alice)
    reason = "Alice Archer is the last admin of Acme Producers. Make somebody else admin first."
    assertContains(alice.get(path(cast, "acme")), reason)
    assertContains(alice.post(path(cast, "acme", "leave")), reason, status_code=409)


def test_only_who_decides_sees_who_is_invited(cast: Cast, browse: Browse) -> None:
    data = {"address": "secret@nowhere.example", "role": "observer"}
    browse(cast.alice).post(path(cast, "acme", "invite"), data)
    assertContains(browse(cast.alice).get(path(cast, "acme")), "secret@nowhere.example")
    for page in (path(cast, "acme"), reverse("activity", kwargs={"number": cast.beta.number})):
        person = cast.carol if cast.acme.number in page else cast.dave
        assertNotContains(browse(person).get(page), "secret@nowhere.example")


def test_addresses_of_members_are_private(cast: Cast, browse: Browse) -> None:
    assertNotContains(browse(cast.carol).get(path(cast, "acme")), "alice@example.org")


@pytest.mark.parametrize("kind", ["account", "team", "organization"])
def test_something_new(cast: Cast, browse: Browse, kind: str) -> None:
    where = {} if kind == "account" else {"number": cast.acme.number}
    response = browse(cast.alice).post(reverse(f"{kind}_create", kwargs=where), {"title": "Fresh"}, follow=True)
    assertContains(response, "Fresh is ready.")


def test_a_closed_account_leads_home(cast: Cast, browse: Browse) -> None:
    alice = browse(cast.alice)
    page = path(cast, "acme")
    assertRedirects(alice.post(path(cast, "acme", "close")), "/", fetch_redirect_response=False)
    assert alice.get(page).status_code == 404


def test_an_account_is_invited_and_removed(cast: Cast, browse: Browse) -> None:
    alice, where = browse(cast.alice), {"number": cast.acme.number, "pk": cast.acme_group.pk}
    invite = reverse("organization_account_invite", kwargs=where)
    assertContains(alice.post(invite, {"address": "4071 3859 63"}), "mistyped")
    assertContains(alice.post(invite, {"address": cast.rival.number}, follow=True), "One of its admins is asked.")
    remove = reverse("organization_account_remove", kwargs=where | {"account_id": cast.acme.pk})
    assert alice.get(remove).status_code == 200
    assertContains(alice.post(remove, follow=True), "no longer in the organization")
    assert (
        alice.get(reverse("organization_account_remove", kwargs=where | {"account_id": cast.beta.pk})).status_code
        == 404
    )


def test_an_account_leaves_its_organization(cast: Cast, browse: Browse) -> None:
    page = reverse("account_leave_organization", kwargs={"number": cast.acme.number})
    assert browse(cast.carol).post(page).status_code == 403
    alice = browse(cast.alice)
    assert alice.get(page).status_code == 200
    assertContains(alice.post(page, follow=True), "has left its organization")


@pytest.mark.parametrize("name", ["team_list", "organization_list"])
def test_lists_show_what_one_is_in(cast: Cast, browse: Browse, name: str) -> None:
    alice: Viewer = cast.producer
    page = browse(cast.alice).get(reverse(name, kwargs={"number": alice.account.number}))
    assertContains(page, "Golden Testers" if name == "team_list" else "Acme Group")
    number = cast.trudy.personal_account.number
    assertContains(browse(cast.trudy).get(reverse(name, kwargs={"number": number})), "You are in no")


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_number_that_no_column_holds_is_nobodys(cast: Cast, browse: Browse, method: str) -> None:
    where = {"number": cast.acme.number, "pk": cast.acme_group.pk, "account_id": 10**30}
    answer = getattr(browse(cast.alice), method)(reverse("organization_account_remove", kwargs=where))
    assert answer.status_code == 404
