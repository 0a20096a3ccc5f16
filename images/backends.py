"""``user.has_perm("images.use_image", image)`` by the same law as the pages.

Guardian's own backend knows neither role, visibility nor dates; this one takes its place.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend

from accounts.models import User
from accounts.roles import Kind, Role
from accounts.viewer import Viewer, open_memberships
from images.models import Image
from images.permissions import Right, Verb, may

VERBS = {Right.VIEW: Verb.SEE, Right.USE: Verb.USE, Right.EXPORT: Verb.EXPORT}


class ImageBackend(BaseBackend):
    """Answers for images only, and only to active people: through any of their accounts."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the person may see, use or export the image, in whichever of their accounts."""
        app, _dot, codename = perm.partition(".")
        if not isinstance(obj, Image) or not isinstance(user_obj, User) or not user_obj.is_active:
            return False
        if app != "images" or codename not in VERBS:
            return False
        return any(self._through(viewer, VERBS[Right(codename)], obj) for viewer in self._viewers(user_obj))

    @staticmethod
    def _through(viewer: Viewer, verb: Verb, image: Image) -> bool:
        return Image.objects.visible_to(viewer).filter(pk=image.pk).exists() and may(viewer, verb, image)

    @staticmethod
    def _viewers(user: User) -> list[Viewer]:
        memberships = open_memberships(user)
        own = (membership for membership in memberships if membership.kind == Kind.ACCOUNT)
        return [Viewer(user, m.group.as_account, Role(m.role), memberships) for m in own]
