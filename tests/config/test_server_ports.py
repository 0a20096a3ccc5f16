"""Where servers answer, from the environment, and a sentence for each mistake."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.server_ports import ServerPorts, read_server_ports

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what staff may say


def test_unless_staff_say_otherwise_only_this_host_reaches_servers() -> None:
    assert read_server_ports({}) == ServerPorts(address="127.0.0.1", host="127.0.0.1", first=20000, last=29999)


def test_what_staff_say() -> None:
    said = {
        "STOCKROOM_SERVERS_ADDRESS": EVERYWHERE,
        "STOCKROOM_SERVERS_HOST": "servers.example.org",
        "STOCKROOM_SERVERS_PORTS": "4000-4999",
    }
    expected = ServerPorts(address=EVERYWHERE, host="servers.example.org", first=4000, last=4999)
    assert read_server_ports(said) == expected


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ADDRESS", EVERYWHERE, "Set STOCKROOM_SERVERS_HOST"),
        ("ADDRESS", "::1", "is an IPv4 address"),
        ("ADDRESS", "127.0.0.1,restrict=off", "is an IPv4 address"),
        ("PORTS", "20000", "first and the last"),
        ("PORTS", "x-y", "first and the last"),
        ("PORTS", "80-90", "between 1024 and 65535"),
        ("PORTS", "3000-2000", "smaller one first"),
        ("PORTS", "2000-70000", "between 1024 and 65535"),
    ],
)
def test_a_mistake_is_said(name: str, value: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        read_server_ports({f"STOCKROOM_SERVERS_{name}": value})


@pytest.mark.parametrize(
    "said", [{"PORT": "20500"}, {"STOCKROOM_SERVERS_PORTS": "7000-8000"}, {"STOCKROOM_SERVERS_PORTS": "8000-8000"}]
)
def test_no_server_is_given_the_port_of_the_panel(said: dict[str, str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="the panel's own port"):
        read_server_ports(said)
