"""What pages show of shares: the Image Sharing table of the producer, and how a consumer came to an image."""

from dataclasses import dataclass

from accounts.viewer import Viewer
from images.models import Image
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
    """

    share: Share
    viewer: Viewer
    people: int | None = None

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


def make_rows(shares: ShareQuerySet, viewer: Viewer) -> list[Row]:
    """The lines for these shares."""
    people = count_people([share.recipient_id for share in shares if share.recipient_id and not share.is_addressed])
    return [
        Row(share, viewer, None if share.is_addressed else people.get(share.recipient_id or 0, 0)) for share in shares
    ]
