"""What accounts and organizations say beforehand, and what a second person decides."""

from typing import Any

from tests.sharing.world.offering import Offering
from tests.sharing.world.things import (
    CONFLICT,
    DONE,
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
    ORGANIZATIONS,
    Eye,
    Listing,
    Policy,
    Request,
    Rules,
)


class Ruling(Offering):
    """Policies, rules and approvals; and what staff decide about the marketplace."""

    def set_policy(self, eye: Eye, group: str, **said: Any) -> str:
        role = self.roles.get((eye.person, group))
        if role is None:
            return NOT_FOUND
        if role not in ("admin", "manager"):
            return FORBIDDEN
        allowed = ("account", "admins", "managers") if group in ORGANIZATIONS else ("admins", "creators")
        if self.organization(group):
            allowed = (*allowed, "managers")
        if said["accepting"] not in allowed:
            return INVALID
        self.policies[group] = Policy(**said)
        return DONE

    def set_rules(self, eye: Eye, organization: str, **said: Any) -> str:
        role = self.roles.get((eye.person, organization))
        if role is None:
            return NOT_FOUND
        if role != "manager":
            return FORBIDDEN
        self.rules[organization] = Rules(**said)
        return DONE

    def approve(self, person: str, request: Request) -> str:
        if refusal := self._refuses_request(person, request):
            return refusal
        owner = self.pictures[request.key[0]].owner
        requester = Eye(request.by, owner)
        if (request.by, owner) not in self.roles:
            return CONFLICT
        answer = self.offer(requester, request.key, request.recipient, request.terms, approved=True)
        if answer == DONE:
            request.status = "approved"
        return CONFLICT if answer == FORBIDDEN else answer

    def refuse(self, person: str, request: Request) -> str:
        refusal = self._refuses_request(person, request)
        if not refusal:
            request.status = "refused"
        return refusal or DONE

    def withdraw(self, eye: Eye, request: Request) -> str:
        if self.pictures[request.key[0]].owner != eye.account:
            return NOT_FOUND
        if request.by != eye.person and not self.is_admin(eye):
            return FORBIDDEN
        if request.status != "open" or request.expires <= self.now:
            return CONFLICT
        request.status = "withdrawn"
        return DONE

    # The review desk.

    def list_it(self, listing: Listing) -> str:
        """Staff accept an offer to the marketplace."""
        if not listing.is_waiting or not self.allows_open(self.pictures[listing.key[0]].owner):
            return CONFLICT
        self._answer(listing, "accepted")
        return DONE

    def refuse_to_list(self, listing: Listing) -> str:
        if not listing.is_waiting:
            return CONFLICT
        self._answer(listing, "rejected")
        return DONE

    def unlist(self, listing: Listing) -> str:
        offer = self.offers.get(listing.key)
        if not listing.is_there or offer is None or offer.status != "accepted":
            return CONFLICT
        self._answer(listing, "rejected")
        return DONE

    def _answer(self, listing: Listing, status: str) -> None:
        offer = self.offers[listing.key]
        offer.status, offer.decided_at, listing.is_waiting = status, self.now, False
        self.follow_listing(listing.key[0])

    def _refuses_request(self, person: str, request: Request) -> str:
        if self.roles.get((person, request.organization)) != "manager":
            return NOT_FOUND
        if request.by == person:
            return FORBIDDEN
        has_moved = self.organization(self.pictures[request.key[0]].owner) != request.organization
        return CONFLICT if request.status != "open" or request.expires <= self.now or has_moved else ""
