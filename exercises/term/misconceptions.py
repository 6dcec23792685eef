"""Which misconceptions the failed tasks of a class show.

The bank of answers says of each wrong answer what was misunderstood. A failed task
shows a misconception if the student's function gives, in every call that the visible
and hidden tests make, what that wrong answer gives. Hand-ins are run as they are when
they are graded: in the box, apart from what compares them, which is `probe`.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import answers
import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import cells, places, plan, released, submission, tree
from nbgrader_apart.options import Level, Options, Role
from nbgrader_apart.outcomes import task_of
from nbgrader_apart.released import Released

from . import page, personal, probe
from .folders import notebook_path, settings
from .marktable import MarkTable

UNDONE = "NotImplementedError"
#: Seconds that a call, a task and a hand-in may take.
CALL, TASK, HAND_IN = 5, 60, 300


@dataclass(frozen=True)
class Diagnosis:
    """What one failed task of one hand-in shows.

    Parameters
    ----------
    student, task : str
    like : tuple of str
        The wrong answers of the bank that it is like, by name: nearly always one.
    undone : bool
        Whether it stands as it was handed out.
    raised : str
        The type of an exception that came in every call, or why nothing could be
        compared.
    """

    student: str
    task: str
    like: tuple[str, ...] = ()
    undone: bool = False
    raised: str = ""


@dataclass(frozen=True)
class Found:
    """What the failed tasks of a class show.

    Parameters
    ----------
    assignment : str
    hand_ins : int
        How many were graded.
    diagnoses : tuple of Diagnosis
        One for each failed task of each hand-in.
    """

    assignment: str
    hand_ins: int
    diagnoses: tuple[Diagnosis, ...]

    def of_task(self, task: str) -> list[Diagnosis]:
        """Return those of one task."""
        return [one for one in self.diagnoses if one.task == task]


@dataclass(frozen=True)
class Task:
    """A task as its source says it.

    Parameters
    ----------
    solution : str
    tests : tuple of str
        The sources of the cells that test it.
    last : str
        The grade id of the last of them: there a hand-in is asked.
    wrong : mapping of str to str
        By its name, each wrong answer of the bank as a cell.
    """

    solution: str
    tests: tuple[str, ...]
    last: str
    wrong: Mapping[str, str]

    def functions(self) -> list[str]:
        """Return the functions that the solution defines."""
        body = ast.parse(self.solution).body
        return [one.name for one in body if isinstance(one, ast.FunctionDef)]


def of_class(course: Path, marks: MarkTable) -> Found | str:
    """Look at the failed tasks of a class.

    Returns
    -------
    Found or str
        A sentence for the page if it cannot be done here.
    """
    if sys.platform != "linux":
        return "They were left out: hand-ins are run again on Linux only, in the box."
    from nbgrader_apart import box

    level = box.best_level()
    if level is Level.NONE:
        return "They were left out: no box is to be had here to run hand-ins in."
    bank = bank_of(course, marks.assignment)
    if isinstance(bank, str):
        return bank
    failed = failed_tasks(marks, bank)
    options = Options(
        level, cell_seconds=TASK, call_seconds=CALL, total_seconds=HAND_IN
    )
    seen = Class(course, marks.assignment, bank, options).look(failed)
    return Found(marks.assignment, len(marks.points), tuple(seen))


def failed_tasks(marks: MarkTable, bank: Mapping[str, Task]) -> dict[str, list[str]]:
    """Return by student the tasks of a bank in which a test failed."""
    run = marks.tests[~marks.tests["by_hand"].astype(bool)]
    lost = marks.points[run.index] < run["points"] - 1e-9
    by_task = lost.T.groupby(run["task"], sort=False).any().T
    tasks = [task for task in by_task if task in bank]
    return {
        student: [task for task in tasks if row[task]]
        for student, row in by_task.iterrows()
        if row[tasks].any()
    }


def bank_of(course: Path, assignment: str) -> dict[str, Task] | str:
    """Return by task what a hand-in is compared with, or why there is nothing."""
    try:
        bank = answers.load(assignment)
    except ModuleNotFoundError:
        return f"There is no bank of answers for {assignment}."
    path = notebook_path(course, "source", assignment)
    if not path.is_file():
        return f"They were left out: {path} is not there."
    return tasks_of(nbformat.read(path, as_version=4), bank)


def tasks_of(notebook: NotebookNode, bank: ModuleType) -> dict[str, Task]:
    """Return the tasks of a source notebook that a bank has wrong answers to."""
    found: dict[str, Task] = {}
    task = ""
    for cell in filter(cells.is_code, notebook.cells):
        name = cells.grade_id(cell) or ""
        if cells.is_solution(cell):
            task = name
            if task in bank.WRONG:
                found[task] = Task(cell.source, (), "", _wrong(bank, task, cell.source))
        elif cells.is_test(cell) and task == task_of(name) and task in found:
            tests = (*found[task].tests, cell.source)
            found[task] = replace(found[task], tests=tests, last=name)
    return {task: one for task, one in found.items() if one.tests}


def _wrong(bank: ModuleType, task: str, solution: str) -> dict[str, str]:
    made = {}
    for wrong in bank.WRONG[task]:
        try:
            made[wrong.name] = wrong.source(solution)
        except ValueError:
            continue  # the solution was changed since: it cannot be made any more
    return made


class Class:
    """Runs the hand-ins of a class up to the tests of the tasks that they failed.

    Parameters
    ----------
    course : Path
    assignment : str
    bank : mapping of str to Task
    options : Options
    """

    def __init__(
        self, course: Path, assignment: str, bank: Mapping[str, Task], options: Options
    ) -> None:
        self.bank, self.options = bank, options
        self.directory: CourseDirectory = settings(course)
        self.directory.assignment_id = self.assignment = assignment
        self.released: Released = released.read(self.directory)
        self.asking = {
            task: probe.cell(task, "\n".join(one.tests)) for task, one in bank.items()
        }

    def look(self, failed: Mapping[str, Sequence[str]]) -> list[Diagnosis]:
        """Return a diagnosis for each failed task, in the order of the students."""
        if not failed:
            return []
        from nbgrader_apart.pool import Pool

        workers = len(os.sched_getaffinity(0))
        source = notebook_path(Path(self.directory.root), "source", self.assignment)
        as_graded = self.released.cells[self.assignment]
        asking = self._asking(as_graded.values(), self.bank)
        made = plan.make(source, {cells.grade_id(one) or "": one for one in asking})
        self.own = personal.own_data(self.directory)
        if self.own:  # set-up cells that read a student's own data run for each
            made = replace(made, prefix=[])
        # What the tests import has to be in the box, although probe runs them.
        tests = plan.make(source, as_graded).imports[Role.TESTS]
        imports = {**made.imports, Role.TESTS: [*tests, *made.imports[Role.TESTS]]}
        self.files = made.files
        files = {**made.files, probe.FILE: self._bank()}
        with_bank = replace(made, files=files, imports=imports)
        pool = Pool(with_bank, self.options, workers)
        try:
            with ThreadPoolExecutor(workers) as threads:
                jobs = [
                    threads.submit(self._student, pool, student, tasks)
                    for student, tasks in failed.items()
                ]
                return [one for job in jobs for one in job.result()]
        finally:
            pool.close()

    def _asking(
        self, given: Iterable[NotebookNode], tasks: Iterable[str]
    ) -> list[NotebookNode]:
        """Return cells with those that ask about some tasks in the place of tests."""
        asking = {self.bank[task].last: self.asking[task] for task in tasks}
        made = []
        for cell in given:
            if cells.is_code(cell) and cells.is_test(cell):
                name = cells.grade_id(cell)
                if name not in asking:
                    continue
                cell = NotebookNode(cell, source=asking[name])
            made.append(cell)
        return made

    def _bank(self) -> bytes:
        message = {
            "solutions": [one.solution for one in self.bank.values()],
            "tasks": {
                task: {
                    "tests": one.tests,
                    "functions": one.functions(),
                    "wrong": list(one.wrong.values()),
                }
                for task, one in self.bank.items()
            },
        }
        return json.dumps(message).encode()

    def _student(
        self, pool: Any, student: str, tasks: Sequence[str]
    ) -> list[Diagnosis]:
        course = self.directory
        base, below = places.place(course, student, self.assignment)
        try:
            found = submission.read(
                base,
                student,
                self.assignment,
                self.released.cells,
                below=below,
                reserved=self.released.files,
                ignore=course.ignore,
            )
        except tree.Unopened as problem:
            return [Diagnosis(student, task, raised=str(problem)) for task in tasks]
        if self.assignment not in found.notebooks:
            why = "the hand-in is not there any more"
            return [Diagnosis(student, task, raised=why) for task in tasks]
        restored = found.restored(self.assignment, self.released.cells[self.assignment])
        code = plan.code_cells(self._asking(restored.cells, tasks))
        own = self.own(student) if self.own else {}
        outputs = pool.run(code, {**found.files, **self.files}, own)
        said = {
            cell.name: shown
            for cell, shown in zip(code, outputs, strict=True)
            if cell.name
        }
        return [self._diagnosis(student, task, said) for task in tasks]

    def _diagnosis(
        self, student: str, task: str, said: Mapping[str, list[dict[str, Any]]]
    ) -> Diagnosis:
        one = self.bank[task]
        shown = said.get(one.last, [])
        text = "".join(
            output["text"] for output in shown if output["output_type"] == "stream"
        )
        try:
            answer = json.loads(text)
        except ValueError:
            why = next((o["evalue"] for o in shown if "evalue" in o), "no answer came")
            return Diagnosis(student, task, raised=str(why)[:200])
        names = list(one.wrong)
        if answer["gone"]:
            return Diagnosis(student, task, raised="it hangs, or ends its process")
        return Diagnosis(
            student,
            task,
            tuple(names[number] for number in answer["like"]),
            answer["raised"] == UNDONE,
            answer["broken"] or answer["raised"],
        )


# -- the page


def as_markup(found: Found, titles: Mapping[str, str]) -> Iterator[page.Markup]:
    """Yield what the page says: by task, the misconceptions by how many show them."""
    if not found.diagnoses:
        yield page.paragraph("No task was failed.")
        return
    known = {
        (one.task, one.name): one for one in answers.misconceptions(found.assignment)
    }
    yield page.paragraph(
        "A failed task shows a misconception if it gives what that wrong answer of the "
        "bank gives in every call of the tests. The shares are of all graded hand-ins."
    )
    for task in titles:
        seen = found.of_task(task)
        if not seen:
            continue
        yield f"<h3>{page.text(titles[task])}</h3>"
        yield page.paragraph(f"{share(len(seen), found.hand_ins)} failed a test.")
        counts = Counter(one.like for one in seen if one.like)
        lines = [
            _line(share(count, found.hand_ins), [known[task, name] for name in names])
            for names, count in counts.most_common()
        ]
        undone = sum(one.undone for one in seen)
        if undone:
            lines.append(f"{share(undone, found.hand_ins)} left it undone.")
        rest = len(seen) - undone - counts.total()
        if rest:
            lines.append(f"{share(rest, found.hand_ins)} did something else.")
        yield page.items(lines)


def share(count: int, of: int) -> str:
    """Return a count as a share, with the count: ``38 % (11 of 29)``."""
    return f"{count / of:.0%} ({count} of {of})".replace("%", " %", 1)


def _line(said: str, meant: Sequence[answers.Misconception]) -> str:
    what = " or ".join(f"{one.name} ({one.why})" for one in meant)
    return f"{said}: {what}. To teach again: {again(meant[0])}."


def again(meant: answers.Misconception) -> str:
    """Return the section of the book that a misconception sends its reader to."""
    from course import objectives

    first = meant.read[0]
    return f"“{first.section}” in “{objectives.title(first.page)}” ({first.page})"
