"""Formations: made of parts, launched as one, and deleted as one.

Everything here takes the row of the account first, so that a formation stays as it is until the transaction is over;
launching then takes all images in one order, and makes all servers or none.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts.errors import Conflict, wrong
from accounts.permissions import lock_groups
from accounts.records import record
from accounts.viewer import Viewer
from images.models import Image, Region
from images.permissions import Verb as ImageVerb
from images.permissions import get_image
from images.rows import name_for
from servers.actions.creating import Filling, NewServer, create_servers, fitting_flavor, numbered
from servers.actions.operating import end_server
from servers.fitting import place_of
from servers.formations import Standing, lines_of, standing_of, why_gone, why_not_launch
from servers.models import Flavor, Formation, FormationPart, Server
from servers.models.formation import MOST_OF_ONE, MOST_SERVERS
from servers.permissions import Verb, get_formation, require

MOST_FORMATIONS = 100  # of an account


@dataclass(frozen=True, kw_only=True)
class WantedPart:
    """What somebody wants of a part.

    Attributes:
        name: what its servers are called.
        image: the id of the image they boot from.
        flavor: the id of their size.
        count: how many.
    """

    name: str
    image: UUID
    flavor: int
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What somebody wants of all servers of a launch.

    Attributes:
        ssh_keys: ids of keys of the person.
        network: whether they may reach the network.
        network_code: what the cloud calls the one that is chosen; empty: the first that it offers to the account.
        open_ports: whether the ports that their images name are reached from outside.
    """

    ssh_keys: Sequence[int] = ()
    network: bool = False
    network_code: str = ""
    open_ports: bool = False


@transaction.atomic
def create_formation(*, by: Viewer, name: str, region: Region, description: str = "") -> Formation:
    """Make a formation, still without parts.

    Raises:
        PermissionDenied: the viewer may not.
        ValidationError: per field.
    """
    by = lock_groups(by)
    require(by, Verb.ARRANGE)
    if Formation.objects.visible_to(by).count() >= MOST_FORMATIONS:
        raise wrong("name", f"An account has at most {MOST_FORMATIONS} formations. Delete one first.", "too-many")
    formation = Formation(account=by.account, region=region, name=name, description=description, created_by=by.user)
    _save(formation)
    _record("created", formation, by)
    return formation


@transaction.atomic
def edit_formation(formation_id: UUID, *, by: Viewer, name: str, description: str) -> Formation:
    """Give a formation another name or description.

    Raises:
        Http404, PermissionDenied: as ``get_formation``.
        ValidationError: per field.
    """
    by = lock_groups(by)
    formation = get_formation(by, formation_id, Verb.ARRANGE)
    if (formation.name, formation.description) != (name, description):
        formation.name, formation.description = name, description
        _save(formation)
        _record("edited", formation, by)
    return formation


def _save(formation: Formation) -> None:
    formation.full_clean(exclude=["account", "region", "created_by"], validate_constraints=False)
    same = Formation.objects.filter(account=formation.account, name=formation.name, closed_at=None)
    if same.exclude(pk=formation.pk).exists():
        raise wrong("name", "A formation of this account has this name already.", "taken")
    formation.save()


@transaction.atomic
def add_part(formation_id: UUID, *, by: Viewer, wanted: WantedPart) -> FormationPart:
    """Add a part to a formation that is not launched.

    Raises:
        Http404: the viewer cannot see the formation, or the image.
        PermissionDenied: they may not arrange formations, or not boot the image.
        Conflict: it is launched, or has as many parts as there can be.
        ValidationError: per field.
    """
    by = lock_groups(by)
    standing = standing_of(get_formation(by, formation_id, Verb.ARRANGE))
    if reason := standing.why_not_add:
        raise Conflict(reason)
    part = FormationPart(formation=standing.formation)
    _fill(part, wanted, standing, by)
    _record("part added", standing.formation, by, part=part.name)
    return part


@transaction.atomic
def change_part(formation_id: UUID, part_id: int, *, by: Viewer, wanted: WantedPart) -> FormationPart:
    """Change a part of a formation that is not launched.

    Raises:
        Http404, PermissionDenied, Conflict, ValidationError: as ``add_part``.
    """
    by = lock_groups(by)
    standing = standing_of(get_formation(by, formation_id, Verb.ARRANGE))
    part = part_of(standing, part_id)
    if reason := standing.why_not_change:
        raise Conflict(reason)
    _fill(part, wanted, standing, by)
    _record("part changed", standing.formation, by, part=part.name)
    return part


