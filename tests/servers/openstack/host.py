"""A host of the Nova of ``compute`` without any hypervisor: Nova's own fake driver, which remembers which machines run.

Here each thing that it does takes a moment, as it does anywhere, so that it can be seen under way; a snapshot uploads a
few bytes, of which the fake driver has none; and no machine of the size ``BREAKS`` ever starts.
"""

import time
from collections.abc import Callable
from typing import Any

import nova.conf
import requests
from nova import exception
from nova.image import glance
from nova.virt.fake import SmallFakeDriver

BREAKS = "m1.medium"
MOMENT_SECONDS = 3  # for several requests, also on a busy machine


class Driver(SmallFakeDriver):
    """A host that takes its time."""

    def spawn(self, context: Any, instance: Any, *args: Any, **kwargs: Any) -> None:
        time.sleep(MOMENT_SECONDS)
        if instance.flavor.name == BREAKS:
            raise exception.InternalError("There is no space left on the disk.")
        super().spawn(context, instance, *args, **kwargs)

    def power_off(self, *args: Any, **kwargs: Any) -> None:
        time.sleep(MOMENT_SECONDS)
        super().power_off(*args, **kwargs)

    def power_on(self, *args: Any, **kwargs: Any) -> None:
        time.sleep(MOMENT_SECONDS)
        super().power_on(*args, **kwargs)

    def unpause(self, *args: Any) -> None:
        time.sleep(MOMENT_SECONDS)

    def resume(self, *args: Any, **kwargs: Any) -> None:
        time.sleep(MOMENT_SECONDS)

    def destroy(self, *args: Any, **kwargs: Any) -> None:
        time.sleep(MOMENT_SECONDS)
        super().destroy(*args, **kwargs)

    def snapshot(self, context: Any, instance: Any, image_id: str, update_task_state: Callable[..., None]) -> None:
        """Upload what a disk could hold, as drivers do it."""
        time.sleep(MOMENT_SECONDS)
        super().snapshot(context, instance, image_id, update_task_state)
        facts = {"disk_format": "raw", "container_format": "bare"}
        glance.API().update(context, image_id, facts, purge_props=False)
        requests.put(  # the client of Nova's own would send it in chunks, which the server of ``service`` cannot read
            f"{nova.conf.CONF.glance.endpoint_override}/v2/images/{image_id}/file",
            data=b"The disk of " + instance.uuid.encode(),
            headers={"X-Auth-Token": context.auth_token, "Content-Type": "application/octet-stream"},
            timeout=60,
        ).raise_for_status()
