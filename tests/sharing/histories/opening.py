"""How histories begin: with nothing agreed, or a step or two before what is rarely reached step by step."""

from tests.sharing.histories.stage import ALICE, BOB, CAROL
from tests.sharing.histories.trying import TryingAgain

BETA = ("number", "beta")


class Beginning(TryingAgain):
    """The first images, and short words for what openings are made of."""

    def first_images(self) -> None:
        for eye in (ALICE, BOB):
            self.make_image(eye)
            self.make_family(eye)
        self.make_image(ALICE)

    def offered(self, *, days: int | None = None, future: bool = False, accepted: bool = True) -> None:
        """The first image is offered to Beta Consumers."""
        self.offer(ALICE, 0, BETA, export=True, days=days, future=future)
        if accepted:
            self.accept_as(BOB, (0, *BETA), None, future=future)

    def ruled(self, outside: str = "free", *, open_to_all: bool = True, max_days: int | None = None) -> None:
        self.set_rules(ALICE, outside=outside, open_to_all=open_to_all, max_days=max_days)

    def taken(self, *conditions: str, by_sign_in: bool = True) -> None:
        """Beta Consumers says what it takes."""
        mode = "enforced" if conditions else "off"
        self.set_policy((BOB, "beta"), mode, conditions, None, "admins", by_sign_in)


class Opening(Beginning):
    """What may have happened to the very first image."""

    def opened_by_nothing(self) -> None:
        """It is private."""

    def opened_by_an_accepted_offer(self) -> None:
        self.offered()

    def opened_by_a_version(self) -> None:
        """Somebody takes later versions, too."""
        self.join_family(ALICE, 0)
        self.pin(ALICE, 0, pin=True)
        self.offered(future=True)

    def opened_by_the_marketplace(self) -> None:
        self.offer_to_the_marketplace(ALICE, 0)
        self.decide_on_the_desk(0, "list")

    def opened_by_the_community(self) -> None:
        self.set_visibility(ALICE, 0, "community")
        self.reference(BOB, 0, "add")

    def opened_by_a_code(self) -> None:
        self.make_code(ALICE, 0, days=7, ends=None, future=False)
        self.make_code(ALICE, 0, days=1, ends=None, future=False)
        self.time_passes(2)

    def opened_by_a_hand_over(self) -> None:
        self.ask_to_take_over(ALICE, 0, BETA, keep=True)

    def opened_by_a_group(self) -> None:
        """Several ways lead to the same people."""
        self.offer(ALICE, 0, ("team", "golden_testers"), export=False, days=12, future=False)
        self.offer(ALICE, 0, ("login", "erin"), export=True, days=3, future=False)


class OpeningWithMore(Opening):
    """And when something came between what was begun and its end."""

    def opened_by_rules_about_offers(self) -> None:
        """What waits was allowed when it was offered."""
        self.offered(days=12, accepted=False)
        self.make_code(ALICE, 0, days=7, ends=None, future=False)
        self.ruled("forbidden")

    def opened_by_rules_about_what_was_shared(self) -> None:
        self.offered()
        self.set_visibility(ALICE, 0, "private")
        self.ruled("forbidden")

    def opened_by_rules_about_a_listing(self) -> None:
        """It left the marketplace before nothing may come there any more, and perhaps changes hands."""
        self.opened_by_the_marketplace()
        self.set_visibility(ALICE, 0, "private")
        self.ruled(open_to_all=False)
        self.ask_to_take_over(ALICE, 0, BETA, keep=True)

    def opened_by_a_second_person(self) -> None:
        """Whose approval an offer needs, and what would come from outside and go back there."""
        self.ruled("approval")
        self.offered(accepted=False)
        self.ask_to_take_over(BOB, 1, ("number", "acme"), keep=True)

    def opened_by_sign_in_switched_off(self) -> None:
        self.taken(by_sign_in=False)

    def opened_by_a_version_that_left(self) -> None:
        """It was the latest."""
        self.join_family(ALICE, 0)
        self.join_family(ALICE, 2)
        self.pin(ALICE, 0, pin=True)
        self.leave_family(ALICE, 0)

    def opened_by_versions_given_up(self) -> None:
        """Of three versions the last one is still to come."""
        self.join_family(ALICE, 0)
        self.offered(future=True)
        self.join_family(ALICE, 2)
        self.another_image(CAROL)
        self.leave(BOB, 0)

    def opened_by_a_policy_about_offers(self) -> None:
        """What was accepted before stays, what waits and what comes is not taken."""
        self.offered()
        self.offer(ALICE, 2, BETA, export=True, days=None, future=False)
        self.make_code(ALICE, 2, days=7, ends=None, future=False)
        self.taken("inspected")

    def opened_by_a_policy_about_versions(self) -> None:
        self.join_family(ALICE, 0)
        self.offered(future=True)
        self.taken("inspected")
        self.ruled(max_days=20)

    def opened_by_a_block(self) -> None:
        """Of a producer that was trusted."""
        self.offered(accepted=False)
        self.make_code(ALICE, 0, days=7, ends=None, future=False)
        self.trust(BOB, "acme", None)
        self.block(BOB, "acme", None, give_back=False)

    def opened_by_an_end(self) -> None:
        self.offered(days=3)
        self.time_passes(4)

    def opened_by_a_plan(self) -> None:
        """It may change hands before the day comes, to somebody who may do the same."""
        self.plan(BOB, 1, "visibility", "shared", 3)
        self.ask_to_take_over(BOB, 1, ("login", "bob"), keep=False)
