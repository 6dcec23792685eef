"""A class of synthetic learners, whose ability and whose misconceptions are known.

Each learner has an ability, drawn from a standard normal distribution and the same in
all assignments. A task is right with the probability of a logistic model, 1 / (1 +
exp(-`SLOPE` (ability - difficulty))); the difficulties of an assignment's tasks climb
evenly from first to last between the ends of `DIFFICULTY`. A right answer is the
solution or one of the bank's alternatives. Another one is left undone, more often by
those of low ability, or is a wrong answer of the bank: each class has its favourites,
and each learner, too. What was drawn is kept, so that an item analysis can be held
against it.

The marks are real: every answer that somebody gave is run once against the visible and
hidden tests, and the points are added up, since an answer costs no other task a point
(`test_answers` holds the banks to this, `test_learners` compares some learners with
nbgrader's own mark). What a person marks is left out.

What this can show: whether marks made of *these* tasks, tests and points would order
people by ability, if people were like this. A test that lets wrong answers pass, a task
that outweighs the others, or too few tasks cost rank correlation, reliability and
discrimination here as in a real class. What it cannot show: how difficult a task is
for real students, how well it tells them apart, or which mistakes they make. Slope and
difficulties are assumptions, chosen such that ten faultless tasks have a reliability of
about 0.85; that a task has a discrimination above 0.2 here says that its tests pass on
what was put in. So `faultless` gives beside every figure what tests that never err
would have given.
"""

from __future__ import annotations

import itertools
import multiprocessing
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import answers
import nbformat
import numpy as np
import pandas as pd
import runner
from answers import Alternative, Wrong
from nbgrader_apart.cells import grade_id
from scipy.special import expit
from scipy.stats import spearmanr

STUDENTS = 200
#: Of the logistic model: how steeply right answers grow with ability.
SLOPE = 2.5
#: Of the first and of the last task, in standard deviations of ability.
DIFFICULTY = (-1.2, 1.2)
#: What a good assignment reaches: see `Report`.
RANK_CORRELATION, ALPHA, DISCRIMINATION = 0.9, 0.8, 0.2

#: A cell as it was handed out.
UNDONE = Alternative("left undone", "raise NotImplementedError('Task not done yet')")
#: The cell of the source notebook.
SOLUTION = "the solution"

Answer = Wrong | Alternative


@dataclass(frozen=True)
class HandIn:
    """What one learner hands in for one assignment.

    Parameters
    ----------
    student : str
        ``"s001"``, ``"s002"``, ...
    ability : float
        In standard deviations of the class.
    answers : mapping of str to Wrong or Alternative
        What stands in each solution cell, by its grade id.
    """

    student: str
    ability: float
    answers: Mapping[str, Answer]

    def written(self, solutions: Mapping[str, str]) -> dict[str, str]:
        """Return the source of each answer, given that of each solution."""
        return {
            task: answer.source(solutions[task])
            for task, answer in self.answers.items()
        }


def solutions(assignment: str) -> dict[str, str]:
    """Return the source of each solution of an assignment, by task."""
    tasks = runner.tasks(runner.source(assignment))
    return {name: task.solution for name, task in tasks.items()}


def abilities(students: int = STUDENTS, seed: int = 1) -> np.ndarray:
    """Return the ability of each learner, shape (students,)."""
    return np.random.default_rng(seed).normal(size=students)


def hand_ins(assignment: str, students: int = STUDENTS, seed: int = 1) -> list[HandIn]:
    """Return what a class hands in.

    Parameters
    ----------
    assignment : str
    students : int
    seed : int
        Decides who the learners are, in all assignments, and what they answer.
    """
    draw = np.random.default_rng([seed, zlib.crc32(assignment.encode())])
    bank, solved = answers.load(assignment), solutions(assignment)
    able = abilities(students, seed)
    difficulties = np.linspace(*DIFFICULTY, len(solved))
    given: list[dict[str, Answer]] = [{} for _ in range(students)]
    for (task, solution), difficulty in zip(solved.items(), difficulties, strict=True):
        right = draw.random(students) < expit(SLOPE * (able - difficulty))
        undone = draw.random(students) < 0.3 * expit(-able)
        rights = [Alternative(SOLUTION, solution), *bank.ALTERNATIVE[task]]
        wrongs = bank.WRONG[task]
        favourites = draw.dirichlet(np.ones(len(wrongs)))
        for student in range(students):
            if right[student]:
                chosen = rights[draw.integers(len(rights))]
            elif undone[student]:
                chosen = UNDONE
            else:
                own = draw.dirichlet(len(wrongs) * favourites + 0.2)
                chosen = wrongs[draw.choice(len(wrongs), p=own)]
            given[student][task] = chosen
    return [
        HandIn(f"s{number + 1:03d}", float(able[number]), answered)
        for number, answered in enumerate(given)
    ]


