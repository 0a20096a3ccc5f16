"""What people say of families, versions and ends of images."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from accounts.validators import is_one_line
from images.actions import End
from images.forms.fields import SuggestInput
from images.models import Family, Image

STAGES = ("deprecated", "obsolete", "retired")
LONGEST_VERSION = 40


class FamilyForm(forms.Form):
    """How a family is called."""

    name = forms.CharField(
        max_length=63,
        help_text="Small letters, digits, hyphens and dots, like debian-12-base. Whoever has a version sees it.",
    )
    description = forms.CharField(required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def clean_name(self) -> str:
        """The name by the model's own rules."""
        name: str = self.cleaned_data["name"].strip()
        Family._meta.get_field("name").run_validators(name)  # noqa: SLF001  # Django's public name
        return name


class VersionForm(forms.Form):
    """Which version of which family an image is."""

    family = forms.CharField(max_length=63, help_text="Choose one of yours, or type a new name, like debian-12-base.")
    version = forms.CharField(
        max_length=LONGEST_VERSION,
        validators=[is_one_line],
        help_text="In your own counting: 3, 12.8 or 2026-11-21.",
    )

    def __init__(self, *args: Any, families: list[Family], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["family"].widget = SuggestInput([family.name for family in families], {"maxlength": 63})
        self._families = {family.name: family for family in families}

    def clean_family(self) -> str:
        """The name by the model's own rules."""
        name: str = self.cleaned_data["family"].strip()
        Family._meta.get_field("name").run_validators(name)  # noqa: SLF001  # Django's public name
        return name

    @property
    def existing(self) -> Family | None:
        """The family of that name, if there is one."""
        return self._families.get(self.cleaned_data["family"])


class NewVersionForm(forms.Form):
    """An image of the account that becomes a version."""

    image = forms.TypedChoiceField(label="Image")
    version = forms.CharField(
        max_length=LONGEST_VERSION,
        validators=[is_one_line],
        help_text="In your own counting: 3, 12.8 or 2026-11-21.",
    )

    def __init__(self, *args: Any, images: list[Image], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["image"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(image.pk), f"{image.name}, {image.region_id}") for image in images]


class EndForm(forms.Form):
    """When an image ends, why, and what takes its place."""

    deprecated = forms.DateField(
        label="Deprecated from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="It still works. Everybody who has it sees a warning.",
    )
    obsolete = forms.DateField(
        label="Obsolete from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Nobody can boot new servers from it, download or share it. You can still download it.",
    )
    retired = forms.DateField(
        label="Retired on",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The image is deleted by itself, as if you deleted it on that day.",
    )
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Everybody who has the image reads it.",
    )
    replacement = forms.ChoiceField(
        label="What to use instead",
        required=False,
        help_text="Shown to those who have it too. Share it with the others first.",
    )

    # Days after which each stage comes, for those who have no days in mind.
    PRESETS: ClassVar = {
        "now": ("Only a warning, from now on", {"deprecated": 0}),
        "month": ("A month, and two more until it is deleted", {"deprecated": 0, "obsolete": 30, "retired": 90}),
        "week": ("A week, for what is dangerous", {"deprecated": 0, "obsolete": 7, "retired": 30}),
    }

    def __init__(self, *args: Any, image: Image, candidates: list[Image], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._image = image
        field = self.fields["replacement"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Nothing in particular"), *((str(each.pk), _named(each)) for each in candidates)]

    @classmethod
    def initial_of(cls, image: Image, preset: str = "") -> dict[str, Any]:
        """What stands in the form before anybody has typed.

        Args:
            preset: one of ``PRESETS``; anything else shows what was announced.
        """
        said: dict[str, Any] = {"reason": image.end_reason, "replacement": str(image.replacement_id or "")}
        if preset in cls.PRESETS:
            _label, days = cls.PRESETS[preset]
            return said | {name: timezone.localdate() + timedelta(days=number) for name, number in days.items()}
        moments = {name: getattr(image, f"{name}_at") for name in STAGES}
        return said | {name: timezone.localdate(moment) for name, moment in moments.items() if moment}

    def end(self) -> End:
        """What the action takes."""
        data = self.cleaned_data
        moments = {f"{name}_at": self._moment(name, data[name]) for name in STAGES}
        return End(**moments, reason=data["reason"], replacement=data["replacement"] or None)

    def clean_replacement(self) -> Any:
        """The id, as the action takes it."""
        chosen = self.cleaned_data["replacement"]
        return forms.UUIDField().clean(chosen) if chosen else None

    def _moment(self, name: str, day: date | None) -> datetime | None:
        """The beginning of a day; now, for today; the very moment that was announced, where the day is the same."""
        if day is None:
            return None
        announced: datetime | None = getattr(self._image, f"{name}_at")
        if announced and timezone.localdate(announced) == day:
            return announced
        if day == timezone.localdate():
            return timezone.now()
        return timezone.make_aware(datetime.combine(day, time.min))


class CopyForm(forms.Form):
    """How a copy is called."""

    name = forms.CharField(max_length=255, validators=[is_one_line])


def _named(image: Image) -> str:
    version = f" ({image.family} {image.version})" if image.family else ""
    return f"{image.name}{version}"
