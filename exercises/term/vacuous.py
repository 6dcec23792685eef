"""Answers that answer nothing: a test that one of them passes tests nothing.

``numpy.allclose`` of nothing is true, ``all`` of nothing is true, ``nan`` is neither
too large nor too small, and pandas leaves out what is missing when it asks whether all
are equal. Here each test of a source notebook runs with such an answer in
the place of the solution that it is about; the other solutions stay.
"""

from __future__ import annotations

import ast
import contextlib
import io
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from nbformat.notebooknode import NotebookNode
from nbgrader_apart import cells

Function = Callable[..., Any]


class AlwaysEqual:
    """Equal to everything, and true, whatever it is compared with."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __bool__(self) -> bool:
        return True


def returns(value: Callable[[], Any]) -> Function:
    """Return a function that takes anything and returns a new `value()`."""
    return lambda *arguments, **options: value()


def first_argument(*arguments: Any, **options: Any) -> Any:
    """Return what came first, as it came."""
    return next(iter([*arguments, *options.values()]), None)


def all_arguments(*arguments: Any, **options: Any) -> Any:
    """Return everything that came."""
    return (*arguments, *options.values())


def with_all_missing(solution: Function) -> Function:
    """Return a function that answers as the solution, with each value missing."""

    def missing(*arguments: Any, **options: Any) -> Any:
        match solution(*arguments, **options):
            case pd.DataFrame() as frame:
                return pd.DataFrame(pd.NA, frame.index, frame.columns, dtype="Int64")
            case pd.Series() as series:
                index, name = series.index, series.name
                return pd.Series(pd.NA, index=index, name=name, dtype="Int64")
            case np.ndarray() as array if array.ndim == 1:
                return pd.Series(pd.NA, index=range(len(array)), dtype="Int64")
        return pd.NA

    return missing


#: By what they answer.
ANSWERS: Mapping[str, Function] = {
    "None": returns(lambda: None),
    "an empty array": returns(lambda: np.empty(0)),
    "an empty array of two dimensions": returns(lambda: np.empty((0, 1))),
    "an empty series": returns(lambda: pd.Series(dtype=float)),
    "an empty frame": returns(pd.DataFrame),
    "an empty list": returns(list),
    "an empty dictionary": returns(dict),
    "an empty text": returns(str),
    "nan": returns(lambda: float("nan")),
    "an array of nan": returns(lambda: np.full(3, np.nan)),
    "an object that equals everything": returns(AlwaysEqual),
    "its first argument": first_argument,
    "its arguments": all_arguments,
}


def problems(notebook: NotebookNode, folder: Path) -> Iterator[str]:
    """Say which tests of a source notebook are passed by an answer that is none.

    Parameters
    ----------
    notebook : NotebookNode
        With solutions and hidden tests. It is run here, in this process.
    folder : Path
        Where it lies, with its data.
    """
    code = [cell for cell in notebook.cells if cells.is_code(cell)]
    with _as_in_a_kernel(folder):
        solved: dict[str, Any] = {"__name__": "__main__"}
        for cell in code:
            if not cells.is_test(cell):
                exec(cell.source, solved)
        functions: set[str] = set()  # of the solution that stands above a test
        for cell in code:
            if cells.is_solution(cell):
                functions = _functions(cell.source)
            elif cells.is_test(cell):
                for answer in _passing(cell.source, functions, solved):
                    named = " and ".join(sorted(functions))
                    yield f"{cells.grade_id(cell)}: passes if {named} returns {answer}"


def _passing(
    test: str, functions: set[str], solved: Mapping[str, Any]
) -> Iterator[str]:
    """Yield the answers with which a test passes."""
    import matplotlib.pyplot as plt

    missing = {name: with_all_missing(solved[name]) for name in functions}
    answers = {name: dict.fromkeys(functions, one) for name, one in ANSWERS.items()}
    for name, answer in {
        **answers,
        "what is right, all of it missing": missing,
    }.items():
        try:
            exec(test, {**solved, **answer})
        except Exception:
            continue  # whatever the answer led to: the test did not pass
        finally:
            plt.close("all")
        yield name


def _functions(source: str) -> set[str]:
    """Return the names of the functions that a solution defines."""
    return {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


@contextlib.contextmanager
def _as_in_a_kernel(folder: Path) -> Iterator[None]:
    """Run cells in a notebook's folder, draw to nowhere, print and warn to nobody."""
    matplotlib.use("Agg")
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
