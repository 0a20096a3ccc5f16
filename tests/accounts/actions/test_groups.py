"""Making, renaming and closing."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from accounts import actions, hooks, numbers
from accounts.actions.groups import consequences_of_closing
from accounts.models import Account, AnyGroup, Event, Membership, Notification
from accounts.roles import Role
from accounts.viewer import Viewer
from tests.factories import viewer
from tests.people import Cast


def test_the_maker_decides(cast: Cast) -> None:
    account = actions.create_account(title="Third", by=cast.erin)
    team = actions.create_team(title="Third", by=cast.erin)
    organization = actions.create_organization(title="Third", by=cast.erin)
    roles = Membership.objects.filter(user=cast.erin, group__in=[account.pk, team.pk, organization.pk])
    assert sorted(roles.values_list("role", flat=True)) == [Role.ADMIN, Role.MANAGER, Role.MANAGER]
    assert Event.objects.filter(verb="created", subject_name="Third", actor=cast.erin).count() == 3


def test_a_number_that_an_offer_names_is_never_given_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    spoken, free = "2030117649", numbers.new_number()
    given = iter([spoken, cast.acme.number, free])
    monkeypatch.setattr(numbers, "new_number", lambda: next(given))
    monkeypatch.setattr(hooks.number_is_spoken_for, "_answers", [lambda number: number == spoken])
    assert actions.create_account(title="Late", by=cast.erin).number == free


def test_renaming_is_recorded(cast: Cast) -> None:
    actions.rename(cast.acme, title="Acme Images", by=cast.producer)
    cast.acme.refresh_from_db()
    assert cast.acme.title == "Acme Images"
    assert Event.objects.get(verb="renamed").detail == {"old": "Acme Producers", "new": "Acme Images"}


def test_only_who_decides_renames_and_closes(cast: Cast) -> None:
    erin = viewer(cast.erin)
    with pytest.raises(PermissionDenied):
        actions.rename(cast.golden_testers, title="Mine", by=erin)
    with pytest.raises(PermissionDenied):
        actions.close(cast.golden_testers, by=erin)
    with pytest.raises(Http404):
        actions.close(cast.night_shift, by=erin)


def test_a_personal_account_is_not_closed(cast: Cast) -> None:
    own = viewer(cast.alice)
    with pytest.raises(PermissionDenied):
        actions.close(own.account, by=own)


@pytest.mark.parametrize("name", ["acme", "golden_testers", "acme_group"])
def test_closing_asks_the_other_apps_and_tells_everybody(
    cast: Cast, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[AnyGroup, Viewer]] = []
    monkeypatch.setattr(hooks.closing, "_answers", [lambda group, by: asked.append((group, by))])
    group, alice = getattr(cast, name), cast.producer
    actions.close(group, by=alice)
    group.refresh_from_db()
    assert group.closed_by == cast.alice
    assert asked == [(group, alice)]
    told = set(Membership.objects.filter(group=group.pk).values_list("user__username", flat=True)) - {"alice"}
    assert set(Notification.objects.values_list("user__username", flat=True)) == told
    with pytest.raises(Http404):
        actions.close(group, by=alice)


def test_a_closed_organization_lets_its_accounts_go(cast: Cast) -> None:
    actions.close(cast.acme_group, by=cast.producer)
    assert Account.objects.get(pk=cast.acme.pk).organization is None


def test_what_closing_means(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks.closing_consequences, "_answers", [lambda _group: ["3 images end."]])
    assert consequences_of_closing(cast.golden_testers) == [
        "2 people lose access to it, you among them.",
        "3 images end.",
    ]
    assert "1 account leaves the organization." in consequences_of_closing(cast.acme_group)
