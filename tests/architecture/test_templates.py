"""Templates keep the Content-Security-Policy, and lean on each other in the direction of the imports."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import APPS, ROOT, short, templates

INLINE = {
    r"<script(?![^>]*\ssrc=)": "an inline script: put it into a file below static/js, and pass data in data-*",
    r"<style\b": "an inline style sheet: put it into a file below static/css",
    r"\sstyle\s*=": "a style attribute: make a class of it",
    r"\son[a-z]+\s*=": "an inline event handler: listen in a file below static/js",
    r"\shx-on\b": "an inline htmx handler, which needs eval: listen in a file below static/js",
    r"javascript:": "a script in an address: use a button and a listener",
    r"https?://[^\"'\s]+\.(?:js|css)\b": "a file from another server: serve it from here",
}
# Mail programs know neither files of styles nor our policy: a mail carries its styles with it.
MAIL = "templates/accounts/mail/"
COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.DOTALL)
REFERENCE = re.compile(r"""{%\s*(?:include|extends)\s+["']([^"']+)["']""")
LOAD = re.compile(r"{%\s*load\s+([^%]+?)\s*%}")


def text_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [path for path in templates() if not short(path).startswith(MAIL)], ids=short)
def test_nothing_is_inline(path: Path) -> None:
    text = text_of(path)
    found = [f"{short(path)} has {advice}" for pattern, advice in INLINE.items() if re.search(pattern, text)]
    assert not found, "\n".join(found)


def rank(name: str) -> int:
    """How far to the right an app stands. The frame, the components and sign-in pages belong to the lowest app."""
    return APPS.index(name) if name in APPS else len(APPS) - 1


def tag_libraries() -> dict[str, str]:
    """Our own template tag libraries, and the app that each belongs to."""
    return {path.stem: app for app in APPS for path in (ROOT / app / "templatetags").glob("*.py")}


def references(path: Path) -> list[tuple[str, str]]:
    """What a template leans on, and the app that each belongs to."""
    text = text_of(path)
    libraries = tag_libraries()
    loaded = [word for group in LOAD.findall(text) for word in group.split() if word in libraries]
    return [(name, name.partition("/")[0]) for name in REFERENCE.findall(text)] + [
        (f"the tags of {word}", libraries[word]) for word in loaded
    ]


@pytest.mark.parametrize("path", templates(), ids=short)
def test_a_template_leans_only_to_the_right(path: Path) -> None:
    own = path.relative_to(ROOT / "templates").parts[0]
    wrong = [what for what, app in references(path) if rank(app) < rank(own)]
    assert not wrong, (
        f"{short(path)} uses {', '.join(wrong)}, of an app that may import it: declare a hook in the lower app's "
        "hooks.py, and let the higher app fill it in AppConfig.ready."
    )


def test_the_walk_found_templates() -> None:
    assert len(templates()) >= 20
