"""What recipients do. Each step says how it ends, and changes the world only when it is "done"."""

from datetime import datetime

from tests.sharing.world.offering import Offering
from tests.sharing.world.things import CONFLICT, DONE, FORBIDDEN, INVALID, NOT_FOUND, Eye, Offer, OfferKey


class Deciding(Offering):
    """Accept, reject, leave, claim, trust, block, hide, and want later versions."""

    def accept(self, eye: Eye, key: OfferKey, into: str | None, *, future: bool, label: bool = False) -> str:
        if refusal := self._refuses_decision(eye, key):
            return refusal
        offer = self.offers[key]
        is_new = offer.status != "accepted"
        recipient = (is_new and into) or offer.recipient or ""
        if refusal := self._refuses_taking(eye, key, recipient) if is_new else "":
            return refusal
        if label and self.roles.get((eye.person, recipient)) != "admin":
            return FORBIDDEN
        if label:
            self.references.add((recipient, key[0]))
        if is_new:
            offer.recipient = recipient
            self._decide(offer, "accepted")
            offer.takes_future = future and offer.terms.future
        return DONE

    def _refuses_taking(self, eye: Eye, key: OfferKey, recipient: str) -> str:
        """Whether an offer can be taken into an account: the one that it is for, or another one of the person.

        The rules of the producer's organization hold once more, as far as no second person has let it go outside.
        """
        asked, owner = self.offers[key].recipient, self.pictures[key[0]].owner
        if recipient != asked:
            if asked != eye.person or key[1] == "number" or not self.accepts_for(eye, recipient):
                return FORBIDDEN
            if recipient == owner or (recipient, owner) in self.blocks:
                return INVALID
        rules, organization = self.rules_of(key[0]), self.organization(owner)
        is_outside = organization is not None and not self.belongs(recipient, organization)
        was_approved = rules.outside == "approval" and not self.belongs(asked or "", organization or "")
        if rules.outside != "free" and is_outside and not was_approved:
            return CONFLICT
        return INVALID if self.is_refused(recipient, key[0]) else ""

    def reject(self, eye: Eye, key: OfferKey) -> str:
        if refusal := self._refuses_decision(eye, key):
            return refusal
        if self.offers[key].status == "accepted":
            return CONFLICT
        if self.offers[key].status == "pending":
            self._decide(self.offers[key], "rejected")
        return DONE

    def leave(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        held = self.has(eye, number)
        mine = [key for key, offer in self.offers.items() if any(offer is each for each in held)]
        mine = [key for key in mine if self.offers[key].recipient in self.decides_for(eye)]
        for key in mine:
            self._turn_down(key)
        return DONE if mine else FORBIDDEN

    def claim(self, eye: Eye, key: OfferKey, made_at: datetime) -> str:
        """Show a code, and accept what it offers for one's account. Each new code is of another moment."""
        number, offer, account = key[0], self.offers.get(key), eye.account
        if offer is None or offer.offered_at != made_at or not self.is_shared(number):
            return INVALID
        has_it = offer.status == "accepted" and offer.recipient == account
        if has_it:
            return DONE
        if not self.is_waiting(offer) or self._refuses_claim(account, number):
            return INVALID
        if not self.accepts_for(eye, account):
            return FORBIDDEN
        if self.is_refused(account, number):
            return INVALID
        offer.recipient = account
        self._decide(offer, "accepted")
        return DONE

    def _refuses_claim(self, account: str, number: int) -> bool:
        owner = self.pictures[number].owner
        is_inside = self.organization(account) is not None and self.organization(account) == self.organization(owner)
        is_kept_inside = self.rules_of(number).outside != "free" and not is_inside
        return is_kept_inside or account == owner or (account, owner) in self.blocks

    def want_later_versions(self, eye: Eye, key: OfferKey) -> str:
        if refusal := self._refuses_versions(eye, key):
            return refusal
        if not self.offers[key].terms.future or self.pictures[key[0]].family is None:
            return CONFLICT
        self.offers[key].takes_future = True
        return DONE

    def stop_later_versions(self, eye: Eye, key: OfferKey) -> str:
        if refusal := self._refuses_versions(eye, key):
            return refusal
        self.give_up_versions(key)
        return DONE

    def close(self, eye: Eye, group: str) -> str:
        """Close a group of people: what it had ends."""
        role = self.roles.get((eye.person, group))
        if role is None or group in self.closed:
            return NOT_FOUND
        if role != "manager":
            return FORBIDDEN
        for key, offer in self.offers.items():
            if offer.recipient == group and offer.status == "accepted":
                self._turn_down(key)
        self.blocks = {(recipient, producer) for recipient, producer in self.blocks if recipient != group}
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

    def trust(self, eye: Eye, producer: str, recipient: str) -> str:
        if recipient not in self.administers(eye.person) | self.groups_of(eye.person, "manager"):
            return FORBIDDEN
        if producer == recipient:
            return INVALID
        if (recipient, producer) in self.blocks:
            return CONFLICT
        self.trusts.add((recipient, producer))
        return DONE

    def stop_trusting(self, eye: Eye, trust: tuple[str, str]) -> str:
        if trust[0] not in self.decides_for(eye):
            return NOT_FOUND
        self.trusts.discard(trust)
        return DONE

    def block(self, eye: Eye, producer: str, recipient: str, *, give_back: bool) -> str:
        if recipient not in self.decides_for(eye):
            return FORBIDDEN
        if producer == recipient:
            return INVALID
        self.blocks.add((recipient, producer))
        self.trusts.discard((recipient, producer))
        for key, offer in self.offers.items():
            if offer.recipient == recipient and self.pictures[key[0]].owner == producer:
                offer.takes_future = False
                if give_back and self.gives_access(offer):
                    self._turn_down(key)
        return DONE

    def unblock(self, eye: Eye, block: tuple[str, str]) -> str:
        if block[0] not in self.decides_for(eye):
            return NOT_FOUND
        self.blocks.discard(block)
        return DONE

    def hide(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.came_through_group(eye, number):
            return FORBIDDEN
        self.hidden.add((eye.person, number))
        return DONE

    def unhide(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        self.hidden.discard((eye.person, number))
        return DONE

    def _decide(self, offer: Offer, status: str) -> None:
        offer.status, offer.decided_at, offer.takes_future = status, self.now, False

    def _turn_down(self, key: OfferKey) -> None:
        self.give_up_versions(key)
        self._decide(self.offers[key], "rejected")

    def _is_known(self, eye: Eye, key: OfferKey) -> bool:
        """Whether somebody may know of an offer as one of those who receive it."""
        asked = self.decides_for(eye) | {eye.account}
        return self.is_shared(key[0]) and self.offers[key].recipient in asked and not self.is_silenced(key)

    def _refuses_decision(self, eye: Eye, key: OfferKey) -> str:
        offer = self.offers[key]
        is_past = self.is_past(offer.terms.until) or (offer.status == "pending" and not self.is_waiting(offer))
        if not self._is_known(eye, key) or is_past:
            return NOT_FOUND
        return "" if self.accepts_for(eye, offer.recipient or "") else FORBIDDEN

    def _refuses_versions(self, eye: Eye, key: OfferKey) -> str:
        offer = self.offers[key]
        if not self._is_known(eye, key) or not self.gives_access(offer):
            return NOT_FOUND
        return "" if self.accepts_for(eye, offer.recipient or "") else FORBIDDEN
