"""Say what the marks of a class say of the tasks.

Writes a folder items/ASSIGNMENT: index.html, a page to read, on a phone too;
marks.csv, the marks in no order and without ids; and look.ipynb, a notebook that
begins with them. The page says how difficult each task was, whether it goes with the
others, how reliable the total is, when people handed in, which tests everybody passes,
and how sections differ; and, on Linux, which misconceptions of the bank of answers the
failed tasks show (each is run once more, in the box). It has no names, unless --names
asks for them. Nothing in the gradebook changes.
"""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import answers
import numpy as np
import pandas as pd
from nbgrader_apart.export import plain
from nbgrader_apart.tree import printable
from scipy import stats

from . import itemstats, marktable, misconceptions, page
from .command import CommandError, counted
from .folders import find_course
from .marktable import MarkTable
from .misconceptions import Found

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The notebook that looks closer, as it is handed to the instructor.
NOTEBOOK = Path(__file__).parent / "look.ipynb"
#: Shares of a task's points outside these tell little about a class.
HARD, EASY = 0.2, 0.95


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: metrics")
    parser.add_argument(
        "--names", action="store_true", help="list names and ids with the points"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave the misconceptions out: nothing is run",
    )
    parser.add_argument(
        "--to", type=Path, help="the folder to write (items/ASSIGNMENT)"
    )


def main(arguments: Namespace) -> int:
    """Write the page, the marks and the notebook of one assignment."""
    course, name = find_course(), arguments.assignment
    marks = marktable.read(course, name)
    found: Found | str = "They were left out: --quick."
    if not arguments.quick:
        found = misconceptions.of_class(course, marks)
    folder = arguments.to or course / "items" / name
    try:
        write(folder, marks, found, arguments.names)
    except OSError as error:
        raise CommandError(f"{folder} cannot be written: {error.strerror}") from None
    for line in remarks(marks):
        print(line)
    for file in ("index.html", "marks.csv", NOTEBOOK.name):
        print(folder / file)
    return 0


