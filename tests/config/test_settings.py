"""The settings refuse to start unsafe, and say what to set."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

PRODUCTION = {
    "STOCKROOM_PRODUCTION": "1",
    "SECRET_KEY": "a-key-of-a-test-that-is-long-enough-for-everything-0123456789",
    "ALLOWED_HOSTS": "panel.example.org",
    "SITE_URL": "https://panel.example.org",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
}


def load(folder: Path, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a fresh process, as every start does."""
    names = {*PRODUCTION, "DATABASE_URL", "CACHE_URL", "DEBUG", "STOCKROOM_DEMO", "HOST", "PORT"}
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment |= {"STOCKROOM_DATA_DIR": str(folder)} | {name: value for name, value in variables.items() if value}
    command = [sys.executable, "-c", f"from config import settings; {code}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_production_starts_with_everything_set(tmp_path: Path) -> None:
    assert load(tmp_path, **PRODUCTION).returncode == 0


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "EMAIL_URL"])
def test_production_names_what_is_missing(missing: str, tmp_path: Path) -> None:
    answer = load(tmp_path, **PRODUCTION | {missing: ""})
    assert answer.returncode != 0
    assert f"Set {missing} to " in answer.stderr


@pytest.mark.parametrize("unsafe", ["DEBUG", "STOCKROOM_DEMO"])
def test_production_refuses_what_is_unsafe(unsafe: str, tmp_path: Path) -> None:
    answer = load(tmp_path, **PRODUCTION | {unsafe: "1"})
    assert answer.returncode != 0
    assert f"Unset {unsafe}: " in answer.stderr


def test_debug_is_for_loopback_only(tmp_path: Path) -> None:
    answer = load(tmp_path, DEBUG="1", ALLOWED_HOSTS="localhost,panel.example.org")
    assert answer.returncode != 0
    assert "DEBUG is for loopback only" in answer.stderr


def test_a_demo_answers_to_loopback_names_whatever_is_set(tmp_path: Path) -> None:
    answer = load(tmp_path, "print(settings.ALLOWED_HOSTS)", STOCKROOM_DEMO="1", ALLOWED_HOSTS="panel.example.org")
    assert answer.stdout.strip() == "['localhost', '127.0.0.1', '[::1]']"


def test_the_secret_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    first, second = (load(tmp_path, "print(settings.SECRET_KEY)").stdout for _ in range(2))
    assert first == second
    assert len(first.strip()) >= 50
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_no_page_may_run_or_style_inline(tmp_path: Path) -> None:
    answer = load(tmp_path, "print(settings.CONTENT_SECURITY_POLICY)", **PRODUCTION)
    assert "script-src" in answer.stdout
    assert "unsafe" not in answer.stdout


@pytest.mark.parametrize("wildcard", ["*", ".example.org", "panel.example.org,*"])
def test_production_refuses_hosts_that_a_stranger_can_choose(wildcard: str, tmp_path: Path) -> None:
    answer = load(tmp_path, **PRODUCTION | {"ALLOWED_HOSTS": wildcard})
    assert answer.returncode != 0
    assert "Name each host in ALLOWED_HOSTS" in answer.stderr


@pytest.mark.parametrize(("variables", "count"), [({}, 1), ({"PROXY_COUNT": "2"}, 2), ({"BEHIND_PROXY": "no"}, 0)])
def test_production_counts_by_the_address_outside_of_its_proxies(
    variables: dict[str, str], count: int, tmp_path: Path
) -> None:
    answer = load(tmp_path, "print(settings.ALLAUTH_TRUSTED_PROXY_COUNT)", **PRODUCTION | variables)
    assert answer.stdout.strip() == str(count)
