"""The browser that is installed on this machine, and how it is started: it reaches nothing but this machine."""

import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # the tests may run as root, and they show only our own pages
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]


def find_browser() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.fail("The browser tests need chromium. Install it with: sudo apt-get install chromium", pytrace=False)
