"""OpenStack Swift, whole, on one machine and in one process: a proxy that speaks S3, and the three servers behind it.

Started by ``tests.plugins.objects`` as a program of its own, because Swift changes how Python waits (eventlet).
It prints the port of the proxy when it can be asked, and ends when its standard input does: never later than the
tests that started it.
"""

import sys
from pathlib import Path

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

from swift.common import utils  # noqa: E402 - Swift must be imported after the patch, as its own programs do
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

ADDRESS = "127.0.0.1"
KINDS = ("account", "container", "object")
COMMON = """[swift-hash]
swift_hash_path_suffix = tests
"""
BEHIND = """[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""
PROXY = """[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors s3api tempauth copy slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
max_upload_part_num = 10000
[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
"""


def main(folder: Path, access_key: str, secret: str) -> None:
    """Serve S3 from a folder until standard input ends.

    Args:
        folder: where everything lies; its file system must know extended attributes.
        access_key: who may ask, in Swift's form ``account:user``.
        secret: what requests are signed with.
    """
    (folder / "swift.conf").write_text(COMMON)
    utils.set_swift_dir(str(folder))
    reload_storage_policies()
    sockets = {kind: eventlet.listen((ADDRESS, 0)) for kind in (*KINDS, "proxy")}
    for kind in KINDS:
        _make_ring(folder, kind, sockets[kind].getsockname()[1])
        (folder / f"{kind}.conf").write_text(BEHIND.format(folder=folder, kind=kind))
    account, user = access_key.split(":")
    (folder / "proxy.conf").write_text(PROXY.format(folder=folder, account=account, user=user, secret=secret))
    for kind, listener in sockets.items():
        eventlet.spawn(_serve, listener, loadapp(str(folder / f"{kind}.conf")))
    sys.stdout.write(f"{sockets['proxy'].getsockname()[1]}\n")
    sys.stdout.flush()
    eventlet.tpool.execute(sys.stdin.read)


def _make_ring(folder: Path, kind: str, port: int) -> None:
    """One place for everything: a ring of one device and one copy."""
    (folder / "devices" / "one").mkdir(parents=True, exist_ok=True)
    builder = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": ADDRESS, "port": port, "device": "one"})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def _serve(listener: object, app: object) -> None:
    eventlet.wsgi.server(
        listener,
        app,
        utils.NullLogger(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,  # clients of S3 look for "ETag" as it is written
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
