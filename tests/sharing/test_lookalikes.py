"""Names that could be taken for others, and names that could not."""

import pytest

from sharing.lookalikes import Names

ACME = "Acme Producers"


def resemble(name: str, other: str) -> bool:
    return bool(Names([other]).taken_for(name))


@pytest.mark.parametrize(
    "name",
    [
        "Acme Producers",
        "acme producers",
        "ACME-Producers",
        "Acme  Producers.",
        "Асmе Рrоduсеrs",  # Cyrillic
        "Αcme Prοducers",  # Greek
        "Acmé Producers",
        "Ａcme Producers",  # full width
        "Acme Pr0ducers",
        "Acrne Producers",
        "Acme Producer",
        "Acme Producerss",
        "Acme Prodcuers",
        "Acme Prodücers",
        "Acne Producers",
        "Acme\u200b Producers",
    ],
)
def test_these_could_be_taken_for_it(name: str) -> None:
    assert resemble(name, ACME)
    assert resemble(ACME, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        (ACME, "Acme Consumers"),
        (ACME, "Acme"),
        (ACME, "Acme Producers Research"),
        ("Bob", "Rob"),
        ("Lab North 1", "Lab North 2"),
        ("Team 11", "Team 12"),
        ("研究所", "開発部"),
        ("", ""),
        ("…", "!!"),
    ],
)
def test_these_could_not(name: str, other: str) -> None:
    assert not resemble(name, other)


def test_capital_i_and_small_l_look_the_same() -> None:
    assert resemble("paypaI Images", "paypal Images")
    assert resemble("Lab l", "Lab 1")


def test_the_name_that_is_resembled_is_told() -> None:
    known = Names(["Beta Consumers", ACME])
    assert known.taken_for("Acme Pr0ducers") == ACME
    assert known.taken_for("Gamma") == ""
