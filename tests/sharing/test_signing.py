"""Offers that are accepted at once, because somebody proved that they are an admin of the receiving account."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import Settings

from accounts.actions import close
from accounts.models import Event, Notification, User
from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.actions import Outcome, Terms
from sharing.models import Policy, Rules, Share
from tests import factories
from tests.conftest import WorkThrough
from tests.factories import PASSWORD
from tests.people import Cast
from tests.sharing.conftest import grants

NOWHERE = "4071385969"  # a valid number that nobody has
PROMISES = {"questions": ["licences", "secrets", "malware"], "export": "on"}
NOT_PROVED = "Nothing was shared"


@pytest.fixture
def panel(client: Client, cast: Cast) -> Client:
    """Alice's browser."""
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page_of(cast: Cast, image: Image) -> str:
    return reverse("share_by_sign_in", kwargs={"number": cast.acme.number, "pk": image.pk})


def typed(cast: Cast, **changed: Any) -> dict[str, Any]:
    return {"number": cast.beta.grouped_number, "login": "bob", "password": PASSWORD, **PROMISES, **changed}


def test_it_is_accepted_at_once(panel: Client, cast: Cast, golden: Image, work_through: WorkThrough) -> None:
    answer = panel.post(page_of(cast, golden), typed(cast, message="As agreed."))

    assertRedirects(answer, f"/a/{cast.acme.number}/images/{golden.pk}/#sharing", fetch_redirect_response=False)
    share = Share.objects.get()
    assert (share.kind, share.address, share.status) == ("number", cast.beta.number, "accepted")
    assert (share.decided_by, share.offered_by) == (cast.bob, cast.alice)
    assert grants(golden) == {cast.beta.pk: {"VIEW", "USE", "EXPORT"}}
    work_through()
    letter = Notification.objects.get(user=cast.bob)
    assert "was accepted for Beta Consumers by signing in" in letter.subject
    assert "login “bob”" in letter.body


def test_both_sides_have_an_event_and_neither_has_a_secret(panel: Client, cast: Cast, golden: Image) -> None:
    panel.post(page_of(cast, golden), typed(cast))

    event = Event.objects.get(verb="accepted by signing in")
    assert (event.account, event.counterpart_id, event.actor) == (cast.acme, cast.beta.pk, cast.alice)
    written = [Share.objects.get(), *Event.objects.of("image", golden.pk)]
    everything = " ".join(str(vars(row)) for row in written)
    assert PASSWORD not in everything
    assert "bob" not in everything


def test_the_browser_stays_who_it_is(panel: Client, cast: Cast, golden: Image) -> None:
    before = dict(panel.session)
    key = panel.session.session_key
    panel.post(page_of(cast, golden), typed(cast))
    panel.post(page_of(cast, golden), typed(cast, password="wrong"))

    assert panel.session.session_key == key
    kept = {name: value for name, value in panel.session.items() if name in before}
    assert kept == before
    assert set(panel.session.keys()) - set(before) <= {"account", "_messages"}
    cast.bob.refresh_from_db()
    assert cast.bob.last_login is None


def test_a_pending_offer_becomes_accepted(panel: Client, cast: Cast, golden: Image, pending: Share) -> None:
    panel.post(page_of(cast, golden), typed(cast, message="New words."))
    share = Share.objects.get()
    assert (share.pk, share.status, share.message) == (pending.pk, "accepted", "New words.")


def test_what_is_accepted_already_is_said(panel: Client, cast: Cast, golden: Image, accepted: Share) -> None:
    answer = panel.post(page_of(cast, golden), typed(cast), follow=True)
    assertContains(answer, Outcome.ALREADY_ACCEPTED.value)
    assert Event.objects.filter(verb="offered").count() == 1


def test_it_can_be_undone(panel: Client, cast: Cast, golden: Image) -> None:
    panel.post(page_of(cast, golden), typed(cast))
    actions.undo_offers([Share.objects.get().pk], by=cast.producer)
    assert not Share.objects.exists()
    assert grants(golden) == {}


def wrong_password(cast: Cast) -> dict[str, Any]:
    return typed(cast, password="wrong")


def unknown_login(cast: Cast) -> dict[str, Any]:
    return typed(cast, login="nobody-here")


def unknown_number(cast: Cast) -> dict[str, Any]:
    return typed(cast, number=NOWHERE)


def observer(cast: Cast) -> dict[str, Any]:
    return typed(cast, login="dave")


def own_account(cast: Cast) -> dict[str, Any]:
    return typed(cast, number=cast.acme.number, login="alice")


