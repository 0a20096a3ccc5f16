"""What this host needs to run machines, and what installs it."""

import platform

from django.conf import settings

from images import sandbox
from images.confinement import landlock
from images.confinement.system import Unavailable

# By what /etc/os-release calls a system, or one that it is like.
INSTALLS = {
    "debian": "apt install qemu-system-x86 qemu-utils",
    "ubuntu": "apt install qemu-system-x86 qemu-utils",
    "rhel": "dnf install qemu-kvm qemu-img",
    "fedora": "dnf install qemu-system-x86-core qemu-img",
    "suse": "zypper install qemu-x86 qemu-img",
    "arch": "pacman -S qemu-system-x86 qemu-img",
    "alpine": "apk add qemu-system-x86_64 qemu-img",
}
FURTHER = {"rhel": " Then set STOCKROOM_QEMU_SYSTEM to /usr/libexec/qemu-kvm."}


def why_not() -> str:
    """Why no machine can run here, with what to do about it; empty when one can. Cheap."""
    programs = (settings.QEMU_SYSTEM, settings.QEMU_IMG)
    missing = [program for program in programs if not sandbox.find_program(program)]
    if missing:
        return f"QEMU is not installed on this host: {' and '.join(missing)} cannot be found. {_what_installs_it()}"
    return _why_not_locked_in() if settings.SANDBOX_STRICT else ""


def _what_installs_it() -> str:
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {}
    names = [system.get("ID", ""), *system.get("ID_LIKE", "").split()]
    name = next((name for name in names if name in INSTALLS), "")
    if not name:
        return "Install QEMU for x86-64 and qemu-img with the package manager of this system."
    return f"“{INSTALLS[name]}” installs it.{FURTHER.get(name, '')}"


def _why_not_locked_in() -> str:
    """Guests come from strangers: without Landlock, the first start would be refused as well."""
    try:
        landlock.version_here()
    except Unavailable:
        return (
            "Servers cannot be locked in on this host: its kernel has no Landlock, or it is switched off. Linux 5.13 "
            "and newer have it, where “landlock” stands in /sys/kernel/security/lsm."
        )
    return ""
