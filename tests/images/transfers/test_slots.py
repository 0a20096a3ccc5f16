"""Room for pages beside transfers."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from images.problems import Busy
from images.transfers.slots import hold, slot_for, slots, small_slots


@pytest.fixture(autouse=True)
def two(settings: Settings) -> None:
    settings.TRANSFERS = 2


def test_the_one_too_many_is_told_to_come_back() -> None:
    with hold(), hold(), pytest.raises(Busy, match="try again soon"):
        hold()
    assert slots.held == 0


def test_a_slot_is_given_back_once() -> None:
    slot = hold()
    slot.close()
    slot.close()
    assert slots.held == 0


def test_a_slot_is_given_back_whatever_happens() -> None:
    with pytest.raises(ConnectionError), hold():
        raise ConnectionError
    assert slots.held == 0


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        ({}, (0, 0)),
        ({"CONTENT_LENGTH": "0"}, (0, 0)),
        ({"CONTENT_LENGTH": "1000"}, (0, 1)),
        ({"CONTENT_LENGTH": str(1024**2)}, (1, 0)),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, (1, 0)),
        ({"CONTENT_LENGTH": "many"}, (1, 0)),
    ],
)
def test_only_a_body_that_takes_its_time_needs_one(headers: dict[str, str], held: tuple[int, int]) -> None:
    request = RequestFactory().get("/", **headers)  # type: ignore[arg-type]
    with slot_for(request):
        assert (slots.held, small_slots.held) == held
    assert (slots.held, small_slots.held) == (0, 0)


def test_small_bodies_that_never_end_leave_room_too(settings: Settings) -> None:
    settings.TRANSFERS = 12
    request = RequestFactory().get("/", CONTENT_LENGTH="1000")
    with slot_for(request), slot_for(request), pytest.raises(Busy):
        slot_for(request)
