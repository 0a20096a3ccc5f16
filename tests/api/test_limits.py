"""How often an account may ask: 429, and when to ask again."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as panel
from pytest_django.fixtures import Settings

from accounts.viewer import Viewer
from api import limits
from api.limits import Tally
from tests.api.conftest import MakeProgram
from tests.people import Cast

READ, CHANGE = "/image/v2/info/import", "/image/v2/images"
SECOND = 17


@pytest.fixture(autouse=True)
def minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Seventeen seconds after the begin of a minute, and how the next one begins. Counting starts with the test."""
    clock = [time.time() // limits.WINDOW * limits.WINDOW + SECOND]
    monkeypatch.setattr("api.limits.time.time", lambda: clock[0])
    limits.tally.forget()
    yield lambda: clock.__setitem__(0, clock[0] + limits.WINDOW)
    limits.tally.forget()


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    settings.API_READS_PER_MINUTE, settings.API_CHANGES_PER_MINUTE = 3, 2


def test_who_asks_too_often_is_told_when_to_ask_again(api: MakeProgram, producer: Viewer) -> None:
    program = api(producer)
    answers = [program.get(READ, headers={"Accept": "application/json"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["Retry-After"] == str(limits.WINDOW - SECOND)
    assert answers[-1].json()["code"] == "429 Too Many Requests"
    assert "more than 3 reads within a minute. Ask again in 43 seconds." in answers[-1].json()["message"]


def test_identity_says_it_in_its_own_form(api: MakeProgram, producer: Viewer) -> None:
    program = api(producer)
    answers = [program.get("/identity/v3/auth/projects") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["error"]["title"] == "Too Many Requests"


def test_the_next_minute_is_a_new_one(api: MakeProgram, producer: Viewer, minute: Callable[[], None]) -> None:
    program = api(producer)
    assert [program.get(READ).status_code for _ in range(4)][-1] == 429
    minute()
    assert program.get(READ).status_code == 200


def test_all_people_and_credentials_of_an_account_count_together(api: MakeProgram, cast: Cast) -> None:
    assert [api(who).get(READ).status_code for who in (cast.producer, cast.creator, cast.producer)] == [200] * 3
    assert api(cast.creator).get(READ).status_code == 429


def test_another_account_goes_on(api: MakeProgram, cast: Cast) -> None:
    assert [api(cast.producer).get(READ).status_code for _ in range(4)][-1] == 429
    assert api(cast.consumer).get(READ).status_code == 200


def test_a_token_without_a_scope_counts_for_its_person(api: MakeProgram, cast: Cast) -> None:
    program = api(cast.alice)
    assert [program.get("/identity/v3/auth/projects").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert api(cast.producer).get(READ).status_code == 200


def test_changes_count_apart_from_reads(api: MakeProgram, producer: Viewer) -> None:
    program = api(producer)
    assert [program.post(CHANGE, json=[]).status_code for _ in range(3)] == [400, 400, 429]
    assert program.get(READ).status_code == 200


def test_discovery_is_not_counted(api: MakeProgram) -> None:
    assert {api().get("/image/").status_code for _ in range(5)} == {300}


def test_no_limit(api: MakeProgram, producer: Viewer, settings: Settings) -> None:
    settings.API_READS_PER_MINUTE = None
    assert {api(producer).get(READ).status_code for _ in range(5)} == {200}


def test_processes_count_together() -> None:
    """Within a fiftieth of the limit for each."""
    one, other = Tally(), Tally()
    asked = [tally.add("reads:1", most=100) for _ in range(60) for tally in (one, other)]
    assert 100 <= sum(asked) <= 104
    assert not one.add("reads:1", most=100)
    assert not other.add("reads:1", most=100)


def test_counting_seldom_asks_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def tell(_key: str, asked: int) -> int:
        told.append(asked)
        return sum(told)

    monkeypatch.setattr(limits, "_tell", tell)
    tally = Tally()
    assert all(tally.add("reads:1", most=3000) for _ in range(600))
    assert told == [60] * 10


def test_a_count_that_the_cache_threw_away_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits.cache.add", lambda *_asked: False)
    assert Tally().add("reads:1", most=1)


def test_the_limits_of_a_panel_are_documented() -> None:
    said = (panel.BASE_DIR / "docs" / "operating.md").read_text()
    assert "`STOCKROOM_API_READS_PER_MINUTE`, `STOCKROOM_API_CHANGES_PER_MINUTE` | 3000, 600 |" in said
