"""What images were made of: whoever passes on what came from somebody else has to be sure that they may."""

from collections.abc import Iterable

from images.models import Image

# Asked where an image was made of one of somebody else's. That one may be out of reach by now, so it is not named.
ALLOWED = "The account it comes from allows it"
NOT_SURE = "It was made of an image of somebody else. Make sure that they allow this, and then tick the box."


def come_from_others(images: Iterable[Image]) -> bool:
    """Whether one of these images was made of one of another account. A query for each generation of their parents."""
    own = {image.account_id for image in images}
    parents = {image.parent_id for image in images if image.parent_id}
    while parents:
        generation = Image.objects.filter(pk__in=parents).values_list("account", "parent")
        if any(account not in own for account, _parent in generation):
            return True
        parents = {parent for _account, parent in generation if parent}
    return False
