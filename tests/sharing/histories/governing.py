"""Steps of those who say beforehand what holds, and of second persons."""

from hypothesis import strategies as st

from sharing import actions
from sharing.actions import desk
from sharing.models import Case, OfferRequest
from tests.sharing.histories.stage import ALICE, BOB, CAROL, DAVE, ERIN, RHEA, Stage, any_number
from tests.sharing.histories.steps import step
from tests.sharing.world.things import Eye, Request

POLICIES = [*[(BOB, "beta")] * 5, *[(BOB, "beta_holdings")] * 2, (ERIN, "erin"), (DAVE, "beta"), (ERIN, "beta")]


class Governing(Stage):
    """Policies, rules and approvals; and what staff decide about the marketplace."""

    @step(
        weight=7,
        who=st.sampled_from(POLICIES),
        mode=st.sampled_from(["off", "audit", *["enforced"] * 4]),
        conditions=st.sampled_from([(), (), ("trusted",), ("trusted",), ("inspected",), ("trusted", "inspected")]),
        max_age=st.sampled_from([None, None, 10, 30]),
        accepting=st.sampled_from(["account", *["admins"] * 6, "creators", "managers"]),
        by_sign_in=st.sampled_from([True, True, False]),
    )
    def set_policy(
        self,
        who: tuple[Eye, str],
        mode: str,
        conditions: tuple[str, ...],
        max_age: int | None,
        accepting: str,
        by_sign_in: bool,
    ) -> None:
        eye, name = who
        said = {"mode": mode, "accepting": accepting, "by_sign_in": by_sign_in}
        said |= {"only_trusted": "trusted" in conditions, "only_inspected": "inspected" in conditions}
        self.compare(
            self.world.set_policy(eye, name, max_age=max_age, **said),
            lambda: actions.set_policy(self.group(name), by=self.viewer(eye), max_age_days=max_age, **said),
        )

    @step(
        weight=5,
        eye=st.sampled_from([*[ALICE] * 4, RHEA, CAROL]),
        outside=st.sampled_from(["free", "free", "approval", "approval", "forbidden"]),
        open_to_all=st.booleans(),
        max_days=st.sampled_from([None, 20]),
    )
    def set_rules(self, eye: Eye, outside: str, open_to_all: bool, max_days: int | None) -> None:
        said = {"outside": outside, "open_to_all": open_to_all, "max_days": max_days}
        self.compare(
            self.world.set_rules(eye, "acme_group", **said),
            lambda: actions.set_rules(self.cast.acme_group, by=self.viewer(eye), **said),
        )

    @step(
        weight=2,
        when=lambda self: self.world.requests,
        person=st.sampled_from(["rhea", "rhea", "alice", "bob"]),
        number=any_number,
    )
    def approve(self, person: str, number: int) -> None:
        self.approve_as(person, *self.request(number))

    def approve_as(self, person: str, request: Request, row: OfferRequest) -> None:
        expected = self.world.approve(person, request)
        self.compare(expected, lambda: actions.approve_offer(row.pk, by=getattr(self.cast, person)))

    @step(
        weight=1,
        when=lambda self: self.world.requests,
        person=st.sampled_from(["rhea", "alice", "bob"]),
        number=any_number,
    )
    def refuse(self, person: str, number: int) -> None:
        request, row = self.request(number)
        expected = self.world.refuse(person, request)
        self.compare(expected, lambda: actions.refuse_offer(row.pk, by=getattr(self.cast, person)))

    @step(weight=1, when=lambda self: self.world.requests, eye=st.sampled_from([ALICE, CAROL, BOB]), number=any_number)
    def withdraw(self, eye: Eye, number: int) -> None:
        request, row = self.request(number)
        expected = self.world.withdraw(eye, request)
        self.compare(expected, lambda: actions.withdraw_offer(row.image_id, row.pk, by=self.viewer(eye)))

    @step(
        weight=3,
        when=lambda self: self.world.listings,
        number=any_number,
        answer=st.sampled_from(["list", "list", "refuse", "unlist"]),
    )
    def decide_on_the_desk(self, number: int, answer: str) -> None:
        rows = Case.objects.filter(kind=Case.Kind.MARKETPLACE).order_by("pk")
        assert len(rows) == len(self.world.listings)
        at, root = -1 - number % len(rows), self.cast.root
        row = rows[len(rows) + at]
        steps = {
            "list": (self.world.list_it, lambda: desk.approve(row.pk, by=root)),
            "refuse": (self.world.refuse_to_list, lambda: desk.reject(row.pk, by=root, answer="No.")),
            "unlist": (self.world.unlist, lambda: desk.unlist(row.pk, by=root, answer="No.")),
        }
        here, there = steps[answer]
        self.compare(here(self.world.listings[at]), there)

    def request(self, number: int) -> tuple[Request, OfferRequest]:
        """One of those that were ever asked for, here and there: both count them in the same order."""
        rows = OfferRequest.objects.order_by("pk")
        assert len(rows) == len(self.world.requests)
        at = -1 - number % len(rows)
        return self.world.requests[at], rows[len(rows) + at]
