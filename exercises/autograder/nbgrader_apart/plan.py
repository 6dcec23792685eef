"""What of an assignment is a set-up cell, what a test, and what it imports.

All of it comes from the gradebook and the instructor's own files.
"""

import ast
import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader import utils

from . import intake


@dataclass(frozen=True)
class Cell:
    """A code cell of a submission, after restoring.

    Parameters
    ----------
    kind : {"setup", "test", "student"}
        Set-up cells run on both sides, tests with the tests, others with the student.
    source : str
    """

    kind: str
    source: str


@dataclass
class Plan:
    """How one notebook of an assignment is run.

    Parameters
    ----------
    prefix : list of str
        The set-up cells that come before anything a student writes.
    imports : dict of str to list of str
        By role: the modules that its cells import.
    files : dict of str to bytes
        The instructor's files, by relative path.
    known : dict of str to list of str
        By role: cells that are the same for everybody.
    """

    prefix: list[str] = field(default_factory=list)
    imports: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)

    def visible(self, role):
        """Return the folders of imported packages that lie outside site-packages."""
        found = set()
        for name in {one.partition(".")[0] for one in self.imports.get(role, ())}:
            spec = importlib.util.find_spec(name)
            if spec and spec.origin and "-packages" not in spec.origin:
                if os.path.isabs(spec.origin):
                    found.add(spec.origin)
                    found |= set(spec.submodule_search_locations or ())
        return sorted(found)


def kind_of(cell):
    """Return the kind of a restored code cell."""
    if utils.is_grade(cell) and not utils.is_solution(cell):
        return "student" if "# shared kernel" in cell.source else "test"
    return "setup" if utils.is_locked(cell) else "student"


def code_cells(cells):
    """Return the code cells among restored ones."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    return [Cell(kind_of(cell), cell.source) for cell in code]


def imported(source):
    """Return the modules that a piece of Python imports."""
    lines = source.splitlines()
    plain = "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))
    try:
        nodes = list(ast.walk(ast.parse(plain)))
    except SyntaxError:
        return []
    found = [
        one.name for node in nodes if isinstance(node, ast.Import) for one in node.names
    ]
    return found + [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    ]


def make(source, released, wanted=()):
    """Plan a notebook.

    Parameters
    ----------
    source : Path
        The instructor's notebook; it may be missing.
    released : dict of str to NotebookNode
        Its cells as the gradebook knows them (`intake.released_cells`).
    wanted : list of str
        What students import besides.
    """
    cells = code_cells(released.values())
    order = nbformat.read(source, as_version=4).cells if source.is_file() else []
    order = [cell for cell in order if cell.cell_type == "code"]
    prefix = []
    for cell in order:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name not in released or kind_of(released[name]) != "setup":
            break
        prefix.append(released[name].source)
    setup, tests = (
        [one.source for one in cells if one.kind == kind] for kind in ("setup", "test")
    )
    # The model solution imports what most students will: they still have to write it.
    # Nothing else of it, and nothing of the tests, may come near a student's process.
    answers = [cell.source for cell in order if kind_of(cell) == "student"]
    imports = {"student": setup + answers, "trusted": setup + tests}
    imports = {
        role: list(dict.fromkeys(name for one in sources for name in imported(one)))
        for role, sources in imports.items()
    }
    imports["student"] += wanted
    plain = [cell.source for cell in order if "nbgrader" not in cell.metadata]
    known = {"student": setup + plain, "trusted": setup + tests}
    return Plan(prefix, imports, read_files(source.parent), known)


def read_files(*folders, ignore=()):
    """Return the plain files below folders, later ones over earlier; no notebooks."""
    found, left_out = {}, [*ignore, "*.ipynb", ".ipynb_checkpoints"]
    for folder in map(str, folders):
        for path in utils.find_all_files(folder, left_out):
            if not intake.unwanted(Path(path)):
                found[os.path.relpath(path, folder)] = Path(path).read_bytes()
    return found