def write(folder: Path, marks: MarkTable, found: Found | str, names: bool) -> None:
    """Write the folder; a notebook that is there already stays, with its work."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(
        page.document(
            f"{marks.assignment}: what the marks say", body(marks, found, names)
        ),
        encoding="utf-8",
    )
    table = as_table(marks, names)
    table.to_csv(folder / "marks.csv", index=False, encoding="utf-8")
    if not (folder / NOTEBOOK.name).exists():
        shutil.copy(NOTEBOOK, folder)


def as_table(marks: MarkTable, names: bool) -> pd.DataFrame:
    """Return the marks for the notebook: a row for each student, in no order."""
    table = marks.by_task()
    table.insert(0, "section", marks.sections.map(plain))
    table.insert(1, "handed_in", marks.handed_in)
    if names:
        table.insert(0, "student", table.index.map(plain))
        return table.reset_index(drop=True)
    return table.sample(frac=1).reset_index(drop=True)


# -- the page


def titles(marks: MarkTable) -> dict[str, str]:
    """Return what to call each task: the heading above it, or its name."""
    try:
        known = answers.titles(marks.assignment)
    except OSError:  # an assignment of another course
        known = {}
    return {task: known.get(task) or task for task in marks.worth.index}


def remarks(marks: MarkTable) -> list[str]:
    """Return what to look at, a line each, most telling first."""
    by_task, called = marks.by_task(), titles(marks)
    lines = []
    found = itemstats.discrimination(by_task)
    for task, one in found.iterrows():
        if one["r"] < itemstats.LOW_DISCRIMINATION:
            lines.append(
                f"{called[task]}: discrimination {one['r']:.2f} "
                f"({one['low']:.2f} to {one['high']:.2f}). Who can do the rest does "
                "hardly better here: is the demand clear, is a test wrong?"
            )
    shares = itemstats.difficulty(by_task, marks.worth)
    for task, share in shares.items():
        if share < HARD:
            lines.append(
                f"{called[task]}: {share:.0%} of its points. Too hard, or unclear?"
            )
    everybody, nobody = unanimous(marks)
    if everybody:
        lines.append(f"Tests that everybody passes: {', '.join(everybody)}.")
    if nobody:
        lines.append(
            f"Tests that nobody passes: {', '.join(nobody)}. Is the test right?"
        )
    waiting = int(by_task.isna().any(axis=1).sum())
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        lines.append(f"{counted(waiting, 'hand-in')} {wait} for a mark by hand.")
    return lines


def unanimous(marks: MarkTable) -> tuple[list[str], list[str]]:
    """Return the tests that everybody passes, and those that nobody passes."""
    run = marks.tests[~marks.tests["by_hand"].astype(bool)]
    share = (marks.points[run.index] / run["points"]).dropna(axis="columns", how="all")
    if len(share) < 2:
        return [], []
    everybody = share.columns[(share >= 1).all()]
    nobody = share.columns[(share <= 0).all()]
    return list(everybody), list(nobody)


def body(marks: MarkTable, found: Found | str, names: bool) -> Iterator[page.Markup]:
    """Yield the parts of the page."""
    count, by_task = len(marks.points), marks.by_task()
    sentence = f"{marks.known} students on the list, {count} hand-ins graded"
    if marks.unreadable:
        sentence += f", {marks.unreadable} not readable (left out here)"
    yield page.paragraph(f"{sentence}.")
    if not count:
        yield page.paragraph("Nothing is graded yet, so there is nothing to say.")
        return
    from course import style

    style.use()
    lines = remarks(marks)
    yield "<h2>Look at</h2>"
    yield page.items(lines) if lines else page.paragraph("Nothing stands out.")
    yield "<h2>Points</h2>"
    yield from distribution(by_task, marks)
    yield "<h2>Tasks</h2>"
    yield from tasks(by_task, marks)
    yield "<h2>Misconceptions</h2>"
    if isinstance(found, str):
        yield page.paragraph(found)
    else:
        yield from misconceptions.as_markup(found, titles(marks))
    yield "<h2>Tests</h2>"
    yield from tests(marks)
    yield "<h2>Time of hand-in</h2>"
    yield from times(marks)
    yield "<h2>Sections</h2>"
    yield from sections(by_task, marks)
    if names:
        yield "<h2>Students</h2>"
        yield from students(by_task, marks)


def _figure(width: float = 4.8, height: float = 2.9) -> tuple[Figure, Axes]:
    """Return Axes that are as wide as the screen of a phone, to be drawn to a file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def distribution(by_task: pd.DataFrame, marks: MarkTable) -> Iterator[page.Markup]:
    """Yield how the totals are distributed, and how reliable they are."""
    from course import style
    from matplotlib.ticker import MaxNLocator

    whole, full = itemstats.complete(by_task), float(marks.worth.sum())
    asked = marks.worth[whole.columns].sum()
    totals = whole.sum(axis=1)
    if totals.empty:
        yield page.paragraph("No hand-in has a mark in every task yet.")
        return
    of_what = f"of {full:g}" if asked == full else f"of the {asked:g} marked so far"
    middle, low, high = totals.quantile([0.5, 0.25, 0.75])
    said = (
        f"{len(totals)} hand-ins: mean {totals.mean():.1f} points {of_what}, median "
        f"{middle:.1f}, middle half {low:.1f} to {high:.1f}, lowest {totals.min():g}, "
        f"highest {totals.max():g}"
    )
    figure, axes = _figure()
    step = max(1.0, np.ceil(asked / 15))
    edges = list(np.arange(0, asked + 1.001 * step, step))
    axes.hist(totals, edges, color=style.BLUE, ec="white")
    axes.axvline(totals.mean(), color=style.LIMIT, ls="--", lw=1)
    axes.set(xlabel=f"points {of_what}", ylabel="hand-ins")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    yield page.figure(
        figure, f"Histogram of points. {said}.", f"{said}. Dashed: the mean."
    )
    found = itemstats.reliability(by_task)
    if found is None:
        yield page.paragraph(
            f"Reliability: not to be had (it takes {itemstats.FEWEST} hand-ins with "
            "different marks, and two tasks)."
        )
        return
    yield page.paragraph(
        f"Reliability (Cronbach's alpha): {found.alpha:.2f}, 95 % interval "
        f"{found.low:.2f} to {found.high:.2f}, from {found.students} hand-ins and "
        f"{found.tasks} tasks. It is the share of the differences between totals that "
        "another set of such tasks would be expected to show again."
    )


def tasks(by_task: pd.DataFrame, marks: MarkTable) -> Iterator[page.Markup]:
    """Yield how difficult each task was, and whether it goes with the others."""
    from course import style

    called = titles(marks)
    shares = itemstats.difficulty(by_task, marks.worth)
    together = itemstats.discrimination(by_task)
    known = shares.dropna()
    figure, axes = _figure(height=0.9 + 0.26 * len(known))
    axes.barh([_short(called[task]) for task in known.index], known, color=style.BLUE)
    axes.invert_yaxis()
    axes.set(xlabel="mean share of the task's points", xlim=(0, 1))
    if len(known):
        hardest, easiest = known.idxmin(), known.idxmax()
        alt = (
            f"Bars, one for each of {len(known)} tasks. Lowest: {called[hardest]}, "
            f"{known.min():.0%}. Highest: {called[easiest]}, {known.max():.0%}."
        )
        yield page.figure(figure, alt, "How much of each task's points the class has.")
    yield page.table(
        "Tasks in the notebook's order",
        ["task", "points", "marked", "mean share", "discrimination", "95 % interval"],
        [
            (
                called[task],
                f"{marks.worth[task]:g}",
                int(by_task[task].notna().sum()),
                _or_dash(shares[task], ".0%"),
                _or_dash(one["r"], ".2f"),
                "–" if np.isnan(one["r"]) else f"{one['low']:.2f} to {one['high']:.2f}",
            )
            for task, one in together.iterrows()
        ],
    )
    yield page.paragraph(
        "Discrimination is the correlation of a task's points with the points in all "
        "other tasks. Below 0.2 a task hardly tells apart who can do the others; a "
        "wide interval says that the class is too small to know."
    )


