"""What people say of images, new ones and old ones."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images import systems
from images.actions import NewImage
from images.descent import ALLOWED, NOT_SURE, come_from_others
from images.forms.fields import (
    PortsField,
    PropertiesField,
    RegionField,
    SuggestInput,
    TagsField,
    VisibilityField,
    visibility_of,
)
from images.models import Image, Region
from images.querysets import OPEN_TO_ALL


class FactsForm(forms.Form):
    """What is said of an image, new or old."""

    name = forms.CharField(
        max_length=255,
        validators=[is_one_line],
        help_text="People you share it with see this name.",
        error_messages={"required": "Give the image a name."},
    )
    description = forms.CharField(
        label="Description", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    os_family = forms.CharField(
        label="Operating system", required=False, max_length=40, widget=SuggestInput(systems.KNOWN)
    )
    os_version = forms.CharField(label="Version", required=False, max_length=40)
    tags = TagsField(label="Tags", required=False, help_text="Words with commas between them.")
    min_disk = forms.IntegerField(label="Minimum disk in GiB", required=False, min_value=0, max_value=2**31 - 1)
    min_ram = forms.IntegerField(label="Minimum memory in MiB", required=False, min_value=0, max_value=2**31 - 1)
    default_login = forms.CharField(
        label="Login name", required=False, max_length=64, help_text="Whom to sign in as on a server."
    )
    ports = PortsField(label="Ports", required=False, help_text="Where its services listen, like 22, 443.")

    # Those that have a default of their own are empty in the form and 0 in the table.
    NUMBERS: ClassVar = ("min_disk", "min_ram")

    def facts(self) -> dict[str, Any]:
        """The columns of the image that were given."""
        names = ("description", "os_family", "os_version", "default_login", "ports")
        texts = {name: self.cleaned_data[name] for name in names}
        return texts | {name: self.cleaned_data[name] or 0 for name in self.NUMBERS}


class NewImageForm(FactsForm):
    """A new image, wherever its data comes from."""

    region = RegionField(queryset=Region.objects.none(), empty_label=None)
    visibility = VisibilityField(initial=Image.Visibility.PRIVATE, label="Who sees it")
    recipients = forms.CharField(
        label="Share it with",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Account numbers, logins and email addresses, with commas between them. They are asked first.",
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visibility_of(self).viewer = viewer
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset = Region.objects.filter(closed_at__isnull=True)

    def clean(self) -> dict[str, Any]:
        """Refuse recipients of an image that nobody else sees."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("recipients") and cleaned.get("visibility") not in (None, Image.Visibility.SHARED):
            self.add_error("recipients", "Choose “Shared” above to share the image, or leave this empty.")
        return cleaned

    @classmethod
    def planned(cls, plan: dict[str, Any]) -> dict[str, Any]:
        """What was typed when ``NewImage.plan`` gave this, to begin with once more."""
        typed = plan.get("facts", {}) | plan
        numbers = {name: typed.get(name) or None for name in cls.NUMBERS}
        return {name: typed[name] for name in cls.base_fields if name in typed} | numbers

    def new_image(self) -> NewImage:
        """What the action takes."""
        data = self.cleaned_data
        return NewImage(
            name=data["name"],
            region=data["region"],
            visibility=data["visibility"],
            facts=self.facts(),
            tags=data["tags"],
            recipients=data["recipients"],
        )


class UploadForm(NewImageForm):
    """A new image of a file that has come, or is on its way."""

    upload = forms.UUIDField(required=False, widget=forms.HiddenInput)
    file = forms.FileField(label="Disk image", required=False)


class EditForm(FactsForm):
    """What is said of an image that exists."""

    properties = PropertiesField(
        label="Properties",
        required=False,
        max_length=80_000,
        help_text="One name=value on each line. Clouds and programs read them.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false"}),
    )
    hidden = forms.BooleanField(
        label="Leave it out of lists",
        required=False,
        help_text="For a version that a newer one replaces: it still works, and is found by its id.",
    )

    @classmethod
    def of(cls, image: Image) -> "EditForm":
        """The form as it stands before anybody has typed."""
        names = [name for name in cls.base_fields if name != "tags"]
        initial = {name: getattr(image, name) for name in names}
        initial |= {name: initial[name] or None for name in cls.NUMBERS}
        return cls(initial=initial | {"tags": image.tag_names})

    def facts(self) -> dict[str, Any]:
        """The columns of the image that were given."""
        more = {name: self.cleaned_data[name] for name in ("name", "properties", "hidden")}
        return super().facts() | more


class VisibilityForm(forms.Form):
    """Who sees an image that exists."""

    visibility = VisibilityField(label="Who sees it")
    terms = forms.BooleanField(
        label=ALLOWED, required=False, help_text="To open it to everybody, as it was made of an image of somebody else."
    )

    def __init__(self, data: QueryDict | None = None, *, viewer: Viewer, image: Image) -> None:
        super().__init__(data, initial={"visibility": image.visibility})
        field = visibility_of(self)
        field.viewer, field.image = viewer, image
        if not come_from_others([image]):
            del self.fields["terms"]

    def clean(self) -> None:
        """Whoever opens what came from somebody else is sure that they may."""
        super().clean()
        opens = self.cleaned_data.get("visibility") in OPEN_TO_ALL and "visibility" in self.changed_data
        if opens and "terms" in self.fields and not self.cleaned_data["terms"]:
            self.add_error("terms", ValidationError(NOT_SURE, code="required"))


class ReferenceForm(forms.Form):
    """An account's own words about somebody else's image."""

    label = forms.CharField(
        label="Label",
        required=False,
        max_length=255,
        validators=[is_one_line],
        help_text="What people of this account see instead of the image's name.",
    )
    notes = forms.CharField(label="Notes", required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    default_login = forms.CharField(
        label="Login name", required=False, max_length=64, help_text="Whom to sign in as on a server."
    )
    ports = PortsField(label="Ports", required=False, help_text="Where its services listen, like 22, 443.")

    @classmethod
    def of(cls, image: Image) -> "ReferenceForm":
        """The form as it stands before anybody has typed."""
        words = {"label": image.own_label, "notes": image.own_notes, "default_login": image.own_login}
        return cls(initial={**words, "ports": image.own_ports or []})
