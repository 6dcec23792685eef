"""Draw the three trial reports of the assignment evidence anew, with their key.

It writes the reports into data/judged/three_reports.html, which students are given
with the notebook; the key for the tests into the source notebook, into the solutions
and the hidden tests; and the key for whoever grades the text into
exercises/answers/three_reports_key.html. Then make the students' copies
(python -m term release). Once somebody has handed in, it refuses: the answers belong
to the reports that were handed out.

The seed is drawn, used once and kept nowhere: whoever has the course's own code cannot
make these reports again, and so not their key.
"""

from __future__ import annotations

import json
import re
import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import nbformat
import numpy as np
from cohorts.trial_reports import TrialReport, make_trial_reports, rob2
from nbformat.notebooknode import NotebookNode

from . import reports as sets
from .command import CommandError
from .folders import find_course, notebook_path, require_assignment

ASSIGNMENT = "evidence"
HANDED_OUT, KEY = "judged/three_reports.html", "answers/three_reports_key.html"
#: Reports from which three are taken.
POOL = 120
TRIES = 20_000
#: A part of the key in a cell: ``key_of_number = {...}``.
PART = re.compile(r"^( *)((?:key_of_\w+|\w+_of)) = \{[^{}]*\}", re.MULTILINE)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes: nothing."""


def main(arguments: Namespace) -> int:
    """Draw three reports, and write them and their key."""
    course = find_course()
    require_assignment(course, ASSIGNMENT)
    for path in renew(course, np.random.default_rng(secrets.randbits(128))):
        print(path)
    print(
        "The full answer and the rubric of the text to mark name the flaws of the "
        "reports before: write them again from the key."
    )
    return 0


def renew(course: Path, rng: np.random.Generator) -> list[Path]:
    """Draw three reports, and write all that holds them or their key.

    Returns
    -------
    list of Path
        The reports, the key to read, the source notebook.

    Raises
    ------
    CommandError
        If somebody has handed in the assignment, or the notebook has no place for the
        key; then nothing is written.
    """
    data = course.parent / "data"
    if not (data / "synthetic").is_dir():
        raise CommandError(
            f"{course} hands out the data of another course: draw the reports there"
        )
    for step in ("submitted", "autograded"):
        handed_in = next(course.glob(f"{step}/*/{ASSIGNMENT}"), None)
        if handed_in is not None:
            raise CommandError(
                f"{handed_in} was handed in for the reports as they are: with others "
                "it would be graded wrongly. Draw them before a term begins"
            )
    three = draw(rng)
    source = notebook_path(course, "source", ASSIGNMENT)
    notebook = nbformat.read(source, as_version=4)
    enter(notebook, three)
    numbered = list(enumerate(three, 1))
    pages = {
        data / HANDED_OUT: (
            "Three trial reports (invented)",
            [sets.printed(n, one, sheet=False) for n, one in numbered],
        ),
        course / KEY: (
            "Key to the three reports",
            [sets.key(n, one) for n, one in numbered],
        ),
    }
    for path, (title, articles) in pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sets.page(title, articles), encoding="utf-8")
    nbformat.write(notebook, source)
    return [*pages, source]


def draw(rng: np.random.Generator) -> list[TrialReport]:
    """Draw three reports that together ask enough of a reader; see `asks_enough`.

    Raises
    ------
    CommandError
        If no three of the pool do.
    """
    pool = make_trial_reports(POOL, random_state=rng)
    for _ in range(TRIES):
        three = [pool[place] for place in rng.choice(POOL, 3, replace=False)]
        if asks_enough(three):
            return three
    raise CommandError("no three reports of those drawn go together: try again")


def asks_enough(three: Sequence[TrialReport]) -> bool:
    """Return whether no habit is right for all three.

    One report has no flaw, the others have three or more between them, all different.
    Nearly every domain is low in one report and is not in another, and a report's worst
    domain does not stand for the others; agent and comparator differ visibly, by no
    round numbers; and what a report leads with is not always what counts.
    """
    flaws = [flaw for report in three for flaw in report.flaws]
    domains = [judgement(report)[:-1] for report in three]
    together = [one for report in domains for one in report]
    varied = sum(len(set(of_domain)) > 1 for of_domain in zip(*domains, strict=True))
    spared = sum(
        5 - report.count(max(report, key=rob2.JUDGEMENTS.index)) for report in domains
    )
    numbers = [number(report) for report in three]
    apart = [abs(led_with(report) - number(report)) > 1 for report in three]
    return (
        sorted(bool(report.flaws) for report in three) == [False, True, True]
        and len(set(flaws)) == len(flaws) >= 3
        and together.count(rob2.HIGH) >= 4
        and together.count(rob2.LOW) >= 6
        and rob2.SOME in together
        and varied >= 4
        and spared >= 4
        and sum("high" not in report.key.certainties for report in three) >= 2
        and min(numbers) < 0 < max(numbers)
        and min(map(abs, numbers)) >= 1.5
        and any(abs(one - round(one)) > 0.2 for one in numbers)
        and any(apart)
        and not all(apart)
    )


# -- the key, as the cells hold it


def judgement(report: TrialReport) -> list[str]:
    """Return the five domains, and the certainty that follows."""
    return [
        *(report.key.judgements[name] for name in rob2.DOMAINS),
        report.key.certainty,
    ]


def number(report: TrialReport) -> float:
    """Return the number that matters, in 100 people, to a tenth."""
    return round(report.key.number, 1)


def led_with(report: TrialReport) -> float:
    """Return the difference that the report leads with, in 100 people, to a tenth."""
    return round(100 * report.trial.rows[report.trial.headline].difference, 1)


def parts(three: Sequence[TrialReport]) -> dict[str, list[str | float]]:
    """Return what stands behind each name of the key, report by report.

    Solutions and hidden tests say the same under different names: in a notebook that
    runs both, an answer must not find the key.
    """
    judged: list[str | float] = [", ".join(judgement(one)) for one in three]
    numbers: list[str | float] = [number(one) for one in three]
    return {
        "judgement_of": judged,
        "key_of_judgement": judged,
        "key_of_certainty": [" or ".join(one.key.certainties) for one in three],
        "number_of": numbers,
        "key_of_number": numbers,
        "key_of_first": [led_with(one) for one in three],
    }


def enter(notebook: NotebookNode, three: Sequence[TrialReport]) -> None:
    """Write the key into the cells of a source notebook that hold one.

    Raises
    ------
    CommandError
        If no cell has a place for some part of the key.
    """
    told = parts(three)
    missing = set(told)

    def written(found: re.Match[str]) -> str:
        space, name = found.groups()
        if name not in told:
            return found[0]
        missing.discard(name)
        lines = [
            f"{space}    {report}: {json.dumps(value)},"
            for report, value in enumerate(told[name], 1)
        ]
        return "\n".join([f"{space}{name} = {{", *lines, f"{space}}}"])

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = PART.sub(written, cell.source)
    if missing:
        raise CommandError(
            f"the notebook of {ASSIGNMENT} has no {sorted(missing)[0]!r} to write the "
            "key into: put back the task with the three reports"
        )


def key_in(notebook: NotebookNode) -> dict[str, str]:
    """Return the parts of the key that stand in a notebook, by name."""
    return {
        found[2]: found[0].strip()
        for cell in notebook.cells
        for found in PART.finditer(cell.source)
    }
