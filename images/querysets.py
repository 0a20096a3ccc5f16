"""The law of visibility for images. Pages, API, prefetches and counts all start here."""

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils import timezone

from accounts.querysets import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.viewer import Viewer
    from images.models import (
        Family,
        Image,
        ImageData,
        ImageGroupObjectPermission,
        PlannedChange,
        QuotaRequest,
        Upload,
    )

OPEN_TO_ALL = ("public", "community")
ANSWERS_ARE_SHOWN = timedelta(days=30)

# What ``with_reference`` puts on an image, and the column of ``Reference`` that it comes from.
REFERENCE_COLUMNS = {
    "reference_id": "pk",
    "own_label": "label",
    "own_notes": "notes",
    "own_login": "default_login",
    "own_ports": "ports",
    "theirs_then": "theirs",
}


class NameList(Subquery):
    """What a subquery with the one column ``name`` gives, as a list."""

    template = "(SELECT COALESCE(jsonb_agg(listed.name), '[]') FROM (%(subquery)s) AS listed)"
    output_field = models.JSONField()

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """SQLite has the same under another name."""
        template = "(SELECT json_group_array(listed.name) FROM (%(subquery)s) AS listed)"
        sql, params = self.as_sql(compiler, connection, template=template)
        return sql, tuple(params)


class ImageQuerySet(models.QuerySet["Image"]):
    """Images, always asked for by a viewer."""

    def live(self) -> "ImageQuerySet":
        """That still exist for people."""
        return self.exclude(status="deleted")

    def open_to_all(self) -> "ImageQuerySet":
        """Public, community, or in the marketplace."""
        return self.live().filter(_open_to_all())

    def visible_to(self, viewer: "Viewer") -> "ImageQuerySet":
        """Whose page the viewer may open: own, offered or shared, public, community, in the marketplace."""
        return self.filter(reached(viewer, "view_image"))

    def usable_by(self, viewer: "Viewer") -> "ImageQuerySet":
        """That the viewer may boot servers from: own, accepted, public, community, in the marketplace."""
        return self.filter(_usable(viewer), data__damaged_at__isnull=True)

    def exportable_by(self, viewer: "Viewer") -> "ImageQuerySet":
        """Whose data the viewer may download and copy."""
        return self.filter(_exportable(viewer), data__damaged_at__isnull=True)

    def with_rights(self, viewer: "Viewer") -> "ImageQuerySet":
        """With ``can_use`` and ``can_export`` of the viewer on each row, so that menus cost no query.

        And whether the image came through a group or organization of theirs, and whether they have hidden it.
        """
        rights = {
            "can_use": _usable(viewer),
            "can_export": _exportable(viewer),
            "through_group": through_group(viewer),
            "is_hidden_for_me": hidden_for(viewer),
        }
        return self.annotate(
            **{name: ExpressionWrapper(right, models.BooleanField()) for name, right in rights.items()}
        )

    def with_reference(self, viewer: "Viewer") -> "ImageQuerySet":
        """With the account's own label, notes, login name and ports on each row; None where it has none."""
        own = FilteredRelation("references", condition=Q(references__account=viewer.account))
        columns = {name: F(f"own_reference__{column}") for name, column in REFERENCE_COLUMNS.items()}
        return self.alias(own_reference=own).annotate(**columns)

    def with_tags(self) -> "ImageQuerySet":
        """With ``tag_names`` on each row, a list in the order of the alphabet."""
        from images.models import ImageTag

        names = ImageTag.objects.filter(image=OuterRef("pk")).order_by("name").values("name")
        columns = {"tag_names": NameList(names)}
        return self.annotate(**columns)

    def related_to(self, image: "Image", viewer: "Viewer") -> "ImageQuerySet":
        """The parent and the children of an image, as far as the viewer may see them."""
        return self.visible_to(viewer).filter(Q(pk=image.parent_id) | Q(parent=image)).select_related("account")


def through_group(viewer: "Viewer") -> Q:
    """Images of others that a group or organization of the viewer has accepted."""
    grants = grants_to(viewer.groups or [NOBODY], "use_image").filter(content_object=OuterRef("pk"))
    return ~Q(account=viewer.account) & Q(Exists(grants))


def hidden_for(viewer: "Viewer", image: str = "pk") -> Q:
    """Images that the person has hidden for themselves.

    Args:
        image: the column with the id of the image, where the rows are no images.
    """
    from images.models import HiddenImage

    return Q(Exists(HiddenImage.objects.filter(user=viewer.user, image=OuterRef(image))))


def reached(viewer: "Viewer", codename: str, *, at: Any = None) -> Q:
    """Own, open to all, or granted; and not deleted.

    Args:
        at: the moment that counts, as the database can compare it; now when none is given.
    """
    granted = Q(Exists(grants_to(viewer.principals, codename, at=at).filter(content_object=OuterRef("pk"))))
    return ~Q(status="deleted") & (Q(account=viewer.account) | _open_to_all() | granted)


def _open_to_all() -> Q:
    return Q(visibility__in=OPEN_TO_ALL) | Q(listed_at__isnull=False)


