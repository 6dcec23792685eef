"""Do the hidden tests catch every mutant of a solution?

A mutant (see `mutator`) takes the place of its solution in a fork of a process in
which the assignment is solved, and the task's hidden test runs. The first draw comes
from a fixed seed, and a mutant that passes meets `DRAWS` of them before it counts as a
survivor. A survivor is judged by a person, in ``exercises/mutants/<assignment>.toml``::

    [[mutant]]
    task = "auc"
    before = "return np.mean((difference > 0) + 0.5 * (difference == 0))"
    after = "return np.mean((difference > 0) + 0.500001 * (difference == 0))"
    verdict = "equivalent"
    why = "..."

``equivalent``: no input of the task's domain tells it from the solution. ``outside the
domain``: some input does, but the task leaves open, or rules out, what it does there.
Where two mutants of a task read alike, ``number = 2`` names the second.

What survived stands in ``exercises/mutants/<assignment>.json``, task by task, with a
fingerprint of all that decided it: only a task that has changed since runs again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import multiprocessing
import os
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

import matplotlib.pyplot as plt
import mutator
import nbformat
import runner
from mutator import Mutant
from nbgrader_apart import cells
from nbgrader_apart.cells import grade_id, mark

FOLDER = runner.COURSE / "mutants"
VERDICTS = ("equivalent", "outside the domain")
#: How often a hidden test draws before a mutant counts as a survivor.
DRAWS = 6
#: Seconds of a processor that a mutant may take, at least; and how often as long as
#: the solution. By the clock it may take `CLOCK` times that: a busy machine is no test.
LEAST, TIMES, CLOCK = 5, 20, 60
#: Bytes that a mutant may take beyond what the solved assignment takes.
MEMORY = 3 * 2**30

if sys.platform != "win32":
    import resource

#: Task, lines before and after, and the count of those that read alike.
Key = tuple[str, str, str, int]


class Stale(ValueError):
    """What was judged is no longer there to be judged."""


@dataclass(frozen=True)
class Verdict:
    """What a person says of a survivor."""

    verdict: str
    why: str


@dataclass(frozen=True)
class Result:
    """What came of the mutants of one task.

    Parameters
    ----------
    fingerprint : str
        Of all that decides it: see `fingerprints`.
    mutants : int
        How many there are.
    survivors : tuple of Key
        Those that no draw of the hidden test caught.
    """

    fingerprint: str
    mutants: int
    survivors: tuple[Key, ...]


@dataclass(frozen=True)
class Score:
    """What came of the mutants of an assignment.

    Parameters
    ----------
    mutants, caught, equivalent, outside : int
        How many there are, were caught by the hidden tests, and were judged.
    unjudged : tuple of Key
        Survivors of whom nobody has said anything.
    stale : tuple of Key
        What was judged, but is caught or no longer there.
    """

    mutants: int
    caught: int
    equivalent: int
    outside: int
    unjudged: tuple[Key, ...]
    stale: tuple[Key, ...]

    @property
    def share(self) -> float:
        """The share that is caught of those that behave otherwise in the domain."""
        return self.caught / (self.mutants - self.equivalent - self.outside)

    @classmethod
    def of(cls, results: Mapping[str, Result], judged: Mapping[Key, Verdict]) -> Score:
        """Hold what survived against what was judged."""
        alive = [name for result in results.values() for name in result.survivors]
        verdicts = [judged[name].verdict for name in alive if name in judged]
        mutants = sum(result.mutants for result in results.values())
        return cls(
            mutants=mutants,
            caught=mutants - len(alive),
            equivalent=verdicts.count("equivalent"),
            outside=verdicts.count("outside the domain"),
            unjudged=tuple(name for name in alive if name not in judged),
            stale=tuple(name for name in judged if name not in alive),
        )


def key(task: str, mutant: Mutant) -> Key:
    """Return what names a mutant as long as its lines stay as they are."""
    return task, mutant.before, mutant.after, mutant.number


def of_assignment(notebook: nbformat.NotebookNode) -> dict[str, list[Mutant]]:
    """Return by task the mutants of every solution of an assignment."""
    return {
        task.name: mutator.mutants(task.solution)
        for task in runner.tasks(notebook).values()
    }


def judged(assignment: str, folder: Path = FOLDER) -> dict[Key, Verdict]:
    """Read what was said of an assignment's survivors.

    Raises
    ------
    ValueError
        If an entry is not complete, has another verdict, or stands there twice.
    """
    path = folder / f"{assignment}.toml"
    if not path.is_file():
        return {}
    found: dict[Key, Verdict] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", []):
        wanted = {"task", "before", "after", "verdict", "why"}
        if not wanted <= set(entry) <= wanted | {"number"}:
            raise ValueError(f"{path}: an entry has {sorted(entry)}, not {wanted}")
        if entry["verdict"] not in VERDICTS or not entry["why"].strip():
            raise ValueError(f"{path}: {entry} needs a reason and one of {VERDICTS}")
        name = (
            *(entry["task"], entry["before"], entry["after"]),
            entry.get("number", 1),
        )
        if name in found:
            raise ValueError(f"{path}: {name} is judged twice")
        found[name] = Verdict(entry["verdict"], entry["why"])
    return found


def as_toml(name: Key) -> str:
    """Return the entry in which a survivor is to be judged."""
    task, before, after, number = name
    fields = {"task": task, "before": before, "after": after}
    lines = [
        f"{field} = {json.dumps(text, ensure_ascii=False)}"
        for field, text in fields.items()
    ]
    if number > 1:
        lines.append(f"number = {number}")
    return "\n".join(["[[mutant]]", *lines, 'verdict = ""', 'why = ""', ""])


def without_mutant(assignment: str, folder: Path = FOLDER) -> list[Key]:
    """Return what is judged in an assignment's file and is no mutant of a solution."""
    there = {
        key(task, mutant)
        for task, made in of_assignment(runner.source(assignment)).items()
        for mutant in made
    }
    return [name for name in judged(assignment, folder) if name not in there]


