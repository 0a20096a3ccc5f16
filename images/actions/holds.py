"""Holding data: its bytes stay, whatever becomes of the images that name them."""

from uuid import UUID

from images.models import DataHold, ImageData


def hold(data: ImageData, holder: str) -> None:
    """Keep the bytes until ``let_go``. Called in the transaction in which they are known to be there.

    Args:
        data: what to keep.
        holder: a kind and an id ("conversion:…").
    """
    DataHold.objects.get_or_create(data=data, holder=holder)


def let_go(holder: str) -> None:
    """Say that the bytes are no longer needed. Nothing happens where nothing is held."""
    DataHold.objects.filter(holder=holder).delete()


def conversion_holder(upload_id: UUID) -> str:
    """What a conversion is called in the hold on its source."""
    return f"conversion:{upload_id}"
