"""What of an assignment reads its cohorts, and hangs on for whom they were drawn.

Most tests do not: the hidden ones draw cohorts of their own, and the visible ones type
a few numbers. Nor does a simulation of people who are in no file.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Sequence

from nbformat.notebooknode import NotebookNode
from nbgrader_apart import cells
from nbgrader_apart.cells import CellKind, kind_of


def files(notebook: NotebookNode) -> set[str]:
    """Return the files of cohorts that an assignment reads."""
    return {file for file in notebook.metadata["course"]["data"] if "/" not in file}


def tests(notebook: NotebookNode) -> set[str]:
    """Return the grade ids of the tests that read what was made of a cohort.

    Parameters
    ----------
    notebook : NotebookNode
        The instructor's; its metadata names the files of cohorts without a folder.
    """
    cohort = files(notebook)
    made: set[str] = set()
    found = set()
    for cell in filter(cells.is_code, notebook.cells):
        if kind_of(cell) is CellKind.SETUP:
            for statement in ast.parse(cell.source).body:
                if _texts(statement) & cohort or _read(statement) & made:
                    made |= _bound(statement)
        elif kind_of(cell) is CellKind.TEST:
            tree = ast.parse(cell.source)
            bound = set().union(*map(_bound, tree.body))
            if (_read(tree) - bound) & made:
                found.add(cells.grade_id(cell) or "")
    return found


def hanging(sources: Sequence[str], cohort: set[str]) -> list[str]:
    """Return the cells that read what was made of a cohort, and those that they need.

    Whatever the others do is the same for everybody.

    Parameters
    ----------
    sources : sequence of str
        Python code, cell by cell, in order.
    cohort : set of str
        The files of cohorts.
    """
    trees = [ast.parse(source) for source in sources]
    reads = [_from_outside(tree) for tree in trees]
    binds = [_together(map(_changed, tree.body)) for tree in trees]
    made: set[str] = set()
    kept = set()
    for n, tree in enumerate(trees):
        if _texts(tree) & cohort or reads[n] & made:
            kept.add(n)
            made |= binds[n]
    needed = _together(reads[n] for n in kept)
    for n in reversed(range(len(sources))):
        if n not in kept and binds[n] & needed:
            kept.add(n)
            needed |= reads[n]
    return [source for n, source in enumerate(sources) if n in kept]


def _together(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)


def _from_outside(tree: ast.Module) -> set[str]:
    """Return the names that a cell reads before it has given them a meaning itself."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in tree.body:
        found |= _globals(ast.unparse(statement)) - _targets(statement) - bound
        # What stands below an `if` or in a loop may not be done.
        if not isinstance(statement, (ast.If, ast.For, ast.While, ast.Try)):
            bound |= _bound(statement)
    return found


def _targets(statement: ast.stmt) -> set[str]:
    """Return the names that loops below a statement go through."""
    loops = (one for one in ast.walk(statement) if isinstance(one, ast.For))
    return _together(_read(one.target) for one in loops)


def _globals(source: str) -> set[str]:
    """Return the global names that code reads, in functions of its own, too."""
    found = set()
    scopes = [symtable.symtable(source, "cell", "exec")]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        found |= {
            one.get_name()
            for one in scope.get_symbols()
            if one.is_referenced() and (scope.get_type() == "module" or one.is_global())
        }
    return found


def _changed(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a meaning, or puts something into."""
    found = _bound(statement)
    for node in ast.walk(statement):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(
            node.ctx, ast.Store
        ):
            found |= _read(node)
    return found


def _texts(node: ast.AST) -> set[str]:
    """Return the texts that are typed somewhere below."""
    constants = (one for one in ast.walk(node) if isinstance(one, ast.Constant))
    return {one.value for one in constants if isinstance(one.value, str)}


def _read(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a meaning."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {one.asname or one.name.split(".")[0] for one in statement.names}
    return {
        one.id
        for one in ast.walk(statement)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
