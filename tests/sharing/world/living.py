"""What becomes of an image: who sees it, its versions, its end, and who owns it."""

from dataclasses import replace
from datetime import datetime
from operator import itemgetter

from tests.sharing.world.offering import Offering
from tests.sharing.world.things import (
    CONFLICT,
    DONE,
    FORBIDDEN,
    INVALID,
    LIFETIME,
    MARKETPLACE,
    NOT_FOUND,
    OPEN,
    Eye,
    HandOver,
    Offer,
    OfferKey,
    Plan,
    Terms,
    sooner,
)

STATUS_AFTER = {"deactivate": "deactivated", "reactivate": "active", "delete": "deleted"}


class Living(Offering):
    """Visibility, status, plans, ends, families and hand-overs."""

    def set_visibility(self, eye: Eye, number: int, visibility: str) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        if not self.owns(eye, number) or self._refuses_visibility(eye, number, visibility):
            return FORBIDDEN
        self._show(number, visibility)
        return DONE

    def _show(self, number: int, visibility: str) -> None:
        if visibility == self.pictures[number].visibility:
            return
        self.change_visibility(number, visibility)
        if (plan := self.plans.get((number, "visibility"))) and plan.what == visibility:
            del self.plans[number, "visibility"]

    def set_status(self, eye: Eye, number: int, verb: str) -> str:
        """Deactivate, reactivate or delete."""
        if refusal := self._refuses_admin(eye, number):
            return refusal
        picture = self.pictures[number]
        if verb == "deactivate" and picture.status == "active":
            self.plans.pop((number, "deactivate"), None)
        picture.status = STATUS_AFTER[verb]
        if verb == "delete":
            self._bury(number)
        return DONE

    def _bury(self, number: int) -> None:
        self.pictures[number].status = "deleted"
        self._forget_plans(number)
        self.follow_listing(number)

    def publish(self, number: int) -> str:
        """Staff put an image into everybody's list."""
        picture = self.pictures[number]
        if picture.status == "deleted":
            return NOT_FOUND
        if not self.allows_open(picture.owner):
            return CONFLICT
        self._show(number, "public")
        return DONE

    def unpublish(self, number: int) -> str:
        """Staff take an image out of everybody's list: who has it by consent keeps it."""
        if self.pictures[number].status == "deleted":
            return NOT_FOUND
        if self.pictures[number].visibility == "public":
            self._show(number, "shared")
        return DONE

    def look(self, number: int, found: str) -> None:
        """Somebody looks inside of it."""
        self.pictures[number].looked = found

    # References.

    def add(self, eye: Eye, number: int) -> str:
        """Take an image that is open to everybody into the account's list."""
        if refusal := self._refuses_words(eye, number):
            return refusal
        if not self.is_open(number) or self.pictures[number].visibility == "public":
            return CONFLICT
        self.references.add((eye.account, number))
        return DONE

    def take_out(self, eye: Eye, number: int) -> str:
        refusal = self._refuses_words(eye, number)
        if not refusal:
            self.references.discard((eye.account, number))
        return refusal or DONE

    def label(self, eye: Eye, number: int) -> str:
        """Call somebody else's image by an own name."""
        refusal = self._refuses_words(eye, number)
        if not refusal:
            self.references.add((eye.account, number))
        return refusal or DONE

    def _refuses_words(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        return "" if self.is_admin(eye) and not self.owns(eye, number) else FORBIDDEN

    # Plans.

    def plan(self, eye: Eye, number: int, verb: str, visibility: str, at: datetime) -> str:
        """Have something done on a day to come."""
        if refusal := self._refuses_admin(eye, number):
            return refusal
        picture = self.pictures[number]
        if verb == "visibility" and self._refuses_visibility(eye, number, visibility):
            return FORBIDDEN
        if verb == "deactivate" and picture.status != "active":
            return CONFLICT
        if verb == "visibility" and visibility == picture.visibility:
            return CONFLICT
        self.plans[number, verb] = Plan(visibility or verb, at, eye.person)
        return DONE

    def tasks_run(self) -> None:
        """What is due is done, for whoever planned it, with the rights that they have now."""
        due = sorted((plan.at, key) for key, plan in self.plans.items() if plan.at <= self.now)
        for _at, (number, verb) in due:
            plan = self.plans.pop((number, verb), None)
            eye = Eye(plan.by, self.pictures[number].owner) if plan else None
            if plan is None or eye is None or (eye.person, eye.account) not in self.roles:
                continue
            if verb == "visibility":
                self.set_visibility(eye, number, plan.what)
            else:
                self.set_status(eye, number, verb)
        for number, picture in enumerate(self.pictures):
            if picture.status != "deleted" and self.is_past(picture.retired):
                self._bury(number)

    # Ends.

    def announce_end(self, eye: Eye, number: int, obsolete: datetime, retired: datetime | None) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        picture = self.pictures[number]
        picture.deprecated = sooner(picture.deprecated or self.now, obsolete)
        picture.obsolete, picture.retired = obsolete, retired
        return DONE

    def cancel_end(self, eye: Eye, number: int) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        picture = self.pictures[number]
        picture.deprecated = picture.obsolete = picture.retired = None
        return DONE

    # Families. Each producer has one at a time.

    def join_family(self, eye: Eye, number: int) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        picture = self.pictures[number]
        if picture.family is not None:
            return DONE
        picture.family = self.family_of(eye.account)
        return self._give_version(eye, number)

    def leave_family(self, eye: Eye, number: int) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        self._forget_family(number)
        return DONE

    def pin(self, eye: Eye, number: int) -> str:
        """Say which version of one's family is the latest."""
        picture = self.pictures[number]
        if not self.is_admin(eye):
            return FORBIDDEN
        if picture.family != self.family_of(eye.account) or picture.status == "deleted":
            return NOT_FOUND
        if not self.is_given(number):
            return CONFLICT
        self.pinned[self.family_of(eye.account)] = number
        return DONE

    def unpin(self, eye: Eye) -> str:
        if not self.is_admin(eye):
            return FORBIDDEN
        self.pinned.pop(self.family_of(eye.account), None)
        return DONE

    def dissolve(self, eye: Eye) -> str:
        """Take a family's name away, and make another one of the same name."""
        if not self.is_admin(eye):
            return FORBIDDEN
        for number, picture in enumerate(self.pictures):
            if picture.family == self.family_of(eye.account):
                self._forget_family(number)
        self.dissolved[eye.account] = self.dissolved.get(eye.account, 0) + 1
        return DONE

    def _give_version(self, eye: Eye, number: int) -> str:
        if self.is_over(number) or self.pictures[number].visibility in OPEN:
            return DONE
        followed = self._followed(eye, number)
        if followed and self.cannot_open(eye, number):
            self.pictures[number].family = None
            return CONFLICT
        if followed:
            self._open_for_sharing(number)
        for key, older in followed.items():
            asked = self.is_refused(older.recipient or "", number)
            until = sooner(older.terms.until, self.last_day(number, None))
            self.offers[key] = Offer(
                "pending" if asked else "accepted",
                older.recipient,
                Terms(older.terms.export, until, future=True),
                sooner(self.now + LIFETIME, until),
                self.now,
                eye.person,
                decided_at=None if asked else self.now,
                takes_future=not asked,
            )
        return DONE

    def _followed(self, eye: Eye, number: int) -> dict[OfferKey, Offer]:
        """By the key that it will have: the newest older offer by which somebody wants later versions."""
        by_date = itemgetter(0)
        picture, found = self.pictures[number], dict[OfferKey, tuple[datetime, Offer]]()
        for (other, kind, named), offer in self.offers.items():
            older, key = self.pictures[other], (number, kind, named)
            is_older = older.family == picture.family and older.created < picture.created
            counts = is_older and older.visibility != "private" and offer.takes_future and self.gives_access(offer)
            is_new = key not in self.offers and offer.recipient != picture.owner
            if counts and is_new and self.is_inside(eye, kind, named, number):
                found[key] = max(found.get(key, (older.created, offer)), (older.created, offer), key=by_date)
        return {key: offer for key, (_created, offer) in found.items()}

    def _forget_family(self, number: int) -> None:
        family = self.pictures[number].family
        if family is None:
            return
        self.pictures[number].family = None
        if self.pinned.get(family) == number:
            del self.pinned[family]
        for offer in self.offers_of(number):
            self.forget_versions(offer)

    # Hand-over.

    def ask_to_take_over(self, eye: Eye, number: int, to: tuple[str, str], recipient: str | None, *, keep: bool) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        if self.pictures[number].visibility == "public" or self.pictures[number].listed:
            return CONFLICT
        asked = self.hand_overs.get(number)
        if asked and asked.expires > self.now:
            return CONFLICT
        if recipient == eye.account or not self._may_go(eye.account, recipient):
            return INVALID
        self.hand_overs[number] = HandOver(eye.account, to[0], recipient, keep, self.now + LIFETIME)
        return DONE

    def cancel_hand_over(self, eye: Eye, number: int) -> str:
        if refusal := self._refuses_admin(eye, number):
            return refusal
        asked = self.hand_overs.get(number)
        if asked is None or asked.expires <= self.now:
            return NOT_FOUND
        del self.hand_overs[number]
        return DONE

    def take_over(self, eye: Eye, number: int, into: str | None) -> str:
        if refusal := self._refuses_taking_over(eye, number):
            return refusal
        asked = self.hand_overs[number]
        able = {asked.recipient}
        if asked.kind != "number" and asked.recipient == eye.person:
            able |= {each for each in self.administers(eye.person) - {asked.giver} if self.accepts_for(eye, each)}
        receiver = into or asked.recipient or ""
        if receiver not in able:
            return FORBIDDEN
        picture = self.pictures[number]
        is_community = picture.visibility == "community"
        if picture.visibility == "public" or picture.listed or (is_community and not self.allows_open(receiver)):
            return CONFLICT
        may_go = self._may_go(asked.giver, receiver) and not self.is_refused(receiver, number)
        if not may_go or (asked.keep_using and not self._may_go(receiver, asked.giver)):
            return CONFLICT
        if asked.keep_using and picture.visibility == "private" and self._would_reach_outside(eye, number, receiver):
            return CONFLICT
        self._give(eye, number, receiver)
        return DONE

    def _would_reach_outside(self, eye: Eye, number: int, receiver: str) -> bool:
        """Whether sharing it with the giver would give it to others with whom the receiver may not share."""
        left = [key for key, offer in self.offers_about(number) if offer.recipient != receiver]
        as_owned = replace(self.pictures[number], owner=receiver)
        after = replace(self, pictures=[*self.pictures], offers={key: self.offers[key] for key in left})
        after.pictures[number] = as_owned
        return after.cannot_open(Eye(eye.person, receiver), number)

    def turn_down_hand_over(self, eye: Eye, number: int) -> str:
        if refusal := self._refuses_taking_over(eye, number):
            return refusal
        del self.hand_overs[number]
        return DONE

    def _give(self, eye: Eye, number: int, receiver: str) -> None:
        asked = self.hand_overs.pop(number)
        self._forget_plans(number)
        self._forget_family(number)
        self.pictures[number].owner = receiver
        self.references.discard((receiver, number))
        of_former_owner = [key for key, offer in self.offers_about(number) if self._is_over_with_owner(key, offer)]
        for key in of_former_owner:
            self.take_back(key)
        for offer in self.offers_of(number):
            offer.offered_by, offer.undo = eye.person, None
            self.forget_versions(offer)
        if asked.keep_using:
            self._open_for_sharing(number)
            terms = Terms(until=self.last_day(number, None))
            offer = Offer("accepted", asked.giver, terms, None, self.now, eye.person, decided_at=self.now)
            self.offers[number, "number", asked.giver] = offer

    def _is_over_with_owner(self, key: OfferKey, offer: Offer) -> bool:
        """Nobody has an offer of their own image; and what staff have accepted is another producer's."""
        is_own = offer.recipient == self.pictures[key[0]].owner
        return is_own or (key[1] == MARKETPLACE and offer.status == "accepted")

    def _refuses_taking_over(self, eye: Eye, number: int) -> str:
        asked = self.hand_overs.get(number)
        if asked is None or asked.expires <= self.now or self.pictures[number].status == "deleted":
            return NOT_FOUND
        is_known = asked.recipient in self.decides_for(eye) | {eye.account}
        if not is_known or (asked.recipient, asked.giver) in self.blocks:
            return NOT_FOUND
        decides = asked.recipient in self.administers(eye.person) and self.accepts_for(eye, asked.recipient or "")
        return "" if decides else FORBIDDEN

    # What several steps ask.

    def _refuses_admin(self, eye: Eye, number: int) -> str:
        if not self.sees(eye, number):
            return NOT_FOUND
        return "" if self.owns(eye, number) and self.is_admin(eye) else FORBIDDEN

    def _refuses_visibility(self, eye: Eye, number: int, visibility: str) -> bool:
        old = self.pictures[number].visibility
        if visibility == old:
            return False
        if (old, visibility) == ("private", "shared"):
            return not self.is_creator(eye) or self.cannot_open(eye, number)
        is_closed = visibility == "community" and not self.allows_open(eye.account)
        return visibility == "public" or not self.is_admin(eye) or is_closed

    def _may_go(self, account: str, to: str | None) -> bool:
        """Whether an image of an account may go to another one, where nobody can be asked first."""
        if self.rules_for(account).outside == "free":
            return True
        return to is not None and self.organization(to) == self.organization(account)

    def _forget_plans(self, number: int) -> None:
        self.plans = {key: plan for key, plan in self.plans.items() if key[0] != number}
