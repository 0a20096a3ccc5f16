"""Claim codes: made once, shown once, used once."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.errors import Conflict
from accounts.models import Event, Notification
from accounts.roles import Role
from images.actions.changes import delete
from images.models import Image
from sharing import actions
from sharing.actions import MadeCode, Terms
from sharing.claiming import NOT_THERE
from sharing.codes import digest_of
from sharing.models import ClaimCode, Policy, Rules, Share
from tests import factories
from tests.conftest import WorkThrough
from tests.people import Cast
from tests.sharing.conftest import grants


def make(cast: Cast, image: Image, whom: str = "Jane at Beta", days: int = 7, **terms: object) -> MadeCode:
    return actions.make_claim_code(image.pk, by=cast.creator, whom=whom, days=days, terms=Terms(**terms))  # type: ignore[arg-type]


def claim(made: MadeCode, by: object) -> Share:
    return actions.claim_offer(made.share.pk, by=by, offered_at=made.share.offered_at)  # type: ignore[arg-type]


@pytest.fixture
def made(cast: Cast, golden: Image) -> MadeCode:
    return make(cast, golden)


def test_a_code_is_a_pending_share_of_nobody(cast: Cast, golden: Image, made: MadeCode) -> None:
    share = Share.objects.get()
    assert (share.kind, share.status, share.recipient) == ("code", "pending", None)
    assert share.address_text == "Jane at Beta"
    assert share.offer_expires_at == share.offered_at + timedelta(days=7)
    assert grants(golden) == {}
    golden.refresh_from_db()
    assert golden.visibility == "shared"


def test_a_code_for_nobody_in_particular_has_a_name(cast: Cast, golden: Image) -> None:
    share = make(cast, golden, whom="").share
    assert share.address_text == f"Claim code {share.address}"
    assert make(cast, golden, whom="").share.address != share.address


def test_the_code_is_kept_nowhere(cast: Cast, golden: Image, made: MadeCode) -> None:
    kept = ClaimCode.objects.get()
    everything = [str(vars(row)) for model in (Share, ClaimCode, Event) for row in model.objects.all()]
    assert kept.digest == digest_of(made.code)
    assert made.code not in repr(made)
    assert not any(made.code in text or made.code.replace("-", "") in text for text in everything)


def test_whoever_has_the_code_accepts_for_their_account(
    cast: Cast, golden: Image, made: MadeCode, work_through: WorkThrough
) -> None:
    share = claim(made, cast.consumer)

    assert (share.status, share.recipient_id, share.decided_by) == ("accepted", cast.beta.pk, cast.bob)
    assert grants(golden) == {cast.beta.pk: {"VIEW", "USE", "EXPORT"}}
    mine, theirs = Event.objects.filter(verb="accepted").order_by("account__title")
    assert (mine.account, mine.actor) == (cast.acme, None)
    assert (theirs.account, theirs.actor) == (cast.beta, cast.bob)
    work_through()
    letter = Notification.objects.get(user=cast.carol)
    assert letter.subject == "Jane at Beta accepted the image “debian-12-golden”"
    assert "Beta Consumers" not in letter.body


def test_the_producer_does_not_learn_who_it_was(cast: Cast, golden: Image, made: MadeCode) -> None:
    claim(made, cast.consumer)
    told = Event.objects.filter(account=cast.acme)
    assert not told.filter(counterpart=cast.beta.pk).exists()
    assert not any("Beta Consumers" in str(vars(event)) for event in told)


def test_claiming_twice_for_one_account_is_no_error(cast: Cast, made: MadeCode) -> None:
    claim(made, cast.consumer)
    assert claim(made, cast.consumer).status == "accepted"
    assert Event.objects.filter(verb="accepted", account=cast.beta).count() == 1


@pytest.mark.parametrize("how", ["used", "expired", "removed", "renewed", "private", "deleted"])
def test_a_code_that_does_not_work_any_more_has_one_answer(cast: Cast, golden: Image, made: MadeCode, how: str) -> None:
    rival = factories.viewer(cast.rhea, cast.rival)
    if how == "used":
        claim(made, cast.consumer)
    elif how == "expired":
        Share.objects.update(offer_expires_at=timezone.now())
    elif how == "removed":
        actions.remove(golden.pk, made.share.pk, by=cast.producer)
    elif how == "renewed":
        Share.objects.update(offer_expires_at=timezone.now())
        actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator)
    elif how == "deleted":
        delete(golden.pk, by=cast.producer)
    else:
        Image.objects.filter(pk=golden.pk).update(visibility="private")
    with pytest.raises(ValidationError) as refused:
        claim(made, rival)
    assert refused.value.message_dict == {"code": [NOT_THERE]}
    assert not Share.objects.filter(recipient=cast.rival.pk).exists()


def test_a_new_code_takes_the_place_of_an_expired_one(cast: Cast, golden: Image, made: MadeCode) -> None:
    Share.objects.update(offer_expires_at=timezone.now())
    again = actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator, days=1)

    assert again.share.pk == made.share.pk
    assert again.code != made.code
    assert ClaimCode.objects.get().digest == digest_of(again.code)
    assert claim(again, cast.consumer).status == "accepted"


def test_a_new_code_after_the_recipient_gave_it_back(cast: Cast, golden: Image, made: MadeCode) -> None:
    claim(made, cast.consumer)
    actions.leave(golden.pk, by=cast.consumer)
    again = actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator)

    assert again.share.recipient is None
    assert grants(golden) == {}
    assert claim(again, factories.viewer(cast.rhea, cast.rival)).recipient_id == cast.rival.pk


def test_what_needs_an_address_is_refused(cast: Cast, golden: Image, made: MadeCode) -> None:
    with pytest.raises(Conflict, match="pending"):
        actions.renew_claim_code(golden.pk, made.share.pk, by=cast.creator)
    Share.objects.update(offered_at=timezone.now() - timedelta(days=2))
    with pytest.raises(Conflict, match="goes to nobody by itself"):
        actions.remind(golden.pk, made.share.pk, by=cast.creator)
    Share.objects.update(offer_expires_at=timezone.now())
    with pytest.raises(Conflict, match="make a new code"):
        actions.offer_again(golden.pk, made.share.pk, by=cast.creator)


def test_an_offer_with_an_address_gets_no_code(cast: Cast, golden: Image, pending: Share) -> None:
    with pytest.raises(Conflict, match="has an address"):
        actions.renew_claim_code(golden.pk, pending.pk, by=cast.producer)


def test_only_an_admin_accepts(cast: Cast, golden: Image, made: MadeCode) -> None:
    with pytest.raises(PermissionDenied, match="Only an admin of Beta Consumers"):
        claim(made, cast.observer)
    assert Share.objects.get().status == "pending"


def test_ones_own_image_is_refused(cast: Cast, made: MadeCode) -> None:
    with pytest.raises(ValidationError, match="owns this image already"):
        claim(made, cast.producer)


def test_a_blocked_producer_is_refused(cast: Cast, made: MadeCode) -> None:
    actions.block(cast.acme, recipient=cast.beta.group_ptr, by=cast.consumer)
    with pytest.raises(ValidationError, match="has blocked Acme Producers"):
        claim(made, cast.consumer)


def test_the_policy_is_asked_when_it_is_accepted(cast: Cast, made: MadeCode) -> None:
    policy = Policy.objects.create(group=cast.beta.group_ptr, mode=Policy.Mode.ENFORCED, only_trusted=True)
    with pytest.raises(ValidationError, match="only images of producers that it trusts"):
        claim(made, cast.consumer)
    policy.mode = Policy.Mode.AUDIT
    policy.save()
    claim(made, cast.consumer)
    assert Event.objects.filter(verb="would have been refused", account=cast.beta).exists()


def test_an_observer_of_the_producer_makes_no_code(cast: Cast, golden: Image) -> None:
    olga = factories.make_person("olga")
    factories.join(olga, cast.acme, Role.OBSERVER)
    with pytest.raises(PermissionDenied):
        actions.make_claim_code(golden.pk, by=factories.viewer(olga, cast.acme), terms=Terms())


@pytest.mark.parametrize("outside", [Rules.Outside.FORBIDDEN, Rules.Outside.APPROVAL])
def test_rules_that_keep_images_inside_allow_no_code(cast: Cast, golden: Image, made: MadeCode, outside: str) -> None:
    Rules.objects.create(organization=cast.acme_group, outside=outside)
    with pytest.raises(PermissionDenied, match="A claim code can reach somebody outside of Acme Group"):
        make(cast, golden)
    with pytest.raises(ValidationError, match="does not work"):
        claim(made, cast.consumer)


@pytest.mark.parametrize("days", [0, 31])
def test_a_code_works_for_a_month_at_most(cast: Cast, golden: Image, days: int) -> None:
    with pytest.raises(ValidationError, match="from 1 to 30 days"):
        make(cast, golden, days=days)


def test_a_code_counts_as_an_offer_of_the_day(cast: Cast, golden: Image, settings: object) -> None:
    settings.OFFERS_PER_DAY = 1  # type: ignore[attr-defined]
    make(cast, golden)
    with pytest.raises(ValidationError, match="1 are allowed"):
        make(cast, golden)


def test_a_code_ends_no_later_than_the_access(cast: Cast, golden: Image) -> None:
    until = timezone.now() + timedelta(days=3)
    assert make(cast, golden, access_until=until).share.offer_expires_at == until


def test_a_code_can_be_undone_until_somebody_used_it(cast: Cast, golden: Image) -> None:
    first, second = make(cast, golden), make(cast, golden)
    claim(second, cast.consumer)
    assert len(actions.undo_offers([first.share.pk, second.share.pk], by=cast.creator)) == 1
    assert Share.objects.get() == second.share
