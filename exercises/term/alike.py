"""Find pairs of hand-ins that share more than the task makes them share.

Writes a page, alike/ASSIGNMENT.html, with the passages side by side. What everybody
was given does not count: the released notebook, the model solution and the right
answers of the bank. What many have written counts little, what two alone have, most.
Renaming, comments, spaces and the texts of strings change nothing. With --earlier
FOLDER hand-ins of another term are compared with this one's, too. A pair on the page
is a reason to read both, and no proof of anything.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import answers
import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import cells, places, submission, tree
from nbgrader_apart.tree import printable

from . import page, winnow
from .command import CommandError, counted
from .folders import find_course, notebook_path, require_assignment, settings
from .winnow import Passage, Word

#: As few hand-ins say nothing about what is usual; as many are assumed.
USUAL = 10
#: Bits that a pair must share to be listed, and the share of the smaller one's bits.
FEWEST_BITS, LEAST_SHARE = 15.0, 0.4
#: Fingerprints that more than this share of the class has are usual.
COMMON = 0.5


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument(
        "--earlier",
        type=Path,
        action="append",
        default=[],
        help="the folder `submitted` of an earlier term; may be given several times",
    )
    parser.add_argument(
        "--most", type=int, default=50, help="list no more pairs (%(default)s)"
    )
    parser.add_argument("--to", type=Path, help="the page (alike/ASSIGNMENT.html)")


def main(arguments: Namespace) -> int:
    """Write the page, and print the pairs."""
    course, name = find_course(), arguments.assignment
    require_assignment(course, name)
    if arguments.most < 1:
        raise CommandError(f"--most {arguments.most} is not allowed: give 1 or more")
    directory = settings(course)
    texts, unread = class_texts(directory, name)
    for folder in arguments.earlier:
        earlier, more = earlier_texts(folder, name)
        texts, unread = [*texts, *earlier], [*unread, *more]
    pairs = alike(texts, given_runs(course, name))[: arguments.most]
    path = arguments.to or course / "alike" / f"{name}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        title = f"{name}: hand-ins that are alike"
        path.write_text(
            page.document(title, body(pairs, len(texts), unread), STYLE),
            encoding="utf-8",
        )
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from None
    print(
        f"{counted(len(texts), 'hand-in')} compared, "
        f"{counted(len(pairs), 'pair')} to read"
    )
    for pair in pairs:
        print(f"  {pair.share:4.0%}  {pair.one.name}  {pair.other.name}")
    for why in unread:
        print(f"  not compared: {why}")
    print(path)
    return 0


# -- reading


@dataclass(frozen=True)
class Part:
    """A cell of a hand-in: code, or prose."""

    task: str
    is_code: bool
    source: str
    words: Sequence[Word]


@dataclass(frozen=True)
class Text:
    """What somebody handed in.

    Parameters
    ----------
    name : str
        The student's id, and for an earlier term its folder.
    parts : tuple of Part
    earlier : bool
        Whether it is of another term.
    """

    name: str
    parts: tuple[Part, ...]
    earlier: bool = False


def part(task: str, is_code: bool, source: str) -> Part:
    """Return a cell as it is compared."""
    read = winnow.words_of_code if is_code else winnow.words_of_prose
    return Part(task, is_code, source, read(source))


def class_texts(directory: CourseDirectory, name: str) -> tuple[list[Text], list[str]]:
    """Return what the class handed in, and why some is not here."""
    pattern = directory.format_path(directory.submitted_directory, "*", name)
    root = Path(directory.root)
    found = sorted(root.glob(str(Path(pattern).relative_to(root))))
    students = [folder.parent.name for folder in found]
    where = {one: places.place(directory, one, name) for one in students}
    return _texts(where, name)


def earlier_texts(folder: Path, name: str) -> tuple[list[Text], list[str]]:
    """Return what was handed in in another term.

    Raises
    ------
    CommandError
        If the folder holds no hand-in of this assignment.
    """
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    found = sorted(folder.glob(f"*/{name}"))
    if not found:
        raise CommandError(
            f"{folder} holds no hand-in of {name}: name the folder `submitted` of an "
            "earlier term, with a folder for each student"
        )
    where = {one.parent.name: (folder, (one.parent.name, name)) for one in found}
    return _texts(where, name, f" ({folder.resolve().parent.name})")


def _texts(
    where: Mapping[str, tuple[Path, Sequence[str]]], name: str, of: str = ""
) -> tuple[list[Text], list[str]]:
    texts, unread = [], []
    for student, (base, below) in where.items():
        called = printable(student) + of
        try:
            found = submission.read(base, student, name, [name], below=below)
        except tree.Unopened as problem:
            unread.append(f"{called}: {problem}")
            continue
        notebook = found.notebooks.get(name)
        if notebook is None or notebook.problem:
            why = notebook.problem if notebook else "handed in no notebook"
            unread.append(f"{called}: {why}")
            continue
        parts = tuple(
            part(cell.grade_id or "", cell.cell_type == "code", cell.source)
            for cell in notebook.cells
        )
        texts.append(Text(called, parts, bool(of)))
    return texts, unread


def given_runs(course: Path, name: str) -> set[int]:
    """Return the runs of words that everybody was given, or may come to by being right.

    These are of the instructor's notebook, of the students' copy if there is one, and
    of the right answers in the bank.
    """
    notebooks: list[NotebookNode] = [
        nbformat.read(path, as_version=4)
        for step in ("source", "release")
        if (path := notebook_path(course, step, name)).is_file()
    ]
    parts = [
        part("", cells.is_code(cell), cell.source).words
        for notebook in notebooks
        for cell in notebook.cells
    ]
    try:
        right = answers.load(name).ALTERNATIVE
    except ModuleNotFoundError:
        right = {}
    for some in right.values():
        parts += [winnow.words_of_code(one.code) for one in some]
    return winnow.all_runs(parts)


# -- comparing


@dataclass(frozen=True)
class Shared:
    """A fingerprint that two texts share, and where it stands in each."""

    bits: float
    here: Sequence[Passage]
    there: Sequence[Passage]


@dataclass(frozen=True)
class Pair:
    """Two texts that share much.

    Parameters
    ----------
    one, other : Text
    bits : float
        How much, by how rare it is: the sum of log2(hand-ins / those that have it).
    share : float
        Of what the one of them has that has less: of the code, or of the prose,
        whichever is more.
    shared : tuple of Shared
    """

    one: Text
    other: Text
    bits: float
    share: float
    shared: tuple[Shared, ...]


def alike(texts: Sequence[Text], given: set[int]) -> list[Pair]:
    """Return the pairs that share much, most first.

    Parameters
    ----------
    texts : sequence of Text
        Of two earlier ones nobody asks.
    given : set of int
        Runs of words that do not count.
    """
    found = [
        pair
        for is_code in (True, False)
        for pair in _alike([_prints(text, is_code, given) for text in texts])
        if not (texts[pair.one].earlier and texts[pair.other].earlier)
    ]
    by_pair: dict[tuple[int, int], list[_Pair]] = defaultdict(list)
    for one in found:
        by_pair[one.one, one.other].append(one)
    pairs = [
        Pair(
            texts[one],
            texts[other],
            sum(kind.bits for kind in kinds),
            max(kind.share for kind in kinds),
            tuple(shared for kind in kinds for shared in kind.shared),
        )
        for (one, other), kinds in by_pair.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.bits, pair.one.name, pair.other.name))


Prints = dict[int, list[Passage]]


def _prints(text: Text, is_code: bool, given: set[int]) -> Prints:
    """Return the fingerprints of the code, or of the prose, of a text."""
    words = [part.words if part.is_code is is_code else () for part in text.parts]
    prints = winnow.fingerprints(words)
    return {value: places for value, places in prints.items() if value not in given}


@dataclass(frozen=True)
class _Pair:
    """A `Pair` by the numbers of its texts, in their code or in their prose."""

    one: int
    other: int
    bits: float
    share: float
    shared: tuple[Shared, ...]


def _alike(prints: Sequence[Prints]) -> Iterator[_Pair]:
    have: dict[int, list[int]] = defaultdict(list)
    for number, found in enumerate(prints):
        for value in found:
            have[value].append(number)
    count = max(USUAL, len(prints))
    bits = {value: math.log2(count / len(those)) for value, those in have.items()}
    scores: dict[tuple[int, int], float] = defaultdict(float)
    for value, those in have.items():
        if len(those) <= max(USUAL, COMMON * len(prints)):
            for pair in combinations(those, 2):
                scores[pair] += bits[value]
    whole = [sum(bits[value] for value in found) for found in prints]
    for (one, other), score in scores.items():
        if score < max(FEWEST_BITS, LEAST_SHARE * min(whole[one], whole[other])):
            continue
        shared = tuple(
            Shared(bits[value], prints[one][value], prints[other][value])
            for value in prints[one].keys() & prints[other].keys()
        )
        share = score / min(whole[one], whole[other])
        yield _Pair(one, other, score, share, shared)


# -- the page

STYLE = """
main { max-width: none; } body { max-width: 80rem; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr));
  gap: 0 1rem; }