def closed(cast: Cast) -> dict[str, Any]:
    close(cast.beta, by=cast.consumer)
    return typed(cast)


def switched_off(cast: Cast) -> dict[str, Any]:
    Policy.objects.create(group=cast.beta.group_ptr, by_sign_in=False)
    return typed(cast)


def switched_off_by_the_organization(cast: Cast) -> dict[str, Any]:
    cast.beta.organization = cast.beta_holdings
    cast.beta.save()
    Policy.objects.create(group=cast.beta_holdings.group_ptr, by_sign_in=False)
    return typed(cast)


def blocked(cast: Cast) -> dict[str, Any]:
    actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
    return typed(cast)


def policy_refuses(cast: Cast) -> dict[str, Any]:
    Policy.objects.create(group=cast.beta.group_ptr, mode=Policy.Mode.ENFORCED, only_trusted=True)
    return typed(cast)


def may_not_accept(cast: Cast) -> dict[str, Any]:
    """Cleo is an admin, but only managers of the organization accept."""
    factories.join(factories.make_person("cleo"), cast.beta, Role.ADMIN)
    actions.set_policy(cast.beta_holdings, by=cast.consumer, accepting="managers")
    return typed(cast, login="cleo")


WRONG = [
    wrong_password, unknown_login, unknown_number, observer, own_account, closed, switched_off,
    switched_off_by_the_organization, blocked, policy_refuses, may_not_accept,
]  # fmt: skip


def shape(sql: str) -> str:
    words = sql.replace('"', "").split()
    return " ".join(words[:1] + [words[words.index(mark) + 1] for mark in ("FROM", "INTO") if mark in words])


def answer_to(panel: Client, path: str, data: dict[str, Any]) -> tuple[int, list[str], str]:
    """The status of an answer, the statements that it took, and its text without what was typed."""
    with CaptureQueriesContext(connection) as captured:
        answer = panel.post(path, data)
    text = answer.content.decode()
    for part in (data["number"], data["login"]):
        text = text.replace(f'value="{part}"', "")
    return answer.status_code, [shape(query["sql"]) for query in captured], text.partition("<main")[2]


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_is_wrong_there_is_one_answer_and_no_share(
    panel: Client, cast: Cast, golden: Image, wrong: Any
) -> None:
    panel.get(page_of(cast, golden))
    expected = answer_to(panel, page_of(cast, golden), wrong_password(cast))
    found = answer_to(panel, page_of(cast, golden), wrong(cast))

    assert found[0] == 422
    assert found[1] == expected[1], "The same statements, whatever was wrong."
    assert without_tokens(found[2]) == without_tokens(expected[2])
    assert NOT_PROVED in found[2]
    assert not Share.objects.exists()


def without_tokens(text: str) -> list[str]:
    return [line for line in text.splitlines() if "csrf" not in line]


