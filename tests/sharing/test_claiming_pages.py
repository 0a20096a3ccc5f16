"""The pages of claim codes: made, shown once, entered, looked at, accepted."""

import logging
import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects
from pytest_django.fixtures import Settings

from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.actions import MadeCode, Terms
from sharing.claiming import NOT_THERE, SHOWN_FOR
from sharing.codes import make_code
from sharing.models import ClaimCode, Policy, Share
from tests import factories
from tests.factories import signed_in
from tests.people import Cast

PROMISES = {"questions": ["licences", "secrets", "malware"], "export": "on"}
CODE = re.compile(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){6}\b")


@pytest.fixture
def made(cast: Cast, golden: Image) -> MadeCode:
    """A code for golden."""
    terms = Terms("Hardened base, please use.")
    return actions.make_claim_code(golden.pk, by=cast.creator, whom="Jane at Beta", terms=terms)


def url(name: str, cast: Cast, **kwargs: Any) -> str:
    account = cast.beta if name in {"claim_begin", "claim_confirm"} else cast.acme
    return reverse(name, kwargs={"number": account.number, **kwargs})


def enter(client: Client, cast: Cast, code: str) -> Any:
    return client.post(url("claim_begin", cast), {"code": code})


def test_from_making_to_accepting(cast: Cast, golden: Image) -> None:
    alice, bob = signed_in(cast.carol), signed_in(cast.bob)
    data = {"whom": "Jane at Beta", "days": "3", "message": "As agreed.", **PROMISES}
    shown = alice.post(url("claim_code_create", cast, pk=golden.pk), data)
    code = CODE.findall(shown.content.decode())[0]
    assert "no-store" in shown.headers["Cache-Control"]
    share = Share.objects.get()

    begun = enter(bob, cast, f" {code.lower()} ")
    assertRedirects(begun, url("claim_confirm", cast, share=share.pk))
    page = bob.get(begun.headers["Location"])
    for fact in ("Acme Producers", "As agreed.", golden.data.checksum, "debian-12-golden"):
        assertContains(page, fact)
    done = bob.post(begun.headers["Location"], follow=True)
    assertContains(done, "is now among the saved images of Beta Consumers")
    share.refresh_from_db()
    assert (share.status, share.recipient_id) == ("accepted", cast.beta.pk)


def test_the_table_tells_what_became_of_it(cast: Cast, golden: Image, made: MadeCode) -> None:
    alice = signed_in(cast.alice)
    detail = reverse("image_detail", kwargs={"number": cast.acme.number, "pk": golden.pk})
    page = alice.get(detail)
    assertContains(page, "Jane at Beta")
    assertContains(page, "claim code")
    assertNotContains(page, "Remind")
    assertNotContains(page, made.code)
    Share.objects.update(offer_expires_at=timezone.now())
    assertContains(alice.get(detail), "Make a new code")
    assertNotContains(alice.get(detail), "Share again")


def test_a_new_code_is_shown_as_well(cast: Cast, golden: Image, made: MadeCode) -> None:
    alice = signed_in(cast.alice)
    page = url("claim_code_renew", cast, pk=golden.pk, share=made.share.pk)
    assert alice.get(page).status_code == 409
    Share.objects.update(offer_expires_at=timezone.now())
    assertContains(alice.get(page), "Make a new code for Jane at Beta?")
    [code, *_again] = CODE.findall(alice.post(page, {"days": "1"}).content.decode())
    assert enter(signed_in(cast.bob), cast, code).status_code == 302
    assert enter(signed_in(cast.bob), cast, made.code).status_code == 422


