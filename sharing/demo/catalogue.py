"""What the images of the demo are called and hold. Each is tiny, and starts: it says a line on its serial port."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from images.demo_disks import MIB, SECTOR, bootable_qcow2, bootable_raw
from images.demo_files import file_system


@dataclass(frozen=True)
class Recipe:
    """What is known about an image before it is made.

    Attributes:
        days: how long ago it was made.
        size: of the disk that a server sees, in MiB.
        files: what lies on it, by path.
    """

    name: str
    os_family: str
    os_version: str
    description: str
    days: int
    region: str = "IAD"
    disk_format: str = "qcow2"
    size: int = 2
    source: str = "upload"
    default_login: str = ""
    ports: tuple[int, ...] = (22,)
    tags: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes of the disk."""
        make = bootable_qcow2 if self.disk_format == "qcow2" else bootable_raw
        size = self.size * MIB
        partition = file_system(self.files, size=size - SECTOR) if self.files else b""
        return make(f"{self.name} says hello from Stockroom.", size=size, partition=partition)

    @property
    def filename(self) -> str:
        """What the file was called that somebody uploaded."""
        return f"{self.name}.{'qcow2' if self.disk_format == 'qcow2' else 'img'}"


ACME = {
    "debian": Recipe(
        "debian-12-golden",
        "Debian",
        "12",
        "Our hardened base for all new servers: no root login, unattended security updates, time from our own servers.",
        days=12,
        size=4,
        default_login="debian",
        tags=("golden", "hardened"),
        files={
            "etc/hostname": b"golden\n",
            "etc/machine-id": b"2f9c1e74b0d84a55a1c3f7708e6b9d12\n",
            "etc/debian_version": b"12.7\n",
            "home/debian/.ssh/authorized_keys": b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRlbW8gb25seQ builder@acme\n",
            "root/.bash_history": b"apt-get update\napt-get -y full-upgrade\nshutdown now\n",
        },
    ),
    "ubuntu": Recipe(
        "ubuntu-24.04-web-base",
        "Ubuntu",
        "24.04",
        "nginx and certificates that renew themselves. Put your site into /srv/www and start the server.",
        days=41,
        size=3,
        default_login="ubuntu",
        ports=(22, 80, 443),
        tags=("web",),
    ),
    "plan9": Recipe(
        "plan9-glenda",
        "Plan 9",
        "4th edition",
        "Glenda at home: rio, acme and a file server, for whoever wants to see where good ideas come from.",
        days=35,
        region="DFW",
        disk_format="raw",
        size=1,
        default_login="glenda",
        ports=(564,),
    ),
    "base-1": Recipe(
        "debian-13-base-1",
        "Debian",
        "13",
        "Our base of two weeks: the newest packages, and nothing else.",
        days=28,
        size=1,
        default_login="debian",
        tags=("base",),
    ),
    "base-2": Recipe(
        "debian-13-base-2",
        "Debian",
        "13",
        "Our base of two weeks: the newest packages, and nothing else.",
        days=19,
        size=1,
        default_login="debian",
        tags=("base",),
    ),
    "base-3": Recipe(
        "debian-13-base-3",
        "Debian",
        "13",
        "Our base of two weeks: the newest packages, and nothing else.",
        days=5,
        size=1,
        default_login="debian",
        tags=("base",),
    ),
    "freebsd": Recipe(
        "freebsd-14-builder",
        "FreeBSD",
        "14.1",
        "Builds our packages every night. Do not share it: the signing key is on it.",
        days=28,
        region="DFW",
        size=2,
        default_login="freebsd",
        tags=("internal",),
    ),
    "alpine": Recipe(
        "alpine-3.20-edge-proxy",
        "Alpine",
        "3.20",
        "A reverse proxy in 40 MiB of memory.",
        days=21,
        region="DFW",
        disk_format="raw",
        size=1,
        default_login="alpine",
        ports=(22, 443),
        tags=("edge",),
    ),
    "rocky": Recipe(
        "rocky-9-database",
        "Rocky Linux",
        "9.4",
        "PostgreSQL 16 with our backup agent. Deactivated: its SSH host keys are the same on every server.",
        days=17,
        size=2,
        default_login="rocky",
        ports=(22, 5432),
    ),
    "snapshot": Recipe(
        "web-base-2026-11",
        "Ubuntu",
        "24.04",
        "The web server as it was before the November upgrade.",
        days=4,
        source="snapshot",
        size=3,
        default_login="ubuntu",
        ports=(22, 80, 443),
    ),
    "handbook": Recipe(
        "netbsd-10-classroom",
        "NetBSD",
        "10.0",
        "What we use in our courses. Free for everybody; the exercises are in /usr/share/courses.",
        days=53,
        disk_format="raw",
        size=1,
        default_login="student",
        tags=("courses",),
    ),
}

BETA = {
    "jump-old": Recipe(
        "bastion-2025",
        "Debian",
        "12",
        "The way into both networks, with the audit log that your team wrote.",
        days=50,
        size=1,
        default_login="admin",
        tags=("ssh",),
    ),
    "jump": Recipe(
        "openbsd-7.5-jump-host",
        "OpenBSD",
        "7.5",
        "The only way into our network. Second factor required.",
        days=48,
        size=1,
        default_login="operator",
    ),
    "postgres": Recipe(
        "postgres-16-tuned",
        "Debian",
        "12",
        "PostgreSQL 16 with settings for 8 to 64 GiB of memory, and metrics on port 9187.",
        days=9,
        size=4,
        default_login="debian",
        ports=(22, 5432, 9187),
        tags=("database",),
    ),
    "gitea": Recipe(
        "gitea-1.22-ready",
        "Debian",
        "12",
        "A git server for a small team: start it, open port 3000, and make the first account.",
        days=15,
        size=3,
        default_login="debian",
        ports=(22, 3000),
        tags=("git",),
    ),
}

LABS = {
    "sensors": Recipe(
        "sensor-gateway-prototype",
        "Debian",
        "12",
        "Collects from two hundred sensors and forwards to nobody yet.",
        days=5,
        size=1,
        default_login="debian",
        tags=("prototype",),
    )
}

ERIN = {
    "haiku": Recipe(
        "haiku-r1-beta5",
        "Haiku",
        "R1 beta 5",
        "Boots in a second. Try the Deskbar.",
        days=6,
        region="DFW",
        disk_format="raw",
        size=1,
        default_login="user",
    ),
    "reactos": Recipe(
        "reactos-0.4.15",
        "ReactOS",
        "0.4.15",
        "Runs the installer that nobody has the source of any more.",
        days=3,
        disk_format="raw",
        size=1,
        default_login="Administrator",
        ports=(3389,),
    ),
}

PANEL = {
    "cirros": Recipe(
        "cirros-0.6.2",
        "CirrOS",
        "0.6.2",
        "The smallest Linux that answers: to see whether a network works.",
        days=58,
        disk_format="raw",
        size=1,
        default_login="cirros",
    ),
    "nixos": Recipe(
        "nixos-24.05-minimal",
        "NixOS",
        "24.05",
        "One file says what the machine is. Change /etc/nixos/configuration.nix, and switch.",
        days=34,
        size=2,
        default_login="root",
        tags=("minimal",),
    ),
}
