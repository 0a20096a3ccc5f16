"""Create Server: what is chosen on the way (GET), and the form (POST)."""

from collections.abc import Callable, Collection
from typing import Any
from uuid import uuid4

from django import forms

from accounts.validators import is_one_line
from accounts.viewer import Viewer
from images.cursors import Cursor
from images.forms.fields import PortsField
from images.listing import Sort, Tab, Wanted
from images.models import Region
from servers.actions import NewServer
from servers.choosing import TAB_LABELS
from servers.fitting import Place
from servers.forms.keys import OwnKeysField, PublicKeyField
from servers.forms.networks import fit_network, network_of
from servers.models import SshKey

MOST_AT_ONCE = 10


class ChoosingForm(forms.Form):
    """The parameters of the selector. Whatever is no sensible value means "no matter"."""

    q = forms.CharField(required=False, max_length=255)
    tab = forms.ChoiceField(required=False, choices=[(tab, tab) for tab in TAB_LABELS])
    region = forms.CharField(required=False, max_length=20)
    image = forms.UUIDField(required=False)
    flavor = forms.CharField(required=False, max_length=20)
    network = forms.CharField(required=False, max_length=64)
    change = forms.ChoiceField(required=False, choices=[("image", "image"), ("region", "region")])
    after = forms.CharField(required=False)
    before = forms.CharField(required=False)

    def wanted(self, region: Region) -> Wanted:
        """The page of the selector that is asked for."""
        given: Callable[..., str] = self.cleaned_data.get
        return Wanted(
            tab=Tab(given("tab") or Tab.PUBLIC),
            region=region.code,
            q=given("q", ""),
            after=Cursor.parse(given("after", ""), Sort.NEWEST.key_type),
            before=Cursor.parse(given("before", ""), Sort.NEWEST.key_type),
        )

    def region_of(self, regions: Collection[Region]) -> Region | None:
        """The region that is asked for, else the default one, else any; None where there is none."""
        code = self.cleaned_data.get("region")
        asked = (region for region in regions if region.code == code)
        default = (region for region in regions if region.is_default)
        return next(asked, next(default, next(iter(regions), None)))


class ServerForm(forms.Form):
    """A new server, or several that are alike."""

    image = forms.UUIDField(
        widget=forms.HiddenInput, error_messages={"required": "Choose an image.", "invalid": "Choose an image."}
    )
    flavor = forms.IntegerField(
        label="Size", error_messages={"required": "Choose a size.", "invalid": "Choose a size."}
    )
    request = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    name = forms.CharField(
        max_length=255,
        validators=[is_one_line],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give the server a name."},
    )
    count = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=1,
        help_text=f"Up to {MOST_AT_ONCE} that are alike; their names are numbered.",
    )
    ssh_keys = OwnKeysField(label="SSH keys")
    new_ssh_key = PublicKeyField(
        label="Another SSH key",
        required=False,
        help_text="The line in the file that ends with .pub. It is kept among your SSH keys.",
    )
    user_data = forms.CharField(
        label="User data",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text="For cloud-init. This panel never shows it again, but the server can always read it, "
        "and cloud-init leaves a copy on its disk: choose passwords that you change later.",
    )
    network = forms.BooleanField(
        label="It may reach the network",
        required=False,
        help_text="Without this it reaches nothing, but its console works.",
    )
    ports = PortsField(
        label="Ports", required=False, help_text="TCP ports of the server, to be reached from outside, like 22, 443."
    )

    def __init__(self, *args: Any, viewer: Viewer, place: Place | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("request", uuid4().hex)
        keys = self.fields["ssh_keys"]
        assert isinstance(keys, forms.ModelMultipleChoiceField)
        keys.queryset = SshKey.objects.filter(user=viewer.user)
        if place and place.cloud:
            fit_network(self.fields, place)
            self.fields["user_data"].help_text += f" At most {place.cloud.abilities.user_data // 1024} KiB."
            if not place.cloud.abilities.port_forwards:
                del self.fields["ports"]

    def new_server(self) -> NewServer:
        """What is wanted."""
        given = self.cleaned_data
        return NewServer(
            name=given["name"],
            image=given["image"],
            flavor=given["flavor"],
            ssh_keys=[key.pk for key in given["ssh_keys"]],
            user_data=given["user_data"],
            **network_of(given),
            ports=given.get("ports", []),
            request=given["request"],
        )