@pytest.mark.parametrize("how", ["unknown", "used", "expired", "revoked"])
def test_codes_that_do_not_work_have_one_answer_in_the_same_statements(
    cast: Cast, golden: Image, made: MadeCode, how: str
) -> None:
    rhea = signed_in(cast.rhea)
    page = reverse("claim_begin", kwargs={"number": cast.rival.number})
    rhea.get(page)
    code = make_code() if how == "unknown" else made.code
    if how == "used":
        actions.claim_offer(made.share.pk, by=cast.consumer, offered_at=made.share.offered_at)
    elif how == "expired":
        Share.objects.update(offer_expires_at=timezone.now())
    elif how == "revoked":
        actions.remove(golden.pk, made.share.pk, by=cast.producer)
    with CaptureQueriesContext(connection) as captured:
        answer = rhea.post(page, {"code": code})

    assert answer.status_code == 422
    assert answer.context["form"].errors["code"] == [NOT_THERE]
    assert len([query for query in captured if "sharing_claimcode" in query["sql"]]) == 1
    assert len(captured) == STATEMENTS


STATEMENTS = 7  # session, person, memberships, the code, and what every page asks


def test_what_is_no_code_is_told_without_looking(cast: Cast, made: MadeCode) -> None:
    answer = enter(signed_in(cast.bob), cast, made.code[:-1])
    assertContains(answer, "has 28 letters and digits; this has 27", status_code=422)


def test_entering_codes_is_limited_for_each_person(cast: Cast, made: MadeCode) -> None:
    bob = signed_in(cast.bob)
    assert {enter(bob, cast, make_code()).status_code for _again in range(20)} == {422}
    assertContains(enter(bob, cast, made.code), "too many tries", status_code=429)
    assert enter(signed_in(cast.rhea), cast, make_code()).status_code == 404
    rhea = signed_in(cast.rhea)
    answer = rhea.post(reverse("claim_begin", kwargs={"number": cast.rival.number}), {"code": make_code()})
    assert answer.status_code == 422, "Another person has tries of their own."


def test_without_the_code_there_is_nothing_to_see(cast: Cast, made: MadeCode) -> None:
    bob = signed_in(cast.bob)
    page = url("claim_confirm", cast, share=made.share.pk)
    for answer in (bob.get(page), bob.post(page)):
        assertRedirects(answer, url("claim_begin", cast), fetch_redirect_response=False)
    assert Share.objects.get().status == "pending"


def test_having_shown_it_lasts_half_an_hour(cast: Cast, made: MadeCode, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = signed_in(cast.bob)
    page = enter(bob, cast, made.code).headers["Location"]
    later = time.time() + SHOWN_FOR + 1
    monkeypatch.setattr("sharing.claiming.time.time", lambda: later)
    assert bob.get(page).status_code == 302
    assert bob.post(page).status_code == 302
    assert Share.objects.get().status == "pending"


def test_a_code_that_was_shown_does_not_outlive_a_new_one(cast: Cast, golden: Image, made: MadeCode) -> None:
    bob = signed_in(cast.bob)
    page = enter(bob, cast, made.code).headers["Location"]
    Share.objects.update(offer_expires_at=timezone.now())
    actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator)
    assertContains(bob.post(page, follow=True), "This code does not work")
    assert Share.objects.get().status == "pending"


