"""What is missing on this host is said kindly, with what installs it."""

import platform

import pytest
from pytest_django.fixtures import Settings

from images.confinement import landlock
from images.confinement.system import Unavailable
from servers.clouds.local import LocalCloud


@pytest.mark.parametrize(
    ("system", "words"),
    [
        ({"ID": "debian"}, "“apt install qemu-system-x86 qemu-utils” installs it."),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt install"),
        ({"ID": "fedora"}, "dnf install qemu-system-x86-core qemu-img"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "/usr/libexec/qemu-kvm"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, "zypper install"),
        ({"ID": "arch"}, "pacman -S"),
        ({"ID": "alpine"}, "apk add"),
        ({"ID": "slackware"}, "with the package manager of this system"),
    ],
)
def test_without_qemu_each_system_is_told_what_installs_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, system: dict[str, str], words: str
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: system)
    settings.QEMU_SYSTEM = "no-such-qemu"
    said = LocalCloud().why_not()
    assert said.startswith("QEMU is not installed on this host: no-such-qemu cannot be found.")
    assert words in said


def test_a_system_without_a_name_is_told_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", nameless)
    settings.QEMU_IMG = "no-such-img"
    assert "no-such-img cannot be found. Install QEMU" in LocalCloud().why_not()


@pytest.mark.parametrize("strict", [True, False])
def test_a_kernel_that_cannot_lock_them_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, strict: bool
) -> None:
    def missing() -> int:
        raise Unavailable("Landlock: not in this kernel")

    monkeypatch.setattr(landlock, "version_here", missing)
    settings.SANDBOX_STRICT = strict
    assert ("Servers cannot be locked in" in LocalCloud().why_not()) is strict
