"""Mark free text blind, task by task, by its rubric.

Shows the answers to one task in an order of each marker's own, without names. Above
each stand the model answer and the rubric in full. You say which elements are there,
how many points it gets, and a comment: a new one, or the number of an earlier one.
Each mark is written into the gradebook at once, by nbgrader's own means, and into
marking/ASSIGNMENT.csv with the marker and the order. You may stop at any time; the
same command goes on with what is left. Marks that an answer already has stay.

With --second you mark again what others have marked, ten of them or --count, without
seeing their marks. Nothing of that enters the gradebook: `term agree` compares.
"""

from __future__ import annotations

import datetime
import random
import re
import shutil
import textwrap
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader_apart import cells
from nbgrader_apart.explain import CONTROL
from nbgrader_apart.tree import printable

from . import classlist, markinglog, rubric
from .command import CommandError, NotInGradebook
from .folders import find_course, require_assignment, settings
from .markinglog import Given
from .rubric import Rubric

#: So many earlier comments are offered, the most used first.
MOST_COMMENTS = 9
NAME = re.compile(r"[\w .@-]{1,40}")
HELP = "numbers such as 1 3, 0 for none, ? for this, s to leave it, q to stop"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help="name of the assignment: capstone")
    parser.add_argument("--task", help="which task: its grade id (needed if several)")
    parser.add_argument("--marker", required=True, help="your name or sign")
    parser.add_argument(
        "--second", action="store_true", help="mark again what others have marked"
    )
    parser.add_argument("--section", help="only the answers of one section")
    parser.add_argument(
        "--count", type=int, help="so many answers (all; with --second 10)"
    )


def main(arguments: Namespace) -> int:
    """Mark until the pile is done or the marker stops."""
    course, name = find_course(), arguments.assignment
    require_assignment(course, name)
    if not NAME.fullmatch(arguments.marker):
        raise CommandError("--marker takes up to 40 letters, digits, blanks and .@-")
    if arguments.count is not None and arguments.count < 1:
        raise CommandError(f"--count {arguments.count} is not allowed: give 1 or more")
    by = choose(rubric.of_assignment(course, name), arguments.task, name)
    session = Session(course, name, by, arguments.marker, arguments.second)
    if arguments.section is not None:
        session.only = of_section(course, arguments.section)
    pile = session.pile()
    pile = pile[: arguments.count or (10 if arguments.second else len(pile))]
    done = session.mark(pile)
    left = len(session.pile())
    print(f"{done} marked; {left} left for {arguments.marker} in {by.task}.")
    return 0


def choose(rubrics: dict[str, Rubric], task: str | None, name: str) -> Rubric:
    """Return the rubric of a task, of the only one if none is named.

    Raises
    ------
    CommandError
        If it is not clear which; the message lists them.
    """
    if task is None and len(rubrics) == 1:
        return next(iter(rubrics.values()))
    if task not in rubrics:
        raise CommandError(
            f"{name} has these tasks that a person marks: "
            f"{', '.join(rubrics) or 'none'}. Name one with --task"
        )
    return rubrics[task]


def of_section(course: Path, section: str) -> set[str]:
    """Return who is in a section of the class list.

    Raises
    ------
    CommandError
        If nobody is; the message lists the sections.
    """
    listed = classlist.load(course)
    found = {one.id for one in listed if one.section == section}
    if not found:
        there = sorted({one.section for one in listed if one.section})
        raise CommandError(
            f"nobody on the class list is in section {section!r}; sections are: "
            f"{', '.join(map(printable, there)) or 'none'}"
        )
    return found


class Stop(Exception):
    """The marker wants to stop."""


class Skip(Exception):
    """The marker leaves this answer for later."""


@dataclass(frozen=True)
class Answer:
    """An answer to mark; who wrote it is not shown."""

    student: str
    notebook: str
    text: str


