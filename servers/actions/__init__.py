"""The verbs of servers. This is the one door: each locks, checks, changes and records; workers talk to the clouds."""

from servers.actions.attending import attend_to_server, attend_to_servers
from servers.actions.bringing import attend_to_copies, run_copy
from servers.actions.budgets import remove_budget, set_budget, set_sizes, warn_of_budgets
from servers.actions.creating import NewServer, SentAlready, create_server, create_servers
from servers.actions.formations import (
    Launch,
    WantedPart,
    add_part,
    change_part,
    close_formation,
    create_formation,
    edit_formation,
    end_formation,
    launch_formation,
    remove_part,
    scale_part,
)
from servers.actions.keys import (
    add_ssh_key,
    forget_cloud_keys,
    have_ssh_key,
    note_test,
    remove_cloud_key,
    remove_ssh_key,
    save_cloud_key,
)
from servers.actions.limits import set_server_limit
from servers.actions.looking import look_at_server, look_at_servers
from servers.actions.members import attend_to_all_members, attend_to_members
from servers.actions.networks import ask_for_networks, ask_for_networks_of
from servers.actions.operating import (
    delete_server,
    reboot_server,
    rebuild_server,
    rename_server,
    start_server,
    stop_server,
)
from servers.actions.regions import (
    close_cloud,
    close_flavor,
    reopen_cloud,
    reopen_flavor,
    set_cloud,
    set_flavor,
    set_up_regions,
)
from servers.actions.registering import register_image
from servers.actions.snapshots import attend_to_snapshots, discard_snapshot, run_snapshot, start_snapshot

__all__ = [
    "Launch",
    "NewServer",
    "SentAlready",
    "WantedPart",
    "add_part",
    "add_ssh_key",
    "ask_for_networks",
    "ask_for_networks_of",
    "attend_to_all_members",
    "attend_to_copies",
    "attend_to_members",
    "attend_to_server",
    "attend_to_servers",
    "attend_to_snapshots",
    "change_part",
    "close_cloud",
    "close_flavor",
    "close_formation",
    "create_formation",
    "create_server",
    "create_servers",
    "delete_server",
    "discard_snapshot",
    "edit_formation",
    "end_formation",
    "forget_cloud_keys",
    "have_ssh_key",
    "launch_formation",
    "look_at_server",
    "look_at_servers",
    "note_test",
    "reboot_server",
    "rebuild_server",
    "register_image",
    "remove_budget",
    "remove_cloud_key",
    "remove_part",
    "remove_ssh_key",
    "rename_server",
    "reopen_cloud",
    "reopen_flavor",
    "run_copy",
    "run_snapshot",
    "save_cloud_key",
    "scale_part",
    "set_budget",
    "set_cloud",
    "set_flavor",
    "set_server_limit",
    "set_sizes",
    "set_up_regions",
    "start_server",
    "start_snapshot",
    "stop_server",
    "warn_of_budgets",
]
