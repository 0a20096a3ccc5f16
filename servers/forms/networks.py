"""To which network servers are connected, as people choose it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from servers.clouds.base import Network
from servers.fitting import Place
from servers.networks import NO_SUCH_NETWORK, NONE, labels_of

CUT_OFF = "None: reaches nothing, but has its console"
NOT_KNOWN = "It is the first network that the cloud has for the account."
SECURITY = "What comes in from outside is up to the security groups of the project in that cloud."


class NetworkField(forms.ChoiceField):
    """One of the networks that a cloud offers to an account, or none."""

    def __init__(self, networks: Sequence[Network], **options: Any) -> None:
        super().__init__(
            label="Network",
            choices=[*labels_of(networks), (NONE, CUT_OFF)],
            initial=networks[0].id,
            help_text=SECURITY,
            error_messages={"required": "Choose a network, or none.", "invalid_choice": NO_SUCH_NETWORK},
            **options,
        )


def fit_network(fields: dict[str, forms.Field], place: Place) -> None:
    """Have the field ``network``, which asks for yes or no, ask for what there is to choose in a place."""
    if place.networks:
        fields["network"] = NetworkField(place.networks)
    elif place.networks is not None or not (place.cloud and place.cloud.abilities.network_choice):
        del fields["network"]
    elif place.has_networks:
        fields["network"].help_text = f"{NOT_KNOWN} {fields['network'].help_text} {SECURITY}"


def network_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was chosen, of a form with that field, for a new server."""
    chosen = given.get("network")
    code = chosen if isinstance(chosen, str) and chosen != NONE else ""
    return {"network": bool(code) or chosen is True, "network_code": code}
