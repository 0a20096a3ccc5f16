"""The administration of people."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
from django_q.models import Schedule
from pytest_django.asserts import assertContains

from accounts import actions
from accounts.models import Event, Membership, User
from tests.accounts.conftest import Browse
from tests.people import Cast

MODELS = ["user", "account", "team", "organization", "membership", "invitation", "event", "notification"]


def page(model: str, name: str = "changelist", *args: int) -> str:
    return reverse(f"admin:accounts_{model}_{name}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_search_work(cast: Cast, browse: Browse, model: str) -> None:
    assert browse(cast.root).get(page(model), {"q": "acme"}).status_code == 200


@pytest.mark.parametrize("model", [model for model in MODELS if model != "user"])
def test_what_goes_past_the_rules_is_read_only(cast: Cast, browse: Browse, model: str) -> None:
    assert browse(cast.root).get(page(model, "add")).status_code == 403


def test_a_new_person_has_an_account(cast: Cast, browse: Browse) -> None:
    form = {"username": "newcomer", "email": "n@example.org", "usable_password": "true"}
    passwords = {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    browse(cast.root).post(page("user", "add"), form | passwords)
    assert User.objects.get(username="newcomer").personal_account.title == "newcomer"


def test_a_persons_page_shows_memberships_and_keeps_the_state(cast: Cast, browse: Browse) -> None:
    root = browse(cast.root)
    assertContains(root.get(page("user", "change", cast.alice.pk)), cast.alice.personal_account.grouped_number)
    form = {"username": "alice", "name": "Alice A.", "email": "alice@example.org", "is_active": ""}
    empty = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    root.post(page("user", "change", cast.alice.pk), form | empty)
    alice = User.objects.get(pk=cast.alice.pk)
    assert (alice.name, alice.is_active) == ("Alice A.", True)


def test_operations_call_the_actions(cast: Cast, browse: Browse) -> None:
    root, chosen = browse(cast.root), [cast.alice.pk, cast.erin.pk]
    response = root.post(page("user"), {"action": "deactivate", "_selected_action": chosen}, follow=True)
    assertContains(response, "Alice is the last who decides for")
    assert list(User.objects.filter(is_active=False)) == [cast.erin]
    root.post(page("user"), {"action": "reactivate", "_selected_action": chosen})
    assert not User.objects.filter(is_active=False).exists()
    assert Event.objects.filter(verb="reactivated").count() == 1


def test_reviewers_look_and_change_nothing(cast: Cast, browse: Browse) -> None:
    actions.make_reviewer(cast.sam, by=cast.root)
    sam = browse(cast.sam)
    for model in MODELS:
        assert sam.get(page(model)).status_code == (403 if model == "notification" else 200)
    assert sam.get(page("user", "change", cast.alice.pk)).status_code == 200
    assert sam.post(page("user", "change", cast.alice.pk), {"username": "x"}).status_code == 403
    sam.post(page("user"), {"action": "deactivate", "_selected_action": [cast.erin.pk]})
    assert User.objects.get(pk=cast.erin.pk).is_active


def test_only_staff_groups_are_shown_as_groups(cast: Cast, browse: Browse) -> None:
    staff = Group.objects.create(name="Helpers")
    root = browse(cast.root)
    shown = root.get(reverse("admin:auth_group_changelist")).context["cl"].queryset
    assert list(shown) == [staff]
    assert root.get(reverse("admin:auth_group_change", args=[cast.acme.pk])).status_code == 302


def test_other_people_have_no_administration(cast: Cast, browse: Browse) -> None:
    response = browse(cast.alice).get(reverse("admin:index"), follow=True)
    assert response.status_code == 403


def test_nobody_deletes_people(cast: Cast, browse: Browse) -> None:
    assert browse(cast.root).post(page("user", "delete", cast.erin.pk), {"post": "yes"}).status_code == 403
    assert Membership.objects.filter(user=cast.erin).exists()


def test_guardians_own_tables_are_not_exposed() -> None:
    assert not [model for model in admin.site._registry if model._meta.app_label == "guardian"]


def test_nobody_confirms_an_address_for_somebody_else(cast: Cast, browse: Browse) -> None:
    address = EmailAddress.objects.get(user=cast.erin)
    root = browse(cast.root)
    assertContains(root.get(reverse("admin:account_emailaddress_changelist")), "erin@example.org")
    assert (
        root.post(reverse("admin:account_emailaddress_change", args=[address.pk]), {"verified": ""}).status_code == 403
    )


TASKS = ["schedule", "success", "failure", "ormq"]


@pytest.mark.parametrize("model", [f"django_q_{name}" for name in TASKS] + ["mfa_authenticator"])
def test_nobody_makes_the_server_run_something_or_plants_a_second_factor(
    cast: Cast, browse: Browse, model: str
) -> None:
    root = browse(cast.root)
    assert root.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert root.get(reverse(f"admin:{model}_add")).status_code == 403


def test_a_schedule_cannot_be_turned_into_another_function(cast: Cast, browse: Browse) -> None:
    schedule = Schedule.objects.create(name="Mail", func="accounts.tasks.send_mail")
    path = reverse("admin:django_q_schedule_change", args=[schedule.pk])
    assert browse(cast.root).post(path, {"func": "os.system", "args": "'id'"}).status_code == 403


def test_a_lost_second_factor_is_removed_by_the_action(cast: Cast, browse: Browse) -> None:
    TOTP.activate(cast.alice, generate_totp_secret())
    browse(cast.root).post(page("user"), {"action": "remove_second_factors", "_selected_action": [cast.alice.pk]})
    assert not Authenticator.objects.filter(user=cast.alice).exists()
    assert Event.objects.filter(verb="second factor removed", actor=cast.root).count() == 1
