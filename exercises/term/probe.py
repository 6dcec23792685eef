"""Which wrong answers of the bank does a hand-in answer like? Asked in the box.

This runs where the tests run, apart from the student's code: see
`nbgrader_apart.testside`. It runs the tests of a task with the model solution in the
place of the student's function, so that they go through to their end; each call that
a test makes goes to the student's function and to every wrong answer of the bank, too.
A wrong answer that gives something else than the student's drops out.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import numbers
import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from nbgrader_apart import codec

#: Beside the tests lies what they are compared with.
FILE = "bank-of-answers.json"
#: Calls of one task that are looked at; a test may integrate a function.
MOST_CALLS = 5000
#: Two numbers are the same within this, relatively.
CLOSE = 1e-6
#: And this, absolutely.
TINY = 1e-9
#: What is raised in a student's process by a call that takes too long.
LATE = "CellTimeoutError"

Names = dict[str, Any]


def cell(task: str, tests: str) -> str:
    """Return the source of the cell that asks about a task.

    Parameters
    ----------
    task : str
    tests : str
        The source of its tests; what their comments ask of the grading stays.
    """
    asked = re.findall(r"# (?:in place|from student:.*)", tests)
    return "\n".join(
        [*asked, "from term import probe", f"print(probe.ask({task!r}, globals()))"]
    )


def ask(task: str, names: Names) -> str:
    """Return as JSON how a student's answer to a task compares.

    ``like``: the numbers of the wrong answers that gave the same in every call, and in
    some call not what the solution gives. ``right``: whether the solution's results
    came in every call. ``raised``: the type of the exception that came in every call.
    ``calls``: how many were looked at. ``gone``: whether the student's process ended,
    or hung. ``broken``: what stopped the tests, which the solution passes.
    """
    bank = json.loads(Path(FILE).read_text(encoding="utf-8"))
    return json.dumps(Comparison.of(bank, task, names).run().as_message())


@dataclass(frozen=True)
class Outcome:
    """What came of a call: a value, or an exception by the name of its type."""

    value: Any = None
    raised: str = ""

    def is_like(self, other: Outcome) -> bool:
        """Say whether it is the same, but for the last digits."""
        if self.raised or other.raised:
            return self.raised == other.raised
        return same(self.value, other.value)


class Enough(BaseException):
    """No more calls need to be looked at. A test does not catch this."""


@dataclass
class Comparison:
    """One task of one hand-in, the solution, and the wrong answers still alike."""

    solved: Names
    wrong: dict[int, Names]
    tests: list[str]
    functions: list[str]
    names: Names
    differs: set[int] = field(default_factory=set)
    raised: set[str] = field(default_factory=set)
    calls: int = 0
    right: bool = True
    gone: bool = False
    broken: str = ""

    @classmethod
    def of(cls, bank: Mapping[str, Any], task: str, names: Names) -> Comparison:
        """Make ready: run the solutions, and each wrong answer among them."""
        given = {name: value for name, value in names.items() if name[:1] != "_"}
        own = bank["tasks"][task]
        with _quiet():
            solved = {"__name__": "__main__", **given}
            for source in bank["solutions"]:
                exec(source, solved)
            wrong = {}
            for number, source in enumerate(own["wrong"]):
                wrong[number] = dict(solved)
                with contextlib.suppress(Exception):
                    exec(source, wrong[number])
        return cls(solved, wrong, own["tests"], own["functions"], names)

    def run(self) -> Comparison:
        """Run the tests, and compare in every call that they make."""
        watched = {name: self._watch(name) for name in self.functions}
        for test in self.tests:
            with _quiet(), _drawn():
                try:
                    exec(test, {**self.names, **watched})
                except Enough:
                    break
                except Exception as error:
                    self.broken = f"{type(error).__name__}: {error}"[:200]
        return self

    def as_message(self) -> dict[str, Any]:
        """Return what is told of it."""
        return {
            "like": sorted(set(self.wrong) & self.differs) if self.calls else [],
            "right": self.right and bool(self.calls),
            "raised": next(iter(self.raised)) if len(self.raised) == 1 else "",
            "calls": self.calls,
            "gone": self.gone,
            "broken": self.broken,
        }

    def _watch(self, name: str) -> Callable[..., Any]:
        """Return what the tests call in the place of a function."""

        def watched(*args: Any, **options: Any) -> Any:
            if not self.wrong and not self.right:
                raise Enough
            if self.calls >= MOST_CALLS:
                return self.solved[name](*args, **options)
            self.calls += 1
            before = copy.deepcopy((args, options))
            theirs = self._of_student(name, before)
            alike = {
                number: _outcome(names[name], before)
                for number, names in self.wrong.items()
            }
            result, wanted = self._of_solution(name, args, options)
            self._compare(theirs, alike, wanted)
            if isinstance(result, BaseException):
                raise result
            return result

        return watched

    def _of_student(self, name: str, given: Any) -> Outcome:
        try:
            function = self.names["__builtins__"][name]
            theirs = _outcome(function, given, plain=False)
            if theirs.raised != LATE:
                return theirs
        except KeyError:
            return Outcome(raised="NotDefined")
        except BaseException as error:
            if type(error).__name__ == "NotPlainData":  # others: it is gone
                return Outcome(raised="NotPlainData")
        self.gone, self.right = True, False
        self.wrong.clear()
        raise Enough

    def _of_solution(self, name: str, args: Any, options: Any) -> tuple[Any, Outcome]:
        """Call the solution with the test's own values, which it may change."""
        try:
            result = self.solved[name](*args, **options)
        except Exception as error:
            return error, Outcome(raised=type(error).__name__)
        return result, _plain(result)

    def _compare(
        self, theirs: Outcome, alike: Mapping[int, Outcome], wanted: Outcome
    ) -> None:
        self.raised.add(theirs.raised)
        self.right = self.right and theirs.is_like(wanted)
        for number, outcome in alike.items():
            if not outcome.is_like(theirs):
                del self.wrong[number]
            elif not outcome.is_like(wanted):
                self.differs.add(number)


