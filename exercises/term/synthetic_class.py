"""What a synthetic class hands in, right and wrong.

The class answers with the right and wrong answers of the bank in ``answers/``, and
some of it hands in something broken, as every class does.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import answers
import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader_apart.cells import grade_id, is_solution

from .folders import notebook_path

ASSIGNMENT = "metrics"
#: What is handed in: content by file name.
Files = Mapping[str, bytes]
NAMES = (
    "Ada Amir Anna Ben Carla Chen Dina Emil Fatou Goran Hana Ines Ivan Jonas Kaya "
    "Lena Luca Maja Mei Nadia Noor Omar Pia Quinn Rosa Sami Tara Umar Vera Yuki"
).split()
#: Of every ten students, by their place.
ALL_RIGHT, UNTOUCHED, FIRST_BROKEN = 0, 7, 8


def hand_ins(folder: Path, students: int, seed: int = 1) -> Iterator[tuple[str, Files]]:
    """Make what a class hands in.

    Of every ten students one is right throughout, six are right in part, one
    hands in the notebook as it was handed out, and two hand in something broken.

    Parameters
    ----------
    folder : Path
        A course folder in which the assignment is generated.
    students : int
    seed : int
        Decides who answers what.

    Yields
    ------
    str
        The student: ``"s01"``, ``"s02"``, ...
    mapping of str to bytes
        The files, by name.
    """
    draw = random.Random(seed)
    source, released = (
        nbformat.read(notebook_path(folder, step, ASSIGNMENT), as_version=4)
        for step in ("source", "release")
    )
    broken = iter(BROKEN * students)
    for number in range(students):
        place = number % 10
        ability = {ALL_RIGHT: 1.0, UNTOUCHED: 0.0}.get(place, draw.uniform(0.3, 0.95))
        tries = 0.0 if place == UNTOUCHED else 0.8
        notebook = answered(draw, source, released, ability, tries)
        spoil = next(broken) if place >= FIRST_BROKEN else as_it_is
        yield f"s{number + 1:02d}", spoil(notebook)


def roster(students: int) -> str:
    """Return the class list that ``nbgrader db student import`` reads."""
    rows = [
        f"s{number + 1:02d},{NAMES[number % len(NAMES)]},Example"
        for number in range(students)
    ]
    return "\n".join(["id,first_name,last_name", *rows, ""])


def answered(
    draw: random.Random,
    source: NotebookNode,
    released: NotebookNode,
    ability: float,
    tries: float,
) -> NotebookNode:
    """Return the notebook of one student.

    Parameters
    ----------
    draw : random.Random
    source, released : NotebookNode
        The assignment with its solutions, and as it was handed out.
    ability : float
        The probability that a task is right.
    tries : float
        The probability that a task that is not right holds one of the bank's
        wrong answers; else it is left as it was handed out.
    """
    bank = answers.load(ASSIGNMENT)
    solutions = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if is_solution(cell)
    }
    notebook: NotebookNode = nbformat.from_dict(released)
    for cell in notebook.cells:
        task = grade_id(cell)
        right = draw.random() < ability
        if task not in solutions or not (right or draw.random() < tries):
            continue
        if cell.cell_type == "markdown":
            cell.source = FREE_TEXT[right]
            continue
        chosen = draw.choice((bank.ALTERNATIVE if right else bank.WRONG)[task])
        lines = chosen.source(solutions[task]).splitlines()
        cell.source = "\n".join(line for line in lines if " SOLUTION" not in line)
    return notebook


FREE_TEXT = {
    True: "CRP falls because the drug blocks the signal for it, whether or not the "
    "joints get better. I would count joints, and compare the arms.",
    False: "CRP fell in nearly everybody, so the drug works.",
}


def as_it_is(notebook: NotebookNode) -> Files:
    """Hand in the notebook."""
    return {f"{ASSIGNMENT}.ipynb": nbformat.writes(notebook).encode()}


def cut_off(notebook: NotebookNode) -> Files:
    """Hand in half of the file: the upload broke off."""
    (name, data), *_ = as_it_is(notebook).items()
    return {name: data[: len(data) // 2]}


def without_tests(notebook: NotebookNode) -> Files:
    """Delete the visible tests."""
    notebook.cells = [
        cell for cell in notebook.cells if not cell.id.endswith("-visible")
    ]
    return as_it_is(notebook)


def printed(notebook: NotebookNode) -> Files:
    """Hand in a PDF under the notebook's name."""
    return {f"{ASSIGNMENT}.ipynb": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"}


def downloaded_twice(notebook: NotebookNode) -> Files:
    """Hand in the notebook under the name that a browser gave it."""
    return {f"{ASSIGNMENT} (1).ipynb": nbformat.writes(notebook).encode()}


def empty(notebook: NotebookNode) -> Files:
    """Hand in a file of no bytes."""
    return {f"{ASSIGNMENT}.ipynb": b""}


def with_copies(notebook: NotebookNode) -> Files:
    """Copy some cells, grade ids and all."""
    notebook.cells += [
        nbformat.from_dict({**cell, "id": f"copy-{cell.id}"})
        for cell in notebook.cells[4:9]
    ]
    return as_it_is(notebook)


def word_document(notebook: NotebookNode) -> Files:
    """Hand in something else altogether."""
    return {f"{ASSIGNMENT}.docx": b"PK\x03\x04"}


BROKEN: list[Callable[[NotebookNode], Files]] = [
    cut_off,
    downloaded_twice,
    printed,
    without_tests,
    empty,
    word_document,
    with_copies,
]
