"""docs/permissions.md is the tables of the code, for people who do not read code."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from accounts.permissions import NEEDED_ROLE as NEEDED_WITH_GROUPS
from accounts.roles import ROLES_OF_KIND, Kind, Role
from api.permissions import NEEDED_ROLE as NEEDED_FOR_PROGRAMS
from images.permissions import FOR_CONSUMERS, NEEDED_ROLE, Verb
from servers.permissions import NEEDED_ROLE as NEEDED_FOR_SERVERS

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
V = TypeVar("V", bound=str)
TEST = "tests/architecture/test_permissions_page.py"
WRITE = "WRITE_PERMISSIONS_PAGE"
TITLES = {Kind.ACCOUNT: "An account", Kind.TEAM: "A group", Kind.ORGANIZATION: "An organization"}


def table(roles: Iterable[Role], needed: Mapping[V, Role]) -> list[str]:
    """A Markdown table with a column for each role."""
    roles = list(roles)
    head = ["", *(role.label for role in roles)]
    rows = [[str(verb), *("✓" if role.includes(least) else "–" for role in roles)] for verb, least in needed.items()]
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def page() -> str:
    """The whole page."""
    lines = [
        "# Who may do what",
        "",
        f"Made from the tables in the code; `{WRITE}=1 .venv/bin/python -m pytest {TEST}`",
        "writes it anew. What somebody cannot see is a 404, what they see but may not do a 403 with the reason.",
        "",
        "## An image of one's own account",
        "",
        *table(
            ROLES_OF_KIND[Kind.ACCOUNT], {verb: role for verb, role in NEEDED_ROLE.items() if verb is not Verb.LABEL}
        ),
        "",
        "## An image that was shared, or that is open to everybody",
        "",
        "Within the rights of the accepted offer. Offers are accepted and rejected by an admin of the account, or a",
        "manager of the group or organization.",
        "",
        *table(ROLES_OF_KIND[Kind.ACCOUNT], {verb: NEEDED_ROLE[verb] for verb in Verb if verb in FOR_CONSUMERS}),
        "",
        "## Servers, formations and cloud keys",
        "",
        "Of one's own account: nobody else sees them. To boot an image takes the right to boot it, too.",
        "",
        *table(ROLES_OF_KIND[Kind.ACCOUNT], NEEDED_FOR_SERVERS),
        "",
        "## Application credentials",
        "",
        "Of one's own account. A program has the role of its credential, and never more than its person has then.",
        "",
        *table(ROLES_OF_KIND[Kind.ACCOUNT], NEEDED_FOR_PROGRAMS),
    ]
    for kind, title in TITLES.items():
        lines += ["", f"## {title}", "", *table(ROLES_OF_KIND[kind], NEEDED_WITH_GROUPS[kind])]
    return "\n".join(lines) + "\n"


def test_the_page_says_what_the_code_does() -> None:
    if os.environ.get(WRITE):
        PAGE.write_text(page())

    assert PAGE.read_text() == page(), f"Run this test with {WRITE}=1 to write docs/permissions.md anew."
