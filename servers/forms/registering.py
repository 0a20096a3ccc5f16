"""What people type to register an image that is in a cloud already."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images.forms.fields import RegionField
from images.models import Region
from servers.models import RegionCloud
from servers.registering import Registration


class RegisterForm(forms.Form):
    """Which image of which cloud."""

    region = RegionField(
        queryset=Region.objects.none(),
        empty_label=None,
        error_messages={"required": "Choose a region.", "invalid_choice": "Choose one of these regions."},
    )
    cloud_id = forms.UUIDField(
        label="ID of the image there",
        help_text="As “openstack image list” shows it. The image has to belong to the project of your cloud key.",
        error_messages={
            "required": "Enter the id that the image has in the cloud.",
            "invalid": "An id looks like 7d1b2c3a-4e5f-6789-abcd-ef0123456789.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="Name here",
        max_length=255,
        required=False,
        validators=[is_one_line],
        help_text="Leave it empty for the name that it has there.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region = self.fields["region"]
        assert isinstance(region, forms.ModelChoiceField)
        region.queryset = regions_for(viewer)

    @property
    def registration(self) -> Registration:
        """What was asked for."""
        said = self.cleaned_data
        return Registration(region=said["region"], cloud_id=str(said["cloud_id"]), name=said["name"])


def regions_for(viewer: Viewer) -> QuerySet[Region]:
    """Where the account can register images: a cloud that keeps images itself, and a key of its own for it."""
    regions = Region.objects.filter(closed_at=None, cloud__kind=RegionCloud.Kind.OPENSTACK)
    return regions.filter(cloud_keys__account=viewer.account, cloud_keys__removed_at=None).order_by("code")