@pytest.mark.parametrize("login", ["cleo", "bob"])
def test_only_who_may_accept_uses_up_a_recovery_code(panel: Client, cast: Cast, golden: Image, login: str) -> None:
    data = may_not_accept(cast)
    person = User.objects.get(username=login)
    totp.TOTP.activate(person, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(person)
    code = codes.get_unused_codes()[0]
    answer = panel.post(page_of(cast, golden), data | {"login": login, "code": code})
    left = Authenticator.objects.get(user=person, type="recovery_codes").wrap().get_unused_codes()
    assert (answer.status_code, code in left) == ((302, False) if login == "bob" else (422, True))
    assert Share.objects.exists() is (login == "bob")


@pytest.mark.parametrize("outside", ["forbidden", "approval"])
def test_what_was_offered_before_the_rules_is_not_accepted_so(
    panel: Client, cast: Cast, golden: Image, pending: Share, outside: str
) -> None:
    Rules.objects.create(organization=cast.acme_group, outside=outside)
    assertContains(panel.post(page_of(cast, golden), typed(cast)), "outside of Acme Group", status_code=403)
    pending.refresh_from_db()
    assert pending.status == "pending"


def test_secrets_are_never_shown_again(panel: Client, cast: Cast, golden: Image) -> None:
    answer = panel.post(page_of(cast, golden), typed(cast, password="a-secret-word", code="987654"))
    assertContains(answer, 'value="bob"', status_code=422)
    assertNotContains(answer, "a-secret-word", status_code=422)
    assertNotContains(answer, "987654", status_code=422)


def test_mistyped_fields_say_so_and_count_nowhere(panel: Client, cast: Cast, golden: Image) -> None:
    answer = panel.post(page_of(cast, golden), typed(cast, number="4071385962", login="1x", password=""))
    assert set(answer.context["form"].errors) == {"number", "login", "password"}
    assert not Event.objects.filter(verb="failed to sign in").exists()


def test_a_failed_try_is_told_to_the_admins_a_few_times_a_day(
    panel: Client, cast: Cast, golden: Image, settings: Settings, work_through: WorkThrough
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    frank = factories.make_person("frank")
    factories.join(frank, cast.beta, Role.ADMIN)
    for login in ("bob", "dave", "nobody-here", "bob", "erin"):
        panel.post(page_of(cast, golden), typed(cast, login=login, password="wrong"))
    work_through()

    letters = list(Notification.objects.filter(user=cast.bob).order_by("pk"))
    assert len(letters) == 3 == Notification.objects.filter(user=frank).count()
    assert "no more letters about it today" not in letters[0].body
    assert "no more letters about it today" in letters[2].body
    assert not any(word in letter.body for letter in letters for word in ("nobody-here", "dave", "golden"))
    told = Event.objects.filter(account=cast.beta, verb="sign-in refused")
    assert told.count() == 5
    assert {(event.actor, event.network_address, event.subject_name) for event in told} == {
        (None, None, cast.acme.title)
    }


def test_a_failed_try_is_written_down_alike_whether_or_not_the_number_exists(
    panel: Client, cast: Cast, golden: Image, work_through: WorkThrough
) -> None:
    for number in (cast.beta.number, NOWHERE):
        panel.post(page_of(cast, golden), typed(cast, number=number, password="wrong"))
    work_through()
    written = Event.objects.filter(verb="failed to sign in", account=cast.acme)
    assert {event.address for event in written} == {cast.beta.grouped_number, "4071 3859 69"}
    assert {(event.counterpart, event.actor) for event in written} == {(None, cast.alice)}


def test_too_many_tries_are_refused_before_anything_is_compared(panel: Client, cast: Cast, golden: Image) -> None:
    for _again in range(5):
        panel.post(page_of(cast, golden), typed(cast, password="wrong"))
    answer = panel.post(page_of(cast, golden), typed(cast))
    assertContains(answer, "too many tries", status_code=429)
    assert not Share.objects.exists()


def test_what_the_proof_said_is_asked_again_under_the_lock(cast: Cast, golden: Image) -> None:
    def offered() -> object:
        return actions.offer_signed_in(golden.pk, by=cast.producer, account=cast.beta, admin=cast.dave, terms=Terms())

    assert offered() is None
    assert not Share.objects.exists()


def test_the_ordinary_checks_of_an_offer_hold(panel: Client, cast: Cast, golden: Image, settings: Settings) -> None:
    settings.OFFERS_PER_DAY = 0
    assertContains(panel.post(page_of(cast, golden), typed(cast)), "0 are allowed", status_code=422)
    settings.OFFERS_PER_DAY = 10
    Image.objects.filter(pk=golden.pk).update(visibility="community")
    assert panel.post(page_of(cast, golden), typed(cast)).status_code == 409


@pytest.mark.parametrize("number", ["beta", "nobody"])
def test_rules_keep_it_inside_without_asking_for_a_proof(panel: Client, cast: Cast, golden: Image, number: str) -> None:
    Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.APPROVAL)
    data = typed(cast, number=cast.beta.number if number == "beta" else NOWHERE)
    assertContains(panel.post(page_of(cast, golden), data), "outside of Acme Group", status_code=403)
    assert not Share.objects.exists()


def test_terms_go_with_it(cast: Cast, golden: Image) -> None:
    until = timezone.now() + timedelta(days=3)
    terms = Terms("Words.", export=False, access_until=until)
    offered = actions.offer_signed_in(golden.pk, by=cast.creator, account=cast.beta, admin=cast.bob, terms=terms)
    assert offered
    assert (offered.share.message, offered.share.export, offered.share.access_until) == ("Words.", False, until)
    assert grants(golden) == {cast.beta.pk: {"VIEW", "USE"}}


def test_an_observer_of_the_producer_may_not(cast: Cast, golden: Image) -> None:
    olga = factories.make_person("olga")
    factories.join(olga, cast.acme, Role.OBSERVER)
    by = factories.viewer(olga, cast.acme)
    with pytest.raises(PermissionDenied):
        actions.offer_signed_in(golden.pk, by=by, account=cast.beta, admin=cast.bob, terms=Terms())
