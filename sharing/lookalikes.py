"""Names that could be taken for another one: a producer that somebody does not know, called like one that they know.

The idea of Unicode's confusable detection (https://www.unicode.org/reports/tr39/#Confusable_Detection), with a small
table of our own: names that look alike have the same skeleton. One slip of the keyboard counts as alike too.
"""

import unicodedata
from collections.abc import Iterable

# Letters that look like Latin ones, after case folding: Cyrillic, Greek, Armenian and others; and digits.
_LOOK = {
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "һ": "h", "і": "l", "ј": "j", "к": "k", "м": "m", "н": "h",
    "о": "o", "р": "p", "ԛ": "q", "ѕ": "s", "т": "t", "у": "y", "ѵ": "v", "ԝ": "w", "х": "x", "ӏ": "l",
    "α": "a", "β": "b", "ε": "e", "η": "n", "ι": "l", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "τ": "t",
    "υ": "u", "χ": "x", "ա": "w", "օ": "o", "ո": "n", "ս": "u", "ց": "g",
    "ı": "l", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "i": "l", "0": "o", "1": "l", "3": "e", "5": "s", "8": "b",
}  # fmt: skip
_SEQUENCES = {"rn": "m", "vv": "w", "cl": "d"}
SHORTEST = 6  # letters: shorter names are one letter apart by chance


class Names:
    """Names that somebody knows, prepared once to be compared with many."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = [(name, _skeleton(name), _plain(name)) for name in known]

    def taken_for(self, name: str) -> str:
        """The first of the known names for which this one could be taken; empty when there is none."""
        looks, reads = _skeleton(name), _plain(name)
        for known, skeleton, plain in self._known:
            if looks == skeleton != "" or _is_a_slip_away(reads, plain):
                return known
        return ""


def _plain(name: str) -> str:
    """Letters and digits alone, without case, accents and other ways to write the same letter."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(letter for letter in folded if letter.isalnum())


def _skeleton(name: str) -> str:
    looked = "".join(_LOOK.get(letter, letter) for letter in _plain(name))
    for sequence, letter in _SEQUENCES.items():
        looked = looked.replace(sequence, letter)
    return looked


def _is_a_slip_away(one: str, other: str) -> bool:
    """Whether a letter was put in, left out, exchanged, or changed places with its neighbour.

    Not a digit: "Lab 1" and "Lab 2" are two names, and not a slip.
    """
    if min(len(one), len(other)) < SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    start = _same(one, other)
    end = _same(one[start:][::-1], other[start:][::-1])
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if any(letter.isdigit() for letter in left + right):
        return False
    swapped = len(left) == 2 and left == right[::-1]  # noqa: PLR2004  # two neighbours
    return swapped or max(len(left), len(right)) == 1


def _same(one: str, other: str) -> int:
    """How many letters are the same from the beginning on."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))
