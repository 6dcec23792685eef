"""Say how far markers agree, and whether marks drift over the pile.

Reads marking/ASSIGNMENT.csv, which `term mark` writes. For each task and pair of
markers: how many answers both have marked, how often they gave the same and how often
within a point, weighted kappa of the points, and kappa of each element of the rubric,
with 95 % intervals; then the answers to settle, which are those that they see more
than a point apart. For each marker: how the points change along the pile. Its order is
random, so a change is the marker's and not the students'.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from nbgrader_apart.tree import printable
from scipy import stats

from . import markinglog, rubric
from .command import CommandError
from .folders import find_course, require_assignment
from .markinglog import Given
from .rubric import Rubric

#: With fewer answers a drift is not to be told from chance.
FEWEST = 10


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: capstone")


def main(arguments: Namespace) -> int:
    """Print it."""
    course, name = find_course(), arguments.assignment
    require_assignment(course, name)
    log = markinglog.load(course, name)
    if not log:
        raise CommandError(
            f"nobody has marked {name} with `python -m term mark {name}` yet: there is "
            "nothing to compare"
        )
    rubrics = rubric.of_assignment(course, name)
    for task in dict.fromkeys(one.task for one in log):
        of_task = [one for one in log if one.task == task]
        print("\n".join(report(task, of_task, rubrics.get(task))))
    return 0


@dataclass(frozen=True)
class Kappa:
    """Agreement beyond chance, with a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:5.2f} ({self.low:.2f} to {self.high:.2f})"


def kappa(
    one: Sequence[float], other: Sequence[float], weighted: bool = False
) -> Kappa | None:
    """Return Cohen's kappa of two markers, by statsmodels.

    Parameters
    ----------
    one, other : sequence of float
        What each gave to the same answers.
    weighted : bool
        Whether a difference counts by its square: for points, whose order says
        something.

    Returns
    -------
    Kappa or None
        None if both gave one and the same throughout.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    # Every level between lowest and highest, used or not, is a step between two;
    # other fractions than halves count as the nearest half.
    values = np.unique([*one, *other])
    if len(values) < 2:
        return None
    step = 0.5 if np.any(values % 1) else 1.0
    levels = np.arange(values[0], values[-1] + step / 2, step)
    table = np.zeros((len(levels), len(levels)))
    for mine, theirs in zip(one, other, strict=True):
        table[
            int(np.abs(levels - mine).argmin()), int(np.abs(levels - theirs).argmin())
        ] += 1
    with np.errstate(invalid="ignore", divide="ignore"):  # a marker who never varies
        found = cohens_kappa(table, wt="quadratic" if weighted else None)
    return Kappa(float(found.kappa), float(found.kappa_low), float(found.kappa_upp))


def report(task: str, log: Sequence[Given], by: Rubric | None) -> Iterator[str]:
    """Yield what is to be said of one task."""
    # Who has marked an answer twice counts with the last mark.
    marks: dict[str, dict[str, Given]] = defaultdict(dict)
    for given in log:
        marks[given.marker][given.student] = given
    counts = [f"{printable(marker)} {len(own)}" for marker, own in marks.items()]
    yield f"{task}: {', '.join(counts)}"
    for one, other in combinations(marks, 2):
        both = sorted(marks[one].keys() & marks[other].keys())
        yield f"  {printable(one)} and {printable(other)}: {len(both)} by both"
        if both:
            pairs = [(marks[one][student], marks[other][student]) for student in both]
            yield from _pair(pairs, by)
    for marker, own in marks.items():
        yield from _drift(marker, own)


def _pair(pairs: Sequence[tuple[Given, Given]], by: Rubric | None) -> Iterator[str]:
    points = [one.points for one, _ in pairs], [other.points for _, other in pairs]
    apart = np.abs(np.subtract(*points))
    same, near = np.mean(apart == 0), np.mean(apart <= 1)
    yield f"    same points {same:.0%}, within one {near:.0%}"
    found = kappa(*points, weighted=True)
    yield f"    {'points, weighted kappa':40} {_told(found)}"
    for number, words in enumerate(by.elements if by else (), 1):
        mine = [float(one.has(number)) for one, _ in pairs]
        theirs = [float(other.has(number)) for _, other in pairs]
        yield f"    {f'{number} {words}'[:40]:40} {_told(kappa(mine, theirs))}"
    for (one, other), much in zip(pairs, apart, strict=True):
        if much > 1:
            yield (
                f"    to settle: {printable(one.student)}, {one.points:g} and "
                f"{other.points:g}"
            )


def _told(found: Kappa | None) -> str:
    return "    – (both gave the same throughout)" if found is None else str(found)


def _drift(marker: str, own: Mapping[str, Given]) -> Iterator[str]:
    """Yield how a marker's points change from one end of the pile to the other."""
    places = [one.place for one in own.values()]
    points = [one.points for one in own.values()]
    if len(points) < FEWEST or np.ptp(places) == 0:
        return
    line = stats.linregress(places, points)
    half = stats.t.ppf(0.975, len(points) - 2) * line.stderr
    low, high = 10 * (line.slope - half), 10 * (line.slope + half)
    said = f"{10 * line.slope:+.2f} points in ten answers ({low:+.2f} to {high:+.2f})"
    more = "" if low <= 0 <= high else ": look at the first and the last again"
    yield f"  {printable(marker)} along the pile: {said}{more}"
