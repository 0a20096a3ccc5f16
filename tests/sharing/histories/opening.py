"""How histories begin: with nothing agreed, or with some of what is rarely reached step by step."""

from tests.sharing.histories.ending import GoingOn
from tests.sharing.histories.stage import ALICE, BOB


class Opening(GoingOn):
    """The first images, and what has happened to the very first of them before the history begins."""

    def first_images(self) -> None:
        for eye in (ALICE, BOB):
            self.make_image(eye)
            self.make_family(eye)
        self.make_image(ALICE)

    def opened_by_nothing(self) -> None:
        """It is private."""

    def opened_by_an_accepted_offer(self) -> None:
        self.offer(ALICE, 0, ("number", "beta"), export=True, days=None, future=False)
        self.go_on(0, future=False)

    def opened_by_a_version(self) -> None:
        """Somebody takes later versions, too."""
        self.join_family(ALICE, 0)
        self.pin(ALICE, 0, pin=True)
        self.offer(ALICE, 0, ("number", "beta"), export=True, days=None, future=True)
        self.go_on(0, future=True)

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
        self.ask_to_take_over(ALICE, 0, ("number", "beta"), keep=True)

    def opened_by_a_group(self) -> None:
        """Several ways lead to the same people."""
        self.offer(ALICE, 0, ("team", "golden_testers"), export=False, days=12, future=False)
        self.offer(ALICE, 0, ("login", "erin"), export=True, days=3, future=False)
