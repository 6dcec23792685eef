"""Passages that two texts share: winnowing over normalised words.

Schleimer, Wilkerson and Aiken 2003, doi:10.1145/872757.872770. Of each text the hashes
of all runs of `RUN` words are taken, and of each `WINDOW` hashes that follow one
another the smallest is kept as a fingerprint: every passage of `RUN` + `WINDOW` - 1
words that two texts share leaves one in both. Words of code are what an interpreter
distinguishes, without what is easily changed: names that a student gives, the text of
strings, comments, spaces and ends of lines.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token

#: Words in a run, and hashes in a window.
RUN, WINDOW = 10, 5
#: Longer texts are cut: nobody writes that much, and reading takes time.
LONGEST = 200_000
#: Names that are Python's own.
GIVEN = (Name.Builtin, Name.Exception)
OWN_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Word:
    """A normalised word, and the line that it stands in, counted from 0."""

    text: str
    line: int


def words_of_code(source: str) -> list[Word]:
    """Return the words of Python, which may be broken Python."""
    found: list[Word] = []
    line = 0
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(
        source[:LONGEST]
    ):
        word = _normal(kind, text, found[-1].text if found else "")
        # A string comes in pieces: its marks, its text.
        if word and not (word == '""' and found and found[-1].text == '""'):
            found.append(Word(word, line))
        line += text.count("\n")
    return found


def _normal(kind: object, text: str, before: str) -> str:
    """Return what counts of a word of code, or nothing."""
    if not text.strip() or kind in Comment or kind in String.Doc:
        return ""
    if kind in String:
        return '""'
    if kind in Name:
        own = before != "." and not any(kind in given for given in GIVEN)
        return "name" if own else text
    known = (Keyword, Number, Operator, Token.Punctuation)
    return text if any(kind in one for one in known) else ""


def words_of_prose(source: str) -> list[Word]:
    """Return the words of a text in small letters."""
    lines = source[:LONGEST].splitlines()
    return [
        Word(word, number)
        for number, line in enumerate(lines)
        for word in OWN_WORD.findall(line.casefold())
    ]


@dataclass(frozen=True)
class Passage:
    """Where a fingerprint stands: a part of a text, first and last line."""

    part: int
    first: int
    last: int


def runs(words: Sequence[Word]) -> Iterator[tuple[int, Word, Word]]:
    """Yield the hash of each run of words, with its first and last word."""
    for start in range(len(words) - RUN + 1):
        run = words[start : start + RUN]
        text = "\0".join(word.text for word in run).encode()
        summed = hashlib.blake2b(text, digest_size=8).digest()
        yield int.from_bytes(summed), run[0], run[-1]


def fingerprints(parts: Sequence[Sequence[Word]]) -> dict[int, list[Passage]]:
    """Return the fingerprints of a text in parts, each with where it stands."""
    found: dict[int, list[Passage]] = {}
    for part, words in enumerate(parts):
        hashes = list(runs(words))
        kept: set[int] = set()
        for start in range(max(1, len(hashes) - WINDOW + 1) if hashes else 0):
            window = range(start, min(start + WINDOW, len(hashes)))
            # The rightmost of equal ones, as in the paper.
            kept.add(min(window, key=lambda at: (hashes[at][0], -at)))
        for at in sorted(kept):
            value, first, last = hashes[at]
            found.setdefault(value, []).append(Passage(part, first.line, last.line))
    return found


def all_runs(parts: Sequence[Sequence[Word]]) -> set[int]:
    """Return the hashes of all runs of a text: what nobody has to have thought of."""
    return {value for words in parts for value, _, _ in runs(words)}
