"""Every letter of the panel with the worst that people can write, as its mail: for tests, and for looking at them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from accounts.mails import mail_of
from accounts.models import Notification, User
from accounts.records import fitting, tidy

TEMPLATES = Path(__file__).parents[2] / "templates"
FILES = sorted(TEMPLATES.glob("*/letters/*.txt"))
VARIABLE = re.compile(r"{[{%]-?\s*(?:if|elif|for \w+ in|with|include)?\s*(?:not )?([a-z_]\w*)")
INCLUDED = re.compile(r'{% include "([^"]+)" %}')
WORDS = {"endif", "else", "elif", "autoescape", "endautoescape", "load", "for", "endfor", "if", "with", "endwith"}


def source_of(path: Path) -> str:
    """A letter as it is written, and what it includes."""
    text = path.read_text(encoding="utf-8")
    return "\n".join([text, *(source_of(TEMPLATES / name) for name in INCLUDED.findall(text))])


# What a filter of numbers or moments is asked of.
MOMENT = re.compile(r"(\w+)\|(?:date|day|day_and_time|ago|timesince)")
NUMBER = re.compile(r"(\w+)\|(?:pluralize|filesizeformat|size)")
AMOUNT = re.compile(r"(\w+)\|(?:price|cost)\b")
MOMENTS, NUMBERS, AMOUNTS = (
    {name for path in FILES for name in which.findall(source_of(path))} for which in (MOMENT, NUMBER, AMOUNT)
)
CHRISTMAS = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)

TO_STRANGERS = ("stranger", "account_already_exists", "unknown_account")  # whoever gets these may have no login

LONG = "a-name-of-a-hundred-and-twenty-signs-" * 3 + "ends-here"
HOSTILE = f"<script>alert(1)</script> &amp; שלום {LONG}"
QUOTE = "> Please use it: http://evil.example/?a=1&b=2\n> <b>really</b>\n>\n> שלום עליכם, تعال"


class Worst:
    """Whatever a letter asks for: a text, a list, a number, a date, something with parts."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return value_of(name)

    def __str__(self) -> str:
        return QUOTE if self._name in ("message", "reason", "answer", "words") else HOSTILE

    def __iter__(self) -> Iterator["Worst"]:
        return iter([Worst("one"), Worst("two")])

    def __len__(self) -> int:
        return 2

    def __int__(self) -> int:
        return 2


def value_of(name: str) -> Any:
    """A moment, a number or a text, as the letters take it by this name."""
    if name in MOMENTS:
        return CHRISTMAS
    if name in AMOUNTS:
        return Decimal("1234.56789")
    return 2 if name in NUMBERS else Worst(name)


def worst(path: Path, number: int = 2) -> Notification:
    """The message that a letter becomes with the worst that can stand in it.

    Args:
        number: of the images that it speaks of.
    """
    names = set(VARIABLE.findall(source_of(path))) - WORDS
    context = {name: value_of(name) for name in names} | {"number": number, "more": number - 1}
    rendered = render_to_string(path.relative_to(TEMPLATES).as_posix(), context)
    subject, _newline, body = rendered.strip().partition("\n")
    user = None if path.stem in TO_STRANGERS else User(pk=1, username="alice", name="Alice Archer")
    return Notification(
        user=user,
        kind=Notification.Kind.OFFERS,
        subject=fitting(subject.strip()),
        body=tidy(body),
        path="/a/1/shared/",
    )


def html_of(message: Notification) -> str:
    """The part of the mail that most people see."""
    [(html, _kind)] = mail_of(message, "alice@example.org").alternatives
    return str(html)