# -- what was run, and what came of it


def fingerprints(assignment: str) -> dict[str, str]:
    """Return by task a hash of all that decides which of its mutants are caught.

    These are its hidden test, its solution and those that it uses, what is given, and
    the mutator.
    """
    notebook = runner.source(assignment)
    solutions = {name: task.solution for name, task in runner.tasks(notebook).items()}
    sources = {grade_id(cell): cell.source for cell in notebook.cells if mark(cell)}
    given = [
        cell.source
        for cell in notebook.cells
        if cells.is_code(cell) and cells.is_locked(cell) and not cells.is_graded(cell)
    ]
    common = [Path(mutator.__file__).read_text(), str(DRAWS), *given]
    found = {}
    for name, task in runner.tasks(notebook).items():
        used = runner.touched(notebook, name, task.solution)
        needed = [solutions[one] for one in solutions if one in used]
        text = "\n".join([*common, sources[task.tests[-1]], *needed])
        found[name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def results(assignment: str, folder: Path = FOLDER) -> dict[str, Result]:
    """Read what `make mutants` wrote, by task."""
    path = folder / f"{assignment}.json"
    if not path.is_file():
        return {}
    return {
        task: Result(
            found["fingerprint"],
            found["mutants"],
            tuple((task, *changed) for changed in found["survivors"]),
        )
        for task, found in json.loads(path.read_text(encoding="utf-8")).items()
    }


def write(
    assignment: str, results: Mapping[str, Result], folder: Path = FOLDER
) -> None:
    """Write the results of an assignment, to be committed."""
    written = {
        task: {
            "fingerprint": result.fingerprint,
            "mutants": result.mutants,
            "survivors": [list(name[1:]) for name in result.survivors],
        }
        for task, result in results.items()
    }
    text = json.dumps(written, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{assignment}.json").write_text(text, encoding="utf-8")


# -- running them


@dataclass
class Solved:
    """An assignment with its solutions, ready to be forked.

    Parameters
    ----------
    names : dict
        What the notebook holds once everything but its tests has run.
    hidden : dict of str to str
        The source of each task's hidden test.
    """

    assignment: str
    names: dict
    hidden: dict[str, str]

    @classmethod
    def run(cls, assignment: str) -> Solved:
        """Run an assignment's data cells and solutions in this process."""
        notebook = runner.source(assignment)
        names: dict = {"__name__": "__main__"}
        sources = {}
        for cell in notebook.cells:
            if runner.is_test(cell):
                sources[grade_id(cell)] = cell.source
            elif cells.is_code(cell) and mark(cell):
                exec(compile(cell.source, grade_id(cell), "exec"), names)
        hidden = {
            task.name: sources[task.tests[-1]]
            for task in runner.tasks(notebook).values()
        }
        return cls(assignment, names, hidden)

    def passes(self, task: str, answer: str, draws: int = DRAWS) -> bool:
        """Return whether an answer passes its hidden test in every draw."""
        if runner.trouble(answer, task, self.names):
            return False
        for draw in range(draws):
            with runner.drawn_from(f"{self.assignment}-{task}-{draw}"):
                if runner.trouble(self.hidden[task], f"{task}_hidden", self.names):
                    return False
            plt.close("all")
        return True


#: Exit codes of a fork.
SURVIVED, CAUGHT = 10, 11


def survivors(
    assignment: str,
    folder: Path,
    mutants: dict[str, list[Mutant]],
    processes: int = 2,
) -> Iterator[tuple[str, list[Mutant]]]:
    """Yield by task the mutants that no draw of the hidden test catches.

    Parameters
    ----------
    assignment : str
    folder : Path
        Where its data lie.
    mutants : dict of str to list of Mutant
        By task.
    processes : int
        How many run at a time.

    Raises
    ------
    ValueError
        If a solution itself does not pass its hidden test.
    RuntimeError
        If this is no Linux: a mutant runs in a fork, with the limits of its kernel.
    """
    if sys.platform != "linux":
        raise RuntimeError("mutants run on Linux only")
    with contextlib.chdir(folder):
        solved = Solved.run(assignment)
        solutions = runner.tasks(runner.source(assignment))
        for task, made in mutants.items():
            before = _used()
            if _forked(solved, task, [solutions[task].solution], 1, 600) != [SURVIVED]:
                raise ValueError(f"{assignment}: the solution of {task} does not pass")
            patience = max(LEAST, math.ceil(TIMES * (_used() - before)))
            codes = _forked(
                solved, task, [one.source for one in made], processes, patience
            )
            left = zip(made, codes, strict=True)
            yield task, [mutant for mutant, code in left if code == SURVIVED]


def _used() -> float:
    """Return the seconds of a processor that forks which have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _forked(
    solved: Solved, task: str, answers: list[str], processes: int, patience: int
) -> list[int]:
    """Return the exit code of a fork for each answer; one that was killed has -9."""
    context = multiprocessing.get_context("fork")
    codes: dict[int, int] = {}
    waiting = list(enumerate(answers))[::-1]
    running: dict[int, tuple] = {}  # sentinel: place, process, when it has to end
    while waiting or running:
        while waiting and len(running) < processes:
            place, answer = waiting.pop()
            process = context.Process(
                target=_judge, args=(solved, task, answer, patience)
            )
            process.start()
            end = time.monotonic() + CLOCK * patience
            running[process.sentinel] = place, process, end
        soonest = min(end for _, _, end in running.values())
        connection.wait(list(running), max(0, soonest - time.monotonic()))
        for sentinel, (place, process, end) in list(running.items()):
            if process.exitcode is None and time.monotonic() > end:
                process.kill()
                process.join()
            if process.exitcode is not None:
                process.join()
                codes[place] = process.exitcode
                del running[sentinel]
    return [codes[place] for place in range(len(answers))]


def _judge(solved: Solved, task: str, answer: str, patience: int) -> None:
    """Run an answer and its hidden test in this fork, which ends here."""
    resource.setrlimit(resource.RLIMIT_CPU, (patience, patience))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGESIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    passed = False
    with contextlib.suppress(BaseException):
        passed = solved.passes(task, answer)
    os._exit(SURVIVED if passed else CAUGHT)
