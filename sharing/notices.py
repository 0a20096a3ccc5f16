"""Notices of offers: what they say, to whom, and which of them were closed for now."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.models import Account
from accounts.viewer import Viewer
from images.looks import Look
from sharing.deciding import decision_refusal
from sharing.models import AddressKind, Share

MOST_SHOWN = 3
_CLOSED = "closed_offers"


@dataclass(frozen=True)
class Notice:
    """One offer, as one viewer sees it."""

    offer: Share
    viewer: Viewer

    @property
    def look(self) -> Look:
        """What is known of the inside of the image."""
        return Look(self.offer.image.data)

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
        return self.may_decide and any(self.offer.recipient_id == one.pk for one in self.viewer.administered_accounts)

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


def notices_for(viewer: Viewer, offers: Iterable[Share]) -> list[Notice]:
    """The notices of these offers."""
    return [Notice(offer, viewer) for offer in offers]


def dismiss(request: HttpRequest, share_id: int) -> None:
    """Close a notice until the next sign-in: the session remembers it, the offer stays."""
    closed = set(request.session.get(_CLOSED, [])) | {share_id}
    request.session[_CLOSED] = sorted(closed)


def not_dismissed(request: HttpRequest, offers: Iterable[Share]) -> list[Share]:
    """The offers whose notices were not closed in this session."""
    closed = set(request.session.get(_CLOSED, []))
    return [offer for offer in offers if offer.pk not in closed]
