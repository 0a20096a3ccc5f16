"""A door at which somebody names what is not theirs, and would learn something if the answers differed."""

import difflib
import re
from dataclasses import dataclass
from typing import Any

from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django_q.models import OrmQ

from accounts.models import Event, Invitation
from sharing.models import HandOver, Share

# What differs from answer to answer whatever was asked: the token of a form, and ids and moments of new rows.
CHANGING = re.compile(r"[A-Za-z0-9]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d+")

LONGEST = 300  # characters of a difference

Data = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """One request about one thing.

    Attributes:
        about: the words in which it is named, which an answer may repeat.
    """

    method: str
    path: str
    data: Data
    about: tuple[str, ...]


@dataclass(frozen=True)
class Door:
    """A page that takes an address, a number, a code or an id.

    Attributes:
        questions: about two that exist, and about one that does not.
        keeps: whether what is asked leaves nothing behind.
    """

    name: str
    client: Client
    questions: tuple[Question, Question, Question]
    keeps: bool = False

    def ask(self, index: int) -> HttpResponse:
        """The answer to one of the questions."""
        question = self.questions[index]
        answer: HttpResponse = getattr(self.client, question.method)(question.path, question.data)
        return answer

    def clean_up(self) -> None:
        """As if nobody had asked."""
        cache.clear()
        mail.outbox = []
        self.client.cookies.pop("messages", None)  # of what was done, until a page shows it
        if self.keeps:
            return
        with transaction.atomic():
            HandOver.objects.all().delete()
            Share.objects.all().delete()
            Invitation.objects.all().delete()
            OrmQ.objects.all().delete()
            Event.objects.all()._raw_delete("default")

    def difference(self) -> str:
        """Where the answers part; empty where they are the same, but for what was asked."""
        texts = [self.said(index).splitlines() for index in range(len(self.questions))]
        for text in texts[1:]:
            lines = difflib.unified_diff(texts[0], text, lineterm="", n=0)
            if parts := [line.strip() for line in lines if line[:1] in "+-"]:
                return " ".join(parts[2:6])[:LONGEST]
        return ""

    def said(self, index: int) -> str:
        """Status, headers and text, without what was asked and what changes anyway."""
        self.clean_up()
        answer = self.ask(index)
        where = answer.headers.get("Location", "")
        shown = self.client.get(where).content if where.startswith("/") else b""  # with the message of what was done
        text = f"{answer.status_code} {answer.headers.get('Content-Type')} {where}\n{answer.content.decode()}"
        text += shown.decode()
        self.clean_up()
        for words in self.questions[index].about:
            text = text.replace(words, "…")
        return CHANGING.sub("#", text)


class FleetingDoor(Door):
    """A door behind which everything is taken back at once."""

    def ask(self, index: int) -> HttpResponse:
        """The answer to one of the questions."""
        with transaction.atomic():
            answer = super().ask(index)
            transaction.set_rollback(True)
        return answer
