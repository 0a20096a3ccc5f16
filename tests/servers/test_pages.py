"""The list of servers, the page of one, and what it prints."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account, User
from servers import actions
from servers.clouds.base import CloudProblem, State
from servers.consoles import output_of, printable
from servers.listing import PAGE_SIZE
from servers.models import Server
from sharing import actions as sharing
from sharing.models import Share
from tests.conftest import MoveClock
from tests.factories import signed_in
from tests.people import Cast
from tests.servers.conftest import fresh
from tests.servers.memory import MemoryCloud

pytestmark = pytest.mark.django_db


def url(name: str, account: Account, server: Server | None = None) -> str:
    return reverse(name, args=[account.number, *([server.pk] if server else [])])


def page(user: User, path: str, **parameters: Any) -> str:
    answer = signed_in(user).get(path, parameters)
    assert answer.status_code == 200
    return answer.content.decode()


def many(server: Server, number: int) -> list[Server]:
    """So many more like it, a minute between each."""
    copies = [fresh(server) for _ in range(number)]
    for n, each in enumerate(copies):
        each.pk = each._meta.pk.get_default()
        each.name, each.created_at = f"copy-{n}", timezone.now() - timedelta(minutes=n + 1)
    return Server.objects.bulk_create(copies)


class TestList:
    def test_an_empty_list_says_what_a_server_is(self, cast: Cast) -> None:
        here, creates = url("server_list", cast.beta), url("server_create", cast.beta)
        assert "No servers yet" in page(cast.bob, here)
        assert page(cast.bob, here).count(f'href="{creates}"') == 2, "In the navigation, and in the middle."
        assert "Whoever may create servers" in page(cast.dave, here)

    def test_it_asks_for_itself_while_something_moves(self, cast: Cast, server: Server) -> None:
        here = url("server_list", cast.beta)
        assert "hx-trigger" not in page(cast.bob, here)
        actions.stop_server(server.pk, by=cast.consumer)
        assert 'hx-trigger="every 3s"' in page(cast.bob, here)

    def test_pages_lead_on_and_back(self, cast: Cast, server: Server) -> None:
        many(server, PAGE_SIZE)
        client = signed_in(cast.dave)
        first = client.get(url("server_list", cast.beta))
        assert first.context["newer"] == ""
        second = client.get(first.context["older"])
        assert [row.server.name for row in second.context["rows"]] == [f"copy-{PAGE_SIZE - 1}"]
        assert second.context["older"] == ""
        back = client.get(second.context["newer"])
        assert [row.server for row in back.context["rows"]] == [row.server for row in first.context["rows"]]

    def test_search_and_status(self, cast: Cast, server: Server) -> None:
        here = url("server_list", cast.beta)
        for q in ("EB-1", "golden", "127.0.0.1", str(server.pk)):
            assert "web-1" in page(cast.bob, here, q=q, status="running")
        assert "No server matches" in page(cast.bob, here, status="stopped")
        assert "No server matches" in page(cast.bob, here, q="web-2\0")

    def test_it_costs_the_same_for_one_and_many(
        self, cast: Cast, server: Server, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = signed_in(cast.dave)
        client.get(url("server_list", cast.beta))
        with django_assert_num_queries(QUERIES):
            client.get(url("server_list", cast.beta))
        many(server, 10)
        with django_assert_num_queries(QUERIES):
            client.get(url("server_list", cast.beta))


QUERIES = 7  # six of the frame (who asks, for which account, what waits), and the servers


PAGE_QUERIES = 15  # six of the frame; the server, its image and what was made of it; and what can be done with it


class TestPage:
    def test_it_asks_for_itself_until_it_is_settled(self, cast: Cast, server: Server) -> None:
        here, asks = url("server_detail", cast.beta, server), 'hx-trigger="every 2s"'
        assert 'hx-trigger="every 10s"' in page(cast.bob, here)
        text = page(cast.bob, here)
        assert asks not in text
        assert "Acme Producers" in text
        assert "It is meant to run already." not in text, "Start is not offered at all."
        actions.stop_server(server.pk, by=cast.consumer)
        text = page(cast.bob, here)
        assert asks in text
        assert "Stopping" in text
        assert "Only a running server can be rebooted." in text

    def test_what_has_not_changed_is_not_sent_again(self, cast: Cast, server: Server) -> None:
        here, client = url("server_detail", cast.beta, server), signed_in(cast.bob)
        seen = {"seen": client.get(here).context["seen"]}
        assert client.get(here, seen, headers={"HX-Request": "true"}).status_code == 204
        assert client.get(here, seen).status_code == 200, "A page that somebody opens is always whole."
        actions.stop_server(server.pk, by=cast.consumer)
        assert client.get(here, seen, headers={"HX-Request": "true"}).status_code == 200

    def test_it_costs_the_same_whatever_was_made_of_it(
        self, cast: Cast, server: Server, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        here, client = url("server_detail", cast.beta, server), signed_in(cast.bob)
        client.get(here)
        with django_assert_num_queries(PAGE_QUERIES):
            client.get(here)
        for name in ("one", "two"):
            actions.run_snapshot(actions.start_snapshot(server.pk, by=cast.consumer, name=name).pk)
        with django_assert_num_queries(PAGE_QUERIES):
            client.get(here)

    def test_an_observer_is_told_why_not(self, cast: Cast, server: Server) -> None:
        text = page(cast.dave, url("server_detail", cast.beta, server))
        assert text.count("can start, stop and rebuild servers.") == 4
        assert "can delete servers." in text

    def test_an_image_that_was_taken_back(self, cast: Cast, server: Server, lent: Share) -> None:
        sharing.remove(lent.image_id, lent.pk, by=cast.producer)
        text = page(cast.bob, url("server_detail", cast.beta, server))
        assert "it cannot be rebuilt" in text
        assert "Acme Producers" not in text
        assert "no longer shared with Beta Consumers" in page(cast.bob, url("server_rebuild", cast.beta, server))

    @pytest.mark.parametrize("verb", ["stop", "reboot", "rebuild"])
    def test_a_button_does_what_it_says(self, verb: str, cast: Cast, server: Server) -> None:
        client = signed_in(cast.bob)
        answer = client.post(url(f"server_{verb}", cast.beta, server))
        assert (answer.status_code, answer["Location"]) == (302, url("server_detail", cast.beta, server))
        assert fresh(server).is_busy

    def test_another_name_and_the_end(self, cast: Cast, server: Server) -> None:
        client = signed_in(cast.bob)
        assert client.post(url("server_rename", cast.beta, server), {"name": "a\nb"}).status_code == 422
        assert client.post(url("server_rename", cast.beta, server), {"name": "web-2"}).status_code == 302
        assert fresh(server).name == "web-2"
        assert client.post(url("server_delete", cast.beta, server)).status_code == 302
        assert client.get(url("server_detail", cast.beta, server)).status_code == 404


class TestConsole:
    def test_what_is_printed_is_text(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        cloud.machines[server.pk].printed = b"\x1b[31m<script>\x1b[0m\r\n\x07caf\xc3\xa9"
        text = page(cast.dave, url("server_console", cast.beta, server))
        assert "&lt;script&gt;\ncafé" in text

    def test_one_goes_on_where_one_was(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        more = url("server_console_more", cast.beta, server)
        cloud.machines[server.pk].printed = b"one\ntwo\n"
        text = page(cast.dave, more, **{"from": "4"})
        assert text.startswith("two\n<span ")
        assert text.endswith("</span>"), "Each blank would be a new line of the console, many times a minute."
        assert "?from=8" in text
        cloud.put(server.pk, State.STOPPED)
        actions.look_at_server(server.pk)
        assert page(cast.dave, more, **{"from": "8"}).startswith("<span "), "Somebody may start it again."
        assert "load delay:15s" in page(cast.dave, more, **{"from": "8"})

    def test_a_page_asks_often_while_people_wait_for_the_first_lines(
        self, cast: Cast, server: Server, move_clock: MoveClock
    ) -> None:
        more = url("server_console_more", cast.beta, server)
        assert "load delay:200ms" in page(cast.dave, more)
        move_clock(timedelta(seconds=5))
        assert "load delay:2s" in page(cast.dave, more)

    def test_a_cloud_that_does_not_answer_is_told(self, cast: Cast, cloud: MemoryCloud, server: Server) -> None:
        cloud.errors["console"] = [CloudProblem("The cloud is away.")]
        assert "The cloud is away." in page(cast.dave, url("server_console", cast.beta, server))

    def test_half_a_command_waits_for_the_rest(self, cloud: MemoryCloud, server: Server) -> None:
        cloud.machines[server.pk].printed = b"red: \x1b[3"
        output = output_of(server)
        assert (output.text, output.end) == ("red: ", 5)
        cloud.machines[server.pk].printed = b"red: \x1b[31mrose"
        assert output_of(server, offset=5).text == "rose"

    def test_what_is_no_text_repeats_nothing(self, cloud: MemoryCloud, server: Server) -> None:
        cloud.machines[server.pk].printed = printed = b"before \x1b]0;\xff\xfe\xff\xfe"
        output = output_of(server)
        assert output.end == len(printed)
        assert output_of(server, offset=output.end).text == ""


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bset \x1b7save", "set save"),
        ("\x9b31m\x00\x08", "31m"),
        ("abc\u202etxt.exe", "abctxt.exe"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_left(printed: str, shown: str) -> None:
    assert printable(printed) == shown
