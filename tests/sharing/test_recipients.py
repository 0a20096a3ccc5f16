"""What each part of the recipients is said to be, and what nobody finds out by typing."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import numbers
from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from sharing import actions
from sharing.models import Share
from sharing.recipients import Part, PartKind, Reading, read
from sharing.suggestions import Suggestion, suggest
from tests import factories
from tests.factories import make_account, make_image, make_person, make_team, signed_in, viewer
from tests.people import Cast
from tests.sharing.conftest import offer_all, offer_one


def part(text: str, by: Viewer, *images: Image) -> Part:
    """What a text of one part is."""
    [found] = read(text, by=by, images=images).parts
    return found


class TestKinds:
    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("1234 5678 97", PartKind.NUMBER),
            ("somebody", PartKind.LOGIN),
            ("@somebody", PartKind.LOGIN),
            ("Somebody@Example.com", PartKind.EMAIL),
            ("golden testers", PartKind.TEAM),
            ("ACME GROUP", PartKind.ORGANIZATION),
            ("hubfirst", PartKind.MARKETPLACE),
        ],
    )
    def test_each_part_has_its_kind(self, cast: Cast, golden: Image, text: str, kind: PartKind) -> None:
        found = part(text, cast.producer, golden)
        assert (found.kind, found.problem) == (kind, "")

    def test_an_own_account_is_known_by_its_name_and_its_number(self, cast: Cast, golden: Image) -> None:
        lab = make_account("Acme Lab", cast.alice)
        for text in ("acme lab", lab.number):
            found = part(text, cast.producer, golden)
            assert (found.kind, found.label, found.at_once) == (PartKind.ACCOUNT, "Acme Lab", True)

    def test_ones_own_login_needs_nobodys_consent(self, cast: Cast, golden: Image) -> None:
        assert part("alice", cast.producer, golden).at_once

    def test_an_account_of_ones_organization_has_its_name_and_is_asked(self, cast: Cast, golden: Image) -> None:
        research = make_account("Research", cast.rhea, organization=cast.acme_group)
        make_image(research, cast.rhea, visibility="community")  # whose page shows the number
        for text in ("research", research.number):
            found = part(text, cast.producer, golden)
            assert (found.label, found.text, found.at_once) == ("Research", research.grouped_number, False)

    def test_its_number_is_told_to_nobody_who_does_not_see_it(self, cast: Cast, golden: Image) -> None:
        """The page of the organization names its accounts, without their numbers."""
        research = make_account("Research", cast.rhea, organization=cast.acme_group)
        make_image(research, cast.rhea)
        assert "Research" in signed_in(cast.alice).get(organization_page(cast)).content.decode()
        assert research.number not in signed_in(cast.alice).get(organization_page(cast)).content.decode()
        assert part("Research", cast.producer, golden).kind is not PartKind.ACCOUNT
        assert part(research.number, cast.producer, golden).label == research.grouped_number

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("4071 3859 63", "is mistyped: its last digit does not fit the others."),
            ("407", "has 3 digits; an account number has ten."),
            ("two words", "is no login, address or number, and none of your groups and organizations has this name."),
            ("no@where", "is not an email address."),
            ("Acme Producers", "owns what you share: leave it out."),
        ],
    )
    def test_a_problem_stands_at_its_part(self, cast: Cast, golden: Image, text: str, problem: str) -> None:
        assert part(text, cast.producer, golden).problem == problem
        assert read(f"bob, {text}", by=cast.producer, images=[golden]).errors == [f"“{text}” {problem}"]

    def test_a_group_that_others_manage_says_why_not(self, cast: Cast, golden: Image) -> None:
        factories.join(cast.alice, cast.night_shift, Role.MEMBER)
        assert "only its managers share with it" in part("Night Shift", cast.producer, golden).problem

    def test_somebody_elses_group_is_no_group(self, cast: Cast, golden: Image) -> None:
        assert "is no login" in part("Night Shift", cast.producer, golden).problem

    def test_a_name_of_two_is_asked_about(self, cast: Cast, golden: Image) -> None:
        twin = make_team("Golden Testers", cast.alice)
        assert f"group:{twin.pk}" in part("Golden Testers", cast.producer, golden).problem
        assert part(f"group:{twin.pk}", cast.producer, golden).group == twin

    def test_a_name_with_a_comma_stays_one(self, cast: Cast, golden: Image) -> None:
        team = make_team("Builders, Ltd", cast.alice)
        found = read("bob, Builders, Ltd; erin", by=cast.producer, images=[golden])
        assert [each.label for each in found.parts] == ["bob", "Builders, Ltd", "erin"]
        assert read(found.text, by=cast.producer, images=[golden]).groups == [team.group_ptr]

    def test_a_login_that_is_also_the_name_of_a_group(self, cast: Cast, golden: Image) -> None:
        make_team("testers", cast.alice)
        found = read("testers, @testers", by=cast.producer, images=[golden])
        assert [each.kind for each in found.parts] == [PartKind.TEAM, PartKind.LOGIN]
        assert found.text == "testers\n@testers"

    def test_reading_what_was_read_changes_nothing(self, cast: Cast, golden: Image) -> None:
        text = "4071385962; BOB , bob@EXAMPLE.org\nGolden Testers, hubfirst, what is this"
        once = read(text, by=cast.producer, images=[golden])
        assert read(once.text, by=cast.producer, images=[golden]) == once

    def test_somebody_named_twice_stands_once(self, cast: Cast, golden: Image) -> None:
        found = read("bob, BOB, Golden Testers", by=cast.producer, images=[golden], ticked=[cast.golden_testers])
        assert [each.label for each in found.parts] == ["bob", "Golden Testers"]


class TestSentences:
    def say(self, text: str, cast: Cast, *images: Image) -> str:
        return " ".join(read(text, by=cast.producer, images=images).sentences)

    def test_people_are_counted_once_and_never_behind_an_address(self, cast: Cast, golden: Image) -> None:
        assert (
            self.say("Golden Testers, Acme Group, bob, erin@example.org", cast, golden)
            == "3 people in Golden Testers and Acme Group get it now. 2 recipients are asked first."
        )

    def test_several_images(self, cast: Cast, golden: Image) -> None:
        other = make_image(cast.acme, cast.alice, name="other")
        assert self.say("Golden Testers", cast, golden, other) == "2 people in Golden Testers get them now."

    def test_one_person_and_one_recipient(self, cast: Cast, golden: Image) -> None:
        make_team("Quiet Room", cast.alice)
        said = "1 person in Quiet Room gets it now. 1 recipient is asked first."
        assert self.say("Quiet Room, bob", cast, golden) == said

    def test_who_has_it_already_is_not_counted(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, "bob", cast.golden_testers)
        reading = read("Golden Testers, bob", by=cast.producer, images=[golden])
        assert [each.already for each in reading.parts] == ["has it already", "was asked already"]
        assert (reading.sentences, reading.errors) == ([], [])

    def test_some_of_several_images_were_offered_before(self, cast: Cast, golden: Image) -> None:
        offer_one(golden, cast.producer, "bob")
        other = make_image(cast.acme, cast.alice, name="other")
        [bob] = read("bob", by=cast.producer, images=[golden, other]).parts
        assert (bob.already, bob.is_new) == ("was offered 1 of these 2 images already", True)

    def test_a_rejected_offer_can_be_made_again(self, cast: Cast, golden: Image, pending: Share) -> None:
        actions.reject(pending.pk, by=cast.consumer, reason="")
        assert not part(cast.beta.number, cast.producer, golden).already

    def test_problems_and_too_many_are_said(self, cast: Cast, golden: Image) -> None:
        text = ",".join(f"person-{number}" for number in range(101))
        reading = read(f"{text}, two words", by=cast.producer, images=[golden])
        assert reading.sentences[0] == "Name at most 100 recipients at a time; these are 102."
        assert reading.sentences[-1] == "1 recipient cannot be shared with: mend or remove it."
        assert len(reading.errors) == 2


class TestNobodyFindsOutWhoExists:
    """The same words and the same queries for those who exist and those who do not."""

    def run(self, cast: Cast, golden: Image, text: str) -> tuple[Reading, list[str]]:
        alice = cast.producer
        with CaptureQueriesContext(connection) as queries:
            found = read(text, by=alice, images=[golden])
        return found, [query["sql"].split("WHERE")[0] for query in queries]

    @pytest.mark.parametrize(
        ("known", "unknown"), [("dave", "nobody"), ("dave@example.org", "nobody@example.org"), ("number", "number")]
    )
    def test_reading(self, cast: Cast, golden: Image, known: str, unknown: str) -> None:
        known = cast.rival.number if known == "number" else known
        unknown = _unused() if unknown == "number" else unknown
        (there, its_queries), (not_there, queries) = self.run(cast, golden, known), self.run(cast, golden, unknown)
        assert its_queries == queries
        assert len(queries) == 4
        for one, other in zip(there.parts, not_there.parts, strict=True):
            assert vars(one) | _names_of(other) == vars(other)
        assert (there.sentences, there.errors) == (not_there.sentences, not_there.errors)

    def test_an_address_that_is_confirmed_later_reads_the_same(self, cast: Cast, golden: Image) -> None:
        before = read("new@example.org", by=cast.producer, images=[golden])
        EmailAddress.objects.create(user=cast.trudy, email="new@example.org", verified=True)
        assert read("new@example.org", by=cast.producer, images=[golden]) == before

    def test_a_hundred_parts_cost_as_much_as_one(self, cast: Cast, golden: Image) -> None:
        many = ",".join(f"person-{number}" for number in range(100))
        assert len(self.run(cast, golden, many)[1]) == 4

    def test_who_was_reached_by_an_offer_does_not_show(self, cast: Cast, golden: Image) -> None:
        """Dave's login and number stand for one account; having offered to one says nothing of the other."""
        offer_one(golden, cast.producer, "dave")
        assert not part(cast.dave.personal_account.number, cast.producer, golden).already


