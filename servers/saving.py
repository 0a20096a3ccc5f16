"""What the pages say of images that are made from servers."""

from collections.abc import Sequence
from dataclasses import dataclass

from accounts.viewer import Viewer
from images.models import Image
from images.permissions import limit_of
from servers.models import Server, Snapshot

MOST = 5  # images of a server that its page names


@dataclass(frozen=True)
class Descent:
    """Whose image a new one is made of, and whose limits hold for it.

    Attributes:
        producer: of the image that the server was booted from; empty for an own one.
        limited_by: the name of the image that could only be booted; empty where the data may be had.
        limiting: whose image that is; empty where it is out of reach by now.
    """

    producer: str = ""
    limited_by: str = ""
    limiting: str = ""

    @classmethod
    def of(cls, server: Server, viewer: Viewer) -> "Descent":
        """What whoever makes an image from a server should know. At most three queries."""
        parent = Image.objects.select_related("account", "limits_from__account").get(pk=server.image_id)
        limit = limit_of(viewer, parent)
        visible = {each.pk: each for each in (parent, limit) if each and _is_visible(each, viewer)}
        producer = parent.account.title if parent.account_id != viewer.account.pk and parent.pk in visible else ""
        if limit is None:
            return cls(producer)
        name = server.image_name if limit == parent else limit.name if limit.pk in visible else "an image"
        return cls(producer, name, limit.account.title if limit.pk in visible else "")


def _is_visible(image: Image, viewer: Viewer) -> bool:
    return Image.objects.visible_to(viewer).filter(pk=image.pk).exists()


def images_of(server: Server) -> Sequence[Snapshot]:
    """The last images that were made from a server, or are being made, the newest first. One query."""
    return list(server.snapshots.select_related("image", "created_by")[:MOST])
