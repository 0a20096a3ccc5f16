"""The administration's pages of shares, trust and policies: for people, so by the names that people know."""

import pytest
from django.urls import reverse

from sharing import actions
from sharing.models import Policy, Share, Trust
from tests.factories import signed_in
from tests.people import Cast


@pytest.mark.parametrize("which", ["share", "trust", "policy"])
def test_groups_are_called_by_their_titles(cast: Cast, accepted: Share, which: str) -> None:
    actions.trust(cast.acme.group_ptr, recipient=cast.beta, by=cast.consumer)
    Policy.objects.create(group=cast.beta.group_ptr)
    rows = {"share": accepted, "trust": Trust.objects.get(), "policy": Policy.objects.get()}
    address = reverse(f"admin:sharing_{which}_change", args=[rows[which].pk])
    page = signed_in(cast.root).get(address).content.decode()
    assert "Beta Consumers" in page
    assert cast.beta.group_ptr.name not in page
