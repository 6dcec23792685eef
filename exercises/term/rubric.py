"""What a person marks by: the model answer, the elements and the levels of a rubric.

It stands in the solution cell of the instructor's notebook: the model answer, then,
below the line ``**Rubric in full**``, what is looked for and what it is worth. A level
begins with ``- **3**:``. An element is a numbered line that begins with words in
italics, or such words in the paragraph below the heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader_apart import cells

from .command import CommandError
from .folders import notebook_path

HEADING = re.compile(r"^\*\*Rubric in full\*\*\s*$", re.MULTILINE)
LEVEL = re.compile(r"^- \*\*(?P<points>\d+)\*\*: (?P<words>.+)$", re.MULTILINE)
NUMBERED = re.compile(r"^\d+\. (?P<words>.+)$", re.MULTILINE)
ITALIC = re.compile(r"(?<![*\w])\*(?P<words>[^*\n]+)\*(?![*\w])")
SECRET = re.compile(r"^### (?:BEGIN|END) SOLUTION\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Rubric:
    """How one task is marked.

    Parameters
    ----------
    task : str
        Its grade id.
    points : float
        The most that it gives.
    model : str
        The model answer.
    text : str
        The rubric in full.
    elements : tuple of str
        What is looked for, in a few words each; empty if the rubric names none.
    levels : mapping of int to str
        What each number of points stands for.
    """

    task: str
    points: float
    model: str
    text: str
    elements: tuple[str, ...]
    levels: dict[int, str]


def of_assignment(course: Path, assignment: str) -> dict[str, Rubric]:
    """Return the rubric of each task that a person marks, by its grade id.

    Raises
    ------
    CommandError
        If the instructor's notebook is not there.
    """
    path = notebook_path(course, "source", assignment)
    if not path.is_file():
        raise CommandError(f"{path} is not there: the rubric stands in it")
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        if (
            not cells.is_code(cell)
            and cells.is_solution(cell)
            and cells.is_graded(cell)
        ):
            task = cells.grade_id(cell) or ""
            points = float(cells.mark(cell).get("points", 0))
            found[task] = parse(task, points, cell.source)
    return found


def parse(task: str, points: float, source: str) -> Rubric:
    """Read a solution cell; one without a rubric is a model answer alone."""
    plain = SECRET.sub("", source).strip()
    parts = HEADING.split(plain, maxsplit=1)
    text = parts[1].strip() if len(parts) > 1 else ""
    levels = {int(one["points"]): one["words"] for one in LEVEL.finditer(text)}
    return Rubric(task, points, parts[0].strip(), text, elements(text), levels)


def elements(text: str) -> tuple[str, ...]:
    """Return what a rubric looks for, in a few words each."""
    numbered = [one["words"] for one in NUMBERED.finditer(text)]
    if numbered:
        return tuple(_in_short(words) for words in numbered)
    first = text.partition("\n\n")[0]
    return tuple(one["words"].strip(" .") for one in ITALIC.finditer(first))


def _in_short(words: str) -> str:
    named = ITALIC.match(words)
    return (named["words"] if named else words[:60]).strip(" .:")
