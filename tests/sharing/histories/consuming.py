"""Steps of recipients: decisions, trust, blocks, and what people do with their groups."""

from datetime import datetime

from hypothesis import strategies as st

import accounts.actions
import images.actions
from accounts.models import Membership
from accounts.roles import Role
from sharing import actions
from sharing.models import Block, Share, Trust
from tests.sharing.histories.stage import BOB, CAROL, DAVE, ERIN, RHEA, Stage, any_image, any_number, eyes
from tests.sharing.histories.steps import step
from tests.sharing.world.things import Eye, OfferKey

COMING_AND_GOING = [
    ("erin", "golden_testers"),
    ("dave", "night_shift"),
    ("rhea", "golden_testers"),
    ("erin", "acme_group"),
]


class Consuming(Stage):
    """Accept, reject, leave, claim, trust, block, hide; references; join and leave groups."""

    @step(
        weight=4,
        when=lambda self: self.world.offers,
        eye=eyes,
        offer=any_number,
        into=st.sampled_from([None, None, "beta", "acme", "erin"]),
        future=st.booleans(),
        label=st.booleans(),
    )
    def accept(self, eye: Eye, offer: int, into: str | None, future: bool, label: bool) -> None:
        key = self.some_key(offer)
        eye = self.decider(eye, self.world.offers[key].recipient)
        self.accept_as(eye, key, into, future=future, label=label)

    def accept_as(self, eye: Eye, key: OfferKey, into: str | None, *, future: bool, label: bool = False) -> None:
        share = self.share(key)
        account = self.group(into) if into else None
        self.compare(
            self.world.accept(eye, key, into, future=future, label=label),
            lambda: actions.accept(
                share.pk, by=self.viewer(eye), into=account, future=future, label="Ours" if label else ""
            ),
        )

    @step(weight=2, when=lambda self: self.world.offers, eye=eyes, offer=any_number)
    def reject(self, eye: Eye, offer: int) -> None:
        key = self.some_key(offer)
        eye, share = self.decider(eye, self.world.offers[key].recipient), self.share(key)
        self.compare(self.world.reject(eye, key), lambda: actions.reject(share.pk, by=self.viewer(eye)))

    @step(weight=2, eye=eyes, image=any_image)
    def leave(self, eye: Eye, image: int) -> None:
        number = self.some_image(image)
        eye = self.receiver(eye, number)
        self.compare(self.world.leave(eye, number), lambda: actions.leave(self.images[number].pk, by=self.viewer(eye)))

    @step(weight=3, when=lambda self: self.made, eye=eyes, code=any_number)
    def claim(self, eye: Eye, code: int) -> None:
        """Somebody shows a code that there ever was."""
        self.claim_as(self.decider(eye, None), *self.made[-1 - code % len(self.made)])

    def claim_as(self, eye: Eye, key: OfferKey, made_at: datetime) -> None:
        share = self.share(key) if key in self.world.offers else Share(pk=0)
        self.compare(
            self.world.claim(eye, key, made_at),
            lambda: actions.claim_offer(share.pk, by=self.viewer(eye), offered_at=made_at),
        )

    @step(weight=4, eye=eyes, image=any_image, what=st.sampled_from(["add", "add", "take out", "label"]))
    def reference(self, eye: Eye, image: int, what: str) -> None:
        """An account keeps an entry of its own for somebody else's image."""
        number = self.some_image(image)
        eye = self.receiver(eye, number)
        pk, by = self.images[number].pk, self.viewer(eye)
        steps = {
            "add": (self.world.add, lambda: images.actions.add_reference(pk, by=by)),
            "take out": (self.world.take_out, lambda: images.actions.remove_reference(pk, by=by)),
            "label": (self.world.label, lambda: images.actions.label(pk, by=by, label="Ours")),
        }
        here, there = steps[what]
        self.compare(here(eye, number), there)

    @step(weight=2, when=lambda self: self.world.offers, eye=eyes, offer=any_number, wanted=st.booleans())
    def later_versions(self, eye: Eye, offer: int, wanted: bool) -> None:
        key = self.some_key(offer)
        eye, share = self.decider(eye, self.world.offers[key].recipient), self.share(key)
        here, there = (
            (self.world.want_later_versions, actions.take_later_versions)
            if wanted
            else (self.world.stop_later_versions, actions.stop_later_versions)
        )
        self.compare(here(eye, key), lambda: there(share.pk, by=self.viewer(eye)))

    @step(
        weight=3,
        eye=st.sampled_from([BOB, BOB, BOB, CAROL, ERIN]),
        producer=st.sampled_from(["acme", "acme_group", "beta"]),
        organization=st.sampled_from([None, None, "beta_holdings"]),
    )
    def trust(self, eye: Eye, producer: str, organization: str | None) -> None:
        recipient = organization or eye.account
        self.trusted.append((recipient, producer))
        self.compare(
            self.world.trust(eye, producer, recipient),
            lambda: actions.trust(self.group(producer).group_ptr, recipient=self.group(recipient), by=self.viewer(eye)),
        )

    @step(weight=1, when=lambda self: self.world.trusts, eye=eyes, number=any_number)
    def stop_trusting(self, eye: Eye, number: int) -> None:
        trusts = sorted(self.world.trusts)
        recipient, producer = trusts[number % len(trusts)]
        eye = self.decider(eye, recipient)
        row = Trust.objects.get(recipient=self.group(recipient).pk, producer=self.group(producer).pk)
        expected = self.world.stop_trusting(eye, (recipient, producer))
        self.compare(expected, lambda: actions.stop_trusting(row.pk, by=self.viewer(eye)))

    @step(
        weight=2,
        eye=st.sampled_from([BOB, BOB, ERIN, RHEA, DAVE]),
        producer=st.sampled_from(["acme", "acme", "beta"]),
        group=st.sampled_from([None, None, "night_shift", "beta_holdings"]),
        give_back=st.booleans(),
    )
    def block(self, eye: Eye, producer: str, group: str | None, give_back: bool) -> None:
        recipient = group or eye.account
        self.compare(
            self.world.block(eye, producer, recipient, give_back=give_back),
            lambda: actions.block(
                self.group(producer),
                recipient=self.group(recipient).group_ptr,
                by=self.viewer(eye),
                give_back=give_back,
            ),
        )

    @step(weight=1, when=lambda self: self.world.blocks, eye=eyes, number=any_number)
    def unblock(self, eye: Eye, number: int) -> None:
        blocks = sorted(self.world.blocks)
        recipient, producer = blocks[number % len(blocks)]
        eye = self.decider(eye, recipient)
        row = Block.objects.get(recipient=self.group(recipient).pk, producer=self.group(producer).pk)
        expected = self.world.unblock(eye, (recipient, producer))
        self.compare(expected, lambda: actions.unblock(row.pk, by=self.viewer(eye)))

    @step(weight=2, eye=eyes, image=any_image, hidden=st.booleans())
    def hide(self, eye: Eye, image: int, hidden: bool) -> None:
        number = self.some_image(image)
        eye = self.receiver(eye, number)
        here, there = (self.world.hide, images.actions.hide) if hidden else (self.world.unhide, images.actions.unhide)
        self.compare(here(eye, number), lambda: there(self.images[number].pk, by=self.viewer(eye)))

    @step(weight=1, who=st.sampled_from(COMING_AND_GOING))
    def join(self, who: tuple[str, str]) -> None:
        person, name = who
        if who in self.world.roles or name in self.world.closed:
            return
        manager = next(one for (one, group), role in self.world.roles.items() if group == name and role == "manager")
        invitation = accounts.actions.invite(
            self.group(name), address=person, role=Role.MEMBER, by=self.viewer_of(manager)
        )
        accounts.actions.accept_invitation(invitation.pk, by=getattr(self.cast, person))
        self.world.roles[who] = "member"

    @step(weight=1, who=st.sampled_from([*COMING_AND_GOING, ("alice", "golden_testers")]))
    def leave_group(self, who: tuple[str, str]) -> None:
        person, name = who
        expected = self.world.leave_group(person, name)
        self.compare(expected, lambda: accounts.actions.leave(self.group(name), by=self.viewer_of(person)))

    @step(weight=1, eye=st.sampled_from([BOB, ERIN]), group=st.sampled_from(["night_shift", "golden_testers"]))
    def close(self, eye: Eye, group: str) -> None:
        expected = self.world.close(eye, group)
        self.compare(expected, lambda: accounts.actions.close(self.group(group), by=self.viewer(eye)))

    @step(weight=1)
    def move_between_organizations(self) -> None:
        """Beta Consumers leaves its organization, or comes back."""
        bob = self.viewer(BOB)
        if "beta" in self.world.organization_of:
            accounts.actions.leave_organization(by=bob)
            del self.world.organization_of["beta"]
        else:
            invitation = accounts.actions.invite_account(
                self.cast.beta_holdings, number=self.cast.beta.number, by=self.viewer_of("bob")
            )
            accounts.actions.accept_invitation(invitation.pk, by=self.cast.bob)
            self.world.organization_of["beta"] = "beta_holdings"

    @step(weight=1, role=st.sampled_from(["observer", "creator", "admin"]))
    def change_role(self, role: str) -> None:
        """Dave becomes more or less at Beta Consumers."""
        membership = Membership.objects.get(user=self.cast.dave, group=self.cast.beta.pk)
        accounts.actions.change_role(self.cast.beta, membership.pk, role=Role(role), by=self.viewer(BOB))
        self.world.roles["dave", "beta"] = role
