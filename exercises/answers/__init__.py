"""Answers to hold an assignment against: wrong ones students give, other right ones.

``exercises/answers/<assignment>.py`` holds two dicts from task (the grade id of
its solution cell) to a list: ``WRONG`` of `Wrong`, ``ALTERNATIVE`` of
`Alternative`. `tests/exercises` runs every one of them.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Wrong:
    """A wrong answer to one task, told by what differs from the solution.

    Parameters
    ----------
    name : str
        The mistake, in a few words.
    why : str
        The misconception behind it.
    swap : mapping of str to str
        What the solution says, and what the student wrote in its place. Each
        key stands exactly once in the solution cell.
    seen : bool
        Whether the visible test already tells the student. The hidden test
        refuses every wrong answer.
    """

    name: str
    why: str
    swap: Mapping[str, str]
    seen: bool = True

    def source(self, solution: str) -> str:
        """Return the cell that this student handed in.

        Raises
        ------
        ValueError
            If the solution does not say, exactly once, what is to be swapped.
        """
        for right in self.swap:
            if solution.count(right) != 1:
                raise ValueError(
                    f"wrong answer {self.name!r}: the solution has {right!r} "
                    f"{solution.count(right)} times; it must be there once"
                )
        # All at once, so that two things can change places.
        pattern = "|".join(re.escape(right) for right in self.swap)
        return re.sub(pattern, lambda found: self.swap[found[0]], solution)


@dataclass(frozen=True)
class Alternative:
    """A right answer to one task, written in another way than the solution.

    Parameters
    ----------
    name : str
        What is different.
    code : str
        The whole cell.
    """

    name: str
    code: str

    def source(self, solution: str) -> str:
        """Return the cell that this student handed in."""
        return self.code.strip("\n")


def load(assignment: str) -> ModuleType:
    """Return the module of an assignment, with `WRONG` and `ALTERNATIVE`."""
    return importlib.import_module(f"{__name__}.{assignment}")
