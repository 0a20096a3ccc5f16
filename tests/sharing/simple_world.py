"""What sharing promises, said once more in dicts and sets, without a database and without a line of the panel's code.

The histories (``test_histories.py``) play the same steps here and in the panel, and compare who has what. Everybody
and everything goes by a plain name: "alice" is the person, and also her personal account.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIFETIME = timedelta(days=30)
RANKS = {"observer": 1, "creator": 2, "admin": 3}
OPEN = ("community", "public")

DONE, NOT_FOUND, FORBIDDEN, CONFLICT, INVALID = "done", "not found", "forbidden", "conflict", "invalid"


@dataclass
class Picture:
    """An image."""

    owner: str
    visibility: str = "private"
    status: str = "active"


@dataclass
class Offer:
    """What stands between an image and an address."""

    status: str
    recipient: str | None
    export: bool
    expires: datetime


OfferKey = tuple[int, str, str]  # image, kind of address, what was named


@dataclass(frozen=True)
class Eye:
    """A person who works for an account."""

    person: str
    account: str


@dataclass
class World:
    """Everything there is."""

    now: datetime
    roles: dict[tuple[str, str], str]
    organization_of: dict[str, str] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    offers: dict[OfferKey, Offer] = field(default_factory=dict)
    trusts: set[tuple[str, str]] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)

    # Who somebody is.

    def role(self, eye: Eye) -> str:
        return self.roles[eye.person, eye.account]

    def is_admin(self, eye: Eye) -> bool:
        return self.role(eye) == "admin"

    def is_creator(self, eye: Eye) -> bool:
        return RANKS[self.role(eye)] >= RANKS["creator"]

    def groups_of(self, person: str, *roles: str) -> set[str]:
        """The groups and organizations of a person, where they have one of these roles."""
        return {group for (who, group), role in self.roles.items() if who == person and role in roles} - self.closed

    def administers(self, person: str) -> set[str]:
        return self.groups_of(person, "admin")

    def principals(self, eye: Eye) -> set[str]:
        derived = {self.organization_of[eye.account]} if eye.account in self.organization_of else set()
        return {eye.account, eye.person} | derived | self.groups_of(eye.person, "member", "manager")

    def decides_for(self, eye: Eye) -> set[str]:
        own = {eye.account} if self.is_admin(eye) else set()
        return own | {eye.person} | self.groups_of(eye.person, "manager")

    # What somebody has.

    def offers_of(self, number: int) -> list[Offer]:
        return [offer for (picture, _kind, _address), offer in self.offers.items() if picture == number]

    def is_waiting(self, offer: Offer) -> bool:
        return offer.status == "pending" and offer.expires > self.now

    def reaching(self, eye: Eye, number: int) -> list[Offer]:
        """The offers that mean something to somebody at this moment."""
        picture = self.pictures[number]
        if picture.visibility != "shared" or picture.status == "deleted":
            return []
        mine = [offer for offer in self.offers_of(number) if offer.recipient in self.principals(eye)]
        return [offer for offer in mine if offer.status == "accepted" or self.is_waiting(offer)]

    def owns(self, eye: Eye, number: int) -> bool:
        picture = self.pictures[number]
        return picture.owner == eye.account and picture.status != "deleted"

    def is_open(self, number: int) -> bool:
        picture = self.pictures[number]
        return picture.visibility in OPEN and picture.status != "deleted"

    def sees(self, eye: Eye, number: int) -> bool:
        return self.owns(eye, number) or self.is_open(number) or bool(self.reaching(eye, number))

    def has(self, eye: Eye, number: int) -> list[Offer]:
        return [offer for offer in self.reaching(eye, number) if offer.status == "accepted"]

    def uses(self, eye: Eye, number: int) -> bool:
        if self.pictures[number].status != "active":
            return False
        return self.owns(eye, number) or self.is_open(number) or bool(self.has(eye, number))

    def exports(self, eye: Eye, number: int) -> bool:
        if self.owns(eye, number):
            return True
        if self.pictures[number].status != "active":
            return False
        return self.is_open(number) or any(offer.export for offer in self.has(eye, number))

    def lists(self, eye: Eye, number: int) -> bool:
        picture = self.pictures[number]
        is_public = picture.visibility == "public" and picture.status == "active"
        return self.owns(eye, number) or is_public or bool(self.has(eye, number))

    def grants(self, number: int) -> dict[str, dict[str, datetime | None]]:
        """By recipient: each right with its end."""
        found: dict[str, dict[str, datetime | None]] = {}
        for offer in self.offers_of(number):
            if offer.recipient is None or offer.status == "rejected":
                continue
            rights = found.setdefault(offer.recipient, {})
            if offer.status == "accepted":
                rights |= dict.fromkeys(["view", "use", *(["export"] if offer.export else [])])
            elif "view" not in rights or ((end := rights["view"]) and end < offer.expires):
                rights["view"] = offer.expires
        return found

    # What somebody does. Each says how it ends, and changes the world only when it is "done".

    def offer(self, eye: Eye, number: int, key: OfferKey, recipient: str | None, *, export: bool) -> str:
        if refusal := self._refuses_offer(eye, number):
            return refusal
        _number, kind, named = key
        if kind in ("team", "organization") and named not in self.groups_of(eye.person, "manager"):
            return FORBIDDEN
        if recipient == self.pictures[number].owner:
            return INVALID
        self._open_for_sharing(number)
        if not self._can_start(key):
            return DONE
        self._start(eye, key, recipient, export=export)
        return DONE

    def offer_again(self, eye: Eye, number: int, key: OfferKey, recipient: str | None) -> str:
        if refusal := self._refuses_offer(eye, number):
            return refusal
        if not self._can_start(key):
            return CONFLICT
        _number, kind, named = key
        if kind in ("team", "organization") and named not in self.groups_of(eye.person, "manager"):
            return FORBIDDEN
        self._open_for_sharing(number)
        self._start(eye, key, recipient, export=self.offers[key].export)
        return DONE

    def _refuses_offer(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number) or not self.is_creator(eye):
            return FORBIDDEN
        return CONFLICT if self.pictures[number].visibility in OPEN else ""

    def _open_for_sharing(self, number: int) -> None:
        self.pictures[number].visibility = "shared"

    def _can_start(self, key: OfferKey) -> bool:
        offer = self.offers.get(key)
        return offer is None or not (offer.status == "accepted" or self.is_waiting(offer))

    def _start(self, eye: Eye, key: OfferKey, recipient: str | None, *, export: bool) -> None:
        decided = recipient is not None and self._decides_at_once(eye, key, recipient)
        self.offers[key] = Offer("accepted" if decided else "pending", recipient, export, self.now + LIFETIME)

    def _decides_at_once(self, eye: Eye, key: OfferKey, recipient: str) -> bool:
        number, kind, _named = key
        owner = self.pictures[number].owner
        producers = {owner, self.organization_of.get(owner)}
        trusted = any((recipient, producer) in self.trusts for producer in producers)
        return kind in ("team", "organization") or recipient in self.administers(eye.person) or trusted

    def remove(self, eye: Eye, key: OfferKey) -> str:
        if not self.sees(eye, key[0]):
            return NOT_FOUND
        if not self.owns(eye, key[0]) or not self.is_admin(eye):
            return FORBIDDEN
        del self.offers[key]
        return DONE

    def _refuses_decision(self, eye: Eye, key: OfferKey) -> str:
        picture, offer = self.pictures[key[0]], self.offers[key]
        is_live = picture.visibility == "shared" and picture.status != "deleted"
        if not is_live or offer.recipient not in self.decides_for(eye) | {eye.account}:
            return NOT_FOUND
        if offer.status == "pending" and not self.is_waiting(offer):
            return NOT_FOUND
        return "" if offer.recipient in self.decides_for(eye) else FORBIDDEN

    def accept(self, eye: Eye, key: OfferKey, into: str | None) -> str:
        if refusal := self._refuses_decision(eye, key):
            return refusal
        offer = self.offers[key]
        if offer.status == "accepted":
            return DONE
        if into is not None and into != offer.recipient:
            if offer.recipient != eye.person or key[1] == "number" or into not in self.administers(eye.person):
                return FORBIDDEN
            if into == self.pictures[key[0]].owner:
                return INVALID
            offer.recipient = into
        offer.status = "accepted"
        return DONE

    def reject(self, eye: Eye, key: OfferKey) -> str:
        if refusal := self._refuses_decision(eye, key):
            return refusal
        if self.offers[key].status == "accepted":
            return CONFLICT
        self.offers[key].status = "rejected"
        return DONE

    def leave(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        mine = [offer for offer in self.has(eye, number) if offer.recipient in self.decides_for(eye)]
        for offer in mine:
            offer.status = "rejected"
        return DONE if mine else FORBIDDEN

    def close(self, eye: Eye, group: str) -> str:
        """Close a group of people: what it had ends."""
        role = self.roles.get((eye.person, group))
        if role is None or group in self.closed:
            return NOT_FOUND
        if role != "manager":
            return FORBIDDEN
        for offer in self.offers.values():
            if offer.recipient == group:
                offer.status = "rejected"
        self.closed.add(group)
        return DONE

    def leave_group(self, person: str, group: str) -> str:
        role = self.roles.get((person, group))
        if role is None or group in self.closed:
            return NOT_FOUND
        managers = {who for (who, what), its in self.roles.items() if (what, its) == (group, "manager")}
        if managers == {person}:
            return CONFLICT
        del self.roles[person, group]
        return DONE

    def trust(self, eye: Eye, producer: str) -> str:
        if not self.is_admin(eye):
            return FORBIDDEN
        if producer == eye.account:
            return INVALID
        self.trusts.add((eye.account, producer))
        return DONE

    def stop_trusting(self, eye: Eye, trust: tuple[str, str]) -> str:
        if trust[0] not in self.administers(eye.person) & self.decides_for(eye):
            return NOT_FOUND
        self.trusts.discard(trust)
        return DONE

    def set_visibility(self, eye: Eye, number: int, visibility: str) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number):
            return FORBIDDEN
        picture = self.pictures[number]
        is_first_step = (picture.visibility, visibility) == ("private", "shared")
        allowed = self.is_creator(eye) if is_first_step else self.is_admin(eye) and visibility != "public"
        if visibility != picture.visibility and not allowed:
            return FORBIDDEN
        picture.visibility = visibility
        return DONE

    def set_status(self, eye: Eye, number: int, status: str) -> str:
        """Deactivate, reactivate or delete."""
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number) or not self.is_admin(eye):
            return FORBIDDEN
        self.pictures[number].status = status
        return DONE