.sides pre { overflow-x: auto; font-size: 0.8rem; line-height: 1.35; margin: 0 0 1rem;
  padding: 0.5rem; border: 1px solid #8886; }
mark { background: #f0e442; color: #000; }
"""


def body(
    pairs: Sequence[Pair], count: int, unread: Iterable[str]
) -> Iterator[page.Markup]:
    """Yield the parts of the page."""
    yield page.paragraph(
        f"{counted(count, 'hand-in')} compared, {counted(len(pairs), 'pair')} to read. "
        "A pair shares "
        "passages that few others have; lines of such passages are marked. People who "
        "learn together, or from the same book, write alike, too: read both, and ask."
    )
    unread = list(unread)
    if unread:
        yield page.paragraph("Not compared:")
        yield page.items(unread)
    if not pairs:
        return
    yield page.table(
        "Pairs, most telling first",
        ["pair", "share of the smaller", "bits"],
        [
            (
                f"{one.one.name} · {one.other.name}",
                f"{one.share:.0%}",
                f"{one.bits:.0f}",
            )
            for one in pairs
        ],
    )
    for pair in pairs:
        yield f"<h2>{page.text(pair.one.name)} · {page.text(pair.other.name)}</h2>"
        yield from sides(pair)


def sides(pair: Pair) -> Iterator[page.Markup]:
    """Yield the cells that share passages, side by side, most telling first."""
    weight: Counter[tuple[int, int]] = Counter()
    lines: dict[tuple[str, int], set[int]] = defaultdict(set)
    for shared in pair.shared:
        here, there = shared.here[0].part, shared.there[0].part
        weight[here, there] += shared.bits  # type: ignore[assignment]
        for side, passages in (("one", shared.here), ("other", shared.there)):
            for place in passages:
                lines[side, place.part].update(range(place.first, place.last + 1))
    for (here, there), _ in weight.most_common():
        mine, theirs = pair.one.parts[here], pair.other.parts[there]
        yield f"<h3>{page.text(mine.task or theirs.task or 'a cell of their own')}</h3>"
        yield '<div class="sides">'
        yield marked(pair.one.name, mine.source, lines["one", here])
        yield marked(pair.other.name, theirs.source, lines["other", there])
        yield "</div>"


def marked(name: str, source: str, lines: set[int]) -> page.Markup:
    """Return a cell with some lines marked."""
    shown = [
        f"<mark>{page.text(line)}</mark>" if number in lines else page.text(line)
        for number, line in enumerate(source[: winnow.LONGEST].split("\n"))
    ]
    return (
        f'<pre tabindex="0" aria-label="{page.text(name)}">'
        + "\n".join(shown)
        + "</pre>"
    )
