"""How a message looks as a mail, in HTML and as text."""

from dataclasses import dataclass
from itertools import takewhile

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Notification

QUOTED = ">"  # in front of each line of somebody's own words (sharing.letters)
LISTED = "- "  # in front of each entry of a list
REASONS = {
    Notification.Kind.OFFERS: "because images are offered to you, or to what you decide for",
    Notification.Kind.DECISIONS: "because you offered an image",
    Notification.Kind.ENDS: "because something ends, waits or was taken back",
    Notification.Kind.NEWS: "because it is about images, quotas or people you work with",
    Notification.Kind.SECURITY: "because it is about security; such messages always come by mail",
}
STRANGER = "because somebody gave this address in Stockroom"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a message.

    Attributes:
        is_quote: whether it is somebody's own words, and not the panel's.
        items: the entries, where it is a list.
    """

    text: str
    is_quote: bool = False
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Button:
    """Where a mail leads to, and what the button says."""

    url: str
    label: str = "Open it in Stockroom"


@dataclass(frozen=True)
class Mail:
    """What a mail says, in the frame that all mails of the panel have.

    Attributes:
        gist: what programs show of it in a list of mails.
        reason: why one gets it, as the end of a sentence.
        choice_url: where one chooses what comes by mail, if one can.
    """

    subject: str
    body: str
    gist: str
    reason: str
    button: Button | None
    choice_url: str = ""

    def to(self, address: str) -> EmailMultiAlternatives:
        """As text and in HTML, to one address."""
        context = vars(self) | {"paragraphs": paragraphs_of(self.body), "site_url": settings.SITE_URL}
        subject = " ".join(self.subject.split())  # a line end in a name would be a header of its own
        mail = EmailMultiAlternatives(subject, render_to_string("accounts/mail/message.txt", context), to=[address])
        mail.attach_alternative(render_to_string("accounts/mail/message.html", context), "text/html")
        return mail


def mail_of(message: Notification, address: str) -> EmailMultiAlternatives:
    """The mail of a message."""
    can_choose = message.user_id is not None and message.kind != Notification.Kind.SECURITY
    mail = Mail(
        subject=message.subject,
        body=message.body,
        gist=message.gist,
        reason=REASONS[Notification.Kind(message.kind)] if message.user_id else STRANGER,
        button=Button(f"{settings.SITE_URL}{message.path}") if message.path else None,
        choice_url=f"{settings.SITE_URL}{reverse('profile')}#mail" if can_choose else "",
    )
    return mail.to(address)


def paragraphs_of(body: str) -> list[Paragraph]:
    """What empty lines divide; lists, and somebody's own words, without the signs in front of each line."""
    blocks = (block.strip("\n").split("\n") for block in body.strip().split("\n\n"))
    return [paragraph for lines in blocks for paragraph in _paragraphs(lines)]


def _paragraphs(lines: list[str]) -> list[Paragraph]:
    if all(line.startswith(QUOTED) for line in lines):
        return [
            Paragraph("\n".join(line.removeprefix(QUOTED).removeprefix(" ") for line in lines).strip(), is_quote=True)
        ]
    items = [line.removeprefix(LISTED) for line in takewhile(lambda line: line.startswith(LISTED), lines)]
    rest = "\n".join(lines[len(items) :]).strip()
    found = [Paragraph("", items=tuple(items))] if items else []
    return [*found, Paragraph(rest)] if rest else found
