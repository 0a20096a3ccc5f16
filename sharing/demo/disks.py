"""Makes the images of the demo, with real bytes in the store."""

from accounts.viewer import Viewer
from images import actions
from images.models import Image, Region, Upload
from sharing.demo.catalogue import Recipe
from sharing.demo.clock import ago


def make(recipe: Recipe, by: Viewer, visibility: str = Image.Visibility.PRIVATE) -> Image:
    """Make an image by its recipe, as if it had been made when the recipe says."""
    with ago(days=recipe.days):
        upload = _upload(recipe, by)
        image = actions.create_image(upload.pk, by=by, new=_described(recipe, visibility))
        # Only a server can be the source of a snapshot, and the demo has none.
        Image.objects.filter(pk=image.pk).update(source=recipe.source)
    return image


def _upload(recipe: Recipe, by: Viewer) -> Upload:
    upload = actions.start_upload(by=by, filename=recipe.filename, size=len(recipe.content))
    return actions.receive_upload(upload.pk, by=by, chunks=[recipe.content])


def _described(recipe: Recipe, visibility: str) -> actions.NewImage:
    return actions.NewImage(
        name=recipe.name,
        region=Region.objects.get(code=recipe.region),
        visibility=visibility,
        facts={
            "description": recipe.description,
            "os_family": recipe.os_family,
            "os_version": recipe.os_version,
            "default_login": recipe.default_login,
            "ports": list(recipe.ports),
        },
        tags=recipe.tags,
    )
