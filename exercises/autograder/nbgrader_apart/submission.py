"""One submission, from the files that were handed in to cells that can be graded.

`read` opens what a student handed in, once and as hostile, and returns a plain,
frozen `Submission`: names, bytes and text. `Submission.restored` puts the student's
text into the assignment's own cells. Nothing after that opens a path of the student's.
"""

from __future__ import annotations

import copy
import datetime
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader import utils

from . import notebookfile, tree
from .notebookfile import CellHandedIn, Unreadable
from .tree import Refusal

SUFFIX = ".ipynb"
TIMESTAMP = "timestamp.txt"
#: Written when a hand-in is collected: what of it was not taken. One sentence a line.
REFUSED = "refused.txt"
#: Written beside what was graded: the digest of the hand-in that it was.
GRADED = ".handed-in"
#: A time stamp is far shorter, as is a sentence on each of the files refused.
LONGEST_TIMESTAMP, LONGEST_REFUSED = 100, 100_000


@dataclass(frozen=True)
class Notebook:
    """A notebook that a student handed in.

    Parameters
    ----------
    file : str
        The name under which it was handed in: ``metrics (1).ipynb``.
    cells : tuple of CellHandedIn
        Empty if the file could not be read.
    problem : str or None
        Why it could not; completes the sentence that begins with the file's name.
    """

    file: str
    cells: tuple[CellHandedIn, ...] = ()
    problem: str | None = None


@dataclass(frozen=True)
class Restored:
    """A notebook that is graded: the assignment's cells with a student's text.

    Parameters
    ----------
    cells : list of NotebookNode
        The student's cells in their order, the assignment's among them.
    missing : list of str
        The grade ids of cells that had to be put back.
    copied : list of str
        The grade ids of cells that were there more than once.
    """

    cells: list[NotebookNode]
    missing: list[str]
    copied: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Submission:
    """What one student handed in for an assignment; plain values only.

    Parameters
    ----------
    student, assignment : str
    notebooks : mapping of str to Notebook
        By the name that the assignment gives it: ``metrics``. One that is not part
        of the assignment is not here.
    files : mapping of str to bytes
        The other files by their paths below the hand-in's folder, with slashes.
    timestamp : datetime or None
        When it was handed in (UTC, without a zone, as nbgrader keeps it).
    refused : tuple of Refusal
        What was not taken, and why.
    digest : str
        The same if the same files are handed in again.
    others : tuple of Notebook
        Of an assignment with one notebook: other copies that were handed in with it,
        and can be read.
    """

    student: str
    assignment: str
    notebooks: Mapping[str, Notebook]
    files: Mapping[str, bytes] = field(default_factory=dict)
    timestamp: datetime.datetime | None = None
    refused: tuple[Refusal, ...] = ()
    digest: str = ""
    others: tuple[Notebook, ...] = ()

    def size(self) -> int:
        """Return about how many bytes it takes."""
        texts = [cell.source for one in self.notebooks.values() for cell in one.cells]
        return sum(map(len, [*self.files.values(), *texts]))

    def restored(self, name: str, released: Mapping[str, NotebookNode]) -> Restored:
        """Return a notebook as it is graded.

        Parameters
        ----------
        name : str
            One of `notebooks`.
        released : mapping of str to NotebookNode
            Its cells by grade id, in order, as the gradebook knows them.
        """
        return restore(self.notebooks[name].cells, released)


# -- reading

#: What a spreadsheet takes for a formula begins so, in a cell or after a semicolon, at
#: which some take a line of a table apart. The last four are those of East Asian
#: keyboards.
A_FORMULA = r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]"
#: What could end an attribute of HTML, a path, or a cell of a table; begin a formula;
#: or stand for other letters where nbgrader looks for the files of a student.
NOT_IN_AN_ID = re.compile(rf"[<>&\"`/\\|*?:\[\]]|^\.|(?:^|;){A_FORMULA}|^\s|\s$")
LONGEST_ID = 80


def odd_id(student: str) -> str | None:
    """Return why a text cannot be the id of a student, or None."""
    if not 0 < len(student) <= LONGEST_ID or not student.isprintable():
        return f"is no id: it takes up to {LONGEST_ID} letters, digits and signs"
    if NOT_IN_AN_ID.search(student):
        return "is no id: it has a sign in it that may not be there"
    return None


