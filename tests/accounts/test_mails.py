"""Mails: what people wrote stays text and is marked as theirs, and each says why one gets it."""

from pathlib import Path

import pytest
from django.core import mail

from accounts.actions import choose_mail
from accounts.mails import mail_of, paragraphs_of
from accounts.models import Notification
from accounts.records import invite_by_mail, notify
from accounts.tasks import send_mail
from tests.accounts.conftest import Browse
from tests.accounts.letters import FILES, html_of, worst
from tests.people import Cast

Kind = Notification.Kind


def named(path: Path) -> str:
    return f"{path.parts[-3]}-{path.stem}"


class TestEveryLetter:
    """All of them, of all apps, with the worst that people can write."""

    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("path", FILES, ids=named)
    def test_it_has_a_subject_and_a_body(self, path: Path, number: int) -> None:
        message = worst(path, number)
        assert message.subject
        assert len(message.body) > 40
        for unfinished in ("{{", "{%", "None", "()", " ,", " ."):
            assert unfinished not in message.body.replace("> ", "")

    @pytest.mark.parametrize("path", FILES, ids=named)
    def test_names_are_text_in_html(self, path: Path) -> None:
        html = html_of(worst(path))
        assert "<script" not in html
        assert "<b>really" not in html

    def test_there_are_some(self) -> None:
        assert len(FILES) > 20


class TestWords:
    def test_somebody_elses_words_are_a_quote(self) -> None:
        body = (
            "Hello,\n\nAcme offers it.\nTheir message:\n\n> Use it.\n>\n> Please.\n\nNothing happens until you decide."
        )
        assert [(part.is_quote, part.text) for part in paragraphs_of(body)] == [
            (False, "Hello,"),
            (False, "Acme offers it.\nTheir message:"),
            (True, "Use it.\n\nPlease."),
            (False, "Nothing happens until you decide."),
        ]

    def test_a_list_is_a_list(self) -> None:
        body = "These end:\n\n- “one” today\n- “two”\n… and 1 more.\n\nHello - not a list."
        assert [(part.text, part.items) for part in paragraphs_of(body)] == [
            ("These end:", ()),
            ("", ("“one” today", "“two”")),
            ("… and 1 more.", ()),
            ("Hello - not a list.", ()),
        ]
        html = html_of(Notification(subject="A", body=body))
        assert html.count("<li") == 2
        assert "- “" not in html

    def test_a_dash_in_somebody_elses_words_makes_no_list(self) -> None:
        [part] = paragraphs_of("> - one\n> - two")
        assert (part.is_quote, part.text, part.items) == (True, "- one\n- two", ())

    @pytest.mark.parametrize(
        ("subject", "kept"),
        [
            ("short enough", "short enough"),
            ("word " * 40 + "and more", "word " * 39 + "word…"),
            ("a " * 90 + "wonderful " * 5, "a " * 90 + "wonderful wonderful…"),
            ("w" * 300, "w" * 199 + "…"),
            (f"Acme offers you the image “{'n' * 300}”", f"Acme offers you the image “{'n' * 172}…"),
        ],
    )
    def test_a_subject_is_cut_between_words(self, cast: Cast, subject: str, kept: str) -> None:
        notify([cast.alice], subject=subject, body="There.")
        assert Notification.objects.get().subject == kept
        assert len(kept) <= 200

    def test_it_says_why_one_gets_it_and_where_to_change_that(self, cast: Cast) -> None:
        notify([cast.alice], subject="Bob accepted", body="He has.", kind=Kind.DECISIONS, path="/a/1/")
        send_mail()
        [sent] = mail.outbox
        assert "You get this because you offered an image." in sent.body
        assert "/me/#mail" in sent.body
        assert "/me/#mail" in html_of(Notification.objects.get())

    def test_strangers_and_security_have_nothing_to_choose(self, cast: Cast) -> None:
        invite_by_mail("x@nowhere.example", subject="Hello", body="There.")
        notify([cast.alice], subject="Somebody tried", body="In vain.", kind=Kind.SECURITY)
        for message in Notification.objects.all():
            assert "#mail" not in str(mail_of(message, "x@nowhere.example").body)
        send_mail()
        assert "because somebody gave this address in Stockroom" in mail.outbox[0].body

    def test_empty_lines_come_alone(self, cast: Cast) -> None:
        notify([cast.alice], subject="A", body="One.\n\n\n\nTwo.\n \n\nThree.\n")
        assert Notification.objects.get().body == "One.\n\nTwo.\n\nThree."

    def test_the_link_stands_there_as_text_too(self, cast: Cast) -> None:
        html = html_of(Notification(user=cast.alice, subject="A", body="B.", path="/a/1/shared/"))
        assert html.count("/a/1/shared/") == 3


class TestChoosing:
    def test_what_was_not_wanted_shows_in_the_panel_only(self, cast: Cast) -> None:
        choose_mail([Kind.OFFERS], by=cast.alice)
        for kind in Kind:
            notify([cast.alice], subject=kind.value, body="…", kind=kind)
        send_mail()
        assert sorted(message.subject for message in mail.outbox) == ["offers", "security"]
        assert Notification.objects.unread_by(cast.alice).count() == len(Kind)
        assert not Notification.objects.filter(mailed_at=None).exists()

    def test_on_the_profile(self, cast: Cast, browse: Browse) -> None:
        alice = browse(cast.alice)
        answer = alice.post("/me/mail/", {"kinds": ["ends", "news"]}, follow=True)
        assert "Your choice is saved." in answer.content.decode()
        cast.alice.refresh_from_db()
        assert cast.alice.not_mailed == ["offers", "decisions"]
        assert answer.context["mail_form"].initial["kinds"] == ["ends", "news", "security"]

    def test_nonsense_changes_nothing(self, cast: Cast, browse: Browse) -> None:
        browse(cast.alice).post("/me/mail/", {"kinds": ["nonsense"]})
        cast.alice.refresh_from_db()
        assert cast.alice.not_mailed == []

    def test_unread_messages_alone(self, cast: Cast, browse: Browse) -> None:
        notify([cast.alice], subject="First message", body="…")
        notify([cast.alice], subject="Second message", body="…")
        alice = browse(cast.alice)
        alice.post(f"/notifications/{Notification.objects.get(subject='First message').pk}/open/")
        told = alice.get("/notifications/?show=unread").context["notifications"]
        assert [message.subject for message in told] == ["Second message"]
