"""Examples of the document: the same image, shared by Acme Producers with Beta Consumers."""

from api.openapi.parts import Json

IMAGE_ID = "0d5dd5d6-8e0a-4d2e-9b5f-6d3ac0f1e6a7"
OWNER = "4071385962"
MEMBER = "5518224091"
CREATED = "2026-11-02T09:15:00Z"

QUEUED: Json = {
    "name": "debian-12-golden",
    "disk_format": "qcow2",
    "container_format": "bare",
    "visibility": "shared",
    "size": None,
    "virtual_size": None,
    "status": "queued",
    "checksum": None,
    "protected": False,
    "min_ram": 512,
    "min_disk": 4,
    "owner": OWNER,
    "os_hidden": False,
    "os_hash_algo": None,
    "os_hash_value": None,
    "id": IMAGE_ID,
    "created_at": CREATED,
    "updated_at": CREATED,
    "tags": ["golden"],
    "self": f"/v2/images/{IMAGE_ID}",
    "file": f"/v2/images/{IMAGE_ID}/file",
    "schema": "/v2/schemas/image",
    "os_distro": "debian",
    "os_version": "12",
    "stockroom_region": "IAD",
    "stockroom_source": "upload",
    "stockroom_owner_name": "Acme Producers",
}
ACTIVE: Json = QUEUED | {
    "status": "active",
    "size": 2254857830,
    "virtual_size": 4294967296,
    "checksum": "8abce71900f1093ceede6f52aa609293",
    "os_hash_algo": "sha512",
    "os_hash_value": "db12db337b0d1c82ab5b174c21241e0be24ee44a79e0d310aa05e3652e301a22"
    "bf604fd86c4cf9e4489bd512cab275feb8d8326847ca04b90e0903c72f39cb64",
    "stores": "IAD",
}
PENDING: Json = {
    "member_id": MEMBER,
    "image_id": IMAGE_ID,
    "status": "pending",
    "created_at": CREATED,
    "updated_at": CREATED,
    "schema": "/v2/schemas/member",
}
