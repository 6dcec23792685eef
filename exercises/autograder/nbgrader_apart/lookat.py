"""Hand-ins whose mark is probably not what the student earned.

The reasons are found in what was graded: in its cells, in the errors of its tests, and
in what `intake` noted about the files. Each is a sentence for whoever grades.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import nbformat
from nbgrader.utils import compute_checksum

from .cells import Cell, grade_id, is_code, is_solution, is_test, mark
from .tree import printable

#: In the metadata of a notebook that was graded: what `intake` noted.
NOTED = "handed_in"
#: A student's own cell with less text than this is no answer.
SHORTEST_ANSWER = 15
#: Of errors that a wrong answer leads to, every test has its own.
OF_AN_ANSWER = ("AssertionError", "NotImplementedError")
MISSING = ("FileNotFoundError", "ModuleNotFoundError")
LONGEST = 160

_DEFINES = re.compile(r"^(?:def|class)\s+(\w+)|^(\w+)\s*=(?!=)", re.MULTILINE)


def reasons(notebook: Mapping[str, Any], handed_out: Collection[str]) -> list[str]:
    """Return why somebody should look at a hand-in; nothing if all seems well.

    Parameters
    ----------
    notebook : mapping
        As it was graded, outputs included.
    handed_out : collection of str
        The text of the assignment's cells that nbgrader does not know, stripped.
    """
    noted = notebook["metadata"].get(NOTED, {})
    if "unreadable" in notebook["metadata"]:
        return []
    cells: Sequence[Cell] = notebook["cells"]
    own = [cell for cell in cells if _is_own(cell, handed_out)]
    found = list(noted.get("look", ()))
    lost = _lost(cells, own, noted.get("missing", ()))
    found += [lost] if lost else list(_elsewhere(cells, own))
    found += [*_one_error(cells), *_not_there(cells)]
    if not found and all(map(_is_untouched, filter(is_solution, cells))):
        found.append("nothing in it is answered: was another file meant?")
    return [_short(one) for one in found]


def answered(cells: Sequence[Cell]) -> int:
    """Return how many of the cells for answers hold another text than handed out."""
    return sum(not _is_untouched(cell) for cell in cells if is_solution(cell))


def _short(text: str) -> str:
    """Return a reason as a line of a table; a student's error may be part of it."""
    return printable(" ".join(text.split()), LONGEST)


def _is_own(cell: Cell, handed_out: Collection[str]) -> bool:
    """Say whether a student added the cell, or wrote into one that only tells."""
    text = cell["source"].strip()
    return (
        not mark(cell)
        and len(text) >= SHORTEST_ANSWER
        and text not in handed_out
        and not text.startswith("> **Note from the grading.**")
    )


def _is_untouched(cell: Cell) -> bool:
    known = mark(cell).get("checksum")
    if known is None:
        return False
    # Without its outputs, which may be large.
    summed = {name: cell[name] for name in ("cell_type", "source", "metadata")}
    return bool(known == compute_checksum(nbformat.from_dict(summed)))


def _lost(cells: Sequence[Cell], own: Sequence[Cell], missing: Collection[str]) -> str:
    """Say whether most of the cells for answers were not in the hand-in."""
    names = [grade_id(cell) for cell in cells if is_solution(cell)]
    gone = [name for name in names if name in missing]
    if not own or 2 * len(gone) < len(names) or not gone:
        return ""
    return (
        f"{len(gone)} of {len(names)} cells for answers were not recognised, and other "
        "cells hold text: the notebook has lost its metadata"
    )


def _elsewhere(cells: Sequence[Cell], own: Sequence[Cell]) -> Iterator[str]:
    """Name the answers that seem to stand in another cell than that which counts."""
    added = {id(cell) for cell in own}
    for index, cell in enumerate(cells):
        if not is_solution(cell) or not _is_untouched(cell):
            continue
        if is_code(cell):
            names = {one or other for one, other in _DEFINES.findall(cell["source"])}
            for name in sorted(names):
                if _defined_in(name, own) and _is_failed(name, cells):
                    yield (
                        f"{name} stands in a cell of the student's own, which is not "
                        "the one that counts"
                    )
        elif any(id(one) in added for one in _around(cells, index)):
            yield (
                f"{grade_id(cell)} is empty, and beside it stands a cell of the "
                "student's own: is that the answer?"
            )


def _around(cells: Sequence[Cell], index: int) -> Iterator[Cell]:
    """Yield the cells beside one, up to the next ones that nbgrader knows."""
    for step in (-1, 1):
        place = index + step
        while 0 <= place < len(cells) and not mark(cells[place]):
            yield cells[place]
            place += step


def _defined_in(name: str, own: Sequence[Cell]) -> bool:
    return any(
        name in (one, other)
        for cell in own
        for one, other in _DEFINES.findall(cell["source"])
    )


def _is_failed(name: str, cells: Sequence[Cell]) -> bool:
    word = re.compile(rf"\b{re.escape(name)}\b")
    tests = [c for c in cells if is_code(c) and is_test(c) and word.search(c["source"])]
    return any(_error(test) for test in tests) or not tests


def _error(cell: Cell) -> tuple[str, str] | None:
    """Return the kind and the message of the error that a cell ended with."""
    for output in cell.get("outputs", ()):
        if output["output_type"] == "error":
            return output["ename"], output["evalue"]
    return None


def _one_error(cells: Sequence[Cell]) -> Iterator[str]:
    """Say whether all tests failed, with one and the same error."""
    tests = [cell for cell in cells if is_code(cell) and is_test(cell)]
    errors = [error for error in map(_error, tests) if error]
    if len(tests) < 2 or len(errors) < len(tests):
        return
    kind, message = errors[0]
    one_kind = all(error[0] == kind for error in errors) and kind not in OF_AN_ANSWER
    same = len(set(errors)) == 1 and kind != "NotImplementedError"
    if one_kind or same:
        yield f"all {len(tests)} tests failed with {kind}: {message}"


def _not_there(cells: Sequence[Cell]) -> Iterator[str]:
    """Name what a hand-in wanted to open, or to import, and what is not here."""
    wanted = (_error(cell) for cell in cells if is_code(cell))
    messages = [error[1] for error in wanted if error and error[0] in MISSING]
    for message in dict.fromkeys(messages):
        yield f"asked for what is not here: {message}"
