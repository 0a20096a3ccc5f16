"""What pages show of shares: the Image Sharing table of the producer, and how a consumer came to an image."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from accounts.viewer import Viewer
from images import hooks
from images.hooks import Usage
from images.models import Image
from images.querysets import OPEN_TO_ALL
from sharing.actions import can_be_reminded
from sharing.models import AddressKind, Share
from sharing.people import count_people, in_words
from sharing.querysets import ShareQuerySet

MOST_ROWS = 100


@dataclass(frozen=True)
class Row:
    """One line of the Image Sharing table.

    Attributes:
        people: how many people a group or organization has; None for everybody else.
        running: how many servers the recipient runs from the image.
    """

    share: Share
    viewer: Viewer
    people: int | None = None
    running: int = field(default=0, kw_only=True)

    @property
    def key(self) -> str:
        """What tells the row's elements apart on the page."""
        return str(self.share.pk)

    @property
    def note(self) -> str:
        """What the recipient is, below its name."""
        kind = self.share.get_kind_display().lower()
        if self.share.is_addressed:
            return {AddressKind.EMAIL: "email address"}.get(AddressKind(self.share.kind), kind)
        return f"{kind} · {in_words(self.people or 0)}"

    @property
    def status(self) -> str:
        """The name under which the component knows the status."""
        return "expired" if self.share.state == "ended" else self.share.state

    @property
    def decided_by(self) -> str:
        """Who decided, when it was the person who made the offer, by own authority.

        Anybody else decided for the other side, and who that was is the other side's business.
        """
        if self.share.decided_by is None or self.share.decided_by_id != self.share.offered_by_id:
            return ""
        return "you" if self.share.decided_by == self.viewer.user else self.share.decided_by.get_full_name()

    @property
    def offered_by(self) -> str:
        """Who made the offer: a person of one's own account."""
        return "You" if self.share.offered_by == self.viewer.user else self.share.offered_by.get_full_name()

    @property
    def remind_refusal(self) -> str:
        """Why a pending offer cannot be called to mind now; empty when it can."""
        if can_be_reminded(self.share):
            return ""
        return "They were asked less than a day ago. Check the address before you send a reminder tomorrow."

    @property
    def loss(self) -> str:
        """What the recipient loses when the share is removed."""
        return f"{in_words(self.people)} in {self.share.address_text}" if self.people else self.share.address_text


def rows_of(image: Image, viewer: Viewer, *, most: int | None = MOST_ROWS) -> list[Row]:
    """The Image Sharing table of an own image, newest first. Two queries.

    Args:
        most: how many rows; None for all.
    """
    return make_rows(Share.objects.of_image(image)[:most], viewer)


def with_servers(rows: list[Row], viewer: Viewer) -> list[Row]:
    """The same with how many servers run from the image. One query, where somebody has it."""
    having = [row.share.pk for row in rows if row.share.status == Share.Status.ACCEPTED]
    answers = hooks.usage.ask(viewer, having) if having else []
    running = {share: usage.running for answer in answers for share, usage in answer.items()}
    return [replace(row, running=running.get(row.share.pk, 0)) for row in rows]


def make_rows(shares: ShareQuerySet, viewer: Viewer) -> list[Row]:
    """The lines for these shares."""
    people = count_people([share.recipient_id for share in shares if share.recipient_id and not share.is_addressed])
    return [
        Row(share, viewer, None if share.is_addressed else people.get(share.recipient_id or 0, 0)) for share in shares
    ]


HOW = {
    "authority": "At once: by our own authority",
    "trust": "At once: they trust us",
    "family": "With a newer version, as agreed",
    "sign-in": "At once: by signing in for them",
}


# The verbs of events by which a recipient came to have an image, and how, where the event says nothing else.
ACCEPTED = {"accepted": "", "accepted by signing in": "sign-in"}


@dataclass(frozen=True)
class Uses:
    """What the events of the producer's account say of a share.

    Attributes:
        taken: how often its data was downloaded, converted or copied.
        last_at: when that was last.
        because: how it was accepted, where nobody was asked (a key of ``HOW``).
    """

    taken: int = 0
    last_at: datetime | None = None
    because: str = ""

    def and_then(self, verb: str, times: int, last_at: datetime, because: str) -> "Uses":
        """With some more events."""
        if verb in ACCEPTED:
            return replace(self, because=because or ACCEPTED[verb])
        return replace(self, taken=self.taken + times, last_at=last_at)


@dataclass(frozen=True)
class AccessRow(Row):
    """One line of Who has access.

    Attributes:
        servers: what was booted from it; None while nobody counts servers.
    """

    uses: Uses = Uses()
    servers: Usage | None = None

    @property
    def last_used(self) -> datetime | None:
        """When somebody last booted, downloaded or copied it."""
        moments = (self.uses.last_at, self.servers.last_at if self.servers else None)
        return max((moment for moment in moments if moment), default=None)

    @property
    def how(self) -> str:
        """How it came about."""
        if self.share.status != Share.Status.ACCEPTED:
            return "Asked"
        if self.share.kind == AddressKind.CODE:
            return "They had the claim code"
        return HOW.get(self.uses.because, "They accepted")

    @property
    def explanation(self) -> str:
        """Why they can see it, or cannot."""
        return explain(self.share, self.share.image)

    @property
    def can_last_longer(self) -> bool:
        """Whether there is an end that can be put off."""
        return self.share.access_until is not None and self.share.state in ("pending", "accepted")


WHY = {
    "pending": "They see the offer and nothing more until they accept. If nobody answers, check the address.",
    "rejected": "They do not see it, because they said no. They can still accept it; or share it again.",
    "expired": "They do not see it: nobody answered in time. Check the address, then share it again.",
    "ended": "They do not see it any more: the time for which it was shared is over.",
}

WHY_OF_A_CODE = {
    "pending": "Nobody has used the code yet. Whoever has it can take the image.",
    "expired": "Nobody used the code in time. Make a new one.",
}


def explain(share: Share, image: Image) -> str:
    """What a recipient can do with an image at this moment, and why; the same for addresses that nobody has."""
    if image.visibility in OPEN_TO_ALL:
        return f"Everybody can use it, because it is {image.visibility}. This share sleeps meanwhile."
    if image.visibility == Image.Visibility.PRIVATE and share.state in ("pending", "accepted"):
        return "They do not see it, because it is private now. It comes back when the image is shared again."
    if share.state == "accepted":
        return _what_they_can_do(share, image)
    if share.kind == AddressKind.CODE and share.state in WHY_OF_A_CODE:
        return WHY_OF_A_CODE[share.state]
    return WHY[share.state]


def _what_they_can_do(share: Share, image: Image) -> str:
    if image.data.is_damaged:
        return "They see it and cannot use it, because its data is damaged."
    if not image.is_active:
        return "They see it and cannot use it, because it is deactivated."
    if image.is_over:
        return f"They see it and cannot begin to use it, because it is {image.life}."
    if image.data.place_in_cloud and not share.export:
        return "They see it and cannot boot it: whoever can boot it in its cloud can also download it there."
    return (
        "They can boot servers from it, download it and copy it." if share.export else "They can boot servers from it."
    )
