"""Every form in which an address can be written: refused, or read as what it really is. Nothing is looked up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from images.outside import Address, RefusedAddress

GOOD = {
    "https://example.org/disk.img": "https://example.org/disk.img",
    "HTTPS://Example.ORG/Disk.img": "https://example.org/Disk.img",
    "  https://example.org/disk.img  ": "https://example.org/disk.img",
    "http://example.org": "http://example.org/",
    "http://example.org:80/x": "http://example.org/x",
    "https://example.org:443/x": "https://example.org/x",
    "http://example.org:443/x": "http://example.org:443/x",
    "https://example.org./x": "https://example.org/x",
    "https://example.org:/x": "https://example.org/x",
    "https://example.org/x?a=b&c=d": "https://example.org/x?a=b&c=d",
    "https://example.org/x#part": "https://example.org/x",
    "https://example.org/größe.img": "https://example.org/gr%C3%B6%C3%9Fe.img",
    "https://example.org/a%20b.img": "https://example.org/a%20b.img",
    "https://xn--bcher-kva.example/x": "https://xn--bcher-kva.example/x",
    "https://my_host.example.org/x": "https://my_host.example.org/x",
    "https://3com.example/x": "https://3com.example/x",
    "https://1.2.3.4.example/x": "https://1.2.3.4.example/x",
    "http://9.9.9.9/x": "http://9.9.9.9/x",
    "http://9.9.9.9./x": "http://9.9.9.9/x",
    "http://[2620:fe::fe]/x": "http://[2620:fe::fe]/x",
    "http://[2620:FE:0:0:0:0:0:FE]/x": "http://[2620:fe::fe]/x",
    "http://[64:ff9b::909:909]/x": "http://[64:ff9b::909:909]/x",  # NAT64 of 9.9.9.9
}
NO_ADDRESS = [
    "",
    "disk.img",
    "//example.org/x",
    "example.org/x",
    "ftp://example.org/x",
    "file:///etc/passwd",
    "gopher://example.org/x",
    "data:,x",
    "http:///x",
    "http://",
    "http:example.org",
    "http:\\\\example.org\\x",
    "http://example.org\\@127.0.0.1/",
    "http://exa mple.org/",
    "http://example.org/a b",
    "http://example.org\t/",
    "http://example.org/\r\nHost: x",
    "http://example.org/\0",
    "http://exa\u200bmple.org/",
    "http://example.org/\u202egpj",
    "http://[::1",
    "http://::1/",
    "http://[127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[v1.x]/",
    "http://example..org/",
    "http://example.org../",
    "http://.example.org/",
    "http://-example.org/",
    "http://example-.org/",
    f"http://{'a' * 64}.org/",
    f"http://{'a.' * 127}org/",
    "http://127%2e0%2e0%2e1/",
    "http://example.org:x/",
    "http://example.org:-80/",
    "http://example.org:80:80/",
    "http://example.org:1234567/",
    "http://example.org:８０/",
    "http://exa℀mple.org/",
    "http://example.org/" + "x" * 2000,
]
WITH_A_PASSWORD = [
    "http://user@example.org/",
    "http://user:secret@example.org/",
    "http://@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1#@example.org@example.org/".replace("#", "%23"),
]
ENCODED = [
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0X7F000001/",
    "http://017700000001/",
    "http://0/",
    "http://0.0/",
    "http://127.1/",
    "http://127.0.1/",
    "http://10.1/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f.1/",
    "http://127.0.0.0x1/",
    "http://127.0.0.01/",
    "http://127.0.0.1.1/",
    "http://256.256.256.256/",
    "http://169.254.43518/",
    "http://1.2.3.4.5/",
    "http://example.0x/",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://bücher.example/",
    "http://раypal.example/",
]
INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.1",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[::7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:0:7f00:1::]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2620:fe::5efe:10.0.0.1]",
    "[2620:fe::200:5efe:127.0.0.1]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fd20:ce::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
]


@pytest.mark.parametrize(("typed", "read"), GOOD.items())
def test_an_address_is_read_as_what_it_is(typed: str, read: str) -> None:
    assert Address.parsed(typed).url == read


@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(RefusedAddress):
        Address.parsed(typed)


@pytest.mark.parametrize("typed", WITH_A_PASSWORD)
def test_a_password_is_refused_because_the_account_would_read_it(typed: str) -> None:
    with pytest.raises(RefusedAddress, match="Leave out the login"):
        Address.parsed(typed)


@pytest.mark.parametrize("typed", ENCODED)
def test_an_address_in_disguise_is_refused(typed: str) -> None:
    with pytest.raises(RefusedAddress, match="in its usual form"):
        Address.parsed(typed)


@pytest.mark.parametrize("host", INSIDE)
def test_what_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(RefusedAddress, match="anybody on the internet"):
        Address.parsed(f"http://{host}/")


@pytest.mark.parametrize("port", [0, 1, 22, 25, 81, 6379, 8080, 65536, 99999])
def test_other_ports_than_those_of_the_web_are_refused(port: int) -> None:
    with pytest.raises(RefusedAddress, match="allowed here: 80, 443"):
        Address.parsed(f"http://example.org:{port}/")


def test_a_port_is_allowed_by_a_setting(settings: Settings) -> None:
    settings.IMPORT_PORTS = [80, 443, 8080]
    assert Address.parsed("http://example.org:8080/x").port == 8080


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/images/debian-12.qcow2", "debian-12.qcow2"),
        ("https://example.org/a%20b.img?x=/y.img", "a b.img"),
        ("https://example.org/gr%C3%B6%C3%9Fe.img", "größe.img"),
        ("https://example.org/a%2Fb%5Cc%00.img", "abc.img"),
        ("https://example.org/%FF.img", "\ufffd.img"),
        ("https://example.org/", ""),
        ("https://example.org", ""),
    ],
)
def test_the_file_is_called_as_the_path_ends(url: str, name: str) -> None:
    assert Address.parsed(url).filename == name


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("other.img", "https://example.org/a/other.img"),
        ("/other.img", "https://example.org/other.img"),
        ("//mirror.example/x", "https://mirror.example/x"),
        ("https://mirror.example/x", "https://mirror.example/x"),
        ("/gr\xc3\xb6.img", "https://example.org/gr%C3%B6.img"),
        ("?v=2", "https://example.org/a/disk.img?v=2"),
    ],
)
def test_a_redirect_is_read_from_where_it_stands(location: str, url: str) -> None:
    assert Address.parsed("https://example.org/a/disk.img").led_to(location).url == url


@pytest.mark.parametrize(
    "location", ["http://example.org/", "http://127.0.0.1/", "https://127.1/", "file:///x", "//u@h/"]
)
def test_a_redirect_is_checked_like_what_somebody_types(location: str) -> None:
    with pytest.raises(RefusedAddress):
        Address.parsed("https://example.org/").led_to(location)


@given(st.text(max_size=80))
def test_no_text_gets_past_as_something_else(text: str) -> None:
    try:
        address = Address.parsed(f"http://{text}")
    except RefusedAddress:
        return
    assert Address.parsed(address.url) == address
    assert address.url.isascii()


# --- Settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "host", "allowed"),
    [
        (["*"], "example.org", True),
        (["*"], "10.1.2.3", False),
        (["*", "10.0.0.0/8"], "10.1.2.3", True),
        (["*", "10.0.0.0/8"], "9.9.9.9", True),
        (["10.0.0.0/8"], "9.9.9.9", False),
        (["10.0.0.0/8"], "192.168.0.1", False),
        (["127.0.0.1"], "127.0.0.1", True),
        (["127.0.0.1"], "127.0.0.2", False),
        (["127.0.0.1"], "[::ffff:127.0.0.1]", True),
        (["::1"], "[::1]", True),
        (["0.0.0.0/0", "::/0"], "169.254.169.254", False),
        (["0.0.0.0/0", "::/0"], "[fd00:ec2::254]", False),
        (["0.0.0.0/0", "::/0"], "[::ffff:169.254.169.254]", False),
        (["mirror.example.org"], "mirror.example.org", True),
        (["Mirror.Example.org."], "MIRROR.example.org.", True),
        (["mirror.example.org"], "example.org", False),
        (["mirror.example.org"], "a.mirror.example.org", False),
        ([".example.org"], "a.b.example.org", True),
        ([".example.org"], "example.org", True),
        ([".example.org"], "evilexample.org", False),
        ([], "example.org", False),
    ],
)
def test_an_allowlist_says_where_imports_go(settings: Settings, entries: list[str], host: str, allowed: bool) -> None:
    settings.IMPORT_HOSTS = entries
    assert is_taken(host) is allowed


@pytest.mark.parametrize(
    ("entries", "host"),
    [
        (["example.org"], "example.org"),
        ([".example.org"], "a.example.org"),
        (["9.9.9.0/24"], "9.9.9.9"),
        (["9.9.9.9"], "[::ffff:9.9.9.9]"),
        (["9.9.9.9"], "[64:ff9b::909:909]"),
        (["2620:fe::/48"], "[2620:fe::fe]"),
    ],
)
def test_a_blocked_host_is_blocked_whatever_is_allowed(settings: Settings, entries: list[str], host: str) -> None:
    settings.IMPORT_HOSTS = ["*", "example.org", ".example.org", "0.0.0.0/0", "::/0"]
    assert is_taken(host)
    settings.IMPORT_BLOCKED_HOSTS = entries
    assert not is_taken(host)


def is_taken(host: str) -> bool:
    try:
        Address.parsed(f"http://{host}/")
    except RefusedAddress:
        return False
    return True
