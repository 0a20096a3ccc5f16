"""What a test does to servers of a panel that runs, from outside: ``python -m tests.servers.local.world NAME …``.

Each command prints one line of JSON. Where ``tests.images.kills.world`` has made somebody with an account.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.images.kills.settings")


def found(upload_id: str) -> dict[str, Any]:
    """Let the region run servers here, and have an image of an upload."""
    from images.models import Region
    from servers.models import Flavor, RegionCloud
    from tests.images.kills.world import create

    region = Region.objects.get()
    RegionCloud.objects.create(region=region)
    Flavor.objects.create(region=region, code="tiny", name="Tiny", ram=64, disk=0)
    return create(upload_id, "hello")


def order(verb: str, *names: str) -> dict[str, Any]:
    """Ask for something: "create" makes servers of these names, the others are done to those that there are."""
    from servers import actions
    from servers.models import Server
    from tests.images.kills.world import viewer

    if verb == "create":
        for name in names:
            _boot(name)
        return {}
    for server in Server.objects.in_the_cloud().filter(name__in=names):
        getattr(actions, f"{verb}_server")(server.pk, by=viewer())
    return {}


def _boot(name: str) -> None:
    from images.models import Image
    from servers.actions import NewServer, create_server
    from servers.models import Flavor
    from tests.images.kills.world import viewer

    create_server(NewServer(name=name, image=Image.objects.get().pk, flavor=Flavor.objects.get().pk), by=viewer())


def look() -> dict[str, Any]:
    """How each server stands: its id, status, what is wanted, whether nobody has anything to do, and its disk."""
    from servers.models import Server

    return {
        server.name: [str(server.pk), server.status, server.wanted, server.is_settled, server.disk_number]
        for server in Server.objects.in_the_cloud()
    }


def main(name: str, *arguments: str) -> None:
    commands: dict[str, Callable[..., dict[str, Any]]] = {"found": found, "order": order, "look": look}
    django.setup()
    sys.stdout.write(json.dumps(commands[name](*arguments)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
