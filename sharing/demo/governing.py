"""Rules and policies of the demo: an organization that asks for a second person, and one that tries a policy out."""

import images.actions
from accounts.actions import accept_invitation, create_account, create_organization, invite
from accounts.models import Account, Organization
from accounts.roles import Role
from images.models import Image
from sharing import actions
from sharing.actions import Terms
from sharing.addresses import parse
from sharing.demo.catalogue import LABS
from sharing.demo.clock import ago
from sharing.demo.disks import make
from sharing.demo.people import Cast, at
from sharing.models import Policy, Rules


def govern(cast: Cast) -> None:
    """Acme Group lets shares last a year; Acme Labs approves what goes outside; Beta Holdings tries a policy out."""
    alice, bob = at(cast.alice, cast.acme), at(cast.bob, cast.beta)
    with ago(days=15):
        actions.set_rules(cast.acme_group, by=alice, max_days=365)
        actions.set_policy(
            cast.beta_holdings, by=bob, mode=Policy.Mode.AUDIT, only_inspected=True, accepting=Policy.Accepting.ACCOUNT
        )
    with ago(days=2, hours=3):
        ubuntu = Image.objects.get(name="ubuntu-24.04-web-base")
        images.actions.record_download(ubuntu, by=bob, begins=True)
    _labs(cast)


def _labs(cast: Cast) -> None:
    """Carol wants to show something to a partner, and waits for Alice."""
    with ago(days=14):
        labs, account = _found_labs(cast)
        invitation = invite(account, address="carol", role=Role.CREATOR, by=at(cast.alice, account))
        accept_invitation(invitation.pk, by=cast.carol)
        actions.set_rules(labs, by=at(cast.alice, account), outside=Rules.Outside.APPROVAL, open_to_all=False)
    carol = at(cast.carol, account)
    image = make(LABS["sensors"], carol)
    with ago(hours=4):
        terms = Terms(message="The prototype that we spoke about on Tuesday.")
        actions.offer(image.pk, by=carol, addresses=parse("partner@sensors.example"), terms=terms)


def _found_labs(cast: Cast) -> tuple[Organization, Account]:
    labs = create_organization(title="Acme Labs", by=cast.alice)
    return labs, create_account(title="Acme Prototypes", by=cast.alice, organization=labs)
