"""Setting what an account or organization takes, refusing by it, and writing down what it would have refused."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.actions.events import record_of_group
from accounts.models import Account, AnyGroup, Event, Organization
from accounts.permissions import Verb, lock
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image
from sharing import circulars
from sharing.models import Policy
from sharing.policies import Accepting, Verdict, judge_for, judge_of

WOULD_REFUSE = "would have been refused"
ONE_DAY = timedelta(days=1)


class NotTaken(ValidationError):
    """A policy of the recipient does not take an image, with its reasons. Nothing is wrong with what was asked."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(reasons, code="policy")


@transaction.atomic
def set_policy(group: AnyGroup, *, by: Viewer, **settings: Any) -> Policy:
    """Say which images of others an account takes, or all accounts of an organization. What is accepted stays.

    Args:
        settings: columns of ``Policy``.

    Raises:
        Http404: the viewer is not in it.
        PermissionDenied: only an admin of the account, or a manager of the organization.
        ValidationError: per field.
    """
    group = lock(group, by=by, verb=Verb.SET_POLICY)
    policy = Policy.objects.select_for_update().filter(group=group.pk).first() or fresh_policy(group)
    old = policy.in_words
    for name, value in settings.items():
        setattr(policy, name, value)
    policy.full_clean(exclude=["group"], validate_unique=False)
    _refuse_unfitting(policy, group)
    if (new := policy.in_words) != old:
        policy.save()
        record_of_group("policy changed", group, by=by, old=old, new=new)
        if isinstance(group, Organization):
            circulars.policy_changed(group, by)
    return policy


def fresh_policy(group: AnyGroup) -> Policy:
    """What holds while nobody has set anything."""
    accepting = Accepting.ACCOUNT if isinstance(group, Organization) else Accepting.ADMINS
    return Policy(group=group.group_ptr, accepting=accepting)


def _refuse_unfitting(policy: Policy, group: AnyGroup) -> None:
    if policy.accepting not in accepting_choices(group):
        raise ValidationError({"accepting": "Choose one of these."}, code="invalid_choice")


def accepting_choices(group: AnyGroup) -> list[Accepting]:
    """Who can be said to accept: an organization may ask for more than its accounts do, not for less."""
    if isinstance(group, Organization):
        return [Accepting.ACCOUNT, Accepting.ADMINS, Accepting.MANAGERS]
    in_organization = isinstance(group, Account) and group.organization_id is not None
    return [Accepting.ADMINS, Accepting.CREATORS, *([Accepting.MANAGERS] if in_organization else [])]


def require_taken(image: Image, group: Group, by: Viewer) -> None:
    """Refuse an image that the policies of a recipient do not take, or write down that they would not have.

    For every way by which something is accepted. Three queries.

    Args:
        group: the account, group or organization that accepts.
        by: who accepts, on the recipient's side.

    Raises:
        NotTaken: an enforced policy refuses it.
    """
    verdicts = judge_for([group.pk]).verdicts(image, group.pk)
    if refused := [verdict.reason for verdict in verdicts if verdict.is_enforced]:
        raise NotTaken(refused)
    write_down(verdicts, image, group, by)


def write_down(verdicts: Iterable[Verdict], image: Image, group: Group | None, by: Viewer | None) -> None:
    """One event for each policy that would have refused, on the side that receives.

    Args:
        by: who accepts or uses it there; None where the producer's offer was accepted by itself.
    """
    account: Account | None = getattr(group, "as_account", None)
    for policy, reasons in _by_policy(verdicts).items():
        record(
            WOULD_REFUSE,
            subject_kind="image",
            subject_id=image.pk,
            subject_name=image.name,
            by=by.user if by else None,
            account=account,
            counterpart=None if account else group,
            policy=policy.group_id,
            reason=" ".join(reasons),
        )


def _by_policy(verdicts: Iterable[Verdict]) -> dict[Policy, list[str]]:
    reasons: dict[Policy, list[str]] = {}
    for verdict in verdicts:
        reasons.setdefault(verdict.policy, []).append(verdict.reason)
    return reasons


def follow_use(image: Image, by: Viewer) -> None:
    """Data of somebody else's image is being used: write down what would have been refused, once a day."""
    verdicts = judge_of(by).verdicts(image, by.account.pk)
    if not verdicts:
        return
    known = Event.objects.of("image", image.pk).filter(verb=WOULD_REFUSE, account=by.account)
    if not known.filter(at__gt=timezone.now() - ONE_DAY).exists():
        write_down(verdicts, image, by.account.group_ptr, by)
