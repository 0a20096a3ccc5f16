"""Looking inside of disks: what is found, and that nothing hangs or is called clean without having been seen."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from images import looks
from images.inside.disks import Qcow2Disk, RawDisk, UnreadableDisk, open_disk
from images.inside.filesystems import identify
from images.inside.kinds import KINDS
from images.inside.looking import look
from images.inside.partitions import MOST, read_table
from images.inside.report import LONGEST_PATH, MOST_PATHS
from images.inside.rules import rules_for
from images.sandbox import ProgramOverLimit, ProgramProblem
from tests.images import disks
from tests.images.disks import EFI, LINUX, MIB, SECTOR

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nnever shown\n-----END OPENSSH PRIVATE KEY-----\n"
FILES = {
    "root/.ssh/id_ed25519": KEY,
    "home/bob/.ssh/deploy": KEY,
    "root/.ssh/id_ed25519.pub": "ssh-ed25519 AAAA bob",
    "root/.ssh/authorized_keys": "# from the installer\nssh-ed25519 AAAA bob\n",
    "home/bob/.ssh/authorized_keys": "# nobody\n\n",
    "etc/ssh/ssh_host_rsa_key": KEY,
    "etc/ssl/private/web.key": "-----BEGIN PRIVATE KEY-----\nx\n",
    "etc/ssl/certs/web.pem": "-----BEGIN CERTIFICATE-----\nx\n",
    "usr/share/doc/ssl/example.pem": "-----BEGIN PRIVATE KEY-----\nx\n",
    "home/bob/.aws/credentials": "[default]\naws_secret_access_key = x\n",
    "home/bob/.kube/config": "users:\n- user:\n    client-key-data: x\n",
    "home/bob/admin-openrc.sh": "export OS_PASSWORD=secret\n",
    "home/bob/.config/openstack/clouds.yaml": "clouds:\n  one:\n    auth:\n      password: x\n",
    "home/bob/.netrc": "machine example.org login bob password x\n",
    "home/bob/.git-credentials": "https://bob:x@example.org\n",
    "var/lib/cloud/instances/i-1/user-data.txt": "#cloud-config\npassword: x\n",
    "etc/cloud/cloud.cfg": "users:\n  - default\n  - name: bob\n    lock_passwd: true\n",
    "etc/shadow": "root:$6$salt$hash:1::::::\nbob:$y$x:1::::::\ndaemon:*:1::::::\nsshd:!:1::::::\neve::1::::::\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "var/lib/systemd/random-seed": "x" * 32,
    "root/.bash_history": "mysql -psecret\n",
    "var/log/syslog": "Nov 21 bob signed in\n",
    "var/log/empty.log": "",
}
COUNTED = {
    "ssh_key": 2,
    "authorized_keys": 1,
    "host_key": 1,
    "private_key": 1,
    "cloud_credential": 4,
    "stored_password": 2,
    "setup_password": 1,
    "password_hash": 2,
    "empty_password": 1,
    "machine_id": 1,
    "random_seed": 1,
    "history": 1,
    "log": 1,
}
REPORT = b'{"table": "", "problem": "", "finished": true, "volumes": [], "findings": [%b]}'
CLEAN = {"etc/machine-id": "uninitialized\n", "etc/hostname": "clean", "root/.ssh/authorized_keys": "\n"}


def look_at(path: Path, disk_format: str = "raw") -> dict[str, Any]:
    """What a look finds, in this process."""
    reports: list[dict[str, Any]] = []
    look(str(path), disk_format, tell=lambda report: reports.append(json.loads(json.dumps(report.as_json()))))
    return reports[-1]


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    return {finding["kind"]: finding["number"] for finding in report["findings"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("disks")


@pytest.fixture(scope="module")
def linux(folder: Path) -> Path:
    return disks.ext4(folder / "linux.raw", FILES)


@pytest.fixture(scope="module")
def whole_disk(folder: Path, linux: Path) -> Path:
    """As a cloud image: a GPT with an EFI system partition, and Linux."""
    efi = disks.fat(folder / "efi.raw", {"EFI/boot/grub.cfg": "set root", "EFI/id.key": "-----BEGIN PRIVATE KEY-----"})
    return disks.gpt(folder / "whole.raw", [(EFI, "EFI system", efi), (LINUX, "root", linux)])


class TestFindings:
    def test_each_kind_is_found_and_nothing_else(self, linux: Path) -> None:
        assert counts(look_at(linux)) == COUNTED

    @pytest.mark.parametrize("kind", ["ext2", "ext3"])
    def test_older_file_systems_of_the_family(self, tmp_path: Path, kind: str) -> None:
        report = look_at(disks.ext4(tmp_path / "old.raw", FILES, kind=kind))
        assert counts(report) == COUNTED
        assert report["volumes"][0]["finished"]

    @pytest.mark.parametrize("bits", [12, 16, 32])
    def test_fat(self, tmp_path: Path, bits: int) -> None:
        size = {12: 4 * MIB, 16: 16 * MIB, 32: 40 * MIB}[bits]
        disk = disks.fat(tmp_path / "fat.raw", {"user-data": "password: x", "a/b.pem": KEY}, size=size, bits=bits)
        report = look_at(disk)
        assert counts(report) == {"setup_password": 1, "private_key": 1}
        assert report["volumes"][0]["file_system"] == f"FAT{bits}"

    def test_every_kind_has_words(self) -> None:
        assert set(COUNTED) == set(KINDS)

    def test_a_clean_disk_is_clean(self, tmp_path: Path) -> None:
        report = look_at(disks.ext4(tmp_path / "clean.raw", CLEAN))
        assert report["findings"] == []
        assert report["finished"]
        assert not report["volumes"][0]["gaps"]

    def test_paths_are_told_and_contents_never(self, linux: Path) -> None:
        text = json.dumps(look_at(linux))
        assert "/root/.ssh/id_ed25519" in text
        assert "never shown" not in text
        assert "secret" not in text

    def test_of_many_the_first_are_named(self, tmp_path: Path) -> None:
        report = look_at(disks.ext4(tmp_path / "many.raw", {f"var/log/{n}.log": "x" for n in range(100)}))
        [finding] = report["findings"]
        assert finding["number"] == 100
        assert len(finding["paths"]) == MOST_PATHS

    def test_names_that_try_to_fool_the_page(self, tmp_path: Path) -> None:
        names = {
            "home/\x1b[2J\u202e<script>/.git-credentials": "x",
            f"home/{'n' * 240}/{'m' * 200}/.netrc": "password x",
        }
        report = look_at(disks.ext4(tmp_path / "names.raw", names))
        paths = [path for finding in report["findings"] for path in finding["paths"]]
        assert len(paths) == 2
        assert all(path.isprintable() and len(path) <= LONGEST_PATH for path in paths)

    @pytest.mark.parametrize("path", ["usr/bin/ls", "etc/ssh/sshd_config", "root/.ssh/known_hosts.pub", "home/key"])
    def test_most_files_are_not_even_opened(self, path: str) -> None:
        assert rules_for(path) == []


class TestTables:
    def test_gpt(self, whole_disk: Path) -> None:
        report = look_at(whole_disk)
        assert report["table"] == "gpt"
        assert [(part["number"], part["name"], part["file_system"]) for part in report["volumes"]] == [
            (1, "EFI system", "FAT16"),
            (2, "root", "ext2, ext3 or ext4"),
        ]
        assert counts(report) == COUNTED | {"private_key": 2}

    def test_the_second_table_when_the_first_is_gone(self, whole_disk: Path, tmp_path: Path) -> None:
        broken = bytearray(whole_disk.read_bytes())
        broken[SECTOR : 34 * SECTOR] = bytes(33 * SECTOR)
        (tmp_path / "broken.raw").write_bytes(broken)
        assert look_at(tmp_path / "broken.raw")["table"] == "gpt"

    def test_mbr(self, tmp_path: Path, linux: Path) -> None:
        report = look_at(disks.mbr(tmp_path / "mbr.raw", [(0x83, linux), (0x83, linux)]))
        assert report["table"] == "mbr"
        assert counts(report)["ssh_key"] == 2 * COUNTED["ssh_key"]

    def test_logical_partitions(self, tmp_path: Path, linux: Path) -> None:
        """An extended partition from sector 2048 on, in which one logical partition begins 2048 sectors further."""
        sectors = linux.stat().st_size // SECTOR
        disk = tmp_path / "logical.raw"
        with disk.open("wb") as file:
            file.write(disks.mbr_sector((0x05, 2048, sectors + 2048)))
            file.seek(2048 * SECTOR)
            file.write(disks.mbr_sector((0x83, 2048, sectors)))
            file.seek(4096 * SECTOR)
            file.write(linux.read_bytes())
        report = look_at(disk)
        assert [part["number"] for part in report["volumes"]] == [5]
        assert counts(report) == COUNTED

    def test_a_chain_that_turns_back_ends(self, tmp_path: Path) -> None:
        disk = tmp_path / "loop.raw"
        with disk.open("wb") as file:
            file.write(disks.mbr_sector((0x05, 1, 1000)))
            file.seek(SECTOR)
            file.write(disks.mbr_sector((0x83, 1, 1), (0x05, 1, 1)))
            file.seek(2 * SECTOR)
            file.write(disks.mbr_sector((0x83, 1, 1), (0x05, 1, 1)))
            file.truncate(MIB)
        assert 0 < len(read_table(RawDisk(str(disk))).partitions) <= MOST

    def test_more_partitions_than_anybody_has_are_told(self, tmp_path: Path) -> None:
        tiny = tmp_path / "tiny.raw"
        tiny.write_bytes(bytes(SECTOR))
        disk = tmp_path / "many.raw"
        table = bytearray(disks.gpt(disk, [(LINUX, "", tiny)]).read_bytes())
        entry = table[2 * SECTOR : 2 * SECTOR + 128]
        table[SECTOR + 80 : SECTOR + 84] = (200).to_bytes(4, "little")
        table[2 * SECTOR : 2 * SECTOR + 200 * 128] = entry * 200
        disk.write_bytes(table)
        report = look_at(disk)
        assert len(report["volumes"]) == MOST
        assert "more partitions" in report["problem"]

    def test_a_file_system_beside_a_table_is_looked_into_as_well(self, tmp_path: Path, linux: Path) -> None:
        """Whoever hides something puts an innocent table in front of it."""
        hidden = tmp_path / "hidden.raw"
        content = bytearray(linux.read_bytes())
        content[:SECTOR] = disks.mbr_sector((0x83, 100, 10))
        hidden.write_bytes(content)
        assert counts(look_at(hidden)) == COUNTED


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("place", "signature", "title"),
        [
            (0, b"LUKS\xba\xbe", "LUKS"),
            (0, b"XFSB", "XFS"),
            (0x10040, b"_BHRfS_M", "Btrfs"),
            (512, b"LABELONE", "LVM"),
            (3, b"-FVE-FS-", "BitLocker"),
            (0, b"hsqs", "SquashFS"),
        ],
    )
    def test_it_is_named_and_never_called_clean(self, tmp_path: Path, place: int, signature: bytes, title: str) -> None:
        disk = tmp_path / "other.raw"
        with disk.open("wb") as file:
            file.seek(place)
            file.write(signature)
            file.truncate(MIB)
        [volume] = look_at(disk)["volumes"]
        assert volume["file_system"] == title
        assert volume["why_not"]

    def test_nothing_known(self, tmp_path: Path) -> None:
        disk = tmp_path / "noise.raw"
        disk.write_bytes(random.Random(1).randbytes(MIB))
        [volume] = look_at(disk)["volumes"]
        assert volume["why_not"] == "nothing known is there"

    def test_swap_holds_no_files(self, tmp_path: Path) -> None:
        disk = tmp_path / "swap.raw"
        disk.write_bytes(bytes(4086) + b"SWAPSPACE2" + bytes(MIB))
        assert identify(RawDisk(str(disk)), 0).title == "Swap"

    def test_a_superblock_that_lies(self, tmp_path: Path, linux: Path) -> None:
        broken = bytearray(linux.read_bytes())
        broken[1024 + 24 : 1024 + 28] = b"\xff" * 4  # the size of a block
        (tmp_path / "broken.raw").write_bytes(broken)
        [volume] = look_at(tmp_path / "broken.raw")["volumes"]
        assert volume["why_not"].startswith("it is damaged")


class TestQcow2:
    @pytest.mark.parametrize(
        "options",
        [
            (),
            ("-c",),
            ("-o", "compat=0.10"),
            ("-o", "cluster_size=512"),
            ("-o", "cluster_size=2M"),
            ("-o", "extended_l2=on,cluster_size=128k"),
            ("-c", "-o", "extended_l2=on,cluster_size=64k"),
            ("-o", "preallocation=metadata"),
        ],
        ids=" ".join,
    )
    def test_every_byte_is_the_one_that_qemu_gives(self, tmp_path: Path, linux: Path, options: tuple[str, ...]) -> None:
        (tmp_path / "disk.raw").symlink_to(linux)
        disk = Qcow2Disk(str(disks.qcow2(tmp_path / "disk.raw", *options)))
        expected = linux.read_bytes()
        assert disk.read(0, disk.size) == expected
        for _try in range(50):
            start, length = random.randrange(disk.size), random.randrange(300_000)
            assert disk.read(start, length) == expected[start : start + length]

    def test_the_same_is_found(self, whole_disk: Path) -> None:
        assert look_at(disks.qcow2(whole_disk, "-c"), "qcow2")["findings"] == look_at(whole_disk)["findings"]

    def test_beyond_the_end_there_is_nothing(self, tmp_path: Path, linux: Path) -> None:
        (tmp_path / "disk.raw").symlink_to(linux)
        disk = open_disk(str(disks.qcow2(tmp_path / "disk.raw")), "qcow2")
        assert disk.read(disk.size, 100) == b""
        assert disk.read(-100, 50) == b""
        assert len(disk.read(disk.size - 10, 100)) == 10

    @pytest.mark.parametrize(("place", "value"), [(79, 4), (79, 2), (35, 2), (15, 9)])
    def test_what_needs_more_than_the_file(self, tmp_path: Path, linux: Path, place: int, value: int) -> None:
        """A data file, marked as corrupt, LUKS, a backing file."""
        (tmp_path / "disk.raw").symlink_to(linux)
        content = bytearray(disks.qcow2(tmp_path / "disk.raw").read_bytes())
        content[place] = value
        (tmp_path / "bad.qcow2").write_bytes(content)
        assert "needs another file" in look_at(tmp_path / "bad.qcow2", "qcow2")["problem"]

    def test_zstd_is_told(self, tmp_path: Path, linux: Path) -> None:
        (tmp_path / "disk.raw").symlink_to(linux)
        report = look_at(disks.qcow2(tmp_path / "disk.raw", "-c", "-o", "compression_type=zstd"), "qcow2")
        assert "zstd" in json.dumps(report)

    def test_no_qcow2(self, linux: Path) -> None:
        with pytest.raises(UnreadableDisk):
            Qcow2Disk(str(linux))


class TestLockedIn:
    """The same through the sandbox, as a task runs it."""

    def test_the_report_comes_out(self, whole_disk: Path) -> None:
        found, problem = looks.look_into(whole_disk, "raw")
        assert counts(found) == COUNTED | {"private_key": 2}
        assert (problem, found["finished"]) == ("", True)

    def test_it_ends_in_time_and_tells_what_it_has(
        self, whole_disk: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.LOOK_SECONDS = 2
        slow = "import images.inside.walking as w, time; w.Walk.run = lambda walk: time.sleep(60); "
        slow += "import runpy; runpy.run_module('images.inside', run_name='__main__')"
        made = looks._program

        def program(path: Path, disk_format: str) -> Any:
            from dataclasses import replace

            honest = made(path, disk_format)
            return replace(honest, argv=(honest.argv[0], "-c", slow, *honest.argv[3:]))

        monkeypatch.setattr(looks, "_program", program)
        found, problem = looks.look_into(whole_disk, "raw")
        assert "took longer than 2 seconds" in problem
        assert not found["finished"]
        assert len(found["volumes"]) == 2

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"null",
            b"[]",
            b'{"table": "gpt"}',
            b'{"table": "evil", "problem": "", "finished": true, "volumes": [], "findings": []}',
            REPORT % b'{"kind": "x", "number": 1, "paths": []}',
            REPORT % b'{"kind": "log", "number": -1, "paths": []}',
            REPORT % b'{"kind": "log", "number": true, "paths": []}',
            b"[" * 100_000,
            b'{"table": "", "problem": "", "finished": true, "volumes": [7], "findings": []}',
        ],
    )
    def test_what_a_disk_makes_it_print_is_not_trusted(self, line: bytes) -> None:
        with pytest.raises(ProgramProblem, match="no sense"):
            looks.checked(line)

    def test_a_line_without_end(self) -> None:
        printed = looks.LastLine()
        printed.feed(b"{}\nrest")
        assert printed.line == b"{}"
        with pytest.raises(ProgramOverLimit):
            printed.feed(b"x" * looks.LONGEST_LINE)


def torn(source: bytes, seed: int) -> bytes:
    """A disk with bytes changed in its tables, where it hurts most: inodes, folders, extents."""
    chance = random.Random(seed)
    content = bytearray(source)
    for _hit in range(chance.choice([1, 10, 200])):
        place = chance.randrange(1024, chance.choice([4096, 65536, len(content)]))
        content[place : place + 4] = chance.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", chance.randbytes(4), b"\2\0\0\0"])
    return bytes(content)


def fuzz(source: Path, folder: Path, seeds: range, disk_format: str = "raw") -> None:
    target = folder / f"torn.{disk_format}"
    for seed in seeds:
        target.write_bytes(torn(source.read_bytes(), seed))
        try:
            found, _problem = looks.look_into(target, disk_format)
        except ProgramProblem as problem:
            told = str(problem)
        else:
            told = "The look inside" if set(counts(found)) <= set(KINDS) else "Unknown kinds"
        assert told.startswith("The look inside"), seed


def test_torn_file_systems_end_in_time(linux: Path, tmp_path: Path, settings: Any) -> None:
    settings.LOOK_SECONDS = 20
    fuzz(linux, tmp_path, range(12))


@pytest.mark.long
@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_many_torn_disks_end_in_time(whole_disk: Path, tmp_path: Path, settings: Any, disk_format: str) -> None:
    settings.LOOK_SECONDS = 30
    source = whole_disk if disk_format == "raw" else disks.qcow2(whole_disk, "-c")
    fuzz(source, tmp_path, range(1000, 1300), disk_format)
