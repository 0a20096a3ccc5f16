"""Images as JSON: the fields of Glance's image, and our own beside them (wire contract, part 1 and section C).

What an image is for every client of OpenStack stands in the fields of the schema ``image``. Four common properties
of Glance have a column here: ``os_distro``, ``os_version``, ``architecture`` and ``os_admin_user``. Every other free
property stands beside the fields, as Glance has it. Nobody can name one so that it hides a field: ``is_reserved``.

What Glance does not know begins with ``stockroom_``. Like any property of Glance it is a text, and it is there only
when there is something to say; the region, the source and the owner's name always are:

| property | what it says |
|---|---|
| ``stockroom_region`` | the code of the region (``stores`` says the same) |
| ``stockroom_source`` | upload, import, snapshot, registered, conversion or copy |
| ``stockroom_owner_name`` | the name of the account that owns it |
| ``stockroom_description`` | what its owner says of it |
| ``stockroom_ports`` | the ports that servers listen on, as "22,443" |
| ``stockroom_family``, ``stockroom_version`` | which version of what it is |
| ``stockroom_deprecated_at``, ``stockroom_obsolete_at``, ``stockroom_retired_at`` | the dates of its end |
| ``stockroom_end_reason``, ``stockroom_replacement`` | why it ends, and the id of what to use instead |
| ``stockroom_listed_at`` | since when it is in the marketplace |
| ``stockroom_boot_only`` | "true": nobody gets its data, not even its owner |
| ``stockroom_problem`` | why nobody gets its data, or why the last data was refused |
| ``stockroom_label``, ``stockroom_notes``, ``stockroom_login``, ``stockroom_own_ports`` | one's own account's words |
| ``stockroom_progress`` | of one that is on its way: how far it is, in percent |
| ``stockroom_member_status`` | "rejected", of one that one's account has rejected: then all that is left of it |
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from images.actions.claims import lacks_data
from images.models import Image, ImageData, Upload
from sharing.models import Share

PREFIX = "stockroom_"

# The fields of the schema, and names that Glance keeps for itself. No free property has one of these.
FIELDS = frozenset({
    "id", "name", "status", "visibility", "protected", "os_hidden", "checksum", "os_hash_algo", "os_hash_value",
    "owner", "size", "virtual_size", "container_format", "disk_format", "created_at", "updated_at", "tags", "min_ram",
    "min_disk", "self", "file", "schema", "stores", "direct_url", "locations", "deleted", "deleted_at", "is_public",
})  # fmt: skip
RESERVED_PREFIXES = (PREFIX, "os_glance_")

# Common properties of Glance that have a column of ``Image``.
COLUMNS_OF_PROPERTIES = {
    "os_distro": "os_family",
    "os_version": "os_version",
    "architecture": "architecture",
    "os_admin_user": "default_login",
}

# What ``os_distro`` calls systems for which the panel suggests another name than their own in small letters
# (the property's table in Glance's documentation; libosinfo's short ids where that has none).
DISTROS = {
    "Alpine Linux": "alpinelinux",
    "Amazon Linux": "amazonlinux",
    "Arch Linux": "arch",
    "CentOS Stream": "centos-stream",
    "Fedora CoreOS": "fedora-coreos",
    "Oracle Linux": "oraclelinux",
    "Plan 9": "plan9",
    "Red Hat Enterprise Linux": "rhel",
    "Rocky Linux": "rocky",
    "SUSE Linux Enterprise": "sles",
    "Windows Server": "windows-server",
} | {name: name.lower() for name in (
    "AlmaLinux", "Debian", "Fedora", "Flatcar", "FreeBSD", "Gentoo", "NetBSD", "NixOS", "OpenBSD", "openSUSE",
    "Ubuntu", "Windows",
)}  # fmt: skip
SYSTEMS = {distro: system for system, distro in DISTROS.items()}


class Facts(NamedTuple):
    """What the record of an image is made of."""

    id: UUID
    name: str
    visibility: str
    status: str
    protected: bool
    hidden: bool
    os_family: str
    os_version: str
    architecture: str
    default_login: str
    properties: dict[str, str]
    min_disk: int
    min_ram: int
    created_at: datetime
    updated_at: datetime
    region: str
    source: str
    description: str
    ports: list[int]
    version: str
    limits_from: UUID | None
    listed_at: datetime | None
    deprecated_at: datetime | None
    obsolete_at: datetime | None
    retired_at: datetime | None
    end_reason: str
    replacement: UUID | None
    owner: str
    owner_name: str
    disk_format: str
    container_format: str
    size: int
    virtual_size: int
    checksum: str
    os_hash_algo: str
    os_hash_value: str
    damaged_at: datetime | None
    damage: str
    family: str | None
    tags: list[str]
    label: str | None
    notes: str | None
    own_login: str | None
    own_ports: list[int] | None


# Where each of them stands, from an image ``with_tags`` and ``with_reference``; by the path that Django reads.
FACTS = {name: name for name in Facts._fields} | {
    "region": "region_id",
    "limits_from": "limits_from_id",
    "replacement": "replacement_id",
    "owner": "account__number",
    "owner_name": "account__title",
    "family": "family__name",
    "tags": "tag_names",
    "label": "own_label",
    "notes": "own_notes",
    **{
        name: f"data__{name}"
        for name in (
            "disk_format", "container_format", "size", "virtual_size", "checksum", "os_hash_algo", "os_hash_value",
            "damaged_at", "damage",
        )
    },
}  # fmt: skip


def image_record(facts: Facts) -> dict[str, Any]:
    """The JSON of an image."""
    record = {name: text for name, text in facts.properties.items() if not is_reserved(name)}
    for name, column in COLUMNS_OF_PROPERTIES.items():
        if text := getattr(facts, column):
            record[name] = text
    if facts.os_family:
        record["os_distro"] = distro_of(facts.os_family)
    address = f"/v2/images/{facts.id}"
    return record | {
        "name": facts.name,
        "disk_format": facts.disk_format,
        "container_format": facts.container_format,
        "visibility": facts.visibility,
        "size": facts.size,
        "virtual_size": facts.virtual_size,
        "status": facts.status,
        "checksum": facts.checksum or None,
        "protected": facts.protected,
        "min_ram": facts.min_ram,
        "min_disk": facts.min_disk,
        "owner": facts.owner,
        "os_hidden": facts.hidden,
        "os_hash_algo": facts.os_hash_algo if facts.os_hash_value else None,
        "os_hash_value": facts.os_hash_value or None,
        "id": str(facts.id),
        "created_at": moment(facts.created_at),
        "updated_at": moment(facts.updated_at),
        "tags": facts.tags,
        "self": address,
        "file": f"{address}/file",
        "schema": "/v2/schemas/image",
        "stores": facts.region,
        **_own(facts),
    }


def queued_record(upload: Upload) -> dict[str, Any]:
    """The JSON of an image whose data has not come. Costs no query on an upload that was loaded with its account."""
    plan = upload.plan or {}
    facts = plan.get("facts", {})
    fields = {
        "name": upload.title if not plan else plan.get("name") or None,
        "disk_format": plan.get("disk_format") or None,
        "container_format": plan.get("container_format") or None,
        "visibility": plan.get("visibility", Image.Visibility.PRIVATE),
        "size": None,
        "virtual_size": None,
        "status": queued_status(upload),
        "checksum": None,
        "protected": facts.get("protected", False),
        "min_ram": facts.get("min_ram", 0),
        "min_disk": facts.get("min_disk", 0),
        "owner": upload.account.number,
        "os_hidden": facts.get("hidden", False),
        "os_hash_algo": None,
        "os_hash_value": None,
        **_timed(upload.pk, upload.created_at, upload.created_at),
        "tags": sorted(plan.get("tags", [])),
        **_linked(upload.pk),
    }
    own: dict[str, str | None] = {
        "region": plan.get("region"),
        "source": upload.origin,
        "owner_name": upload.account.title,
        "description": facts.get("description"),
        "ports": _ports(facts.get("ports")),
        "problem": upload.problem,
        "progress": _progress(upload),
    }
    free = free_properties(facts.get("properties", {}))
    return free | _common(facts) | _imported(upload) | fields | _prefixed(own)


def rejected_record(share: Share) -> dict[str, Any]:
    """What is left of an image for an account that has rejected it: by what to accept it again (design, section 3).

    The times are those of the offer and the answer, so that nothing tells what becomes of the image.

    Args:
        share: with its image, and the account of that.
    """
    image = share.image
    return {
        "name": image.name,
        "visibility": Image.Visibility.SHARED,
        "status": Image.Status.ACTIVE,
        "owner": image.account.number,
        **_timed(image.pk, share.offered_at, share.decided_at or share.offered_at),
        "tags": [],
        **_linked(image.pk),
        **_prefixed({"owner_name": image.account.title, "member_status": "rejected"}),
    }


def queued_status(upload: Upload) -> str:
    """What Glance calls it: queued until bytes come, and again after data was refused or did not come.

    What has come and is no image yet is "uploading": ``glance-direct`` makes it one. No query for what is sent; one
    for an import whose ``fetch`` was not loaded.
    """
    if lacks_data(upload):
        return "queued"
    if upload.status == Upload.Status.RECEIVED or upload.staged:
        return "uploading"
    is_sent = upload.origin == Upload.Origin.UPLOAD and upload.status == Upload.Status.RECEIVING
    return "saving" if is_sent else "importing"


def _imported(upload: Upload) -> dict[str, str]:
    """How an import stands, as Glance shows it with the image: into which store its data comes, or did not come."""
    if upload.origin != Upload.Origin.IMPORT:
        return {}
    region, has_failed = str((upload.plan or {}).get("region", "")), lacks_data(upload)
    return {
        "os_glance_import_task": str(upload.pk),
        "os_glance_importing_to_stores": "" if has_failed else region,
        "os_glance_failed_import": region if has_failed else "",
    }


def is_reserved(name: str) -> bool:
    """Whether a free property cannot have this name, because it would hide a field or one of our own."""
    return name in FIELDS or name.startswith(RESERVED_PREFIXES)


def free_properties(properties: Mapping[str, str]) -> dict[str, Any]:
    """The free properties that stand beside the fields."""
    return {name: value for name, value in properties.items() if not is_reserved(name)}


def distro_of(system: str) -> str:
    """What ``os_distro`` calls an operating system of the panel; any other text is the same in both."""
    return DISTROS.get(system, system)


def system_of(distro: str) -> str:
    """What the panel calls the system of an ``os_distro``."""
    return SYSTEMS.get(distro, distro)


def moment(when: datetime) -> str:
    """As Glance writes times: UTC, to the second."""
    return f"{when.isoformat()[:19]}Z"


def _common(columns: Mapping[str, Any]) -> dict[str, str]:
    """The common properties that have a column, where there is something in it."""
    said = {name: columns.get(column) for name, column in COLUMNS_OF_PROPERTIES.items()}
    if said["os_distro"]:
        said["os_distro"] = distro_of(said["os_distro"])
    return {name: value for name, value in said.items() if value}


def _timed(pk: UUID, created_at: datetime, updated_at: datetime) -> dict[str, str]:
    return {"id": str(pk), "created_at": moment(created_at), "updated_at": moment(updated_at)}


def _linked(pk: UUID) -> dict[str, str]:
    """Addresses as Glance has them, without what stands before the version: clients cut that off (openstacksdk)."""
    return {"self": f"/v2/images/{pk}", "file": f"/v2/images/{pk}/file", "schema": "/v2/schemas/image"}


def _own(facts: Facts) -> dict[str, str]:
    """Our own properties, where there is something to say."""
    said: dict[str, str | None] = {
        "region": facts.region,
        "source": facts.source,
        "owner_name": facts.owner_name,
        "description": facts.description,
        "ports": _ports(facts.ports),
        "family": facts.family,
        "version": facts.version,
        "boot_only": "true" if facts.limits_from else "",
        "listed_at": moment(facts.listed_at) if facts.listed_at else "",
        "label": facts.label,
        "notes": facts.notes,
        "login": facts.own_login,
        "own_ports": _ports(facts.own_ports),
    }
    if facts.damaged_at:
        said["problem"] = ImageData(damaged_at=facts.damaged_at, damage=facts.damage).why_not_given
    if facts.deprecated_at:
        said |= _end(facts)
    return _prefixed(said)


def _end(facts: Facts) -> dict[str, str | None]:
    dates = {name: getattr(facts, name) for name in ("deprecated_at", "obsolete_at", "retired_at")}
    said: dict[str, str | None] = {name: moment(when) for name, when in dates.items() if when}
    return said | {
        "end_reason": facts.end_reason,
        "replacement": str(facts.replacement) if facts.replacement else "",
    }


def _ports(ports: list[int] | None) -> str:
    return ",".join(map(str, ports or ()))


def _progress(upload: Upload) -> str:
    if upload.percent is not None:
        return str(upload.percent)
    return str(100 * upload.offset // upload.size) if upload.size and upload.offset else ""


def _prefixed(said: Mapping[str, str | None]) -> dict[str, str]:
    return {f"{PREFIX}{name}": value for name, value in said.items() if value}
