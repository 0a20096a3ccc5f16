"""What people choose when they convert an image."""

from typing import Any

from django import forms
from django.http import QueryDict

from accounts.validators import is_one_line
from images.conversions import targets_of
from images.forms.fields import RegionField
from images.models import Image, Region


class ConversionForm(forms.Form):
    """The new image: its format, its name, and where it will live."""

    disk_format = forms.ChoiceField(label="Format", widget=forms.RadioSelect)
    name = forms.CharField(
        label="Name of the new image",
        max_length=255,
        validators=[is_one_line],
        error_messages={"required": "Give the new image a name."},
    )
    region = RegionField(queryset=Region.objects.none(), empty_label=None)

    def __init__(self, data: QueryDict | None = None, *, image: Image) -> None:
        formats = targets_of(image.data)
        first = next(iter(formats), "")
        super().__init__(data, initial=self._suggested(image, first))
        region, disk_format = self.fields["region"], self.fields["disk_format"]
        assert isinstance(region, forms.ModelChoiceField)
        assert isinstance(disk_format, forms.ChoiceField)
        region.queryset = Region.objects.filter(closed_at__isnull=True)
        disk_format.choices = list(formats.items())

    @staticmethod
    def _suggested(image: Image, disk_format: str) -> dict[str, Any]:
        preferred = "qcow2" if image.data.disk_format != "qcow2" else disk_format
        return {"disk_format": preferred, "name": f"{image.name[:240]} (converted)", "region": image.region_id}
