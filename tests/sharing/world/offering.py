"""What producers do. Each step says how it ends, and changes the world only when it is "done"."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.sharing.world.promises import Promises
from tests.sharing.world.things import (
    CONFLICT,
    DONE,
    FORBIDDEN,
    INVALID,
    LIFETIME,
    MARKETPLACE,
    NOT_FOUND,
    OPEN,
    TEAMS,
    UNDO,
    UNPROVED,
    Eye,
    Listing,
    Offer,
    OfferKey,
    Request,
    Rules,
    Terms,
    Undo,
    sooner,
)


class Offering(Promises):
    """Offer, offer again, undo, remove, say until when; claim codes; and offers that are accepted by signing in."""

    def offer(self, eye: Eye, key: OfferKey, recipient: str | None, terms: Terms, *, approved: bool = False) -> str:
        number, kind, named = key
        if refusal := self._refuses_offer(eye, number):
            return refusal
        if kind in ("team", "organization") and named not in self.groups_of(eye.person, "manager"):
            return FORBIDDEN
        if recipient == self.pictures[number].owner or self.is_too_late(number, terms.until):
            return INVALID
        if kind == MARKETPLACE and (terms.until is not None or not terms.export):
            return INVALID
        terms = self._settled(number, terms)
        if self.can_start(key) and (held := self._held(eye, key, recipient, terms, approved=approved)):
            return held
        return self._open_and_start(eye, key, recipient, terms)

    def add_member(self, eye: Eye, key: OfferKey, recipient: str | None) -> str:
        """As programs offer: that opens nothing, everybody is asked, and nobody again who has rejected it."""
        number, offer = key[0], self.offers.get(key)
        if not self.is_creator(eye) or self.pictures[number].visibility != "shared":
            return FORBIDDEN
        if self.is_over(number):
            return CONFLICT
        if recipient == self.pictures[number].owner:
            return INVALID
        if not self.can_start(key) or (offer and offer.status == "rejected"):
            return DONE
        terms = self._settled(number, Terms())
        if held := self._held(eye, key, recipient, terms, approved=False):
            return held
        expires, undo = sooner(self.now + LIFETIME, terms.until), self._kept(key, opened=False)
        self.offers[key] = Offer("pending", recipient, terms, expires, self.now, eye.person, undo=undo)
        return DONE

    def offer_again(self, eye: Eye, key: OfferKey, recipient: str | None) -> str:
        number, kind, named = key
        if refusal := self._refuses_offer(eye, number, by_code=kind == "code"):
            return refusal
        if not self.can_start(key):
            return CONFLICT
        if kind in ("team", "organization") and named not in self.groups_of(eye.person, "manager"):
            return FORBIDDEN
        if recipient == self.pictures[number].owner:
            return INVALID
        terms = replace(self.offers[key].terms, until=self.last_day(number, None))
        if held := self._held(eye, key, recipient, terms, approved=False):
            return held
        return self._open_and_start(eye, key, recipient, terms)

    def remove(self, eye: Eye, key: OfferKey) -> str:
        if not self.sees(eye, key[0]):
            return NOT_FOUND
        if not self.owns(eye, key[0]) or not self.is_admin(eye):
            return FORBIDDEN
        self.give_up_versions(key)
        self.take_back(key)
        return DONE

    def undo(self, eye: Eye, key: OfferKey) -> str:
        """Take an offer back as if it had never been made. That of somebody else is left alone."""
        offer, picture = self.offers[key], self.pictures[key[0]]
        if picture.owner != eye.account or offer.offered_by != eye.person:
            return DONE
        untouched = offer.status == "pending" or offer.decided_at == offer.offered_at
        if offer.undo is None or offer.offered_at + UNDO <= self.now or not untouched:
            return CONFLICT
        self.take_back(key, for_good=offer.undo.offer is None)
        if offer.undo.offer is not None:
            self.offers[key] = replace(offer.undo.offer, undo=None)
            if picture.family is None or picture.family != offer.undo.family:
                self.forget_versions(self.offers[key])
        moments = [moment for each in self.offers_of(key[0]) for moment in (each.offered_at, each.decided_at) if moment]
        is_alone = all(moment < offer.offered_at for moment in moments)
        if offer.undo.opened and picture.visibility == "shared" and is_alone:
            self.change_visibility(key[0], "private")
        return DONE

    def set_end(self, eye: Eye, key: OfferKey, until: datetime | None) -> str:
        """An earlier end is like removing, a later one like offering."""
        number, kind, _named = key
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number):
            return FORBIDDEN
        if kind == MARKETPLACE:
            return CONFLICT
        if self.is_too_late(number, until):
            return INVALID
        offer, until = self.offers[key], self.last_day(number, until)
        if refusal := self._refuses_end(eye, key, until):
            return refusal
        if until != offer.terms.until:
            offer.terms = replace(offer.terms, until=until)
            if offer.status == "pending":
                most = offer.expires if kind == "code" else offer.offered_at + LIFETIME
                offer.expires = sooner(most, until)
        return DONE

    def _refuses_end(self, eye: Eye, key: OfferKey, until: datetime | None) -> str:
        (number, kind, named), offer = key, self.offers[key]
        is_shorter = until is not None and (offer.terms.until is None or until < offer.terms.until)
        if not (self.is_admin(eye) if is_shorter else self.is_creator(eye)):
            return FORBIDDEN
        if not (self.is_waiting(offer) or self.gives_access(offer)):
            return CONFLICT
        if is_shorter or until == offer.terms.until or self.is_inside(eye, kind, named, number):
            return ""
        return INVALID if self.rules_of(number).outside == "forbidden" else CONFLICT

    def make_code(self, eye: Eye, key: OfferKey, terms: Terms, days: int) -> str:
        number = key[0]
        if refusal := self._refuses_offer(eye, number):
            return refusal
        if self.rules_of(number).outside != "free":
            return FORBIDDEN
        if self.is_too_late(number, terms.until):
            return INVALID
        self._start_code(eye, key, self._settled(number, terms), days)
        return DONE

    def renew_code(self, eye: Eye, key: OfferKey, days: int) -> str:
        """A new code in the place of one that nobody used in time, or that was given back. The old one stays dead."""
        number = key[0]
        if refusal := self._refuses_offer(eye, number):
            return refusal
        if self.rules_of(number).outside != "free":
            return FORBIDDEN
        if key[1] != "code" or not self.can_start(key):
            return CONFLICT
        self._start_code(eye, key, replace(self.offers[key].terms, until=self.last_day(number, None)), days)
        return DONE

    def _start_code(self, eye: Eye, key: OfferKey, terms: Terms, days: int) -> None:
        undo = self._kept(key, opened=self._open_for_sharing(key[0]))
        expires = sooner(self.now + timedelta(days=days), terms.until)
        self.offers[key] = Offer("pending", None, terms, expires, self.now, eye.person, undo=undo)

    def offer_signed_in(self, eye: Eye, key: OfferKey, terms: Terms, admin: str) -> str:
        """Somebody has proved that they are this person. What they may not accept is not told from a wrong proof."""
        number, _kind, account = key
        if refusal := self._refuses_offer(eye, number):
            return refusal
        owner = self.pictures[number].owner
        if self.rules_of(number).outside != "free" and self.organization(account) != self.organization(owner):
            return FORBIDDEN
        if self.is_too_late(number, terms.until):
            return INVALID
        is_closed = not self._takes_sign_in(account) or account == owner or (account, owner) in self.blocks
        accepts = account in self.administers(admin) and self.accepts_for(Eye(admin, account), account)
        if is_closed or self.is_refused(account, number) or not accepts:
            return UNPROVED
        offer = self.offers.get(key)
        if offer is None or not self.gives_access(offer):
            if self.cannot_open(eye, number):
                return CONFLICT
            undo = self._kept(key, opened=self._open_for_sharing(number))
            terms = self._settled(number, terms)
            expires = sooner(self.now + LIFETIME, terms.until)
            self.offers[key] = Offer(
                "accepted", account, terms, expires, self.now, eye.person, decided_at=self.now, undo=undo
            )
        return DONE

    def _takes_sign_in(self, account: str) -> bool:
        return all(policy.by_sign_in for policy in self.policies_for(account))

    # Rules of the producer's organization.

    def rules_of(self, number: int) -> Rules:
        return self.rules_for(self.pictures[number].owner)

    def rules_for(self, account: str) -> Rules:
        return self.rules.get(self.organization(account) or "", Rules())

    def is_too_late(self, number: int, until: datetime | None) -> bool:
        most = self.rules_of(number).max_days
        late = most is not None and until is not None and until > self.now + timedelta(days=most + 1)
        return late or self.is_past(until)

    def last_day(self, number: int, until: datetime | None) -> datetime | None:
        """An end that nobody chose is the latest one."""
        most = self.rules_of(number).max_days
        return until or (self.now + timedelta(days=most) if most else None)

    def is_inside(self, eye: Eye, kind: str, named: str, number: int) -> bool:
        """Whether a recipient is in the producer's organization, as far as that has rules about those who are not."""
        organization = self.organization(self.pictures[number].owner)
        if organization is None or self.rules_of(number).outside == "free":
            return True
        match kind:
            case "number":
                return self.organization(named) == organization
            case "login":
                colleagues = {each for each in self._inside(organization) if (eye.person, each) in self.roles}
                seen_in = {organization} | colleagues
                return any((named, each) in self.roles for each in seen_in)
            case "team":
                return self._people_of({named}) <= self._people_of({organization, *self._inside(organization)})
        return named == organization

    def belongs(self, group: str, organization: str) -> bool:
        """Whether somebody is of an organization: all its people are."""
        everybody = self._people_of({organization, *self._inside(organization)})
        if group in TEAMS:
            return self._people_of({group}) <= everybody
        return group == organization or self.organization(group) == organization or group in everybody

    def _people_of(self, groups: set[str]) -> set[str]:
        return {person for (person, group) in self.roles if group in groups}

    def _inside(self, organization: str) -> set[str]:
        return {account for account, its in self.organization_of.items() if its == organization}

    def _held(self, eye: Eye, key: OfferKey, recipient: str | None, terms: Terms, *, approved: bool) -> str:
        """How an offer ends that cannot go out by itself; empty when it can."""
        number, kind, named = key
        if kind == MARKETPLACE:
            return "" if self.allows_open(self.pictures[number].owner) else INVALID
        if self.is_inside(eye, kind, named, number):
            return ""
        if self.rules_of(number).outside == "forbidden":
            return INVALID
        if approved:
            return ""
        for request in [each for each in self.requests if (each.key, each.status) == (key, "open")]:
            if request.expires > self.now:
                return DONE
            request.status = "withdrawn"
        organization = self.organization_of[self.pictures[number].owner]
        self.requests.append(Request(key, recipient, organization, terms, eye.person, self.now + LIFETIME))
        return DONE

    # The steps of an offer.

    def _refuses_offer(self, eye: Eye, number: int, *, by_code: bool = False) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number) or not self.is_creator(eye):
            return FORBIDDEN
        cannot = by_code or self.pictures[number].visibility in OPEN or self.is_over(number)
        return CONFLICT if cannot else ""

    def cannot_open(self, eye: Eye, number: int) -> bool:
        """Whether sharing a private image would let those have it again with whom nobody may share any more."""
        if self.pictures[number].visibility != "private" or self.rules_of(number).outside != "forbidden":
            return False
        coming_back = [key for key, _offer in self.offers_about(number) if not self.can_start(key)]
        return any(not self.is_inside(eye, kind, named, number) for _number, kind, named in coming_back)

    def _open_for_sharing(self, number: int) -> bool:
        """Make a private image shared, and say whether it was private."""
        was_private = self.pictures[number].visibility == "private"
        if was_private:
            self.change_visibility(number, "shared")
        return was_private

    def change_visibility(self, number: int, visibility: str) -> None:
        self.pictures[number].visibility = visibility
        self.follow_listing(number)

    def _settled(self, number: int, terms: Terms) -> Terms:
        """Terms as they are kept: later versions are there only where there are versions."""
        future = terms.future and self.pictures[number].family is not None
        return replace(terms, until=self.last_day(number, terms.until), future=future)

    def can_start(self, key: OfferKey) -> bool:
        offer = self.offers.get(key)
        return offer is None or not (self.gives_access(offer) or self.is_waiting(offer))

    def _open_and_start(self, eye: Eye, key: OfferKey, recipient: str | None, terms: Terms) -> str:
        if self.cannot_open(eye, key[0]):
            return CONFLICT
        opened = self._open_for_sharing(key[0])
        if self.can_start(key):
            self._start(eye, key, recipient, terms, opened=opened)
        return DONE

    def _start(self, eye: Eye, key: OfferKey, recipient: str | None, terms: Terms, *, opened: bool) -> None:
        by_authority = recipient is not None and self._has_authority(eye, key, recipient)
        decided = by_authority or (recipient is not None and self._is_trusting(recipient, key[0]))
        if recipient and (
            self.is_refused(recipient, key[0]) or (by_authority and not self._may_decide(eye, recipient))
        ):
            decided = False
        if key[1] == MARKETPLACE:
            terms = replace(terms, until=None)
            self.listings.append(Listing(key))
        self.offers[key] = Offer(
            "accepted" if decided else "pending",
            recipient,
            terms,
            None if key[1] == MARKETPLACE else sooner(self.now + LIFETIME, terms.until),
            self.now,
            eye.person,
            decided_at=self.now if decided else None,
            takes_future=decided and by_authority and terms.future,
            undo=self._kept(key, opened=opened),
        )

    def _has_authority(self, eye: Eye, key: OfferKey, recipient: str) -> bool:
        return key[1] in ("team", "organization") or recipient in self.administers(eye.person)

    def _may_decide(self, eye: Eye, recipient: str) -> bool:
        """Whether a policy leaves decisions to somebody with authority: it may ask for a manager."""
        organization = self.organization(recipient)
        by_managers = organization is not None and self.accepting(recipient) == "managers"
        return not by_managers or organization in self.groups_of(eye.person, "manager")

    def _is_trusting(self, recipient: str, number: int) -> bool:
        owner = self.pictures[number].owner
        trusted = any((recipient, producer) in self.trusts for producer in (owner, self.organization(owner)))
        return trusted and (recipient, owner) not in self.blocks

    # The marketplace.

    def follow_listing(self, number: int) -> None:
        """What staff have accepted is in the marketplace while its owner does not keep it private, and may open it."""
        picture = self.pictures[number]
        offer = self.offers.get((number, MARKETPLACE, MARKETPLACE))
        is_accepted = offer is not None and offer.status == "accepted"
        is_kept = is_accepted and picture.visibility != "private" and picture.status != "deleted"
        picture.listed = is_kept and (picture.listed or self.allows_open(picture.owner))
        for listing in self.listings:
            if listing.key[0] == number and picture.status == "deleted":
                listing.is_waiting = False

    def allows_open(self, account: str) -> bool:
        rules = self.rules_for(account)
        return rules.open_to_all and rules.outside == "free"

    def offers_about(self, number: int) -> list[tuple[OfferKey, Offer]]:
        return [(key, offer) for key, offer in self.offers.items() if key[0] == number]

    def take_back(self, key: OfferKey, *, for_good: bool = True) -> None:
        del self.offers[key]
        for listing in self.listings:
            if listing.key == key:
                listing.is_waiting, listing.is_there = False, listing.is_there and not for_good
        if key[1] == MARKETPLACE:
            self.pictures[key[0]].listed = False

    # Later versions.

    def _kept(self, key: OfferKey, *, opened: bool) -> Undo:
        return Undo(self.offers.get(key), opened, self.pictures[key[0]].family)

    def forget_versions(self, offer: Offer) -> None:
        offer.takes_future, offer.terms = False, replace(offer.terms, future=False)

    def give_up_versions(self, key: OfferKey) -> None:
        """Whoever gives up, or loses, a version by which later ones came gets no more of that family."""
        number, kind, named = key
        if not self.offers[key].takes_future:
            return
        family = self.pictures[number].family
        for (other, other_kind, other_named), offer in self.offers.items():
            if self.pictures[other].family == family and (other_kind, other_named) == (kind, named):
                offer.takes_future = False