def read(
    base: Path,
    student: str,
    assignment: str,
    wanted: Iterable[str],
    *,
    below: Sequence[str] | None = None,
    reserved: Iterable[str] = (),
    ignore: Sequence[str] = (),
    limits: tree.Limits = tree.LIMITS,
) -> Submission:
    """Read what a student handed in.

    Parameters
    ----------
    base : Path
        The folder with all hand-ins, which is the instructor's.
    student, assignment : str
    wanted : iterable of str
        The names of the assignment's notebooks, without ``.ipynb``.
    below : sequence of str, optional
        The components of the path from `base` to the hand-in; by default `student`
        and `assignment`.
    reserved : iterable of str
        The paths of the instructor's files, which take the place of a student's.
    ignore : sequence of str
        Patterns of names that are passed over.
    limits : tree.Limits

    Raises
    ------
    tree.Unopened
        If there is no such folder, or it is reached by a link.
    """
    components = (student, assignment) if below is None else below
    found = tree.read(base, *components, ignore=ignore, limits=limits)
    wanted = sorted(wanted)
    notebooks, refused = _notebooks(found, wanted)
    ours = {*reserved, *(name + SUFFIX for name in wanted), GRADED, TIMESTAMP, REFUSED}
    files, in_the_way = _files(found, ours)
    stamp, odd_stamp = _timestamp(found.files.get(TIMESTAMP))
    return Submission(
        student,
        assignment,
        notebooks,
        files,
        stamp,
        (
            *_refused_before(found.files.get(REFUSED)),
            *refused,
            *in_the_way,
            *odd_stamp,
        ),
        digest_of(found),
        _others(found, wanted, notebooks),
    )


def digest_of(found: tree.Tree) -> str:
    """Return a text that is the same if the same files are handed in, at any time."""
    summed = hashlib.sha256()
    for name, content in sorted(found.files.items()):
        if name != TIMESTAMP:
            summed.update(f"{len(content)} {name}\n".encode())
            summed.update(content)
    return summed.hexdigest()


def _files(
    found: tree.Tree, reserved: set[str]
) -> tuple[dict[str, bytes], list[Refusal]]:
    """Return the files that lie beside the notebooks, and those that are in the way.

    A student's file that has the path of an instructor's is left out, for the
    instructor's takes its place. Where one has a file the other must have no folder.
    """
    above = {
        "/".join(parts[:depth])
        for parts in (name.split("/") for name in reserved)
        for depth in range(1, len(parts))
    }
    files, refused = {}, []
    for name, content in found.files.items():
        if name in reserved or name.endswith(SUFFIX):
            continue
        parts = name.split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if name in above or folders & reserved:
            refused.append(
                Refusal(name, "is where the assignment or the grading has a file")
            )
        else:
            files[name] = content
    return files, refused


def _notebooks(
    found: tree.Tree, wanted: Sequence[str]
) -> tuple[dict[str, Notebook], list[Refusal]]:
    """Return the assignment's notebooks among the files, and what was refused.

    A notebook that is refused is graded as one that cannot be read. If there is only
    one notebook to hand in, and it was not taken, another one takes its place: the one
    with most of nbgrader's cells.
    """
    at_the_top = {
        name.removesuffix(SUFFIX): name
        for name in found.files
        if name.endswith(SUFFIX) and "/" not in name
    }
    notebooks = {
        name: _notebook(at_the_top[name], found.files[at_the_top[name]])
        for name in wanted
        if name in at_the_top
    }
    if len(wanted) == 1 and not notebooks and at_the_top:
        best = max(
            sorted(at_the_top.values()),
            key=lambda name: found.files[name].count(b"grade_id"),
        )
        notebooks[wanted[0]] = _notebook(best, found.files[best])
    refused = list(found.refused)
    refused += [
        Refusal(folder, "is a folder")
        for folder in found.folders
        if folder.endswith(SUFFIX)
    ]
    for refusal in refused:
        name = refusal.name.removesuffix(SUFFIX)
        if refusal.name == name + SUFFIX and name in wanted and name not in notebooks:
            notebooks[name] = Notebook(
                refusal.name, (), f"{refusal.reason}: hand in the file itself"
            )
    return notebooks, refused


#: Of other copies of a notebook no more are looked at.
MOST_OTHERS = 3


