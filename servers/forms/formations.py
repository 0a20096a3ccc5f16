"""What people say of formations, of their parts, and when they launch one."""

from typing import Any

from django import forms

from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images.forms.fields import RegionField
from images.models import Region
from servers.actions import Launch, WantedPart
from servers.fitting import Place
from servers.forms.keys import OwnKeysField
from servers.forms.networks import fit_network, network_of
from servers.models import Formation, SshKey
from servers.models.formation import MOST_OF_ONE
from servers.networks import NO_NETWORK


class FormationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The name of a formation, and what it is for."""

    class Meta:
        model = Formation
        fields = ("name", "description")
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3, "data-optional": ""}),
        }
        error_messages = {"name": {"required": "Give the formation a name."}}

    def validate_unique(self) -> None:
        """Nothing: whether a name is taken, the action looks under the lock of the account."""

    validate_constraints = validate_unique


class NewFormationForm(FormationForm):
    """A new formation: also where its servers run."""

    region = RegionField(
        queryset=Region.objects.filter(cloud__isnull=False, cloud__closed_at=None).order_by("-is_default", "name"),
        empty_label=None,
        help_text="All its servers run there, and all its images lie there. It stays so.",
        error_messages={"required": "Choose a region."},
    )

    field_order = ("name", "region", "description")

    @property
    def has_regions(self) -> bool:
        """Whether there is one to choose. One query."""
        return Region.objects.filter(cloud__isnull=False, cloud__closed_at=None).exists()


class PartForm(forms.Form):
    """A part of a formation."""

    image = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": "Choose an image.", "invalid": "Choose an image."}
    )
    flavor = forms.IntegerField(
        label="Size", error_messages={"required": "Choose a size.", "invalid": "Choose a size."}
    )
    name = forms.CharField(
        max_length=60,
        validators=[is_one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="What its servers are called; from two on they are numbered.",
        error_messages={"required": "Give the part a name."},
    )
    count = forms.IntegerField(label="How many servers", min_value=1, max_value=MOST_OF_ONE, initial=1)

    def wanted(self) -> WantedPart:
        """What is wanted."""
        given = self.cleaned_data
        return WantedPart(name=given["name"], image=given["image"], flavor=given["flavor"], count=given["count"])


class LaunchForm(forms.Form):
    """What holds for all servers that are about to boot.

    Attributes:
        why_no_network: that they will be cut off, where their cloud has no network for them; else empty.
    """

    ssh_keys = OwnKeysField(label="Your SSH keys that are let in")
    network = forms.BooleanField(
        label="They may reach the network",
        required=False,
        help_text="Without this they reach nothing, but their consoles work.",
    )
    open_ports = forms.BooleanField(
        label="The ports of their images are reached from outside",
        required=False,
        help_text="Those that each image names, in your words where you have changed them.",
    )

    def __init__(self, *args: Any, viewer: Viewer, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = self.fields["ssh_keys"]
        assert isinstance(keys, forms.ModelMultipleChoiceField)
        keys.queryset = SshKey.objects.filter(user=viewer.user)
        self.initial.setdefault("ssh_keys", list(keys.queryset))
        if not self.initial["ssh_keys"]:
            del self.fields["ssh_keys"]
        fit_network(self.fields, place)
        self.why_no_network = NO_NETWORK if place.networks == () else ""
        if not (place.cloud and place.cloud.abilities.port_forwards):
            del self.fields["open_ports"]

    def launch(self) -> Launch:
        """What is wanted."""
        given = self.cleaned_data
        return Launch(
            ssh_keys=[key.pk for key in given.get("ssh_keys", [])],
            **network_of(given),
            open_ports=bool(given.get("open_ports")),
        )


class ScaleForm(LaunchForm):
    """How many servers a part has, of a formation that is launched; the rest is for those that are added."""

    count = forms.IntegerField(label="How many servers", min_value=1, max_value=MOST_OF_ONE)

    field_order = ("count",)