def tests(marks: MarkTable) -> Iterator[page.Markup]:
    """Yield who passes each test, and name those that all pass or fail."""
    everybody, nobody = unanimous(marks)
    run = marks.tests[~marks.tests["by_hand"].astype(bool)]
    share = (marks.points[run.index] / run["points"]).mean()
    yield page.paragraph(
        f"Everybody passes: {', '.join(everybody) or 'none'}. "
        f"Nobody passes: {', '.join(nobody) or 'none'}. A test that everybody passes "
        "gives its points away, or holds a task that all can do."
    )
    yield page.table(
        "Tests",
        ["test", "points", "mean share"],
        [
            (name, f"{run.loc[name, 'points']:g}", _or_dash(share[name], ".0%"))
            for name in run.index
        ],
    )


def times(marks: MarkTable) -> Iterator[page.Markup]:
    """Yield when people handed in, beside when it was due if that is known."""
    from course import style

    known = marks.handed_in.dropna().sort_values()
    if known.empty:
        yield page.paragraph("No hand-in has a time.")
        return
    due = pd.Timestamp(marks.due) if marks.due is not None else None
    end = due if due is not None else known.max()
    days = (known - end).dt.total_seconds() / 86400
    what = "it was due" if due is not None else "the last hand-in"
    figure, axes = _figure()
    axes.step(days, np.arange(1, len(days) + 1), where="post", color=style.BLUE)
    axes.axvline(0, color=style.LIMIT, ls="--", lw=1)
    axes.set(
        xlabel=f"days before and after {what}", ylabel="hand-ins so far", ylim=(0, None)
    )
    said = (
        f"{len(known)} hand-ins with a time: the first {-days.iloc[0]:.1f} days before "
        f"{what}, half of them by {-days.median():.1f} days before"
    )
    if due is not None:
        late = int((days > 0).sum())
        said += (
            f", {late} after it (extra days of single students are not counted here)"
        )
    yield page.figure(figure, f"Rising steps. {said}.", f"{said}.")


def sections(by_task: pd.DataFrame, marks: MarkTable) -> Iterator[page.Markup]:
    """Yield how the sections of the class list did."""
    named = marks.sections.replace("", "(none)").map(printable)
    if named.nunique() < 2:
        yield page.paragraph("The class list names no two sections.")
        return
    called = titles(marks)
    whole = itemstats.complete(by_task)
    totals, of_whole = whole.sum(axis=1), named[whole.index]
    everybody = named.value_counts().sort_index()
    yield page.table(
        "Points by section",
        ["section", "graded", "fully marked", "mean", "95 % interval", "median"],
        [
            (section, size, *_totals(totals[of_whole == section]))
            for section, size in everybody.items()
        ],
    )
    shares = (by_task / marks.worth[by_task.columns]).groupby(named).mean()
    yield page.table(
        "Mean share of each task's points by section",
        ["task", *shares.index],
        [
            (
                called[task],
                *(_or_dash(shares.loc[one, task], ".0%") for one in shares.index),
            )
            for task in by_task
        ],
    )
    yield page.paragraph(
        "Sections differ by chance, too: intervals of means that overlap widely say "
        "nothing about a section."
    )


def _totals(totals: pd.Series) -> tuple[object, ...]:
    """Return count, mean, its interval and the median of the totals of a section."""
    count, mean = len(totals), totals.mean()
    if not count:
        return 0, "–", "–", "–"
    interval = "–"
    if count > 1:
        half = stats.t.ppf(0.975, count - 1) * totals.std(ddof=1) / np.sqrt(count)
        interval = f"{mean - half:.1f} to {mean + half:.1f}"
    return count, f"{mean:.1f}", interval, f"{totals.median():.1f}"


def students(by_task: pd.DataFrame, marks: MarkTable) -> Iterator[page.Markup]:
    """Yield the points of each student by name: only where it was asked for."""
    totals = by_task.sum(axis=1)
    waiting = by_task.isna().any(axis=1)
    yield page.table(
        "Students",
        ["id", "name", "section", "points", "so far"],
        [
            (
                printable(one),
                printable(marks.names.get(one, one)),
                printable(marks.sections[one]),
                f"{totals[one]:g}",
                "yes" if waiting[one] else "",
            )
            for one in by_task.index
        ],
        words=(1, 2),
    )


def _or_dash(value: float, form: str) -> str:
    return "–" if np.isnan(value) else format(value, form)


def _short(title: str) -> str:
    """Return the words of a heading that fit beside a bar."""
    words = title.partition(" · ")[2] or title
    return words if len(words) <= 26 else words[:25] + "…"