def notebook(
    released: nbformat.NotebookNode, hand_in: HandIn, solved: Mapping[str, str]
) -> nbformat.NotebookNode:
    """Return a released notebook with a learner's answers; what is undone stays."""
    written = hand_in.written(solved)
    made = nbformat.from_dict(released)
    for cell in made.cells:
        task = grade_id(cell)
        if task in written and hand_in.answers[task] is not UNDONE:
            lines = written[task].splitlines()
            cell.source = "\n".join(line for line in lines if " SOLUTION" not in line)
    return made


# -- marks


def points(
    assignment: str,
    given: Iterable[tuple[str, Answer]],
    folder: Path,
    processes: int = 2,
) -> dict[tuple[str, str], float]:
    """Run answers, each once, and return their points by task and name.

    Parameters
    ----------
    assignment : str
    given : iterable of pairs
        Task and answer.
    folder : Path
        Where the data of the assignment lie.
    processes : int
        How many run at a time.
    """
    different = {(task, answer.name): answer for task, answer in given}
    work = [
        (assignment, task, answer, folder) for (task, _), answer in different.items()
    ]
    if sys.platform == "linux":
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            got = pool.starmap(_points, work)
    else:  # where a fork is none, or is not safe
        got = list(itertools.starmap(_points, work))
    return dict(zip(different, got, strict=True))


def _points(assignment: str, task: str, answer: Answer, folder: Path) -> float:
    source = runner.source(assignment)
    its = runner.tasks(source)[task]
    written = answer.source(its.solution)
    only = runner.touched(source, task, written)
    with runner.drawn_from(f"{assignment}-{task}-{answer.name}"):
        graded = runner.run(source, folder, {task: written}, only)
    return sum(graded.points[test] for test in its.tests)


def marks(
    assignment: str, class_: Sequence[HandIn], folder: Path, processes: int = 2
) -> pd.DataFrame:
    """Return the points of a class: a row for each learner, a column for each task."""
    given = [pair for one in class_ for pair in one.answers.items()]
    worth = points(assignment, given, folder, processes)
    rows = {
        one.student: {
            task: worth[task, answer.name] for task, answer in one.answers.items()
        }
        for one in class_
    }
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float)


def faultless(assignment: str, class_: Sequence[HandIn]) -> pd.DataFrame:
    """Return the marks of a class if no test let a wrong answer earn a point."""
    source = runner.source(assignment)
    full = runner.full_points(source)
    worth = {
        name: sum(full[test] for test in task.tests)
        for name, task in runner.tasks(source).items()
    }
    rows = {
        one.student: {
            task: worth[task] * (isinstance(answer, Alternative) and answer != UNDONE)
            for task, answer in one.answers.items()
        }
        for one in class_
    }
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float)


# -- what the marks say


def alpha(marks: pd.DataFrame) -> float:
    """Return Cronbach's alpha of a table of marks: KR-20, if a task is right or wrong.

    It is k / (k - 1) (1 - sum of the tasks' variances / variance of the total) for k
    tasks.
    """
    tasks = marks.shape[1]
    share = marks.var(ddof=1).sum() / marks.sum(axis=1).var(ddof=1)
    return float(tasks / (tasks - 1) * (1 - share))


def discrimination(marks: pd.DataFrame) -> pd.Series:
    """Return each task's correlation with the sum of the others; 0 if all are alike."""
    total = marks.sum(axis=1)
    return pd.Series(
        {
            task: marks[task].corr(total - marks[task])
            if marks[task].nunique() > 1
            else 0.0
            for task in marks
        }
    )


@dataclass(frozen=True)
class Report:
    """What the marks of a class say of an assignment.

    Parameters
    ----------
    assignment : str
    rank_correlation : float
        Spearman's, of the total with ability.
    alpha : float
    discrimination : pandas.Series
        By task.
    """

    assignment: str
    rank_correlation: float
    alpha: float
    discrimination: pd.Series

    @classmethod
    def of(
        cls, assignment: str, class_: Sequence[HandIn], marks: pd.DataFrame
    ) -> Report:
        """Compute it."""
        able = pd.Series({one.student: one.ability for one in class_})
        ranks = spearmanr(marks.sum(axis=1), able.loc[marks.index]).statistic
        return cls(assignment, float(ranks), alpha(marks), discrimination(marks))

    def problems(self) -> list[str]:
        """Return what is not as it should be, a line each."""
        found = []
        if self.rank_correlation < RANK_CORRELATION:
            found.append(f"rank correlation with ability {self.rank_correlation:.2f}")
        if self.alpha < ALPHA:
            found.append(f"reliability {self.alpha:.2f}")
        low = self.discrimination[self.discrimination < DISCRIMINATION]
        found += [f"{task}: discrimination {value:.2f}" for task, value in low.items()]
        return found

    def __str__(self) -> str:
        low, high = self.discrimination.min(), self.discrimination.max()
        return (
            f"{self.assignment:<12} rank correlation {self.rank_correlation:.2f}   "
            f"alpha {self.alpha:.2f}   discrimination {low:.2f} "
            f"({self.discrimination.idxmin()}) to {high:.2f}"
        )