class TestSuggestions:
    def labels(self, by: Viewer, wanted: str) -> list[str]:
        return [each.label for each in suggest(by, wanted)]

    def test_groups_that_one_decides_for_come_first(self, cast: Cast) -> None:
        assert self.labels(cast.producer, "")[:2] == ["Golden Testers", "Acme Group"]

    def test_people_of_the_account_and_of_ones_groups(self, cast: Cast) -> None:
        assert self.labels(cast.producer, "car") == ["Carol Cho"]
        assert self.labels(cast.producer, "erin") == ["Erin Estrada"]

    @pytest.mark.parametrize("wanted", ["bob", "rhea", "trudy", "Beta", "Rival", "Night", "example.org"])
    def test_nobody_else(self, cast: Cast, wanted: str) -> None:
        assert self.labels(cast.producer, wanted) == []

    def test_a_number_of_somebody_else(self, cast: Cast) -> None:
        assert self.labels(cast.producer, cast.beta.number) == []

    def test_what_begins_so_comes_first(self, cast: Cast) -> None:
        """A colleague whose login begins so, before a group that has it somewhere inside."""
        factories.join(make_person("tesla", name="Nikola"), cast.acme, Role.OBSERVER)
        make_team("Contests", cast.alice)
        assert self.labels(cast.producer, "tes") == ["Golden Testers", "Nikola", "Contests"]
        assert self.labels(cast.producer, "er")[:2] == ["Erin Estrada", "Golden Testers"]

    def test_accounts_of_ones_organization_whose_numbers_one_sees_and_ones_own(self, cast: Cast) -> None:
        research = make_account("Research", cast.rhea, organization=cast.acme_group)
        lab = make_account("Lab", cast.alice)
        assert suggest(cast.producer, "resea") == suggest(cast.producer, research.number[:6]) == []
        make_image(research, cast.rhea, visibility="community")
        assert suggest(cast.producer, "resea")[0].text == research.grouped_number
        assert suggest(cast.producer, lab.number[:5])[0].label == "Lab"

    def test_whom_the_account_has_named_before_as_it_was_typed(self, cast: Cast, golden: Image) -> None:
        offer_all(golden, cast.producer, f"dave@example.org, {cast.beta.number}, nobody-there")
        assert "dave@example.org" in self.labels(cast.producer, "dave")
        assert self.labels(cast.producer, cast.beta.number[:6]) == [cast.beta.grouped_number]
        assert self.labels(cast.producer, "nobody") == ["nobody-there"]
        assert self.labels(viewer(cast.rhea, cast.rival), "dave") == []

    def test_a_group_that_others_manage_is_shown_with_the_reason(self, cast: Cast) -> None:
        factories.join(cast.alice, cast.night_shift, Role.MEMBER)
        [night_shift] = suggest(cast.producer, "night")
        assert "only its managers" in night_shift.reason

    def test_choosing_one_reads_as_it(self, cast: Cast, golden: Image) -> None:
        make_team("Builders, Ltd", cast.alice)
        make_account("Lab", cast.alice)
        offer_all(golden, cast.producer, "bob@example.org")
        for suggestion in suggest(cast.producer, ""):
            found = part(suggestion.text, cast.producer, golden)
            assert (found.kind, found.problem) == (suggestion.kind, "")

    def test_there_are_few_and_they_cost_the_same(self, cast: Cast, golden: Image) -> None:
        counts = []
        alice = cast.producer
        for wanted in ("", "e", "nobody at all"):
            with CaptureQueriesContext(connection) as queries:
                few: list[Suggestion] = suggest(alice, wanted)
            assert len(few) <= 8
            counts.append(len(queries))
            for number in range(10):
                factories.join(make_person(f"person-{wanted[:1]}{number}"), cast.acme, Role.OBSERVER)
            offer_all(golden, cast.producer, ",".join(f"some-{wanted[:1]}{number}" for number in range(20)))
        assert counts == [5, 5, 5]


def organization_page(cast: Cast) -> str:
    return reverse("organization_detail", kwargs={"number": cast.acme.number, "pk": cast.acme_group.pk})


def _unused() -> str:
    digits = "123456789"
    return digits + numbers.check_digit(digits)


def _names_of(part: Part) -> dict[str, Any]:
    return {"text": part.text, "label": part.label, "address": part.address}
