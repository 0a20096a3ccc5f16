"""What there is in the simple world, and how something that somebody tries can end."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFETIME = timedelta(days=30)
UNDO = timedelta(seconds=60)
RANKS = {"observer": 1, "creator": 2, "admin": 3}
OPEN = ("community", "public")
ORGANIZATIONS = ("acme_group", "beta_holdings")
TEAMS = ("golden_testers", "night_shift")

DONE, NOT_FOUND, FORBIDDEN, CONFLICT, INVALID = "done", "not found", "forbidden", "conflict", "invalid"
UNPROVED = "unproved"

MARKETPLACE = "marketplace"

OfferKey = tuple[int, str, str]  # image, kind of address, what was named


@dataclass(frozen=True)
class Eye:
    """A person who works for an account."""

    person: str
    account: str


@dataclass
class Picture:
    """An image."""

    owner: str
    created: datetime
    visibility: str = "private"
    status: str = "active"
    family: str | None = None
    deprecated: datetime | None = None
    obsolete: datetime | None = None
    retired: datetime | None = None
    listed: bool = False
    looked: str = ""


@dataclass(frozen=True)
class Terms:
    """What goes with an offer."""

    export: bool = True
    until: datetime | None = None
    future: bool = False


@dataclass(frozen=True)
class Undo:
    """What there was before an offer."""

    offer: "Offer | None"
    opened: bool
    family: str | None


@dataclass
class Offer:
    """What stands between an image and an address."""

    status: str
    recipient: str | None
    terms: Terms
    expires: datetime | None
    offered_at: datetime
    offered_by: str
    decided_at: datetime | None = None
    takes_future: bool = False
    undo: Undo | None = None


@dataclass
class Request:
    """An offer that waits for a second person."""

    key: OfferKey
    recipient: str | None
    organization: str
    terms: Terms
    by: str
    expires: datetime
    status: str = "open"


@dataclass
class Listing:
    """An offer to the marketplace, as staff have it to decide on."""

    key: OfferKey
    is_waiting: bool = True
    is_there: bool = True  # the offer; its row, in the panel


@dataclass
class Policy:
    """Which images somebody takes."""

    mode: str = "off"
    only_trusted: bool = False
    only_inspected: bool = False
    max_age: int | None = None
    accepting: str = "admins"
    by_sign_in: bool = True


@dataclass
class Rules:
    """How the accounts of an organization may share."""

    outside: str = "free"
    open_to_all: bool = True
    max_days: int | None = None


@dataclass
class HandOver:
    """An image that somebody is asked to take over."""

    giver: str
    kind: str
    recipient: str | None
    keep_using: bool
    expires: datetime


@dataclass
class Plan:
    """A change on a day to come."""

    what: str
    at: datetime
    by: str


@dataclass
class Everything:
    """The state of the world."""

    now: datetime
    roles: dict[tuple[str, str], str]
    organization_of: dict[str, str] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    offers: dict[OfferKey, Offer] = field(default_factory=dict)
    trusts: set[tuple[str, str]] = field(default_factory=set)
    blocks: set[tuple[str, str]] = field(default_factory=set)
    hidden: set[tuple[str, int]] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    policies: dict[str, Policy] = field(default_factory=dict)
    rules: dict[str, Rules] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)
    references: set[tuple[str, int]] = field(default_factory=set)
    dissolved: dict[str, int] = field(default_factory=dict)
    pinned: dict[str, int] = field(default_factory=dict)
    hand_overs: dict[int, HandOver] = field(default_factory=dict)
    plans: dict[tuple[int, str], Plan] = field(default_factory=dict)


def later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two ends, where None is no end."""
    return None if one is None or other is None else max(one, other)


def sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    """The sooner of two ends, where None is no end."""
    return min((each for each in (one, other) if each is not None), default=None)