def _usable(viewer: "Viewer") -> Q:
    return reached(viewer, "use_image") & _given()


def _exportable(viewer: "Viewer") -> Q:
    reaches = reached(viewer, "export_image") & (_given() | Q(account=viewer.account))
    return reaches & Q(limits_from__isnull=True)


def _given() -> Q:
    """Neither deactivated nor obsolete: whoever has the right can begin to use it."""
    return Q(Q(obsolete_at__isnull=True) | Q(obsolete_at__gt=timezone.now()), status="active")


class FamilyQuerySet(models.QuerySet["Family"]):
    """Families of an account; others meet them on the images that they were given."""

    def of_account(self, viewer: "Viewer") -> "FamilyQuerySet":
        """Of the account, with how many versions each has."""
        live = ~Q(versions__status="deleted")
        return self.filter(account=viewer.account).annotate(
            version_count=models.Count("versions", filter=Q(versions__isnull=False) & live)
        )


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads on their way to become images."""

    def unexpired(self) -> "UploadQuerySet":
        """That can still become an image."""
        return self.filter(expires_at__gt=timezone.now())

    def waiting_for_bytes(self) -> "UploadQuerySet":
        """That somebody sends, or has begun to send."""
        return self.filter(origin="upload", status__in=["waiting", "receiving"])

    def visible_to(self, viewer: "Viewer") -> "UploadQuerySet":
        """Of the account; a creator sees their own. The state may be large, and is fetched when it is needed."""
        of_account = self.filter(account=viewer.account).defer("state")
        return of_account if viewer.is_admin else of_account.filter(created_by=viewer.user)

    def queued(self, viewer: "Viewer") -> "UploadQuerySet":
        """Those that become an image by themselves, and are its record for programs until then."""
        if not viewer.is_creator:
            return self.none()
        return self.visible_to(viewer).unexpired().filter(plan__isnull=False)


class ImageDataQuerySet(models.QuerySet["ImageData"]):
    """Image data."""

    def unneeded(self) -> "ImageDataQuerySet":
        """That is stored although no live image names it, no upload is about to, and nobody holds it."""
        from images.models import DataHold, Image, Upload

        holds = DataHold.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))
        return self.filter(
            ~Exists(Image.objects.live().filter(data=OuterRef("pk"))),
            ~Exists(Upload.objects.filter(data=OuterRef("pk"))),
            ~Exists(holds.filter(data=OuterRef("pk"))),
            removed_at__isnull=True,
        )


class QuotaRequestQuerySet(models.QuerySet["QuotaRequest"]):
    """What accounts have asked for."""

    def waiting(self) -> "QuotaRequestQuerySet":
        """That staff have still to answer."""
        return self.filter(status="open")

    def news(self) -> "QuotaRequestQuerySet":
        """What an account wants to see, the newest first: what waits, and what was answered lately."""
        lately = Q(status__in=["granted", "refused"], decided_at__gt=timezone.now() - ANSWERS_ARE_SHOWN)
        return self.filter(Q(status="open") | lately).select_related("requested_by").order_by("-requested_at")


class PlannedChangeQuerySet(models.QuerySet["PlannedChange"]):
    """What is to happen to images."""

    def open(self) -> "PlannedChangeQuerySet":
        """That is still to come."""
        return self.filter(cancelled_at__isnull=True, done_at__isnull=True)

    def due(self) -> "PlannedChangeQuerySet":
        """Whose time has come, by the clock."""
        return self.open().filter(at__lte=timezone.now())

    def soon(self) -> "PlannedChangeQuerySet":
        """That happens within a day, and of which consumers have not been told once more."""
        now = timezone.now()
        return self.open().filter(at__gt=now, at__lte=now + timedelta(days=1), warned_at__isnull=True)

    def shown_to(self, viewer: "Viewer") -> "PlannedChangeQuerySet":
        """What an account knows of: everything about its own images; of others' what it loses by."""
        closes = Q(visibility="shared", image__visibility__in=OPEN_TO_ALL)
        loses = ~Q(change="visibility") | Q(visibility="private") | closes
        return self.open().filter(Q(image__account=viewer.account) | loses)


@cache
def permission_id(codename: str) -> RawSQL:
    """The id of one of the image permissions, looked up inside the query that needs it.

    The text is Django's, written once for the process: a page asks for it several times.
    """
    found = Permission.objects.filter(codename=codename, content_type__app_label="images", content_type__model="image")
    return RawSQL(*found.values("pk").query.sql_with_params(), output_field=models.IntegerField())  # noqa: S611


def grants_to(principals: "Iterable[int]", codename: str, *, at: Any = None) -> "QuerySet[ImageGroupObjectPermission]":
    """The grants of one permission to these groups that hold at this moment.

    Args:
        at: as for ``reached``.
    """
    from images.models import ImageGroupObjectPermission

    return ImageGroupObjectPermission.objects.filter(
        Q(access_until__isnull=True) | Q(access_until__gt=timezone.now() if at is None else at),
        group__in=principals,
        permission=permission_id(codename),
        active=True,
    )
