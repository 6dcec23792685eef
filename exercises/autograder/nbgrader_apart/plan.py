"""What of an assignment is a set-up cell, what a test, and what it imports.

All of it comes from the gradebook and the instructor's own files.
"""

import ast
import importlib.util
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader import utils

from . import cells as cell_predicates
from .cells import CellKind, kind_of
from .options import Role

#: So many hand-ins are looked at to learn what the class imports.
HAND_INS_LOOKED_AT = 100


@dataclass(frozen=True)
class CodeCell:
    """A code cell of a submission, after restoring.

    Parameters
    ----------
    kind : CellKind
    source : str
    name : str or None
        Its grade id, if nbgrader knows it.
    """

    kind: CellKind
    source: str
    name: str | None = None


@dataclass(frozen=True)
class SetupCell:
    """A set-up cell of the assignment.

    Parameters
    ----------
    place : int
        Where it stands in the instructor's notebook.
    source : str
    """

    place: int
    source: str


@dataclass(frozen=True)
class Plan:
    """How one notebook of an assignment is run.

    Parameters
    ----------
    prefix : list of str
        The set-up cells that come before anything a student writes.
    imports : dict of Role to list of str
        The modules that the cells of each side import.
    files : dict of str to bytes
        The instructor's files, by relative path.
    known : dict of Role to list of str
        The cells of each side that are the same for everybody.
    places : dict of str to int
        Where each of nbgrader's cells stands in the instructor's notebook.
    setup : list of SetupCell
        In that order.
    wanted : list of str
        Modules that hand-ins import; if they make trouble they are left out.
    offered : list of str
        Modules of the course that students may import, wherever they lie.
    """

    prefix: list[str] = field(default_factory=list)
    imports: dict[Role, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    known: dict[Role, list[str]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    setup: list[SetupCell] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)

    def visible(self, role: Role) -> list[str]:
        """Return the folders of imported packages that lie outside site-packages."""
        found: set[str] = set()
        modules = [*self.imports.get(role, ())]
        modules += self.offered if role is Role.STUDENT else ()
        for name in {module.partition(".")[0] for module in modules}:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None or "-packages" in spec.origin:
                continue
            if os.path.isabs(spec.origin):
                found.add(spec.origin)
                found.update(spec.submodule_search_locations or ())
        return sorted(found)


def code_cells(cells: Iterable[NotebookNode]) -> list[CodeCell]:
    """Return the code cells among restored ones."""
    return [
        CodeCell(kind_of(cell), cell.source, cell_predicates.grade_id(cell))
        for cell in cells
        if cell_predicates.is_code(cell)
    ]


def imported(source: str) -> list[str]:
    """Return the modules that a piece of Python imports."""
    lines = source.splitlines()
    plain = "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))
    try:
        nodes = list(ast.walk(ast.parse(plain)))
    except SyntaxError:
        return []
    modules = [
        alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    ]
    return modules + [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    ]


def make(
    source: Path, released: Mapping[str, NotebookNode], wanted: Sequence[str] = ()
) -> Plan:
    """Plan a notebook.

    Parameters
    ----------
    source : Path
        The instructor's notebook; it may be missing.
    released : dict of str to NotebookNode
        Its cells as the gradebook knows them (`released.released_cells`).
    wanted : sequence of str
        What students import besides.
    """
    code = code_cells(released.values())
    places = {name: place for place, name in enumerate(released)}
    setup = [cell.source for cell in code if cell.kind is CellKind.SETUP]
    tests = [cell.source for cell in code if cell.kind is CellKind.TEST]
    in_order = _code_of_notebook(source)
    # The model solution imports what most students will: they still have to write it.
    # Nothing else of it, and nothing of the tests, may come near a student's process.
    solutions = [c.source for c in in_order if kind_of(c) is CellKind.STUDENT]
    plain = [c.source for c in in_order if not cell_predicates.mark(c)]
    return Plan(
        prefix=_prefix(in_order, released),
        imports={
            Role.STUDENT: _all_imported(setup + solutions),
            Role.TESTS: _all_imported(setup + tests),
        },
        files=read_files(source.parent),
        known={Role.STUDENT: setup + plain, Role.TESTS: setup + tests},
        places=places,
        setup=[
            SetupCell(places[cell.name], cell.source)
            for cell in code
            if cell.kind is CellKind.SETUP and cell.name is not None
        ],
        wanted=list(wanted),
    )


def _code_of_notebook(source: Path) -> list[NotebookNode]:
    if not source.is_file():
        return []
    notebook = nbformat.read(source, as_version=4)
    return [cell for cell in notebook.cells if cell_predicates.is_code(cell)]


def _prefix(
    in_order: Iterable[NotebookNode], released: Mapping[str, NotebookNode]
) -> list[str]:
    """Return the set-up cells before the first cell of any other kind."""
    prefix = []
    for cell in in_order:
        name = cell_predicates.grade_id(cell)
        if name is None or name not in released:
            break
        if kind_of(released[name]) is not CellKind.SETUP:
            break
        prefix.append(released[name].source)
    return prefix


def _all_imported(sources: Iterable[str]) -> list[str]:
    """Return what several cells import, each module once."""
    return list(dict.fromkeys(name for source in sources for name in imported(source)))


def imported_by_many(
    hand_ins: Iterable[str], modules: Sequence[str], more_than: int
) -> list[str]:
    """Return those of some modules that many of the first hand-ins import.

    Parameters
    ----------
    hand_ins : iterable of str
        The text of notebooks as they were handed in.
    modules : sequence of str
        Only these: nothing that a student writes is imported by its name.
    more_than : int
        How many hand-ins may import a module without it being worth the time.
    """
    # A line of a cell as it stands in the file: after a quotation mark or a newline.
    statement = re.compile(
        r"""(?: " | \\n ) \s*
        (?: import | from ) \ + ([.\w]+) (?: \ +import\ + (\w+) )?""",
        re.VERBOSE,
    )
    count: Counter[str] = Counter()
    for text in hand_ins:
        mentioned = set()
        for module, name in statement.findall(text):
            mentioned |= {module, f"{module}.{name}"}
        count.update(mentioned.intersection(modules))
    return [module for module, times in count.items() if times > more_than]


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the files below one of the instructor's folders; no notebooks."""
    left_out = ["*.ipynb", ".ipynb_checkpoints"]
    paths = map(Path, utils.find_all_files(str(folder), left_out))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file()
    }