def _outcome(function: Callable[..., Any], given: Any, plain: bool = True) -> Outcome:
    args, options = copy.deepcopy(given)
    try:
        value = function(*args, **options)
    except Exception as error:
        return Outcome(raised=type(error).__name__)
    if plain:
        return _plain(value)
    return Outcome(_described(value))


def _plain(value: Any) -> Outcome:
    """Return a value as it would come over from a student."""
    try:
        writer = codec.Writer(_pack)
        copied = writer.write(value)
        read = codec.Reader(writer.buffers, _unpack).read(
            json.loads(json.dumps(copied))
        )
    except (codec.Refused, ValueError):
        return Outcome(raised="NotPlainData")
    return Outcome(_described(read))


def _pack(writer: codec.Writer, value: Any) -> codec.Copy | None:
    figure = getattr(value, "figure", None)
    if figure is None or not hasattr(figure, "axes"):
        return None
    from nbgrader_apart import figures

    shown = [figure, *figure.axes]
    place = next((at for at, one in enumerate(shown) if one is value), 0)
    return ["figure", writer.write(figures.describe(figure)), place]


def _unpack(reader: codec.Reader, tag: str, parts: list[Any]) -> Any:
    from nbgrader_apart import figures

    figure = figures.rebuild(reader.read(parts[0]))
    return [figure, *figure.axes][parts[1]]


def _described(value: Any) -> Any:
    """Return what is on a figure, for figures; any other value as it is."""
    if isinstance(value, (tuple, list)) and any(
        hasattr(one, "figure") for one in value
    ):
        return [_described(one) for one in value]
    figure = getattr(value, "figure", None)
    if figure is None or not hasattr(figure, "axes"):
        return value
    from nbgrader_apart import figures

    return figures.describe(figure)


def same(one: Any, other: Any) -> bool:
    """Say whether two plain values are the same, but for the last digits."""
    truths = [isinstance(part, (bool, np.bool_)) for part in (one, other)]
    if any(truths):
        return all(truths) and bool(one == other)
    if all(isinstance(part, numbers.Number) for part in (one, other)):
        return bool(np.isclose(one, other, rtol=CLOSE, atol=TINY, equal_nan=True))
    if type(one) is not type(other):
        return False
    for kinds, alike in ALIKE:
        if isinstance(one, kinds):
            return alike(one, other)
    return bool(one == other)


def _same_dicts(one: Any, other: Any) -> bool:
    return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)


def _same_lists(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(map(same, one, other))


def _same_arrays(one: Any, other: Any) -> bool:
    return one.shape == other.shape and _same_values(one, other)


def _same_series(one: Any, other: Any) -> bool:
    return bool(one.index.equals(other.index)) and _same_values(one, other)


def _same_frames(one: Any, other: Any) -> bool:
    if not (one.index.equals(other.index) and one.columns.equals(other.columns)):
        return False
    columns = range(one.shape[1])
    return all(_same_values(one.iloc[:, at], other.iloc[:, at]) for at in columns)


def _same_indexes(one: Any, other: Any) -> bool:
    return bool(one.equals(other))


#: How values of each type are compared.
ALIKE: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
    (dict, _same_dicts),
    ((list, tuple), _same_lists),
    (np.ndarray, _same_arrays),
    (pd.Series, _same_series),
    (pd.DataFrame, _same_frames),
    (pd.Index, _same_indexes),
)


def _same_values(one: Any, other: Any) -> bool:
    if all(np.asarray(part).dtype.kind in "fiuc" for part in (one, other)):
        plain = np.asarray(one, complex), np.asarray(other, complex)
        return bool(np.allclose(*plain, rtol=CLOSE, atol=TINY, equal_nan=True))
    return all(
        (pd.api.types.is_scalar(a) and pd.isna(a) and pd.isna(b)) or same(a, b)
        for a, b in zip(
            np.asarray(one, object).ravel(),
            np.asarray(other, object).ravel(),
            strict=True,
        )
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let nobody inside print or warn: what a student prints is no result."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot:
            pyplot.close("all")


@contextlib.contextmanager
def _drawn() -> Iterator[None]:
    """Let tests draw the same in every hand-in, so that a page can be made again."""
    root = np.random.SeedSequence(20261130)
    fresh = np.random.default_rng

    def default_rng(given: Any = None) -> np.random.Generator:
        return fresh(root.spawn(1)[0] if given is None else given)

    random.seed(20261130)
    np.random.seed(20261130)  # noqa: NPY002 (pandas draws from it)
    np.random.default_rng = default_rng  # type: ignore[assignment]
    try:
        yield
    finally:
        np.random.default_rng = fresh
