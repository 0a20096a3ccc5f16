"""The fields of these forms that know what an image is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.viewer import Viewer
from images.models import Image, Region
from images.permissions import visibility_refusal
from images.validators import valid_tags

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
        try:
            valid_tags(tags)
        except ValidationError as refused:
            raise ValidationError(refused.error_dict["tags"]) from None
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
    image: Image | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Image.Visibility.choices, widget=forms.RadioSelect, **kwargs)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if reason := visibility_refusal(self.viewer, value, self.image):
            raise ValidationError(reason)

    def options(self, current: Any) -> list[VisibilityOption]:
        """All options, in the order of how many see the image."""
        return [
            VisibilityOption(
                value=value,
                label=str(label),
                help=VISIBILITY_HELP[Image.Visibility(value)],
                reason=visibility_refusal(self.viewer, value, self.image),
                checked=value == current,
            )
            for value, label in Image.Visibility.choices
        ]


def visibility_of(form: forms.Form) -> VisibilityField:
    """The question who sees an image, in a form that asks it."""
    field = form.fields["visibility"]
    assert isinstance(field, VisibilityField)
    return field


def visibility_options(form: forms.Form) -> list[VisibilityOption]:
    """Its options as the form stands now."""
    return visibility_of(form).options(form["visibility"].value())


def filter_fields(form: type[forms.Form], wanted: object, names: Iterable[str]) -> list[forms.BoundField]:
    """The fields of the filters of a list, with what is set.

    Args:
        wanted: has what is set, under the names of the fields.
    """
    filled = form(initial={name: getattr(wanted, name) for name in names})
    return [filled[name] for name in names]


class RegionField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A region, by name and code."""

    def label_from_instance(self, obj: Region) -> str:
        return f"{obj.name} ({obj.code})"
