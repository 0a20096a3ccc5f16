"""Static files as a panel in production names them."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Path:
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "config.static.StaticFilesStorage"}}
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_scripts_import_each_other_by_names_that_change_with_their_contents(collected: Path) -> None:
    names = json.loads((collected / "staticfiles.json").read_text())["paths"]
    script = (collected / names["js/upload.js"]).read_text()
    imported = re.findall(r'from "\./([^"]+)"', script)
    assert {f"js/{name}" for name in imported} == {names["js/tus.js"], names["js/amounts.js"]}
