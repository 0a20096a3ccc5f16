"""To which network servers are connected, as people choose it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from servers.clouds.base import Network
from servers.fitting import Place
from servers.networks import NO_SUCH_NETWORK, labels_of

NONE = "None: it reaches nothing, but its console works"
NOT_KNOWN = "It is connected to the first network that the cloud has for the account."


class NetworkField(forms.ChoiceField):
    """One of the networks that a cloud offers to an account, or none."""

    def __init__(self, networks: Sequence[Network], **options: Any) -> None:
        super().__init__(
            label="Network",
            required=False,
            choices=[*labels_of(networks), ("", NONE)],
            initial=networks[0].id,
            error_messages={"invalid_choice": NO_SUCH_NETWORK},
            **options,
        )


def fit_network(fields: dict[str, forms.Field], place: Place) -> None:
    """Have the field ``network``, which asks for yes or no, ask for what there is to choose in a place."""
    if place.networks:
        fields["network"] = NetworkField(place.networks)
    elif place.networks is not None or not (place.cloud and place.cloud.abilities.network_choice):
        del fields["network"]
    elif place.has_networks:
        fields["network"].help_text = f"{NOT_KNOWN} {fields['network'].help_text}"


def network_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen, of a form with that field, for a new server."""
    chosen = given.get("network")
    return {"network": bool(chosen), "network_code": chosen if isinstance(chosen, str) else ""}
