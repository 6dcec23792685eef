"""Find tests that cannot do their work, in the sources of assignments.

Tests run apart from the students' answers. So a test must not rely on a name that
only a student's cell defines, must not hide an answer behind a name of its own, and
sees no change that a function makes to its arguments. And a test must not be passed by
an answer that is none: nothing, nan, an empty table, what was given; each notebook is
run to see that, which takes some seconds.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader_apart.cells import CellKind, grade_id, is_solution, kind_of

from . import release, vacuous
from .command import CommandError
from .folders import assignments, find_course, notebook_path, require_assignment

#: Functions and methods that compare two things.
COMPARES = re.compile(r"(?:equals?|identical|allclose|assert_\w+)$")
#: Names that nobody has to define.
GIVEN = frozenset(vars(builtins)) | {"get_ipython", "display", "__name__"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "source",
        nargs="*",
        help="an assignment, or the file of a notebook (without one: all)",
    )


def main(arguments: Namespace) -> int:
    """Print the problems of the sources that are named, or of all assignments."""
    course = find_course()
    paths = [source_path(course, name) for name in arguments.source] or [
        notebook_path(course, "source", name) for name in assignments(course)
    ]
    count = 0
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        if path.parent.parent == course / "source":
            release.copy_data(path.stem, course)
        found = problems(notebook)
        # A test that reads what is not there cannot be run.
        found = found or list(vacuous.problems(notebook, path.parent))
        for problem in found:
            count += 1
            print(f"{path}: {problem}", flush=True)
    return 1 if count else 0


def source_path(course: Path, name: str) -> Path:
    """Return the notebook that an instructor names: by its file, or its assignment.

    Raises
    ------
    CommandError
        If there is none.
    """
    if name.endswith(".ipynb"):
        if not Path(name).is_file():
            raise CommandError(f"there is no file {name}")
        return Path(name)
    require_assignment(course, name)
    return notebook_path(course, "source", name)


def problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with the tests of a source notebook, one line each.

    Parameters
    ----------
    notebook : NotebookNode
        With solutions and hidden tests.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    reader = Reader()
    for cell in cells:
        if is_solution(cell):
            reader.solutions |= left_behind(cell.source)
    return [problem for cell in cells for problem in reader.read(cell)]


@dataclass(frozen=True)
class Names:
    """The names in the code of one cell.

    Parameters
    ----------
    bound : set of str
        Names that it gives a value anywhere: assigned, defined, imported, arguments.
    read : set of str
        Names that it reads.
    imported : set of str
        Names that it imports; they are bound too.
    """

    bound: set[str]
    read: set[str]
    imported: set[str]


def python(source: str) -> str:
    """Return the code of a cell without IPython's own lines."""
    lines = source.splitlines()
    return "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))


def names(source: str) -> Names:
    """Return the names in the code of a cell."""
    found = Names(set(), set(), set())
    for node in ast.walk(ast.parse(python(source))):
        match node:
            case ast.Name(ctx=ast.Load()):
                found.read.add(node.id)
            case ast.Name():
                found.bound.add(node.id)
            case ast.FunctionDef() | ast.ClassDef():
                found.bound.add(node.name)
            case ast.arg():
                found.bound.add(node.arg)
            case ast.ExceptHandler(name=str(name)):
                found.bound.add(name)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    found.imported.add((alias.asname or alias.name).partition(".")[0])
    found.bound.update(found.imported)
    return found


def left_behind(source: str) -> set[str]:
    """Return the names that a cell leaves to later cells."""
    symbols = symtable.symtable(python(source), "cell", "exec").get_symbols()
    return {
        symbol.get_name()
        for symbol in symbols
        if symbol.is_assigned() or symbol.is_imported()
    }


