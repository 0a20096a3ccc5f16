"""The people of the demo, and what they belong to."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.actions import (
    accept_invitation,
    create_account,
    create_organization,
    create_person,
    create_team,
    invite,
    make_reviewer,
)
from accounts.models import Account, Organization, Team, User
from accounts.roles import Role
from accounts.viewer import Viewer

PASSWORD = "stockroom-demo"  # noqa: S105  # everybody may know it: the panel says so on its sign-in page

NAMES = {
    "alice": ("Alice Archer", "alice@acme.example"),
    "carol": ("Carol Cho", "carol@acme.example"),
    "bob": ("Bob Baker", "bob@beta.example"),
    "dave": ("Dave Dunn", "dave@beta.example"),
    "erin": ("Erin Estrada", "erin@testers.example"),
    "sam": ("Sam Singh", "sam@stockroom.example"),
    "root": ("Rosa Root", "root@stockroom.example"),
}


@dataclass(frozen=True)
class Cast:
    """Everybody, and what they belong to."""

    alice: User
    carol: User
    bob: User
    dave: User
    erin: User
    sam: User
    root: User
    acme: Account
    research: Account
    beta: Account
    panel: Account
    acme_group: Organization
    beta_holdings: Organization
    golden_testers: Team
    night_shift: Team


def call_together() -> Cast:
    """Make everybody, each with a confirmed address."""
    people = {login: _person(login) for login in NAMES}
    alice, bob = people["alice"], people["bob"]
    acme_group = create_organization(title="Acme Group", by=alice)
    beta_holdings = create_organization(title="Beta Holdings", by=bob)
    cast = Cast(
        **people,
        acme=create_account(title="Acme Producers", by=alice, organization=acme_group),
        research=create_account(title="Acme Research", by=alice, organization=acme_group),
        beta=create_account(title="Beta Consumers", by=bob, organization=beta_holdings),
        panel=create_account(title="Stockroom Images", by=people["root"]),
        acme_group=acme_group,
        beta_holdings=beta_holdings,
        golden_testers=create_team(title="Golden Testers", by=alice),
        night_shift=create_team(title="Night Shift", by=bob),
    )
    make_reviewer(cast.sam)
    # One slow hash for all of them.
    User.objects.filter(is_demo=True).update(password=make_password(PASSWORD))
    return cast


def at(user: User, account: Account | None = None) -> Viewer:
    """A person who works for one of their accounts; for the personal one when none is named."""
    viewer = Viewer.of(user, number=(account or user.personal_account).number)
    if viewer is None:
        raise LookupError(f"{user} is not in {account}.")
    return viewer


def _person(login: str) -> User:
    name, email = NAMES[login]
    user = create_person(
        login=login,
        email=email,
        password=None,
        name=name,
        is_demo=True,
        is_staff=login == "root",
        is_superuser=login == "root",
    )
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def come_together(cast: Cast) -> None:
    """Let everybody accept the invitations by which they belong where they do."""
    for user, group, role, host in (
        (cast.carol, cast.acme, Role.CREATOR, at(cast.alice, cast.acme)),
        (cast.carol, cast.research, Role.ADMIN, at(cast.alice, cast.research)),
        (cast.dave, cast.beta, Role.OBSERVER, at(cast.bob, cast.beta)),
        (cast.erin, cast.golden_testers, Role.MEMBER, at(cast.alice)),
        (cast.dave, cast.night_shift, Role.MEMBER, at(cast.bob)),
    ):
        invitation = invite(group, address=user.username, role=role, by=host)
        accept_invitation(invitation.pk, by=user)
    make_reviewer(cast.sam)
