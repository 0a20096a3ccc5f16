"""What goes with an offer, and what becomes of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sharing.models import Share


@dataclass(frozen=True)
class Terms:
    """What goes with an offer.

    Attributes:
        message: to the recipient, in the producer's words.
        export: whether the data may be downloaded and copied.
        access_until: when access ends by itself; None for as long as rules allow.
        offers_future: whether later versions of the image's family come with it, if the recipient agrees.
    """

    message: str = ""
    export: bool = True
    access_until: datetime | None = None
    offers_future: bool = False


@dataclass(frozen=True)
class Way:
    """How an offer is made.

    Attributes:
        approved: whether a second person has agreed, where the rules of the organization ask for one.
        again: whether those who have rejected it are asked once more.
    """

    approved: bool = False
    again: bool = True


USUAL = Terms()
ASKED = Way()


class Outcome(Enum):
    """What became of an offer, in words that are the same whether or not the address exists."""

    OFFERED = "Offered: they are asked first."
    ACCEPTED = "Accepted: they can use it now."
    ALREADY_OFFERED = "Was asked already and has not decided yet."
    ALREADY_ACCEPTED = "Has it already."
    ALREADY_REJECTED = "Has rejected it, and is not asked again in this way."
    HELD = "Waits for approval: a second person of your organization has to agree."

    @property
    def changed(self) -> bool:
        """Whether there is a new offer."""
        return self in (Outcome.OFFERED, Outcome.ACCEPTED)


@dataclass(frozen=True)
class Offered:
    """What became of the offer to one address.

    Attributes:
        address: as people read it.
        row: of the share, new or old; None while a first offer waits for approval.
    """

    address: str
    outcome: Outcome
    row: Share | None = None

    @property
    def share(self) -> Share:
        """The share, where there is one. A first offer that waits for approval has none."""
        assert self.row is not None, f"The offer to {self.address} waits for approval."
        return self.row

    @property
    def text(self) -> str:
        """The result in words."""
        return self.outcome.value
