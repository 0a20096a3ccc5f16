"""Notices of offers: what they say, to whom, and which of them were closed for now."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Account
from accounts.querysets import NOBODY
from accounts.viewer import Viewer
from images.looks import Look
from images.menus import NO_IMAGE
from images.models import Image
from sharing.acquaintances import acquaintances_of
from sharing.deciding import decision_refusal
from sharing.models import AddressKind, Share
from sharing.policies import Verdict, judge_of

MOST_SHOWN = 3
_CLOSED = "closed_offers"


@dataclass(frozen=True)
class Notice:
    """One offer, as one viewer sees it.

    Attributes:
        origin: the image that this one was made from, where the viewer may see it.
    """

    offer: Share
    viewer: Viewer
    origin: Image | None = None

    @property
    def key(self) -> str:
        """What tells its elements apart on the page."""
        return str(self.offer.pk)

    @property
    def look(self) -> Look:
        """What is known of the inside of the image."""
        return Look(self.offer.image.data)

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """What policies of the recipient say against the image."""
        return judge_of(self.viewer).verdicts(self.offer.image, self.offer.recipient_id or NOBODY)

    @property
    def policy_refusal(self) -> str:
        """Why nobody can accept it for its recipient; empty where it can be, or be taken into another account."""
        refused = next((verdict.reason for verdict in self.verdicts if verdict.is_enforced), "")
        return "" if self.accounts else refused

    @property
    def may_decide(self) -> bool:
        """Whether the viewer gets the buttons."""
        return not self.refusal

    @property
    def refusal(self) -> str:
        """Why the viewer does not get the buttons; empty when they do."""
        return decision_refusal(self.viewer, self.offer)

    @property
    def refusal_id(self) -> str:
        """What ties the reason to its control on the page."""
        return f"refusal-{self.offer.pk}"

    @property
    def may_trust(self) -> bool:
        """Whether the viewer can say that this producer need not ask: for accounts, not for groups."""
        return self.may_decide and self._is_administered(self.offer.recipient_id)

    @property
    def may_block(self) -> bool:
        """Whether the viewer can say for the recipient that it wants to hear no more of the producer."""
        return self.offer.recipient_id in self.viewer.decides_for

    @property
    def may_label(self) -> bool:
        """Whether the account that would get the image can have its own label for it, in the viewer's words."""
        return self.may_decide and (bool(self.accounts) or self._is_administered(self.offer.recipient_id))

    @property
    def producer(self) -> Account:
        """Who offers it."""
        return self.offer.image.account

    @property
    def is_from_own_organization(self) -> bool:
        """Whether the producer is in an organization of the viewer."""
        return self.producer.organization_id in self.viewer.principals

    @property
    def taken_for(self) -> str:
        """A name that the viewer knows, for which that of this unknown producer could be taken; empty for none.

        One query per request; none for a producer that staff have verified.
        """
        return "" if self.producer.is_verified else acquaintances_of(self.viewer).taken_for(self.producer)

    @property
    def is_for_person(self) -> bool:
        """Whether the offer is to the viewer personally, and not to the account of the page."""
        return self.offer.recipient_id in {account.pk for account in self.viewer.accounts if account.is_personal}

    @property
    def whom(self) -> str:
        """Who would get it."""
        return "you" if self.is_for_person else self.offer.recipient_title

    @property
    def accounts(self) -> list[Account]:
        """Into which accounts the viewer may take it, when there is a choice; the own one first."""
        if not self.is_for_person or self.offer.kind == AddressKind.NUMBER:
            return []
        others = [one for one in self.viewer.administered_accounts if one.pk != self.offer.image.account_id]
        return others if len(others) > 1 else []

    def _is_administered(self, group_id: int | None) -> bool:
        return any(account.pk == group_id for account in self.viewer.administered_accounts)


def notices_for(viewer: Viewer, offers: Iterable[Share]) -> list[Notice]:
    """The notices of these offers."""
    return [Notice(offer, viewer) for offer in offers]


def notices_with_origins(viewer: Viewer, offers: Iterable[Share]) -> list[Notice]:
    """The notices of these offers, with what the images were made from as far as the viewer may see it. One query."""
    offers = list(offers)
    parents = {offer.image.parent_id for offer in offers if offer.image.parent_id}
    visible = Image.objects.visible_to(viewer).filter(pk__in=parents or [NO_IMAGE]).select_related("account")
    origins: dict[UUID | None, Image] = {image.pk: image for image in visible}
    return [Notice(offer, viewer, origins.get(offer.image.parent_id)) for offer in offers]


@transaction.atomic
def dismiss(request: HttpRequest, share_id: int) -> None:
    """Close a notice until the next sign-in: the session remembers it, the offer stays.

    Two notices that are closed in quick succession are two requests at once, each with the session as it was before.
    So what the other one has written meanwhile is read again, under a lock.
    """
    session = request.session
    Session.objects.select_for_update().filter(pk=session.session_key).first()
    written = type(session)(session.session_key)
    session[_CLOSED] = sorted({*session.get(_CLOSED, []), *written.get(_CLOSED, []), share_id})
    session.save()
    session.modified = False  # or it would be written once more at the end of the request, without the lock


def not_dismissed(request: HttpRequest, offers: Iterable[Share]) -> list[Share]:
    """The offers whose notices were not closed in this session."""
    closed = set(request.session.get(_CLOSED, []))
    return [offer for offer in offers if offer.pk not in closed]
