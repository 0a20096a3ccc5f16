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
from typing import Any
from uuid import UUID

from accounts.viewer import Viewer
from images.actions.claims import lacks_data
from images.models import Image, Upload
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


def image_record(image: Image, viewer: Viewer) -> dict[str, Any]:
    """The JSON of an image. Costs no query.

    Args:
        image: as ``images.permissions.get_image`` gives it: with account, data, family, tags and reference.
    """
    data = image.data
    fields = {
        "name": image.name,
        "disk_format": data.disk_format,
        "container_format": data.container_format,
        "visibility": image.visibility,
        "size": data.size,
        "virtual_size": data.virtual_size,
        "status": image.status,
        "checksum": data.checksum or None,
        "protected": image.protected,
        "min_ram": image.min_ram,
        "min_disk": image.min_disk,
        "owner": image.account.number,
        "os_hidden": image.hidden,
        "os_hash_algo": data.os_hash_algo if data.os_hash_value else None,
        "os_hash_value": data.os_hash_value or None,
        **_timed(image.pk, image.created_at, image.updated_at),
        "tags": image.tag_names,
        **_linked(image.pk),
        "stores": image.region_id,
    }
    return free_properties(image.properties) | _common(vars(image)) | fields | _own(image, viewer)


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
    return free_properties(facts.get("properties", {})) | _common(facts) | fields | _prefixed(own)


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
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


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


def _own(image: Image, viewer: Viewer) -> dict[str, str]:
    said: dict[str, str | None] = {
        "region": image.region_id,
        "source": image.source,
        "owner_name": image.account.title,
        "description": image.description,
        "ports": _ports(image.ports),
        "family": image.family.name if image.family else "",
        "version": image.version,
        "boot_only": "true" if image.is_boot_only else "",
        "problem": image.data.why_not_given,
        "listed_at": moment(image.listed_at) if image.listed_at else "",
    }
    if image.deprecated_at:
        said |= _end(image)
    if image.account_id != viewer.account.pk:
        said |= _words(image)
    return _prefixed(said)


def _end(image: Image) -> dict[str, str | None]:
    dates = {name: getattr(image, name) for name in ("deprecated_at", "obsolete_at", "retired_at")}
    replacement = str(image.replacement_id) if image.replacement_id else ""
    said: dict[str, str | None] = {name: moment(when) if when else "" for name, when in dates.items()}
    return said | {"end_reason": image.end_reason, "replacement": replacement}


def _words(image: Image) -> dict[str, str | None]:
    own: dict[str, str | None] = {"label": image.own_label, "notes": image.own_notes, "login": image.own_login}
    return own | {"own_ports": _ports(image.own_ports)}


def _ports(ports: list[int] | None) -> str:
    return ",".join(map(str, ports or ()))


def _progress(upload: Upload) -> str:
    if upload.percent is not None:
        return str(upload.percent)
    return str(100 * upload.offset // upload.size) if upload.size and upload.offset else ""


def _prefixed(said: Mapping[str, str | None]) -> dict[str, str]:
    return {f"{PREFIX}{name}": value for name, value in said.items() if value}
