"""What people type about images. Wrong input comes back with a message at its field, and nothing lost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images import systems
from images.actions import NewImage
from images.cursors import Cursor
from images.listing import HIDDEN_STATUS, SHARED_SOURCE, Sort, Tab, Wanted
from images.models import Image, Region
from images.permissions import visibility_refusal

MOST_TAGS = 50
LONGEST_TAG = 255
PORT_DIGITS = 5


class SuggestInput(forms.TextInput):
    """A text field that offers known texts while one types, and takes any other."""

    template_name = "images/widgets/suggest.html"

    def __init__(self, suggestions: Iterable[str], attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions = tuple(suggestions)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["suggestions"] = self.suggestions
        context["widget"]["attrs"]["list"] = f"{name}-suggestions"
        return context


class TagsField(forms.CharField):
    """Words with commas between them; each counts once."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        tags = list(dict.fromkeys(word for word in (part.strip() for part in text.split(",")) if word))
        if len(tags) > MOST_TAGS:
            raise ValidationError(f"Give at most {MOST_TAGS} tags.")
        if any(len(tag) > LONGEST_TAG for tag in tags):
            raise ValidationError(f"A tag has at most {LONGEST_TAG} characters.")
        return tags

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(value)


class PortsField(forms.CharField):
    """Numbers with commas between them; the model says which numbers are ports."""

    def clean(self, value: Any) -> list[int]:
        words = super().clean(value).replace(",", " ").split()
        if wrong := next(
            (word for word in words if not (word.isascii() and word.isdigit() and len(word) <= PORT_DIGITS)), None
        ):
            raise ValidationError(f"“{wrong[:20]}” is not a port. Give numbers, like 22, 443.")
        return sorted({int(word) for word in words})

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else ", ".join(str(port) for port in value)


class PropertiesField(forms.CharField):
    """One ``name=value`` on each line."""

    widget = forms.Textarea

    def clean(self, value: Any) -> dict[str, str]:
        properties: dict[str, str] = {}
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            name, equals, text = (part.strip() for part in line.partition("="))
            if not line.strip():
                continue
            if not equals or not name:
                raise ValidationError(f"Line {number} is not name=value: “{line.strip()[:60]}”.")
            if name in properties:
                raise ValidationError(f"Line {number} gives “{name[:60]}” a second time.")
            properties[name] = text
        return properties

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(f"{name}={text}" for name, text in value.items())


class ListForm(forms.Form):
    """The parameters of Saved Images. Whatever is no sensible value means "no matter"."""

    q = forms.CharField(required=False, max_length=255)
    status = forms.ChoiceField(
        required=False,
        choices=[
            ("", "Any status"),
            (Image.Status.ACTIVE, "Active"),
            (Image.Status.DEACTIVATED, "Deactivated"),
            (HIDDEN_STATUS, "Hidden"),
        ],
    )
    source = forms.ChoiceField(
        required=False, choices=[("", "Any source"), *Image.Source.choices, (SHARED_SOURCE, "Shared Image")]
    )
    os = forms.CharField(label="Operating system", required=False, max_length=40, widget=SuggestInput(systems.KNOWN))
    sort = forms.ChoiceField(
        label="Sort by",
        required=False,
        choices=[
            (Sort.NEWEST, "Newest first"),
            (Sort.OLDEST, "Oldest first"),
            (Sort.NAME, "Name"),
            (Sort.SIZE, "Size"),
        ],
    )
    tab = forms.ChoiceField(required=False, choices=[(tab, tab) for tab in Tab])
    region = forms.CharField(required=False, max_length=20)
    after = forms.CharField(required=False)
    before = forms.CharField(required=False)

    def wanted(self, regions: Sequence[Region]) -> Wanted:
        """What is asked for, as the list takes it.

        Args:
            regions: those that exist.
        """
        self.is_valid()
        given: Callable[..., str] = self.cleaned_data.get
        sort = Sort(given("sort") or Sort.NEWEST)
        codes = {region.code for region in regions}
        return Wanted(
            tab=Tab(given("tab") or Tab.ALL),
            region=given("region") if given("region") in codes else "",
            status=given("status", ""),
            source=given("source", ""),
            os=given("os", ""),
            q=given("q", ""),
            sort=sort,
            after=Cursor.parse(given("after", ""), sort.key_type),
            before=Cursor.parse(given("before", ""), sort.key_type),
        )


@dataclass(frozen=True)
class VisibilityOption:
    """One way to answer "who sees it", and why it cannot be chosen now."""

    value: str
    label: str
    help: str
    reason: str
    checked: bool


VISIBILITY_HELP = {
    Image.Visibility.PRIVATE: "Only people of this account.",
    Image.Visibility.SHARED: "This account, and whom you share it with. They are asked first.",
    Image.Visibility.COMMUNITY: "Everybody who looks for it. It is in nobody's list until they add it.",
    Image.Visibility.PUBLIC: "Everybody, in their list.",
}


class VisibilityField(forms.ChoiceField):
    """Who sees the image; what the viewer may not choose is shown with the reason."""

    template_name = "images/widgets/visibility.html"
    viewer: Viewer
    old: str = Image.Visibility.PRIVATE

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Image.Visibility.choices, widget=forms.RadioSelect, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if reason := visibility_refusal(self.viewer, value, old=self.old):
            raise ValidationError(reason)

    def options(self, current: Any) -> list[VisibilityOption]:
        """All options, in the order of how many see the image."""
        return [
            VisibilityOption(
                value=value,
                label=str(label),
                help=VISIBILITY_HELP[Image.Visibility(value)],
                reason=visibility_refusal(self.viewer, value, old=self.old),
                checked=value == current,
            )
            for value, label in Image.Visibility.choices
        ]


class RegionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A region, by name and code."""

    def label_from_instance(self, obj: Region) -> str:
        return f"{obj.name} ({obj.code})"


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
        region, visibility = self.fields["region"], self.fields["visibility"]
        assert isinstance(region, forms.ModelChoiceField)
        assert isinstance(visibility, VisibilityField)
        visibility.viewer = viewer
        region.queryset = Region.objects.filter(closed_at__isnull=True)

    def clean(self) -> dict[str, Any]:
        """Refuse recipients of an image that nobody else sees."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("recipients") and cleaned.get("visibility") not in (None, Image.Visibility.SHARED):
            self.add_error("recipients", "Choose “Shared” above to share the image, or leave this empty.")
        return cleaned

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
    """A new image of an uploaded file."""

    upload = forms.UUIDField(required=False, widget=forms.HiddenInput)
    file = forms.FileField(label="Disk image", required=False)


class EditForm(FactsForm):
    """What is said of an image that exists."""

    properties = PropertiesField(
        label="Properties",
        required=False,
        max_length=40_000,
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

    def __init__(self, data: QueryDict | None = None, *, viewer: Viewer, image: Image) -> None:
        super().__init__(data, initial={"visibility": image.visibility})
        field = self.fields["visibility"]
        assert isinstance(field, VisibilityField)
        field.viewer, field.old = viewer, image.visibility


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
