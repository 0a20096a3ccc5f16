"""Who somebody is, and what they have at this moment."""

from datetime import datetime

from tests.sharing.world.things import (
    OPEN,
    ORGANIZATIONS,
    RANKS,
    TEAMS,
    Everything,
    Eye,
    Offer,
    OfferKey,
    Policy,
    later,
)


class Promises(Everything):
    """Questions about the world. Nothing here changes it."""

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

    def organization(self, account: str) -> str | None:
        return self.organization_of.get(account)

    def groups(self, eye: Eye) -> set[str]:
        derived = {self.organization_of[eye.account]} if eye.account in self.organization_of else set()
        return derived | self.groups_of(eye.person, "member", "manager")

    def principals(self, eye: Eye) -> set[str]:
        return {eye.account, eye.person} | self.groups(eye)

    def decides_for(self, eye: Eye) -> set[str]:
        own = {eye.account} if self.is_admin(eye) else set()
        return own | {eye.person} | self.groups_of(eye.person, "manager")

    def accepts_for(self, eye: Eye, recipient: str) -> bool:
        """Whether somebody accepts and rejects for a recipient: its policy can say who does."""
        if recipient in (*ORGANIZATIONS, *TEAMS):
            return recipient in self.decides_for(eye)
        if (eye.person, recipient) not in self.roles:
            return False
        accepting, organization = self.accepting(recipient), self.organization(recipient)
        if accepting == "managers" and organization:
            return organization in self.groups_of(eye.person, "manager")
        if recipient in self.administers(eye.person):
            return True
        return accepting == "creators" and recipient == eye.account and self.is_creator(eye)

    def accepting(self, account: str) -> str:
        said = {policy.accepting for policy in self.policies_for(account)}
        return next((each for each in ("managers", "admins", "creators") if each in said), "admins")

    # What policies say.

    def policies_for(self, group: str) -> list[Policy]:
        return [self.policies[name] for name in {group, self.organization(group)} if name in self.policies]

    def is_refused(self, group: str, number: int) -> bool:
        """Whether an enforced policy refuses an image to a group."""
        if self.pictures[number].owner == group:
            return False
        holding = [name for name in (group, self.organization(group)) if name in self.policies]
        enforced = [name for name in holding if name and self.policies[name].mode == "enforced"]
        return any(self._is_against(name, number) for name in enforced)

    def _is_against(self, whose: str, number: int) -> bool:
        policy, picture = self.policies[whose], self.pictures[number]
        is_old = policy.max_age is not None and (self.now - picture.created).days > policy.max_age
        is_unclean = policy.only_inspected and picture.looked != "clean"
        return is_old or is_unclean or (policy.only_trusted and not self._is_trusted(whose, picture.owner))

    def _is_trusted(self, whose: str, owner: str) -> bool:
        """What an organization trusts, its accounts do; and they trust each other."""
        organization = whose if whose in ORGANIZATIONS else self.organization(whose)
        trusted = {producer for who, producer in self.trusts if who in (whose, organization)} | {organization}
        return bool(trusted & ({owner, self.organization(owner)} - {None}))

    # What somebody has.

    def offers_of(self, number: int) -> list[Offer]:
        return [offer for (picture, _kind, _address), offer in self.offers.items() if picture == number]

    def is_over(self, number: int) -> bool:
        """Whether nobody can begin to use an image any more."""
        obsolete = self.pictures[number].obsolete
        return obsolete is not None and obsolete <= self.now

    def is_shared(self, number: int) -> bool:
        return self.pictures[number].visibility == "shared" and self.pictures[number].status != "deleted"

    def is_past(self, moment: datetime | None) -> bool:
        return moment is not None and moment <= self.now

    def is_waiting(self, offer: Offer) -> bool:
        return offer.status == "pending" and not self.is_past(offer.expires)

    def gives_access(self, offer: Offer) -> bool:
        return offer.status == "accepted" and not self.is_past(offer.terms.until)

    def is_silenced(self, key: OfferKey) -> bool:
        """Whether the recipient does not want to hear of an offer. What was accepted stays."""
        offer = self.offers[key]
        return offer.status != "accepted" and (offer.recipient, self.pictures[key[0]].owner) in self.blocks

    def reaching(self, eye: Eye, number: int) -> list[Offer]:
        """The offers that mean something to somebody at this moment."""
        if not self.is_shared(number):
            return []
        mine = [key for key, offer in self.offers.items() if offer.recipient in self.principals(eye)]
        heard = [self.offers[key] for key in mine if key[0] == number and not self.is_silenced(key)]
        return [offer for offer in heard if self.gives_access(offer) or self.is_waiting(offer)]

    def owns(self, eye: Eye, number: int) -> bool:
        picture = self.pictures[number]
        return picture.owner == eye.account and picture.status != "deleted"

    def is_open(self, number: int) -> bool:
        """Whether everybody can use it: the community's, public, or in the marketplace."""
        picture = self.pictures[number]
        return (picture.visibility in OPEN or picture.listed) and picture.status != "deleted"

    def sees(self, eye: Eye, number: int) -> bool:
        return self.owns(eye, number) or self.is_open(number) or bool(self.reaching(eye, number))

    def has(self, eye: Eye, number: int) -> list[Offer]:
        return [offer for offer in self.reaching(eye, number) if offer.status == "accepted"]

    def is_given(self, number: int) -> bool:
        return self.pictures[number].status == "active" and not self.is_over(number)

    def uses(self, eye: Eye, number: int) -> bool:
        reached = self.owns(eye, number) or self.is_open(number) or bool(self.has(eye, number))
        return reached and self.is_given(number)

    def exports(self, eye: Eye, number: int) -> bool:
        if self.owns(eye, number):
            return True
        allowed = self.is_open(number) or any(offer.terms.export for offer in self.has(eye, number))
        return allowed and self.is_given(number)

    def boots(self, eye: Eye, number: int) -> bool:
        """Uses, and may: a role that boots servers, and no policy against it."""
        return self.is_creator(eye) and self.uses(eye, number) and not self.is_refused(eye.account, number)

    def downloads(self, eye: Eye, number: int) -> bool:
        return self.exports(eye, number) and not self.is_refused(eye.account, number)

    def came_through_group(self, eye: Eye, number: int) -> bool:
        through = any(offer.recipient in self.groups(eye) for offer in self.has(eye, number))
        return through and not self.owns(eye, number)

    def lists(self, eye: Eye, number: int) -> bool:
        picture = self.pictures[number]
        is_public = picture.visibility == "public" and picture.status == "active"
        is_added = self.is_open(number) and picture.status == "active" and (eye.account, number) in self.references
        is_found = is_public or is_added or bool(self.has(eye, number))
        return self.owns(eye, number) or (is_found and (eye.person, number) not in self.hidden)

    def family_of(self, account: str) -> str:
        """The family that an account has at this moment."""
        return f"{account} {self.dissolved.get(account, 0)}"

    def latest(self, eye: Eye, account: str) -> int | None:
        """The version that somebody is led to: the one pinned, or else the newest that does not end."""
        family = self.family_of(account)
        versions = [number for number, picture in enumerate(self.pictures) if picture.family == family]
        versions = sorted(versions, key=lambda number: self.pictures[number].created, reverse=True)
        usable = [number for number in versions if self.uses(eye, number)]
        pinned = [number for number in usable if self.pinned.get(family) == number]
        current = [number for number in usable if not self.is_past(self.pictures[number].deprecated)]
        return next(iter(pinned + current + [number for number in versions if self.sees(eye, number)]), None)

    def grants(self, number: int) -> dict[str, dict[str, datetime | None]]:
        """By recipient: each right with its end."""
        found: dict[str, dict[str, datetime | None]] = {}
        for key, offer in self.offers.items():
            if key[0] != number or offer.recipient is None or offer.status == "rejected" or self.is_silenced(key):
                continue
            rights = found.setdefault(offer.recipient, {})
            is_accepted = offer.status == "accepted"
            names = ["view", "use", *(["export"] if offer.terms.export else [])] if is_accepted else ["view"]
            end = offer.terms.until if is_accepted else offer.expires
            rights |= {name: later(rights[name], end) if name in rights else end for name in names}
        return found
