"""KVM is used where a trial says that it works, and the trial is made once."""

import json
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from images import sandbox
from servers.clouds.local import LocalCloud, accelerator
from servers.clouds.local.folder import Folder
from servers.clouds.local.qemu import program_of
from tests.servers.local.conftest import NewMachine


@pytest.fixture
def openable(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose /dev/kvm opens, whatever comes of that."""
    settings.QEMU_ACCELERATOR = "auto"
    settings.SERVERS_DIR = tmp_path / "servers"
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accelerator, "KVM", device)


def test_what_staff_say_counts(settings: Settings) -> None:
    settings.QEMU_ACCELERATOR = "kvm"
    assert accelerator.accelerator() == "kvm"


def test_without_the_device_the_processor_is_emulated(
    settings: Settings, openable: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(accelerator, "KVM", tmp_path / "missing")
    assert accelerator.accelerator() == "tcg"


@pytest.mark.parametrize(("works", "expected"), [(True, "kvm"), (False, "tcg")])
def test_it_is_tried_once(
    settings: Settings, openable: None, monkeypatch: pytest.MonkeyPatch, *, works: bool, expected: str
) -> None:
    trials: list[bool] = []
    settings.SERVERS_DIR.mkdir()

    def tried() -> bool:
        trials.append(works)
        return works

    monkeypatch.setattr(accelerator, "_tried", tried)
    assert [accelerator.accelerator() for _again in range(3)] == [expected] * 3
    assert len(trials) == 1
    assert json.loads((settings.SERVERS_DIR / "accelerator.json").read_text())["works"] is works


def test_it_is_tried_again_after_the_host_was_restarted(
    settings: Settings, openable: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.SERVERS_DIR.mkdir()
    monkeypatch.setattr(accelerator, "_tried", lambda: True)
    assert accelerator.accelerator() == "kvm"
    monkeypatch.setattr(accelerator, "_tried", lambda: False)
    assert accelerator.accelerator() == "kvm"
    (tmp_path / "boot").write_text("another start of the host")
    monkeypatch.setattr(accelerator, "BOOT_ID", tmp_path / "boot")
    assert accelerator.accelerator() == "tcg"


def test_a_device_that_opens_and_does_not_work_is_found_out(openable: None) -> None:
    assert accelerator.accelerator() == "tcg"


def test_the_trial_ends_where_a_machine_runs(openable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same trial with an emulated processor: what QEMU needs is there, and the disk has the PC reset."""
    run = sandbox.run

    def emulated(program: sandbox.Program, *, limits: sandbox.Limits) -> bytes:
        argv = tuple("tcg" if word == "kvm" else word for word in program.argv)
        assert argv != program.argv
        return run(
            sandbox.Program(name="", argv=argv, runnable=program.runnable, readable=program.readable), limits=limits
        )

    monkeypatch.setattr(sandbox, "run", emulated)
    assert accelerator.accelerator() == "kvm"


def test_a_machine_gets_the_device_only_if_it_is_used(
    cloud: LocalCloud, new_machine: NewMachine, settings: Settings
) -> None:
    machine = new_machine()
    cloud.create(machine)
    for name, devices in (("tcg", ()), ("kvm", (accelerator.KVM,))):
        settings.QEMU_ACCELERATOR = name
        program = program_of(machine, Folder(machine.id))
        assert program.devices == devices
        assert any(word.startswith(name) for word in program.argv)