@dataclass
class Reader:
    """Reads the code cells of a source notebook, from the first to the last.

    Parameters
    ----------
    solutions : set of str
        The names that solution cells define: what tests may ask a student for.
    locked : set of str
        The names that locked cells have left so far.
    student : set of str
        The names that cells which a student can change have left so far.
    student_imports : set of str
        Those of them that are imported.
    tests : dict of str to str
        The names that earlier tests have left, each with the test.
    """

    solutions: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)
    student: set[str] = field(default_factory=set)
    student_imports: set[str] = field(default_factory=set)
    tests: dict[str, str] = field(default_factory=dict)

    def read(self, cell: NotebookNode) -> list[str]:
        """Return the problems of one cell, and remember the names that it binds."""
        found = names(cell.source)
        match kind_of(cell):
            case CellKind.STUDENT:
                self.student |= left_behind(cell.source)
                self.student_imports |= found.imported
                return []
            case CellKind.SETUP:
                self.locked |= left_behind(cell.source)
                return []
        name = grade_id(cell) or cell.get("id", "?")
        wrong = [
            *self._unknown(found),
            *self._rebound(cell.source),
            *in_vain(cell.source),
        ]
        if not found.read & self.solutions:
            wrong.append("asks for nothing that a solution defines: everybody passes")
        self.tests |= dict.fromkeys(left_behind(cell.source), name)
        return [f"{name}: {problem}" for problem in wrong]

    def _unknown(self, found: Names) -> Iterator[str]:
        """Say what a test reads that neither it nor a locked cell binds."""
        for name in sorted(found.read - found.bound - self.locked - GIVEN):
            if name in self.solutions:
                continue
            if name in self.tests:
                yield f"{name} is left over from {self.tests[name]}; define it anew"
            elif name in self.student_imports:
                yield f"only a student's cell imports {name}; import it here"
            elif name in self.student:
                yield (
                    f"{name} comes from a cell that a student can change; "
                    "define it in the test or in a locked cell"
                )
            else:
                yield f"nothing defines {name}"

    def _rebound(self, source: str) -> Iterator[str]:
        """Say which names a test takes away from later tests."""
        for name in sorted(left_behind(source) & (self.solutions | self.locked)):
            owner = "the student's" if name in self.solutions else "a locked"
            yield (
                f"gives {name} a value, which {owner} cell defines: "
                "later tests would see the wrong one"
            )


def in_vain(source: str) -> Iterator[str]:
    """Say what a test looks for and cannot see, and where it looks away."""
    tree = ast.parse(python(source))
    if "__code__" in source:
        yield "a test cannot look into a function's __code__"
    if "# in place" not in source and _looks_for_a_change(tree):
        yield (
            "looks whether an argument was changed, which it never is, "
            "for a test gives a copy: write `# in place` into the test"
        )
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _takes_everything(node):
            yield (
                "an `except` takes every error, that of a failed assertion too: "
                "name the error that the answer is to raise"
            )


def _looks_for_a_change(tree: ast.Module) -> bool:
    """Say whether a test compares something with a copy of it that it made before."""
    copies = {
        target.id: ast.unparse(original)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (original := _copied(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) or (
            isinstance(node, ast.Call) and COMPARES.search(ast.unparse(node.func))
        ):
            parts = [part for part in ast.walk(node) if isinstance(part, ast.expr)]
            named = set(map(ast.unparse, parts))
            if any({name, original} <= named for name, original in copies.items()):
                return True
    return False


def _copied(value: ast.expr) -> ast.expr | None:
    """Return what an expression makes a copy of: ``x.copy()``, ``list(x)``."""
    match value:
        case ast.Call(func=ast.Attribute(ast.Name() as original, "copy"), args=[]):
            return original
        case ast.Call(
            func=ast.Name(id="list" | "dict" | "set" | "copy" | "deepcopy"),
            args=[ast.Name() as original],
        ):
            return original
        case ast.Call(
            func=ast.Attribute(attr="array" | "copy" | "deepcopy"),
            args=[ast.Name() as original],
        ):
            return original
    return None


def _takes_everything(handler: ast.ExceptHandler) -> bool:
    """Say whether it catches what an assertion raises, and does not raise it again."""
    if any(isinstance(node, ast.Raise) for node in ast.walk(handler)):
        return False
    if handler.type is None:
        return True
    parts = ast.walk(handler.type)
    named = {ast.unparse(part) for part in parts if isinstance(part, ast.expr)}
    return bool(named & {"Exception", "BaseException", "AssertionError"})
