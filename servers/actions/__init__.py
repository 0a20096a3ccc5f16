"""The verbs of servers. This is the one door: each locks, checks, changes and records; workers talk to the clouds."""

from servers.actions.attending import attend_to_server, attend_to_servers, look_at_server
from servers.actions.creating import NewServer, create_server, create_servers
from servers.actions.operating import (
    delete_server,
    reboot_server,
    rebuild_server,
    rename_server,
    start_server,
    stop_server,
)

__all__ = [
    "NewServer",
    "attend_to_server",
    "attend_to_servers",
    "create_server",
    "create_servers",
    "delete_server",
    "look_at_server",
    "reboot_server",
    "rebuild_server",
    "rename_server",
    "start_server",
    "stop_server",
]