@transaction.atomic
def remove_part(formation_id: UUID, part_id: int, *, by: Viewer) -> None:
    """Take a part out of a formation that is not launched.

    Raises:
        Http404, PermissionDenied, Conflict: as ``add_part``.
    """
    by = lock_groups(by)
    standing = standing_of(get_formation(by, formation_id, Verb.ARRANGE))
    part = part_of(standing, part_id)
    if reason := standing.why_not_change:
        raise Conflict(reason)
    part.delete()
    _record("part removed", standing.formation, by, part=part.name)


def part_of(standing: Standing, part_id: int) -> FormationPart:
    """A part of a formation.

    Raises:
        Http404: it has no such part.
    """
    part = next((part for part in standing.parts if part.pk == part_id), None)
    if part is None:
        raise Http404
    return part


def _fill(part: FormationPart, wanted: WantedPart, standing: Standing, by: Viewer) -> None:
    """Make a part as it is wanted. Its servers have to be able to boot at this moment, if somebody launched them."""
    image = get_image(by, wanted.image, ImageVerb.USE)
    part.name, part.count, part.image, part.image_name = wanted.name, wanted.count, image, name_for(image)
    part.flavor = _flavor_of(wanted, image, standing.formation, by)
    others = [other for other in standing.parts if other.pk != part.pk]
    _check_count(part, others)
    part.full_clean(exclude=["formation", "image", "flavor"], validate_constraints=False)
    if part.name in {other.name for other in others}:
        raise wrong("name", "Another part of this formation has this name.", "taken")
    part.save()


def _flavor_of(wanted: WantedPart, image: Image, formation: Formation, by: Viewer) -> Flavor:
    if image.region_id != formation.region_id:
        raise wrong("image", f"The image is not in {formation.region.name}, where the formation is.", "elsewhere")
    return fitting_flavor(wanted.flavor, image, place_of(formation.region, by.account))


def _check_count(part: FormationPart, others: Sequence[FormationPart]) -> None:
    if not 1 <= part.count <= MOST_OF_ONE:
        raise wrong("count", f"A part has from 1 to {MOST_OF_ONE} servers.", "count")
    if (together := part.count + sum(other.count for other in others)) > MOST_SERVERS:
        raise wrong("count", f"A formation has at most {MOST_SERVERS} servers; with this it has {together}.", "count")


@transaction.atomic
def launch_formation(formation_id: UUID, *, by: Viewer, launch: Launch) -> list[Server]:
    """Boot all servers of a formation, or none.

    Consent is asked for each image under its lock, as ``create_servers`` does: a share that is removed at the same time
    wins and nothing boots, or loses and all servers go on.

    Raises:
        Http404, PermissionDenied: as ``get_formation``.
        Conflict: it is launched already.
        ValidationError: on the field ``parts``, with everything that keeps it from booting.
    """
    by = lock_groups(by, [by.account.organization])  # so that budgets and sizes stay as they are
    standing = standing_of(get_formation(by, formation_id, Verb.ARRANGE))
    if standing.is_launched:
        raise Conflict(f"“{standing.formation}” is launched already.")
    if reasons := why_not_launch(standing, lines_of(standing, by), by):
        raise ValidationError({"parts": reasons})
    images = _locked_images(standing.parts, by)
    servers = []
    for part in standing.parts:
        servers += _boot(part, images[part.image_id], numbered(part.name, part.count), launch, by)
    _record("launched", standing.formation, by, servers=len(servers))
    return servers


@transaction.atomic
def scale_part(formation_id: UUID, part_id: int, *, by: Viewer, count: int, launch: Launch) -> FormationPart:
    """Change how many servers of a part there are, of a formation that is launched.

    More are booted, all or none, also in the place of those that somebody has deleted; of fewer, the last by number are
    deleted.

    Raises:
        Http404, PermissionDenied: as ``get_formation``.
        Conflict: it is not launched.
        ValidationError: on the field ``count``; or ``parts``, where the new ones cannot boot.
    """
    by = lock_groups(by, [by.account.organization])
    standing = standing_of(get_formation(by, formation_id, Verb.ARRANGE))
    part = part_of(standing, part_id)
    if not standing.is_launched:
        raise Conflict(f"“{standing.formation}” is not launched.")
    old, part.count = part.count, count
    _check_count(part, [other for other in standing.parts if other.pk != part.pk])
    there = standing.servers_of(part)
    if count > len(there):
        images = _locked_images([part], by)
        _boot(part, images[part.image_id], _free_names(part, there, count - len(there)), launch, by)
    _end([server.pk for server in in_order(there)[count:]], by)
    part.save(update_fields=["count"])
    _record("scaled", standing.formation, by, part=part.name, old=old, new=count)
    return part


