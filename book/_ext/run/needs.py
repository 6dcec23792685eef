"""What a notebook needs to run elsewhere, found in its code.

The code is read, and not run: the build of the book runs nothing. Each test of this
element runs a notebook with what was found here and with nothing else.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import cohorts
import course
import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "requirements.txt"
#: The packages of the course that notebooks import, and where they lie.
OWN = {"cohorts": Path(cohorts.__file__).parent, "course": Path(course.__file__).parent}
#: What no notebook imports, and who runs one needs.
TO_RUN = ("ipykernel", "jupyterlab")
#: Tables that are loaded by name, by the module that loads them.
COLLECTIONS = {
    "cohorts.curated": cohorts.curated,
    "cohorts.trials": cohorts.trials,
}


@dataclass(frozen=True)
class Needs:
    """What a notebook needs beside Python.

    Parameters
    ----------
    packages : tuple of str
        Names of distributions, as ``requirements.txt`` has them.
    modules : tuple of pathlib.Path
        Files of the course's own packages.
    data : tuple of pathlib.Path
        The tables that it reads.
    """

    packages: tuple[str, ...]
    modules: tuple[Path, ...]
    data: tuple[Path, ...]


def needs(notebook: nbformat.NotebookNode) -> Needs:
    """Return what a notebook needs.

    Raises
    ------
    ValueError
        If a package is imported that ``requirements.txt`` does not pin, or a table
        is loaded whose name does not stand in the call.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    tree = ast.parse(code)
    modules: set[Path] = set()
    foreign = set(TO_RUN)
    for name in set(imported(tree)):
        own, others = _follow(name)
        modules |= own
        foreign |= others
    return Needs(
        packages=tuple(sorted(foreign, key=_place)),
        modules=tuple(sorted(modules)),
        data=tuple(sorted(tables(tree))),
    )


@functools.cache
def pins() -> dict[str, str]:
    """Return the lines of ``requirements.txt`` by name, without their reasons."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    read = [Requirement(line.partition("#")[0]) for line in lines if line[:1].isalnum()]
    return {canonicalize_name(one.name): str(one) for one in read}


def _place(package: str) -> int:
    """Return where a package stands in ``requirements.txt``."""
    return list(pins()).index(package)


@functools.cache
def _follow(name: str) -> tuple[frozenset[Path], frozenset[str]]:
    """Return the own files that an import reads, and the packages of others."""
    modules: set[Path] = set()
    foreign: set[str] = set()
    left = [name]
    while left:
        one = left.pop()
        first = one.partition(".")[0]
        if first in sys.stdlib_module_names:
            continue
        if first not in OWN:
            foreign.add(distribution(first))
            continue
        for path in own_files(one) - modules:
            modules.add(path)
            inside = [first, *path.relative_to(OWN[first]).parts[:-1]]
            left += _imported_by(path.read_text(encoding="utf-8"), *inside)
    return frozenset(modules), frozenset(foreign)


@functools.cache
def _imported_by(code: str, *inside: str) -> tuple[str, ...]:
    """Return what a file of the course imports: most notebooks read the same files."""
    return tuple(imported(ast.parse(code), list(inside)))


def own_files(name: str) -> set[Path]:
    """Return the files that an import of one of the course's packages reads.

    A package reads its ``__init__`` before a module of it; a name that is no module,
    such as a function, adds nothing.
    """
    first, *rest = name.split(".")
    folder = OWN[first]
    files = {folder / "__init__.py"}
    for part in rest:
        module, folder = folder / f"{part}.py", folder / part
        if module.is_file():
            return files | {module}
        if not folder.is_dir():
            break
        files.add(folder / "__init__.py")
    return files


def imported(tree: ast.AST, inside: list[str] | None = None) -> Iterator[str]:
    """Yield the names that code imports, with dots; of ``from a import b``, ``a.b``.

    Parameters
    ----------
    tree : ast.AST
    inside : list of str, optional
        The package that the code is part of, for what is imported relative to it.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = (inside or [])[: len(inside or []) - node.level + 1]
            start = above if node.level else []
            module = [*start, *([node.module] if node.module else [])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


@functools.cache
def _distributions() -> Mapping[str, list[str]]:
    """Return which packages bring a module: the files of all of them are read."""
    return packages_distributions()


@functools.cache
def distribution(module: str) -> str:
    """Return the package that brings a module, as ``requirements.txt`` names it.

    Raises
    ------
    ValueError
        If no package of ``requirements.txt`` brings it.
    """
    brought = map(canonicalize_name, _distributions().get(module, []))
    pinned = sorted(set(brought) & set(pins()))
    if not pinned:
        raise ValueError(f"{module} is imported, but requirements.txt does not pin it")
    return pinned[0]


def tables(tree: ast.AST) -> set[Path]:
    """Return the files of the tables that code loads.

    Raises
    ------
    ValueError
        If a call does not name its table in so many letters.
    """
    known = dict(_aliases(tree))
    found: set[Path] = set()
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        loader = _dotted(node.func, known)
        if loader.removesuffix(".load") not in {"cohorts", *COLLECTIONS}:
            continue
        match node.args:
            case [ast.Constant(value=str(name))]:
                found |= _files(loader.removesuffix(".load"), name)
            case _:
                raise ValueError(
                    f"`{ast.unparse(node)}` does not name its table: write the name "
                    "into the call, so that the page's download can hold its file"
                )
    return found


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the names under which code knows modules, and their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                full = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or full, full
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr, known: dict[str, str]) -> str:
    """Return ``a.b.c`` for an attribute, by the full name of what it begins with."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, known)}.{node.attr}"
    return known.get(node.id, "?") if isinstance(node, ast.Name) else "?"


def _files(loader: str, name: str) -> set[Path]:
    """Return the files of one cohort, or of one table of a collection."""
    if loader in COLLECTIONS:
        return {COLLECTIONS[loader].FOLDER / f"{name}.csv"}
    cohort = cohorts.get(name)
    return {cohorts.SYNTHETIC / cohort.filename(table) for table in cohort.tables}
