"""Offers that are accepted at once, because somebody has proved that they are an admin of the receiving account."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, Event, Membership, User
from accounts.permissions import lock_groups
from accounts.querysets import NOBODY
from accounts.records import record
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from images.permissions import Verb, get_image
from sharing import sign_in_letters
from sharing.actions.changes import record_by_producer, record_image, sync
from sharing.actions.conditions import check_daily_limit, checked_terms, require_offerable
from sharing.actions.policies import write_down
from sharing.actions.starting import accept_at_once, open_for_sharing, restart
from sharing.actions.terms import Offered, Outcome, Terms
from sharing.actions.undoing import kept_for_undo
from sharing.models import AddressKind, Block, Rules, Share
from sharing.policies import Accepting, Judge, allows_sign_in, judge_for, strictest
from sharing.rules import outside_refusal, rules_of

SIGNED_IN = "accepted by signing in"
FAILED, REFUSED = "failed to sign in", "sign-in refused"
LETTERS_A_DAY = 3  # of failed tries, to each account: somebody who guesses must not fill mailboxes
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What has to be proved, so that somebody can accept for an account.

    Attributes:
        account: None where a proof would come to nothing.
        who: which of its admins may accept, by the policies that hold for it.
    """

    account: Account | None
    who: Q

    def is_met_by(self, admin: User) -> bool:
        """Whether this person still is one of those. One query."""
        deciding = Membership.objects.deciding_for(self.account.pk if self.account else NOBODY)
        return deciding.filter(self.who, user=admin).exists()


def wanted_proof(image: Image, named: Account | None) -> Wanted:
    """What has to be proved, so that a producer can accept for an account by signing in.

    Nothing helps where the account owns the image, has switched this off, blocks the producer, or its policy does not
    take the image. In the same statements whichever number was named, and whether or not anybody has it.
    """
    account = named or Account(pk=NOBODY)
    judge = judge_for([account.pk])
    refused = judge.refusal(image, account.pk)
    blocked = Block.objects.of_producer(image.account, recipients=[account.pk])
    closed = not allows_sign_in(account) or account.pk == image.account_id
    return Wanted(None if refused or blocked or closed else named, _who_accepts(judge, account))


def _who_accepts(judge: Judge, account: Account) -> Q:
    """Of its admins, those whom policies let accept. It costs no query: it goes into the one that looks for admins."""
    accepting = strictest(policy.accepting for policy in judge.holding_for(account.pk))
    if accepting != Accepting.MANAGERS or account.organization_id is None:
        return Q()
    managers = Membership.objects.filter(group=account.organization_id, role=Role.MANAGER)
    return Q(user__in=managers.values("user"))


def require_open_way(image: Image, named: Account | None, by: Viewer, terms: Terms, rules: Rules | None) -> Terms:
    """Refuse what would be refused whoever signs in, before anybody types a password.

    Args:
        rules: under which the image's account shares.

    Returns:
        The terms as they are kept.

    Raises:
        Conflict: everybody can use the image anyway.
        PermissionDenied: the account named is not inside of the producer's organization, whose rules ask for that.
        ValidationError: an end that is past or later than rules allow, or more offers than one day allows.
    """
    require_offerable(image)
    if reason := outside_refusal(rules, to=named):
        raise PermissionDenied(reason)
    terms = checked_terms(terms, image, rules)
    check_daily_limit(image.account, by.user, 1)
    return terms


def accepted_already(image: Image, number: str) -> Offered | None:
    """What is said of a number that has the image, before and whatever anybody types as a password."""
    share = Share.objects.of_image(image).filter(kind=AddressKind.NUMBER, address=number).first()
    if share is None or share.state != Share.Status.ACCEPTED:
        return None
    return Offered(share.address_text, Outcome.ALREADY_ACCEPTED, share)


@transaction.atomic
def offer_signed_in(image_id: UUID, *, by: Viewer, account: Account, admin: User, terms: Terms) -> Offered | None:
    """Offer an image to an account and accept it at once, as an admin of it who has just proved who they are.

    A pending offer to its number becomes accepted, on the new terms. A private image becomes shared.

    Args:
        admin: out of ``accounts.proof.prove_admin``.

    Returns:
        None when what was proved does not hold any more; nothing was changed then.

    Raises:
        Http404: the viewer cannot see the image.
        PermissionDenied: they may not share it, or rules keep it inside of their organization.
        Conflict: everybody can use the image anyway; or it is private, and was shared with somebody outside of an
            organization that forbids it now.
        ValidationError: an end that is past or later than rules allow, or more offers than one day allows.
    """
    get_image(by, image_id, Verb.OFFER)  # nobody holds up a recipient with somebody else's image
    by = lock_groups(by, [account.group_ptr, by.account.organization])
    image = get_image(by, image_id, Verb.OFFER, lock=True)
    rules = rules_of(image.account)
    terms = require_open_way(image, account, by, terms, rules)
    if not wanted_proof(image, account).is_met_by(admin):
        return None
    if already := accepted_already(image, account.number):
        return already
    share = Share.objects.of_image(image).filter(kind=AddressKind.NUMBER, address=account.number).first()
    share = share or Share(kind=AddressKind.NUMBER, address=account.number)
    share.image = image
    share.before = kept_for_undo(share, opened=open_for_sharing(image, by, rules))
    return _accept(share, account.group_ptr, admin, by, terms)


@transaction.atomic
def sign_in_failed(image_id: UUID, *, by: Viewer, number: str, named: Account | None) -> None:
    """Write down that a producer tried, and tell the admins of the account, if there is one.

    In the same statements for every number: what concerns the account is done by a background task.

    Args:
        number: as people read it.
        named: the account that has it.
    """
    image = get_image(by, image_id, Verb.OFFER)
    record_image(FAILED, image, by, address=number)
    sign_in_letters.failed(image.account, named)


@transaction.atomic
def refuse_sign_in(producer_id: int, account_id: int | None) -> None:
    """Write into an account that somebody tried to accept for it and failed, and tell its admins a few times a day.

    It says neither which login was tried nor which image it was about: both are texts that a stranger chose. Where
    nobody has the number the event is nobody's to see: without it, a gap between the numbers of the producer's own
    events would tell who exists.
    """
    producer, account = Account.objects.get(pk=producer_id), Account.objects.filter(pk=account_id or NOBODY).first()
    record(
        REFUSED,
        subject_kind="group",
        subject_id=producer.pk,
        subject_name=producer.title,
        by=None,
        account=account,
        address=producer.grouped_number,
    )
    if account is None:
        return
    tried = Event.objects.filter(account=account, verb=REFUSED, at__gt=timezone.now() - ONE_DAY).count()
    if tried <= LETTERS_A_DAY:
        sign_in_letters.tell_of_failure(producer, account, is_last=tried == LETTERS_A_DAY)


def _accept(share: Share, recipient: Group, admin: User, by: Viewer, terms: Terms) -> Offered:
    previous, share.recipient = share.recipient, recipient
    restart(share, by, terms)
    accept_at_once(share, admin)
    share.save()
    sync(share, before=previous)
    record_by_producer("offered", share, by, message=share.message)
    record_by_producer(SIGNED_IN, share, by)
    write_down(judge_for([recipient.pk]).verdicts(share.image, recipient.pk), share.image, recipient, None)
    sign_in_letters.signed_in(share, admin)
    return Offered(share.address_text, Outcome.ACCEPTED, share)
