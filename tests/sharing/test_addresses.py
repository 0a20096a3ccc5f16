"""What a producer may type, and whom it reaches."""

import string
from contextlib import suppress

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from accounts import numbers
from accounts.addresses import Address, Kind, parse_one
from sharing.addresses import MOST_ADDRESSES, parse, resolve
from tests import factories
from tests.people import Cast

NUMBERS = st.integers(10**8, 10**9 - 1).map(lambda n: f"{n}{numbers.check_digit(str(n))}")
LOGINS = st.from_regex(r"\A[a-z][a-z0-9._-]{2,31}\Z")


def test_numbers_logins_and_addresses_stand_together_in_the_order_typed() -> None:
    found = parse("4071 3859 69, Bob ,bob@Beta.example")
    assert found == [
        Address(Kind.NUMBER, "4071385969"),
        Address(Kind.LOGIN, "bob"),
        Address(Kind.EMAIL, "bob@beta.example"),
    ]


@pytest.mark.parametrize("text", ["bob,dave", "bob;dave", "bob\ndave", "bob\r\ndave", " bob ,, dave, "])
def test_commas_semicolons_and_line_ends_separate(text: str) -> None:
    assert [str(address) for address in parse(text)] == ["bob", "dave"]


def test_naming_somebody_twice_is_naming_them_once() -> None:
    assert len(parse("bob, BOB, bob@x.example, Bob@X.example, 4071-3859-69, 4071385969")) == 3


def test_each_part_that_cannot_be_an_address_has_its_own_message() -> None:
    with pytest.raises(ValidationError) as caught:
        parse("4071 3859 63, 12, b, a@b, bob")
    assert caught.value.messages == [
        "“4071 3859 63” is mistyped: its last digit does not fit the others.",
        "“12” has 2 digits; an account number has ten.",
        "“b” is no login or email address.",
        "“a@b” is not an email address.",
    ]


def test_more_recipients_than_anybody_types_are_refused() -> None:
    with pytest.raises(ValidationError, match=f"at most {MOST_ADDRESSES}"):
        parse(",".join(f"login{n}" for n in range(MOST_ADDRESSES + 1)))


def test_nothing_typed_is_no_address() -> None:
    assert parse(" , \n") == []


@given(NUMBERS, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(number: str, place: int, by: int) -> None:
    wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    with pytest.raises(ValidationError):
        parse_one(wrong)


@given(NUMBERS, st.lists(st.sampled_from([" ", "-", ".", ""]), min_size=9, max_size=9))
def test_a_number_is_the_same_however_its_digits_are_grouped(number: str, separators: list[str]) -> None:
    typed = "".join(digit + gap for digit, gap in zip(number, [*separators, ""], strict=True))
    assert parse_one(typed) == Address(Kind.NUMBER, number)


@given(NUMBERS | LOGINS)
def test_writing_an_address_and_reading_it_again_changes_nothing(text: str) -> None:
    address = parse_one(text)
    assert parse_one(str(address)) == address


@given(st.text(string.printable, max_size=60))
def test_anything_typed_is_understood_or_refused_with_words(text: str) -> None:
    with suppress(ValidationError):
        found = parse(text)
        assert len(found) == len(set(found))


def test_every_kind_of_address_leads_to_an_account(cast: Cast) -> None:
    addresses = parse(f"{cast.beta.number}, dave, erin@example.org")
    found = resolve(addresses)
    assert [found[address].pk for address in addresses] == [
        cast.beta.pk,
        cast.dave.personal_account.pk,
        cast.erin.personal_account.pk,
    ]


def test_unknown_unconfirmed_inactive_and_closed_lead_nowhere(cast: Cast) -> None:
    EmailAddress.objects.filter(user=cast.erin).update(verified=False)
    cast.dave.is_active = False
    cast.dave.save()
    cast.rival.closed_at, cast.rival.closed_by = cast.rival.created_at, cast.rhea
    cast.rival.save()
    typed = f"{numbers.new_number()}, nobody-knows, who@example.org, erin@example.org, dave, {cast.rival.number}"
    assert resolve(parse(typed)) == {}


@pytest.mark.parametrize("known", ["dave", "dave@example.org"])
def test_looking_up_costs_the_same_for_known_and_unknown(cast: Cast, known: str) -> None:
    unknown = known.replace("dave", "nobody-knows")
    costs = []
    for typed in (known, unknown):
        with CaptureQueriesContext(connection) as queries:
            resolve([parse_one(typed)])
        costs.append(len(queries))
    assert costs == [1, 1]


def test_a_hundred_addresses_cost_as_much_as_three(cast: Cast, django_assert_num_queries: object) -> None:
    logins = [factories.make_person(f"person{n}").username for n in range(5)]
    typed = ",".join([*logins, cast.beta.number, cast.acme.number, "bob@example.org", "dave@example.org"])
    with CaptureQueriesContext(connection) as queries:
        assert len(resolve(parse(typed))) == 9
    assert len(queries) == 3
