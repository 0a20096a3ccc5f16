"""Public keys of people: what is taken, what is said of everything else, and what a key may not do."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from accounts.models import Event, User
from servers import ssh_keys
from servers.actions import add_ssh_key, remove_ssh_key
from servers.actions.keys import MOST_SSH_KEYS
from servers.models import SshKey
from servers.ssh_keys import KeyRefused, parse
from tests.people import Cast
from tests.servers.keys import ED25519, FINGERPRINT, make_ssh_key

PAGE = "/me/ssh-keys/"
CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


def written(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def on_a_security_key(kind: str, *parts: bytes) -> str:
    data = b"".join(struct.pack(">I", len(part)) + part for part in (kind.encode(), *parts))
    return f"{kind} {base64.b64encode(data).decode()}"


def raw_ed25519() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


RSA_2048 = written(rsa.generate_private_key(65537, 2048).public_key())
RSA_1024 = written(rsa.generate_private_key(65537, 1024).public_key())  # noqa: S505 - it is refused
SK = on_a_security_key("sk-ssh-ed25519@openssh.com", raw_ed25519(), b"ssh:")
SK_ECDSA = on_a_security_key(
    "sk-ecdsa-sha2-nistp256@openssh.com",
    b"nistp256",
    ec.generate_private_key(CURVES[0]).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
    b"ssh:",
)
CUT = ED25519[:-8]
REFUSED = [
    ("", "Paste a public key"),
    ("PuTTY-User-Key-File-3: ssh-ed25519", "private key"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----", "private key"),
    ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----", "PuTTY"),
    ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "for something else"),
    (f"{ED25519}\n{RSA_2048}", "more than one line"),
    (f'command="rm -rf /" {ED25519}', "Options and commands are not taken"),
    (f"no-pty {ED25519}", "Options and commands are not taken"),
    (f'from="10.0.0.1",no-pty {ED25519}', "Options and commands are not taken"),
    ("ssh-ed25519", "the key itself is missing"),
    ("ssh-ed25519 not-base64!", "not whole"),
    (CUT, "not whole"),
    (ED25519 + "AAAA", "not whole"),
    (f"ssh-rsa {ED25519.split()[1]}", "something else inside"),
    (RSA_1024, "This RSA key has 1024 bits; servers take at least 2048"),
    ("ssh-dss AAAA", "DSA keys are no longer safe"),
    ("ssh-ed25519-cert-v01@openssh.com AAAA", "certificate"),
    ("ssh-xmss@openssh.com AAAA", "do not take keys of the kind ssh-xmss@openssh.com"),
    ("hello", "This is no public key"),
    (f"{ED25519} {'x' * 9000}", "too long"),
]


class TestReading:
    @pytest.mark.parametrize(
        "line",
        [ED25519, RSA_2048, SK, SK_ECDSA, *(written(ec.generate_private_key(curve).public_key()) for curve in CURVES)],
        ids=lambda line: line.partition(" ")[0],
    )
    def test_a_key_is_taken_without_what_stands_around_it(self, line: str) -> None:
        key = parse(f"  {line}   alice@laptop \r\n")
        assert (key.line, key.comment) == (f"{line} alice@laptop", "alice@laptop")

    def test_the_fingerprint_is_that_of_ssh_keygen(self) -> None:
        assert parse(ED25519).fingerprint == FINGERPRINT

    @pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
    def test_anything_else_is_told_what_it_is(self, text: str, reason: str) -> None:
        with pytest.raises(KeyRefused, match=reason):
            parse(text)

    def test_a_comment_does_no_harm(self) -> None:
        key = parse(f"{ED25519} a\x1b[31m\u202eb\t c{'x' * 100}")
        assert key.line.startswith(f"{ED25519} a [31m b c")
        assert len(key.comment) <= ssh_keys.LONGEST_NAME


@pytest.mark.django_db
class TestKeeping:
    def test_it_is_called_by_its_comment_or_as_people_say(self, cast: Cast) -> None:
        first = add_ssh_key(f"{ED25519} alice@laptop", by=cast.alice)
        second = add_ssh_key(f"{RSA_2048} alice@laptop", by=cast.alice)
        third = add_ssh_key(SK, by=cast.alice)
        assert [key.name for key in (first, second, third)] == [
            "alice@laptop",
            "alice@laptop 2",
            "Ed25519 on a security key",
        ]
        assert first.fingerprint == FINGERPRINT

    @pytest.mark.parametrize(
        ("name", "field", "reason"),
        [
            ("desk", "public_key", "You have this key already: it is called “laptop”."),
            ("laptop", "public_key", "already"),
        ],
    )
    def test_a_key_is_kept_once(self, cast: Cast, name: str, field: str, reason: str) -> None:
        make_ssh_key(cast.alice)
        with pytest.raises(ValidationError) as caught:
            make_ssh_key(cast.alice, name=name)
        assert reason in caught.value.message_dict[field][0]
        assert make_ssh_key(cast.bob).pk, "another person may have the same one"

    @pytest.mark.parametrize(("name", "reason"), [("laptop", "this name"), ("x" * 81, "at most 80"), ("a\u2028b", "")])
    def test_a_name_is_one_line_and_own(self, cast: Cast, name: str, reason: str) -> None:
        make_ssh_key(cast.alice)
        with pytest.raises(ValidationError) as caught:
            add_ssh_key(RSA_2048, by=cast.alice, name=name)
        assert reason in caught.value.message_dict["name"][0]

    def test_there_is_an_end(self, cast: Cast) -> None:
        SshKey.objects.bulk_create(
            SshKey(user=cast.alice, name=str(number), public_key=ED25519, fingerprint=str(number))
            for number in range(MOST_SSH_KEYS)
        )
        with pytest.raises(ValidationError, match="50 keys are the most"):
            make_ssh_key(cast.alice)

    def test_both_are_in_the_history_of_the_person(self, cast: Cast) -> None:
        key = make_ssh_key(cast.alice)
        remove_ssh_key(key.pk, by=cast.alice)
        told = Event.objects.filter(subject_kind="ssh key").order_by("pk")
        assert [(event.verb, event.account) for event in told] == [
            ("added an SSH key", cast.alice.personal_account),
            ("removed an SSH key", cast.alice.personal_account),
        ]

    def test_nobody_removes_those_of_others(self, cast: Cast) -> None:
        with pytest.raises(Http404):
            remove_ssh_key(make_ssh_key(cast.alice).pk, by=cast.bob)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.django_db
class TestPages:
    def test_a_key_is_pasted_and_removed(self, cast: Cast) -> None:
        browser = client_of(cast.alice)
        answer = browser.post(PAGE, {"public_key": f"{ED25519} alice@laptop\n"}, follow=True)
        assertContains(answer, "“alice@laptop” is added.")
        assertContains(answer, FINGERPRINT)
        address = f"{PAGE}{SshKey.objects.get().pk}/remove/"
        assertContains(browser.get(address), "Servers that have it already keep it")
        assertContains(browser.post(address, follow=True), "is removed")
        assert not SshKey.objects.exists()

    def test_what_is_wrong_stands_at_the_field_and_nothing_is_lost(self, cast: Cast) -> None:
        answer = client_of(cast.alice).post(PAGE, {"public_key": "ssh-dss AAAA", "name": "My key"})
        assertContains(answer, "DSA keys are no longer safe", status_code=422)
        assertContains(answer, "My key", status_code=422)

    def test_a_private_key_is_not_shown_again(self, cast: Cast) -> None:
        text = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n-----END OPENSSH PRIVATE KEY-----"
        answer = client_of(cast.alice).post(PAGE, {"public_key": text})
        assertContains(answer, "This is a private key", status_code=422)
        assertNotContains(answer, "b3BlbnNz", status_code=422)

    def test_one_comes_back_to_where_one_was_and_never_elsewhere(self, cast: Cast) -> None:
        browser, here = client_of(cast.alice), f"/a/{cast.acme.number}/servers/create/"
        assertContains(browser.get(PAGE, {"next": here}), f'value="{here}"')
        answer = browser.post(PAGE, {"public_key": ED25519, "next": here})
        assertRedirects(answer, here, fetch_redirect_response=False)
        answer = browser.post(PAGE, {"public_key": RSA_2048, "next": "https://evil.example/"})
        assertRedirects(answer, PAGE, fetch_redirect_response=False)

    def test_the_list_asks_no_more_with_more_keys(
        self, cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        browser = client_of(cast.alice)
        make_ssh_key(cast.alice)
        browser.get(PAGE)
        with django_assert_num_queries(7):
            browser.get(PAGE)
        add_ssh_key(RSA_2048, by=cast.alice)
        with django_assert_num_queries(7):
            browser.get(PAGE)
