"""What somebody typed into the share box, part by part: what each part is, and what is wrong with it.

Nothing here looks up whether a typed number, login or address exists. Each part is compared only with what the viewer
sees anyway (the groups and organizations they are in, the accounts of these, their own) and with what the account has
named before; so the answer, its words and its queries are the same for those who exist and those who do not.
"""

from sharing.recipients.names import OTHERS_DECIDE, Names, accounts_around, groups_of
from sharing.recipients.parts import Part, PartKind, Reading
from sharing.recipients.reading import read

LONGEST_TEXT = 20_000  # characters

__all__ = [
    "LONGEST_TEXT",
    "OTHERS_DECIDE",
    "Names",
    "Part",
    "PartKind",
    "Reading",
    "accounts_around",
    "groups_of",
    "read",
]