def in_order(servers: Sequence[Server]) -> list[Server]:
    """Servers of one part by their numbers: web-2 stands before web-10."""
    return sorted(servers, key=lambda server: (len(server.name), server.name))


def _free_names(part: FormationPart, there: Sequence[Server], number: int) -> list[str]:
    """The first names of a part that none of its servers has."""
    names = numbered(part.name, 1) if part.count == 1 else numbered(part.name, MOST_OF_ONE * 2)
    taken = {server.name for server in there}
    return [name for name in names if name not in taken][:number]


def _locked_images(parts: Sequence[FormationPart], by: Viewer) -> dict[UUID, Image]:
    """The images of parts, locked in the order of their ids, so that two launches cannot wait for each other."""
    images: dict[UUID, Image] = {}
    for part in sorted(parts, key=lambda part: part.image_id):
        with _told_of(part, by):
            get_image(by, part.image_id, ImageVerb.USE)  # nobody holds up somebody else's image without the right
            images[part.image_id] = get_image(by, part.image_id, ImageVerb.USE, lock=True)
    return images


def _boot(part: FormationPart, image: Image, names: Sequence[str], launch: Launch, by: Viewer) -> list[Server]:
    new = NewServer(
        name=part.name,
        image=image.pk,
        flavor=part.flavor_id,
        ssh_keys=launch.ssh_keys,
        network=launch.network,
        network_code=launch.network_code,
        ports=(image.own_ports or image.ports) if launch.open_ports else (),
    )
    with _told_of(part, by):
        return create_servers(new, by=by, count=len(names), filling=Filling(part, names))


@contextmanager
def _told_of(part: FormationPart, by: Viewer) -> Iterator[None]:
    """Say of which part it is that something cannot boot."""
    try:
        yield
    except Http404 as gone:
        raise wrong("parts", f"{part.name}: {why_gone(part, by)}", "gone") from gone
    except (PermissionDenied, Conflict) as refused:
        raise wrong("parts", f"{part.name}: {refused}", "refused") from refused
    except ValidationError as error:
        raise ValidationError({"parts": [f"{part.name}: {text}" for text in error.messages]}) from error


@transaction.atomic
def end_formation(formation_id: UUID, *, by: Viewer) -> Formation:
    """Delete all servers of a formation. It stays, and can be launched anew. Twice is not an error.

    Raises:
        Http404, PermissionDenied: as ``get_formation``.
    """
    by = lock_groups(by)
    formation = get_formation(by, formation_id, Verb.DELETE)
    if ended := _end(_servers_of(formation), by):
        _record("servers deleted", formation, by, servers=ended)
    return formation


@transaction.atomic
def close_formation(formation_id: UUID, *, by: Viewer) -> Formation:
    """Delete a formation, and all its servers.

    Raises:
        Http404, PermissionDenied: as ``get_formation``.
    """
    by = lock_groups(by)
    formation = get_formation(by, formation_id, Verb.DELETE)
    _end(_servers_of(formation), by)
    _close(formation, by)
    _record("deleted", formation, by)
    return formation


def close_formations_of(group: Group, by: Viewer) -> None:
    """An account that is closed has no formations any more; its servers end for themselves."""
    for formation in Formation.objects.filter(account=group.pk, closed_at=None):
        _close(formation, by)


def _close(formation: Formation, by: Viewer) -> None:
    formation.closed_at, formation.closed_by = timezone.now(), by.user
    formation.save(update_fields=["closed_at", "closed_by"])


def _servers_of(formation: Formation) -> list[UUID]:
    return list(Server.objects.live().filter(formation=formation).values_list("pk", flat=True))


def _end(ids: Sequence[UUID], by: Viewer) -> int:
    """Delete servers, locked in the order of their ids.

    Returns:
        How many: somebody may have deleted one of them meanwhile.
    """
    servers = Server.objects.live().select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    found = list(servers.select_related("account"))
    for server in found:
        end_server(server, by)
    return len(found)


def _record(verb: str, formation: Formation, by: Viewer, **detail: Any) -> None:
    record(
        verb,
        subject_kind="formation",
        subject_id=formation.pk,
        subject_name=formation.name,
        by=by,
        account=formation.account,
        **detail,
    )