def _others(
    found: tree.Tree, wanted: Sequence[str], notebooks: Mapping[str, Notebook]
) -> tuple[Notebook, ...]:
    """Return the copies of a notebook that are not the one to grade, largest first.

    One with the same cells as another is no other copy.
    """
    if len(wanted) != 1:
        return ()
    graded = {notebook.file for notebook in notebooks.values()}
    paths = [one for one in found.files if one.endswith(SUFFIX) and one not in graded]
    paths = [one for one in paths if b"grade_id" in found.files[one]]
    paths.sort(key=lambda one: (-len(found.files[one]), one))
    seen = [notebook.cells for notebook in notebooks.values()]
    others = []
    for path in paths[:MOST_OTHERS]:
        notebook = _notebook(path, found.files[path])
        if notebook.problem is None and notebook.cells not in seen:
            seen.append(notebook.cells)
            others.append(notebook)
    return tuple(others)


def _notebook(file: str, content: bytes) -> Notebook:
    try:
        return Notebook(file, notebookfile.parse(content))
    except Unreadable as problem:
        return Notebook(file, (), str(problem))


def _timestamp(
    content: bytes | None,
) -> tuple[datetime.datetime | None, tuple[Refusal, ...]]:
    """Return the time in a time stamp, and whether it is refused."""
    if content is None or not content.strip():
        return None, ()
    stamp = parse_timestamp(content)
    if stamp is None:
        return None, (Refusal(TIMESTAMP, "holds no time that can be read"),)
    return stamp, ()


def parse_timestamp(content: bytes) -> datetime.datetime | None:
    """Return the time in a time stamp (UTC, without a zone), or None.

    Any text may stand there, and the libraries below raise whatever it leads to. They
    take a time zone for the path of a file, so there must be no path in it.
    """
    text = content[: LONGEST_TIMESTAMP + 1].decode("ascii", "replace").strip()
    if len(text) > LONGEST_TIMESTAMP or not re.fullmatch(r"[\w:.+\- ]+", text):
        return None
    try:
        stamp: datetime.datetime = utils.parse_utc(text)
        stamp.isoformat()
    except Exception:
        return None
    return stamp


def _refused_before(content: bytes | None) -> list[Refusal]:
    """Return what the collecting of a hand-in refused."""
    if content is None or len(content) > LONGEST_REFUSED:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    pairs = (line.split("\t", 1) for line in lines if "\t" in line)
    return [
        Refusal(tree.printable(name), tree.printable(reason)) for name, reason in pairs
    ]


# -- restoring


def new_cell(kind: str, source: str) -> NotebookNode:
    """Return a cell; nbformat's own makers check each one for a millisecond."""
    cell = NotebookNode(cell_type=kind, id="cell", source=source)
    cell.metadata = NotebookNode()
    if kind == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def restore(
    cells: Sequence[CellHandedIn], released: Mapping[str, NotebookNode]
) -> Restored:
    """Put a student's text into the released cells, and missing cells back.

    Parameters
    ----------
    cells : sequence of CellHandedIn
    released : mapping of str to NotebookNode
        See `Submission.restored`.

    Returns
    -------
    Restored
        The student's cells in their order. Of a cell that occurs twice the last one
        counts, as in nbgrader; the other stays as an ordinary cell. A missing cell
        stands behind its predecessor.
    """
    last = {
        cell.grade_id: index
        for index, cell in enumerate(cells)
        if cell.grade_id in released
    }
    restored = [
        _filled(released[cell.grade_id], cell)
        if cell.grade_id is not None and last.get(cell.grade_id) == index
        else _ordinary(cell)
        for index, cell in enumerate(cells)
    ]
    missing = [name for name in released if name not in last]
    times = Counter(cell.grade_id for cell in cells)
    copied = [name for name in released if times[name] > 1]
    behind = -1  # the position of the predecessor
    for name, cell in released.items():
        if name in last:
            behind = next(
                index
                for index, present in enumerate(restored)
                if present.metadata.get("nbgrader", {}).get("grade_id") == name
            )
        else:
            behind += 1
            restored.insert(behind, copy.deepcopy(cell))
    return Restored(restored, missing, copied)


def _ordinary(handed_in: CellHandedIn) -> NotebookNode:
    cell = new_cell(handed_in.cell_type, handed_in.source)
    if handed_in.attachments:
        cell.attachments = nbformat.from_dict(dict(handed_in.attachments))
    return cell


def _filled(released: NotebookNode, handed_in: CellHandedIn) -> NotebookNode:
    cell = copy.deepcopy(released)
    if not cell.metadata.nbgrader.locked:
        cell.source = handed_in.source
        if cell.cell_type == "markdown" and handed_in.attachments:
            cell.attachments = nbformat.from_dict(dict(handed_in.attachments))
    return cell
