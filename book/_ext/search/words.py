"""The words of a text, as the search keeps them.

``search-engine.js`` cuts what a reader types by the same rules, with the same stemmer
(Porter's, which Sphinx brings in both languages); a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

from sphinx.search.en import SearchEnglish, english_stopwords

GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi "
        "omicron pi rho sigma sigma tau upsilon phi chi psi omega".split(),
        strict=True,
    )
)
DASHES = re.compile("[‐‑‒–—−]")
COMPOUND = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
#: British and American spelling, made one.
SPELLING = (
    *(("ae", "e"), ("oe", "e"), ("our", "or"), ("iz", "is"), ("yz", "ys")),
    *(("logy", "log"), ("ibly", "ible")),  # where the two stemmers part
)
#: What is shorter has no ending.
SHORT = 3
#: Words that name nothing.
SILENT = frozenset(
    {*english_stopwords, "from", "how", "i", "what", "when", "where", "why"}
)
STEMMER = SearchEnglish({})


def folded(text: str) -> str:
    """Return a text in small Latin letters without accents; β is ``-beta-``."""
    letters = unicodedata.normalize("NFKD", text).lower()
    plain = "".join(one for one in letters if not unicodedata.combining(one))
    plain = re.sub("['’]", "", DASHES.sub("-", plain))
    return "".join(f"-{GREEK[one]}-" if one in GREEK else one for one in plain)


@cache
def term(word: str) -> str:
    """Return a folded word as the index has it: one spelling, and its stem."""
    if len(word) < SHORT or any(letter.isdigit() for letter in word):
        return word
    for there, here in SPELLING:
        word = word.replace(there, here)
    return STEMMER.stem(word)


def compounds(text: str) -> list[list[str]]:
    """Return the words of a text; one with hyphens has several parts."""
    found = COMPOUND.findall(folded(text))
    return [[part for part in one.split("-") if part] for one in found]


def terms(text: str) -> list[str]:
    """Return the terms of a text, in its order.

    A number or a letter belongs to its neighbour: "IL-6" is ``il6``, "T cell" is
    ``tcell`` and ``cell``. A number alone is no term, and none after a space is joined.
    """
    found, before = [], ""
    for parts in compounds(text):
        pairs = list(pairwise(parts))
        if parts[0].isdigit():
            before = ""
        if not {before, parts[0]} & {*SILENT, ""}:
            pairs.append((before, parts[0]))
        found += [
            term(part)
            for part in parts
            if len(part) > 1 and not part.isdigit() and part not in SILENT
        ]
        found += [
            term(one + two)
            for one, two in pairs
            if not one.isdigit() and (two.isdigit() or 1 in (len(one), len(two)))
        ]
        before = parts[-1]
    return found


@cache
def flat(text: str) -> str:
    """Return a text in which phrases can be looked for: `` il 6 receptor ``.

    Letters and numbers stand apart, so that "IL-6", "IL6" and "IL 6" are the same.
    """
    return f" {' '.join(_stemmed(text))} "


def _stemmed(text: str) -> list[str]:
    return [
        term(piece)
        for parts in compounds(text)
        for part in parts
        for piece in re.findall("[a-z]+|[0-9]+", part)
    ]