class Session:
    """One marker at one task.

    Parameters
    ----------
    course : Path
    assignment : str
    rubric : Rubric
    marker : str
    second : bool
        Whether the marker marks again what others have marked.
    ask : callable
        Takes a prompt, returns what was typed.
    """

    def __init__(
        self,
        course: Path,
        assignment: str,
        rubric: Rubric,
        marker: str,
        second: bool = False,
        ask: Callable[[str], str] = input,
    ) -> None:
        self.course, self.assignment, self.rubric = course, assignment, rubric
        self.marker, self.second, self.ask = marker, second, ask
        #: Whose answers; None for everybody's.
        self.only: Collection[str] | None = None
        self.directory = settings(course)
        self.directory.assignment_id = assignment

    # -- which answers

    def log(self) -> list[Given]:
        """Return what was given to this task so far."""
        every = markinglog.load(self.course, self.assignment)
        return [one for one in every if one.task == self.rubric.task]

    def pile(self) -> list[Answer]:
        """Return the answers that are left for this marker, in the marker's order."""
        log = self.log()
        own = {one.student for one in log if one.marker == self.marker}
        others = {one.student for one in log if one.marker != self.marker}
        wanted = [
            answer
            for answer, waits in self._answers()
            if answer.student not in own
            and (answer.student in others if self.second else waits)
        ]
        order = random.Random(f"{self.marker} {self.assignment} {self.rubric.task}")
        keys = {one.student: order.random() for one in sorted(wanted, key=_student)}
        return sorted(wanted, key=lambda one: keys[one.student])

    def _answers(self) -> list[tuple[Answer, bool]]:
        """Return every answer, and whether the gradebook waits for its mark."""
        found = []
        with Gradebook(self.directory.db_url, self.directory.course_id) as gradebook:
            try:
                submissions = gradebook.assignment_submissions(self.assignment)
            except MissingEntry:
                raise NotInGradebook(self.assignment) from None
            for submission in submissions:
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        if grade.name != self.rubric.task:
                            continue
                        student = submission.student.id
                        if self.only is not None and student not in self.only:
                            continue
                        text = self._text(student, notebook.name)
                        waits = grade.needs_manual_grade
                        if text is not None:
                            answer = Answer(student, notebook.name, text)
                            found.append((answer, bool(waits)))
        return found

    def _text(self, student: str, notebook: str) -> str | None:
        """Return the answer as it was graded, or None if it is not there."""
        graded = self.directory.format_path(
            self.directory.autograded_directory, student, self.assignment
        )
        path = Path(graded, f"{notebook}.ipynb")
        if not path.is_file():
            return None
        for cell in nbformat.read(path, as_version=4).cells:
            if cells.grade_id(cell) == self.rubric.task:
                return str(cell.source)
        return None

    # -- marking

    def mark(self, pile: Sequence[Answer]) -> int:
        """Ask for the mark of each answer; return how many were given."""
        done = 0
        place = sum(one.marker == self.marker for one in self.log())
        for number, answer in enumerate(pile, 1):
            print(self._shown(answer, f"{number} of {len(pile)}"))
            try:
                found = self._elements()
                points = self._points()
                comment = self._comment()
            except Skip:
                continue
            except (Stop, EOFError):
                break
            place, done = place + 1, done + 1
            if not self.second:
                self._enter(answer, points, comment)
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            given = Given(
                *(now, self.marker, self.rubric.task, answer.student, place, points),
                *(found, comment),
            )
            markinglog.append(self.course, self.assignment, given)
        return done

    def _shown(self, answer: Answer, number: str) -> str:
        by = self.rubric
        heads = (f"MODEL ANSWER to {by.task}", "RUBRIC", f"ANSWER {number}")
        parts = zip(heads, (by.model, by.text, answer.text), strict=True)
        wide = min(88, shutil.get_terminal_size().columns)
        return "\n".join(
            f"\n{f' {head} ':=^{wide}}\n{_wrapped(text, wide)}" for head, text in parts
        )

    def _elements(self) -> str:
        """Return the numbers of the elements that the marker found."""
        elements = self.rubric.elements
        if not elements:
            return ""
        print()
        for number, words in enumerate(elements, 1):
            print(f"  {number}  {words}")
        while True:
            said = self._typed("Which elements are there? ")
            numbers = re.findall(r"\d+", said)
            if said and not re.sub(r"[\d\s,]", "", said):
                known = {int(one) for one in numbers} - {0}
                if known <= set(range(1, len(elements) + 1)):
                    return " ".join(map(str, sorted(known)))
            print(f"  Type {HELP}.")

    def _points(self) -> float:
        """Return the points that the marker gives."""
        for level, words in sorted(self.rubric.levels.items(), reverse=True):
            print(textwrap.shorten(f"  {level}: {words}", 88, placeholder=" …"))
        while True:
            said = self._typed(f"Points (0 to {self.rubric.points:g})? ")
            try:
                points = float(said.replace(",", "."))
            except ValueError:
                points = float("nan")
            if 0 <= points <= self.rubric.points:
                return points
            most = f"{self.rubric.points:g}"
            print(f"  Type a number from 0 to {most}; s leaves it, q stops.")

    def _comment(self) -> str:
        """Return a comment: what was typed, or an earlier one by its number."""
        used = Counter(one.comment for one in self.log() if one.comment)
        offered = [words for words, _ in used.most_common(MOST_COMMENTS)]
        for number, words in enumerate(offered, 1):
            print(f"  {number}  {textwrap.shorten(printable(words), 80)}")
        while True:
            said = self._typed("Comment (text, a number, or nothing)? ")
            if not re.fullmatch(r"\d+", said):
                return said
            if 1 <= int(said) <= len(offered):
                return offered[int(said) - 1]
            print(f"  There is no comment {said}; type it in words.")

    def _typed(self, prompt: str) -> str:
        said = self.ask(prompt).strip()
        if said == "q":
            raise Stop
        if said == "s":
            raise Skip
        return said

    def _enter(self, answer: Answer, points: float, comment: str) -> None:
        """Write a mark into the gradebook, as formgrader does."""
        where = answer.notebook, self.assignment, answer.student
        with Gradebook(self.directory.db_url, self.directory.course_id) as gradebook:
            grade = gradebook.find_grade(self.rubric.task, *where)
            if not grade.needs_manual_grade:
                print("  Somebody has marked it meanwhile: that mark stays.")
                return
            grade.manual_score, grade.needs_manual_grade = points, False
            if comment:
                gradebook.find_comment(
                    self.rubric.task, *where
                ).manual_comment = comment
            gradebook.db.commit()


def _student(answer: Answer) -> str:
    return answer.student


def _wrapped(text: str, wide: int) -> str:
    """Return a text for a terminal: no line too long, nothing that commands it."""
    harmless = CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
    lines = harmless.splitlines()
    return "\n".join("\n".join(textwrap.wrap(line, wide) or [""]) for line in lines)
