"""What marks say of the tasks that gave them: classical test theory.

A table of marks has a row for each student and a column for each task; nan where a
task has no mark yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

#: Fewer students than this say nothing about a correlation.
FEWEST = 10
#: Below this a task hardly tells apart who can do the others.
LOW_DISCRIMINATION = 0.2


def difficulty(marks: pd.DataFrame, worth: pd.Series) -> pd.Series:
    """Return the mean share of each task's points: 1 if everybody has them all.

    Parameters
    ----------
    marks : pandas.DataFrame
        Points.
    worth : pandas.Series
        The points of each task.

    Returns
    -------
    pandas.Series
        By task, over those who have a mark; nan if nobody has one.
    """
    return (marks / worth[marks.columns]).mean()


def discrimination(marks: pd.DataFrame) -> pd.DataFrame:
    """Return how each task goes with the others: the item-rest correlation.

    It is Pearson's correlation of a task's points with the sum of all others, with a
    95 % interval by Fisher's z. Only students who have a mark in every task that
    anybody has one in count.

    Returns
    -------
    pandas.DataFrame
        By task: ``r``, ``low`` and ``high``; nan where all have the same points, or
        where fewer than `FEWEST` students count.
    """
    whole = complete(marks)
    found = pd.DataFrame(np.nan, index=marks.columns, columns=["r", "low", "high"])
    if len(whole) < FEWEST:
        return found
    total = whole.sum(axis=1)
    for task in whole:
        rest = total - whole[task]
        if np.ptp(whole[task]) > 1e-9 and np.ptp(rest) > 1e-9:
            together = stats.pearsonr(whole[task], rest)
            found.loc[task] = [together.statistic, *together.confidence_interval(0.95)]
    return found


@dataclass(frozen=True)
class Reliability:
    """Cronbach's alpha with its interval.

    Parameters
    ----------
    alpha, low, high : float
        The limits are of 95 %.
    students, tasks : int
        How many it is computed from.
    """

    alpha: float
    low: float
    high: float
    students: int
    tasks: int


def reliability(marks: pd.DataFrame) -> Reliability | None:
    """Return Cronbach's alpha of the total, with Feldt's interval.

    For k tasks alpha is k / (k - 1) (1 - sum of the tasks' variances / variance of the
    total). The limits are 1 - (1 - alpha) F, with F the 97.5 % and the 2.5 % point of
    the F distribution with n - 1 and (n - 1)(k - 1) degrees of freedom: Feldt,
    Woodruff and Salih 1987, doi:10.1177/014662168701100107. They hold for tasks that
    measure alike with normal errors, which right and wrong answers only come near.

    Returns
    -------
    Reliability or None
        None with fewer than `FEWEST` students or two tasks, or if all have the same.
    """
    whole = complete(marks)
    students, tasks = whole.shape
    if students < FEWEST or tasks < 2:
        return None
    of_total = whole.sum(axis=1).var(ddof=1)
    if of_total < 1e-12:
        return None
    alpha = tasks / (tasks - 1) * (1 - whole.var(ddof=1).sum() / of_total)
    freedom = students - 1, (students - 1) * (tasks - 1)
    low, high = (1 - (1 - alpha) * stats.f.ppf(at, *freedom) for at in (0.975, 0.025))
    return Reliability(float(alpha), float(low), float(high), students, tasks)


def complete(marks: pd.DataFrame) -> pd.DataFrame:
    """Return the students who have a mark in every task that anybody has one in."""
    return marks.dropna(axis="columns", how="all").dropna()
