"""What staff type about the clouds and sizes of regions."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from images.models import Region
from servers.actions.regions import why_not_another_kind
from servers.endpoints import checked_certificates, normalised
from servers.models import RegionCloud

MOST_ENDPOINTS = 50
ELSEWHERE = ("auth_url", "region_name", "certificates", "endpoints")


class EndpointsField(forms.CharField):
    """Addresses, one on each line."""

    widget = forms.Textarea(attrs={"rows": 5, "cols": 80, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line for line in super().clean(value).split("\n") if line.strip()]
        if len(lines) > MOST_ENDPOINTS:
            raise ValidationError(f"At most {MOST_ENDPOINTS} addresses.", code="too_many")
        return list(dict.fromkeys(normalised(line) for line in lines))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class AddressField(forms.CharField):
    """One address of a cloud."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return normalised(text) if text else ""


class RegionCloudForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """The cloud of a region."""

    auth_url = AddressField(
        label="Address of the Identity service",
        required=False,
        widget=forms.TextInput(attrs={"size": 80, "spellcheck": "false"}),
        help_text="For OpenStack: https://…/v3, as OS_AUTH_URL has it. Requests with cloud keys go there.",
    )
    endpoints = EndpointsField(
        label="Allowed endpoints",
        required=False,
        help_text="Where requests with cloud keys may go besides, one on each line: the start of each address of the "
        "Compute, Image and Network services, as “openstack catalog list” tells them. Everything else is refused.",
    )

    class Meta:
        model = RegionCloud
        fields = ["region", "kind", "auth_url", "region_name", "certificates", "endpoints"]
        help_texts = {
            "certificates": "In PEM, where the cloud has an authority of its own; only that one is trusted then. "
            "Empty: the authorities that this system trusts."
        }

    def clean_certificates(self) -> str:
        return checked_certificates(self.cleaned_data["certificates"])

    def clean_kind(self) -> str:
        kind: str = self.cleaned_data["kind"]
        region: Region | None = self.instance.region if self.instance.pk else None
        if region and (reason := why_not_another_kind(region, kind)):
            raise ValidationError(reason, code="has_servers")
        return kind

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("kind") == RegionCloud.Kind.OPENSTACK:
            if not data.get("auth_url") and "auth_url" not in self.errors:
                self.add_error("auth_url", ValidationError("An OpenStack cloud has an address.", code="required"))
            return data
        for name in ELSEWHERE:
            if data.get(name):
                text = "Servers that run on this host need none of this. Leave it empty."
                self.add_error(name, ValidationError(text, code="not_needed"))
        return data
