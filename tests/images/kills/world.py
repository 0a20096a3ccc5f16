"""What a test does in the database of a panel that runs, from outside: ``python -m tests.images.kills.world NAME …``.

Each command prints one line of JSON.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.images.kills.settings")


def make() -> dict[str, Any]:
    """Tables, schedules, a region, and somebody with an account who is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command

    from tests import factories

    for command in ("migrate", "createcachetable", "sync_schedules"):
        call_command(command, verbosity=0)
    factories.make_region("IAD")
    alice = factories.make_person("alice")
    account = factories.make_account("Acme Producers", alice)
    session = SessionStore()
    session[SESSION_KEY] = str(alice.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = alice.get_session_auth_hash()
    session.save()
    return {"number": account.number, "session": session.session_key, "cookie": settings.SESSION_COOKIE_NAME}


def viewer() -> Any:
    from accounts.models import Account
    from accounts.viewer import Viewer

    account = Account.objects.get(title="Acme Producers")
    return Viewer.of(account.memberships.get().user, number=account.number)


def start_imports(url: str, *names: str) -> dict[str, Any]:
    """Have the workers fetch a file, once for each name."""
    from images.actions import NewImage
    from images.actions.imports import start_import
    from images.models import Region

    region = Region.objects.get()
    started = [start_import(by=viewer(), url=url, new=NewImage(name, region)) for name in names]
    return {"uploads": [str(upload.pk) for upload in started]}


def create(upload_id: str, name: str) -> dict[str, Any]:
    """Make an image of an upload, now or when it is unpacked."""
    from images import actions
    from images.models import Region

    made = actions.plan_image(UUID(upload_id), by=viewer(), new=actions.NewImage(name, Region.objects.get()))
    return {"image": str(made.pk)}


def wait_for(*names: str) -> dict[str, Any]:
    """Wait until there are images of these names, and say when that was, on the clock that all processes share."""
    from images.models import Image

    while Image.objects.live().filter(name__in=names).count() < len(names):
        time.sleep(0.05)
    return {"now": time.monotonic()}


def convert(name: str, disk_format: str) -> dict[str, Any]:
    """Have the workers convert an image."""
    from images import actions
    from images.models import Image

    image = Image.objects.live().get(name=name)
    actions.start_conversion(image.pk, by=viewer(), disk_format=disk_format, name=f"{name} as {disk_format}")
    return {}


def delete(*names: str) -> dict[str, Any]:
    """Delete images."""
    from images import actions
    from images.models import Image

    for image in Image.objects.live().filter(name__in=names):
        actions.delete(image.pk, by=viewer())
    return {}


def look() -> dict[str, Any]:
    """How far everything is."""
    from images.models import Image, Upload

    return {
        "images": {image.name: image.data.os_hash_value for image in Image.objects.live().select_related("data")},
        "uploads": {str(upload.pk): [upload.status, upload.offset, upload.problem] for upload in Upload.objects.all()},
    }


def census() -> dict[str, Any]:
    """What is wrong once all is quiet: bytes that are not those of the record, or of no record, or miscounted."""
    from images import actions
    from images.actions import collection
    from images.models import ImageData, Leftover
    from images.quotas import Counted, levels_of
    from images.stores import get_store

    collection.ORPHAN_AGE = timedelta(0)
    Leftover.objects.all().update(delete_after="2000-01-01T00:00:00Z")
    problems = [find.problem for find in actions.collect(remove=True) if find.problem]
    store, kept = get_store(), ImageData.objects.filter(removed_at__isnull=True)
    for data in kept:
        with store.local_file(data.store_key) as path, path.open("rb") as file:
            if hashlib.file_digest(file, "sha512").hexdigest() != data.os_hash_value:
                problems.append(f"{data} is wrong")
    found = {each.key for each in store.stored()}
    if found != set(kept.values_list("store_key", flat=True)):
        problems.append(f"the store has {len(found)} files, the records name {len(kept)}")
    if levels_of(viewer().account)[Counted.BYTES].used != sum(kept.values_list("size", flat=True)):
        problems.append("the quota counts something else")
    return {"problems": problems}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    each.__name__: each for each in (make, start_imports, wait_for, create, convert, delete, look, census)
}


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(COMMANDS[sys.argv[1]](*sys.argv[2:])) + "\n")
