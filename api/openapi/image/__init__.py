"""OpenStack Image v2, described."""

from api.openapi.image import about, sharing
from api.openapi.image.data import DATA
from api.openapi.image.images import IMAGES
from api.openapi.image.members import MEMBERS
from api.openapi.image.shapes import SCHEMAS
from api.openapi.parts import JSON, TEXT, Service, ref

IMAGE = Service(
    name="image",
    title="Images of Stockroom",
    version="2.17",
    text="OpenStack Image v2, as Glance has it, over the same images and with the same consent as the pages. What "
    "others can do with an image depends on what they decided about it: whoever is asked sees it, whoever has accepted "
    "uses it. What other clouds do not have is marked, and their properties begin with stockroom_.",
    address="/image",
    document="/image/v2/openapi.json",
    servers=(
        {"url": "/image", "description": "images of all regions"},
        {
            "url": "/image/{region}",
            "description": "images of one region",
            "variables": {"region": {"default": "IAD", "description": "the code of the region"}},
        },
    ),
    sections={
        "Images": "The records of images, whatever their data.",
        "Data": "The bytes of the disk, coming and going.",
        "Members": "With whom an image is shared, and what they decided.",
        "Shares": "All recipients of an image and all terms, beyond what members say.",
        "Offers": "What others have offered to the account.",
        "References": "The account's own words about images of others.",
        "About": "What the service says of itself.",
    },
    schemas=SCHEMAS | sharing.SCHEMAS | about.SCHEMAS,
    # By the Accept header: text if there is none, HTML for */*, and JSON for whoever names it.
    refusal={JSON: {"schema": ref("Refusal")}, "text/plain": {"schema": TEXT}, "text/html": {"schema": TEXT}},
    operations=(*IMAGES, *DATA, *MEMBERS, *sharing.SHARING, *about.ABOUT),
)