def test_the_code_is_in_no_address_no_session_and_no_log(
    cast: Cast, made: MadeCode, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bob = signed_in(cast.bob)
    answer = enter(bob, cast, made.code)
    bob.post(answer.headers["Location"])
    sessions = " ".join(str(row.get_decoded()) for row in Session.objects.all())
    plain = made.code.replace("-", "")
    said = [record.getMessage() for record in caplog.records if record.name != "django.db.backends"]
    for text in (answer.headers["Location"], sessions, *said):
        assert made.code not in text
        assert plain not in text
        assert ClaimCode.objects.get().digest not in text


@pytest.mark.parametrize(("who", "reason"), [
    ("dave", "Only an admin of Beta Consumers"), ("bob", "has blocked Acme Producers"),
])  # fmt: skip
def test_who_cannot_accept_reads_why(cast: Cast, made: MadeCode, who: str, reason: str) -> None:
    if who == "bob":
        actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
    client = signed_in(getattr(cast, who))
    page = enter(client, cast, made.code).headers["Location"]
    assertContains(client.get(page), reason)
    client.post(page)
    assert Share.objects.get().status == "pending"


def test_a_policy_that_refuses_says_so(cast: Cast, made: MadeCode) -> None:
    Policy.objects.create(group=cast.beta.group_ptr, mode=Policy.Mode.ENFORCED, only_trusted=True)
    bob = signed_in(cast.bob)
    page = enter(bob, cast, made.code).headers["Location"]
    assertContains(bob.post(page, follow=True), "takes only images of producers that it trusts")
    assert Share.objects.get().status == "pending"


def test_ones_own_image_is_told(cast: Cast, made: MadeCode) -> None:
    alice = signed_in(cast.alice)
    begun = alice.post(reverse("claim_begin", kwargs={"number": cast.acme.number}), {"code": made.code})
    assertContains(alice.get(begun.headers["Location"]), "Acme Producers owns this image already.")


def test_the_address_to_send_leads_to_where_one_works(cast: Cast) -> None:
    answer = signed_in(cast.bob).get(reverse("claim"))
    assertRedirects(answer, url("claim_begin", cast))


def test_both_lists_lead_there(cast: Cast) -> None:
    bob, page = signed_in(cast.bob), url("claim_begin", cast)
    for name in ("image_list", "offer_list"):
        assertContains(bob.get(reverse(name, kwargs={"number": cast.beta.number})), page)


def test_what_the_day_does_not_allow_is_said_on_top(cast: Cast, golden: Image, settings: Settings) -> None:
    settings.OFFERS_PER_DAY = 0
    answer = signed_in(cast.alice).post(url("claim_code_create", cast, pk=golden.pk), {"days": "3", **PROMISES})
    assertContains(answer, "0 are allowed", status_code=422)


def test_wrong_input_comes_back_with_what_was_typed(cast: Cast, golden: Image) -> None:
    answer = signed_in(cast.alice).post(
        url("claim_code_create", cast, pk=golden.pk), {"whom": "Jane at Beta", "days": "99", "message": "Hello."}
    )
    assert set(answer.context["form"].errors) == {"days", "questions"}
    assertContains(answer, "Jane at Beta", status_code=422)


def test_rules_that_keep_images_inside_say_so_at_once(cast: Cast, golden: Image) -> None:
    from sharing.models import Rules

    Rules.objects.create(organization=cast.acme_group, outside=Rules.Outside.FORBIDDEN)
    answer = signed_in(cast.alice).get(url("claim_code_create", cast, pk=golden.pk))
    assertContains(answer, "may not share", status_code=403)


def test_the_page_of_an_image_costs_the_same_with_many_codes(cast: Cast, golden: Image, made: MadeCode) -> None:
    alice = signed_in(cast.alice)
    detail = reverse("image_detail", kwargs={"number": cast.acme.number, "pk": golden.pk})
    alice.get(detail)
    with CaptureQueriesContext(connection) as one:
        alice.get(detail)
    for _another in range(5):
        actions.make_claim_code(golden.pk, by=cast.creator, terms=Terms())
    Share.objects.update(offered_at=timezone.now() - timedelta(days=1))
    with CaptureQueriesContext(connection) as many:
        alice.get(detail)
    assert len(one) == len(many)


def test_a_creator_accepts_where_the_policy_lets_them(cast: Cast, made: MadeCode) -> None:
    cleo = factories.make_person("cleo")
    factories.join(cleo, cast.beta, Role.CREATOR)
    Policy.objects.create(group=cast.beta.group_ptr, accepting=Policy.Accepting.CREATORS)
    client = signed_in(cleo)
    client.post(enter(client, cast, made.code).headers["Location"])
    assert Share.objects.get().decided_by == cleo


def test_a_label_and_later_versions_can_be_said_in_the_same_step(cast: Cast, golden: Image, made: MadeCode) -> None:
    Share.objects.update(offers_future=True)
    bob = signed_in(cast.bob)
    page = enter(bob, cast, made.code).headers["Location"]
    assertContains(bob.get(page), "Later versions too")
    assertContains(bob.post(page, {"label": "x" * 300}), "at most 255", status_code=422)
    assertContains(bob.post(page, {"label": "Our base", "future": "on"}, follow=True), "Our base")
    share = Share.objects.get()
    assert (share.status, share.takes_future) == ("accepted", True)
