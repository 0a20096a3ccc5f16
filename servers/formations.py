"""How formations stand: what each part of one can boot, and what its servers are at. Nothing is written here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from accounts.roles import Role
from accounts.viewer import Viewer
from images.models import Image
from servers.budgets import why_not_afford
from servers.choosing import Choice, choices_of
from servers.fitting import Place, place_of
from servers.models import Flavor, Formation, FormationPart, Server
from servers.models.formation import MOST_PARTS, MOST_SERVERS
from servers.states import State

LAUNCHED = "It is launched: its parts stay as they are, but for how many servers each has."


@dataclass(frozen=True)
class Standing:
    """A formation, its parts, and the servers that it has now.

    Attributes:
        servers: those that nobody has asked to delete.
    """

    formation: Formation
    parts: Sequence[FormationPart]
    servers: Sequence[Server]

    @property
    def is_launched(self) -> bool:
        """Whether it has servers."""
        return bool(self.servers)

    @property
    def is_busy(self) -> bool:
        """Whether something of it is on its way."""
        return any(server.is_busy for server in self.servers)

    @property
    def wanted(self) -> int:
        """How many servers it is made of."""
        return sum(part.count for part in self.parts)

    @property
    def hourly(self) -> Decimal:
        """What all servers that it is made of cost an hour, by the prices of now."""
        return sum((part.flavor.price * part.count for part in self.parts), Decimal(0))

    @property
    def missing(self) -> int:
        """How many of its servers somebody has deleted."""
        return sum(max(0, part.count - len(self.servers_of(part))) for part in self.parts)

    @property
    def state(self) -> State:
        """How it stands as a whole, in words."""
        if not self.is_launched:
            return State("Not launched", "deactivated")
        if failed := sum(server.status == Server.Status.FAILED for server in self.servers):
            return State(f"{failed} of {len(self.servers)} failed", "failed")
        if self.is_busy:
            return State("On its way", "pending")
        return State("Launched in part", "warning") if self.missing else State("Launched", "active")

    @property
    def progress(self) -> str:
        """What its servers are at: "2 running, 1 building"."""
        counted = Counter(State.of(server).words.lower() for server in self.servers)
        return ", ".join(f"{number} {words}" for words, number in counted.most_common())

    @property
    def why_not_change(self) -> str:
        """Why its parts cannot be changed now; empty when they can."""
        return LAUNCHED if self.is_launched else ""

    @property
    def why_not_add(self) -> str:
        """Why no part can be added now; empty when one can."""
        if self.is_launched or len(self.parts) < MOST_PARTS:
            return self.why_not_change
        return f"A formation has at most {MOST_PARTS} parts."

    def servers_of(self, part: FormationPart) -> list[Server]:
        """The servers that fill a part."""
        return [server for server in self.servers if server.part_id == part.pk]


def standings_of(formations: Iterable[Formation]) -> list[Standing]:
    """How formations stand. Two queries, however many."""
    formations = list(formations)
    parts: dict[UUID, list[FormationPart]] = {formation.pk: [] for formation in formations}
    servers: dict[UUID | None, list[Server]] = {formation.pk: [] for formation in formations}
    for part in FormationPart.objects.filter(formation__in=formations).select_related("formation", "flavor"):
        parts[part.formation_id].append(part)
    for server in Server.objects.live().filter(formation__in=formations).select_related("flavor").order_by("name"):
        servers[server.formation_id].append(server)
    return [Standing(each, parts[each.pk], servers[each.pk]) for each in formations]


def standing_of(formation: Formation) -> Standing:
    """How one formation stands. Two queries."""
    [standing] = standings_of([formation])
    return standing


@dataclass(frozen=True)
class Line:
    """A part, and whether it can boot now.

    Attributes:
        choice: its image, as the account has it; None where it has it no more.
        reason: why it cannot boot; empty when it can.
    """

    part: FormationPart
    servers: Sequence[Server]
    choice: Choice | None
    reason: str

    @property
    def image(self) -> Image | None:
        """The image, if the account still has it."""
        return self.choice.image if self.choice else None

    @property
    def running(self) -> int:
        """How many of its servers run."""
        return sum(server.status == Server.Status.RUNNING for server in self.servers)

    @property
    def key(self) -> str:
        """What tells its elements apart on the page."""
        return str(self.part.pk)


def lines_of(standing: Standing, viewer: Viewer) -> list[Line]:
    """The parts, each with the reason why it cannot boot now. As many queries for many parts as for one."""
    place = place_of(standing.formation.region, viewer.account)
    # Whether a part can boot is asked for whoever may launch it: those who may not are told so elsewhere.
    launcher = viewer if viewer.is_creator else replace(viewer, role=Role.CREATOR)
    choices = _choices(standing.parts, launcher, place)
    return [_line(part, standing, choices.get(part.image_id), place, viewer) for part in standing.parts]


def _choices(parts: Sequence[FormationPart], viewer: Viewer, place: Place) -> dict[UUID, Choice]:
    flavors = list(Flavor.objects.filter(region=place.region, closed_at=None))
    images = Image.objects.visible_to(viewer).with_rights(viewer).with_reference(viewer)
    images = images.select_related("account__organization", "data__content_check")
    found = list(images.filter(pk__in={part.image_id for part in parts}))
    return {choice.image.pk: choice for choice in choices_of(viewer, found, place, flavors)}


def _line(part: FormationPart, standing: Standing, choice: Choice | None, place: Place, viewer: Viewer) -> Line:
    return Line(part, standing.servers_of(part), choice, _why_not_boot(part, choice, place, viewer))


def _why_not_boot(part: FormationPart, choice: Choice | None, place: Place, viewer: Viewer) -> str:
    if choice is None:
        return why_gone(part, viewer)
    if part.flavor.closed_at:
        return f"The size {part.flavor.name} is no longer offered. Choose another one."
    return choice.reason or place.why_not_in(choice.image, part.flavor)


def why_gone(part: FormationPart, viewer: Viewer) -> str:
    """That an account has the image of a part no more; by the name by which it knew it."""
    return f"“{part.image_name}” is no longer shared with {viewer.account.title}, or was deleted."


def why_not_launch(standing: Standing, lines: Sequence[Line], viewer: Viewer) -> list[str]:
    """Everything because of which a formation that is not launched cannot be now; empty when it can."""
    if not standing.parts:
        return ["It has no parts yet. Add one."]
    if standing.wanted > MOST_SERVERS:
        return [f"A formation has at most {MOST_SERVERS} servers; its parts come to {standing.wanted}."]
    if reasons := [f"{line.part.name}: {line.reason}" for line in lines if line.reason]:
        return reasons
    over = why_not_afford(viewer.account, standing.hourly)
    return [over] if over else []
