"""What happened has happened: events are added, never changed or taken away. Each is a sentence for its reader."""

from typing import Any

import pytest

from accounts.history import DETAILS, Line, line_for
from accounts.models import Event
from accounts.records import record
from accounts.verbs import TOPICS, choices, filled, known, used_in
from tests.people import Cast


def made(cast: Cast, verb: str = "offered", **more: Any) -> Event:
    told: dict[str, Any] = {
        "subject_kind": "image",
        "subject_id": "1",
        "subject_name": "debian-12",
        "by": cast.producer,
    }
    return record(verb, **told | more)


class TestAppendOnly:
    def test_a_row_is_not_written_twice(self, cast: Cast) -> None:
        event = made(cast)
        event.verb = "accepted"
        with pytest.raises(TypeError, match="only ever added"):
            event.save()

    def test_a_row_is_not_deleted(self, cast: Cast) -> None:
        with pytest.raises(TypeError, match="only ever added"):
            made(cast).delete()

    @pytest.mark.parametrize("change", ["update", "delete", "bulk_update"])
    def test_nor_are_many(self, cast: Cast, change: str) -> None:
        event = made(cast)
        arguments: dict[str, dict[str, Any]] = {
            "update": {"verb": "x"},
            "delete": {},
            "bulk_update": {"objs": [event], "fields": ["verb"]},
        }
        with pytest.raises(TypeError, match="only ever added"):
            getattr(Event.objects.filter(pk=event.pk), change)(**arguments[change])
        assert Event.objects.get(pk=event.pk).verb == "offered"


class TestSentences:
    def test_own_side(self, cast: Cast) -> None:
        line = line_for(made(cast, address="bob@beta.example", message="For you"), cast.producer)
        assert line.text == "alice offered debian-12 to bob@beta.example"
        assert line.notes == ["message: For you"]

    def test_the_other_side_is_named_by_its_account(self, cast: Cast) -> None:
        event = made(cast, counterpart=cast.beta.group_ptr, address="5518 2240 91", message="For you")
        line = line_for(event, cast.consumer)
        assert line.text == "Acme Producers offered debian-12 to 5518 2240 91"
        assert (line.notes, line.network_address) == ([], "")

    def test_who_is_known_by_the_address_alone_is_named_once(self, cast: Cast) -> None:
        event = made(cast, "accepted", by=None, account=cast.acme, address="bob@beta.example")
        assert line_for(event, cast.producer).text == "bob@beta.example accepted debian-12"

    def test_what_the_clock_did_names_nobody(self, cast: Cast) -> None:
        event = made(cast, "import failed", by=None, account=cast.acme, subject_kind="import")
        assert line_for(event, cast.producer).text == "The import of debian-12 failed"

    def test_a_verb_means_what_its_subject_makes_of_it(self, cast: Cast) -> None:
        of_group = made(cast, "removed", subject_kind="account", subject_name="Acme Producers", person="carol")
        of_image = made(cast, "removed", address="dave")
        assert line_for(of_group, cast.producer).text == "alice removed carol from Acme Producers"
        assert line_for(of_image, cast.producer).text == "alice took debian-12 back from dave"

    def test_details_that_the_other_side_must_not_know_leave_no_hole(self, cast: Cast) -> None:
        event = made(cast, "visibility changed", counterpart=cast.beta.group_ptr, old="private", new="shared")
        assert line_for(event, cast.producer).text.endswith("of debian-12 from private to shared")
        assert line_for(event, cast.consumer).text == "Acme Producers changed the visibility of debian-12"

    def test_a_name_is_text_and_stays_in_its_direction(self, cast: Cast) -> None:
        html = line_for(made(cast, subject_name="<b>עברית</b>"), cast.producer).html
        assert "<bdi class='said-name'>&lt;b&gt;עברית&lt;/b&gt;</bdi>" in html

    def test_a_verb_of_long_ago_speaks_for_itself(self) -> None:
        event = Event(verb="polished", subject_name="debian-12", actor_login="alice")
        assert Line(event, is_own=True).text == "alice polished debian-12"

    @pytest.mark.parametrize("verb", sorted(known()))
    def test_each_phrase_reads_without_any_detail(self, verb: str) -> None:
        for topic in TOPICS:
            if verb in topic.phrases:
                text = "".join(part.text for part in filled(topic.phrases[verb], {"subject": "debian-12"}))
                assert "–" not in text, f"{verb} has a value outside of brackets that may be missing: {text}"
                assert "[" not in text
                assert "  " not in text

    def test_phrases_ask_for_values_that_can_be_told(self) -> None:
        asked = {name for topic in TOPICS for phrase in topic.phrases.values() for name in used_in(phrase)}
        assert asked - {"subject", "address"} <= set(DETAILS), "Say in accounts.history.DETAILS what these are called."

    def test_each_verb_can_be_chosen_once(self) -> None:
        chosen = [verb for _topic, verbs in choices() for verb, _label in verbs]
        of_staff = {verb for topic in TOPICS if topic.of_staff for verb in topic.phrases}
        assert sorted(chosen) == sorted(known() - of_staff)
