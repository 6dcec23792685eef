"""nbgrader's step "run the notebook": submissions are run ahead, on all cores.

nbgrader goes through the class one student at a time, and it alone writes the
gradebook. When it asks for the first hand-in, all that it will ask for later are
read and start to run. What it gets is what was read then.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade
from traitlets import (
    Dict,
    Enum,
    Float,
    Integer,
    List,
    TraitError,
    Unicode,
    default,
    validate,
)

from . import (
    box,
    cells,
    cluster,
    intake,
    leftovers,
    patches,
    places,
    plan,
    released,
    submission,
    tree,
)
from .explain import FOR_EVERYBODY
from .options import Level, Limits, Options
from .outputs import Output, error_output, size_of
from .plan import Plan
from .pool import Pool
from .progress import Progress
from .submission import SUFFIX, Restored, Submission

AUTO = "auto"
#: Large modules that start nothing when they are imported.
PRELOAD = (
    *("scipy.integrate", "scipy.interpolate", "scipy.linalg", "scipy.optimize"),
    *("scipy.signal", "scipy.special", "scipy.stats"),
    *("sklearn.cluster", "sklearn.decomposition", "sklearn.ensemble"),
    *("sklearn.linear_model", "sklearn.metrics", "sklearn.mixture"),
    *("sklearn.model_selection", "sklearn.preprocessing"),
)
#: What is kept of hand-ins that nbgrader has not come to yet, in bytes. Beyond that
#: no other is read.
KEPT = 400 << 20
LIMIT_NAMES = tuple(Limits.__dataclass_fields__)


class RunAhead(Execute):  # type: ignore[misc]  # nbgrader has no types
    """Replaces `Execute` in ``c.Autograde.autograde_preprocessors``."""

    workers = Integer(help="submissions at the same time").tag(config=True)
    level = Enum(
        [AUTO, *map(str, Level)],
        AUTO,
        help="the box, or auto for the strongest that works here",
    ).tag(config=True)
    limits = Dict(help=f"limits of one process: any of {', '.join(LIMIT_NAMES)}").tag(
        config=True
    )
    preload = List(
        Unicode(),
        list(PRELOAD),
        help="modules that are imported ahead if many hand-ins want them",
    ).tag(config=True)
    offered = List(
        Unicode(), help="modules of the course that students' code may import"
    ).tag(config=True)
    call_timeout = Float(10, help="seconds a call from a test").tag(config=True)
    total_timeout = Float(600, help="seconds a notebook").tag(config=True)
    scheduler = Unicode(help="address of a dask.distributed scheduler").tag(config=True)

    @default("workers")
    def _all_cores(self) -> int:
        return len(os.sched_getaffinity(0))

    @validate("limits")
    def _known_limits(self, proposal: Any) -> dict[str, int]:
        for name in proposal.value:
            if name not in LIMIT_NAMES:
                known = ", ".join(LIMIT_NAMES)
                raise TraitError(f"RunAhead.limits has no {name!r}, but {known}")
        limits: dict[str, int] = proposal.value
        return limits

    def options(self) -> Options:
        """Return the settings as the workers need them."""
        return Options(
            level=box.best_level() if self.level == AUTO else Level(self.level),
            limits=Limits(**self.limits),
            cell_seconds=float(self.timeout or self.total_timeout),
            call_seconds=self.call_timeout,
            total_seconds=self.total_timeout,
        )

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill in the outputs of one notebook."""
        run: GradingRun = self.parent.run
        outputs = run.current.notebooks[resources["nbgrader"]["notebook"]].outputs
        code = [cell for cell in nb.cells if cells.is_code(cell)]
        for count, (cell, shown) in enumerate(zip(code, outputs, strict=True), 1):
            cell.outputs = nbformat.from_dict(shown)
            cell.execution_count = count
        return nb, resources


class RunAheadExporter(intake.SubmissionExporter):
    """Gives nbgrader hand-ins that were run; it makes one when a run begins."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.run: GradingRun | None = None
        if isinstance(self.parent, intake.AutogradeReadOnce):
            self._begin(self.parent)

    def _begin(self, converter: intake.AutogradeReadOnce) -> None:
        patches.share_gradebook()
        leftovers.clear_work_folders()
        course = converter.coursedir
        lock = Path(course.root, f".grading-{course.assignment_id}.lock")
        self._lock = leftovers.lock(lock)
        if self._lock:
            leftovers.clear_unfinished(converter)
        self.run = GradingRun(RunAhead(parent=self), self, converter)
        self.run.start()

    def submission(self, student: str) -> Submission:
        """Return what a student handed in, when it was run."""
        if self.run is None:
            return super().submission(student)
        found = self.run.come_to(student).submission
        self.tell(found)
        return found

    def restored(self, name: str) -> Restored:
        """Return one of the notebooks of that student, as it was run."""
        if self.run is None:
            return super().restored(name)
        return self.run.current.notebooks[name].restored

    def others(self, name: str, found: Submission, restored: Restored) -> Iterator[str]:
        """Name the other copies of a notebook that would score more."""
        if self.run is None:
            yield from super().others(name, found, restored)
            return
        ran = self.run.current.notebooks[name]
        here = tested(ran).points
        for file, other in ran.others.items():
            if (there := tested(other).points) > here:
                yield (
                    f"{tree.printable(file)}, handed in with it, would get {there:g} "
                    f"points from the tests, and this one got {here:g}"
                )

    def from_file(
        self, file_stream: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Return the text of a notebook that this run has written, after the steps.

        nbconvert's own way checks every cell of it again.
        """
        notebook = nbformat.v4.reads(file_stream.read())
        return self.from_notebook_node(notebook, resources, **kw)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Return the text of a notebook after the steps."""
        return patches.text_after_steps(self, nb, resources)


@dataclass(frozen=True)
class Ran:
    """A notebook as it is graded, and the outputs of its code cells.

    `others` holds the same of other copies that were handed in, by their names.
    """

    restored: Restored
    outputs: list[list[Output]]
    others: dict[str, Ran] = field(default_factory=dict)


class Tested(NamedTuple):
    """The points that tests give to a notebook, and those that they could give."""

    points: float
    most: float


def tested(ran: Ran) -> Tested:
    """Return what tests give to a notebook."""
    code = [cell for cell in ran.restored.cells if cells.is_code(cell)]
    points, most = 0.0, 0.0
    for cell, outputs in zip(code, ran.outputs, strict=True):
        if cells.is_test(cell):
            shown = nbformat.from_dict({**cell, "outputs": outputs})
            got, possible = determine_grade(shown)
            points += got or 0
            most += possible
    return Tested(points, most)


@dataclass(frozen=True)
class Result:
    """What a student handed in, and what came of its notebooks, by their names."""

    submission: Submission
    notebooks: dict[str, Ran]

    def size(self) -> int:
        """Return about how many bytes it takes."""
        outputs = [one.outputs for one in self.notebooks.values()]
        return self.submission.size() + sum(map(size_of, outputs))


class Ahead:
    """Hand-ins that are run ahead: as many at once as may be, while there is room.

    Parameters
    ----------
    students : iterable of str
        In the order in which nbgrader comes to them.
    run : callable
        Runs what a student handed in.
    workers : int
        So many at the same time.
    most : int
        Of results that nbgrader has not come to, so many bytes are kept. Beyond that
        no other hand-in is begun.
    """

    def __init__(
        self,
        students: Iterable[str],
        run: Callable[[str], Result],
        workers: int,
        most: int,
    ) -> None:
        self.waiting, self.run = deque(students), run
        self.workers, self.most = workers, most
        self.threads = ThreadPoolExecutor(workers, thread_name_prefix="grading")
        self.results: dict[str, Future[Result]] = {}
        self.under_way = 0
        #: The sizes of results.
        self.kept: dict[str, int] = {}
        self.lock = threading.RLock()

    def go_on(self) -> None:
        """Begin with those for which there is room."""
        with self.lock:
            while (
                self.waiting
                and self.under_way < self.workers
                and sum(self.kept.values()) < self.most
            ):
                student = self.waiting.popleft()
                self.under_way += 1
                self.results[student] = result = self.threads.submit(self.run, student)
                result.add_done_callback(partial(self._ended, student))

    def _ended(self, student: str, result: Future[Result]) -> None:
        with self.lock:
            self.under_way -= 1
            if result.exception() is None:
                self.kept[student] = result.result().size()
            with contextlib.suppress(RuntimeError):  # the command itself is ending
                self.go_on()

    def take(self, student: str) -> Future[Result] | None:
        """Return what comes of a hand-in, or None if nobody has begun with it."""
        with self.lock:
            if student in self.waiting:
                self.waiting.remove(student)
            return self.results.pop(student, None)

    def let_go(self, student: str) -> None:
        """Take note that a result is not kept any more."""
        with self.lock:
            self.kept.pop(student, None)
            self.go_on()


class GradingRun:
    """All hand-ins that one run of nbgrader grades, under way on the workers.

    Parameters
    ----------
    step : RunAhead
        Its settings.
    exporter : RunAheadExporter
        Reads hand-ins, and knows the assignment.
    converter : AutogradeReadOnce
    """

    def __init__(
        self,
        step: RunAhead,
        exporter: RunAheadExporter,
        converter: intake.AutogradeReadOnce,
    ) -> None:
        self.step, self.options = step, step.options()
        self.exporter = exporter
        self.converter, self.course = converter, converter.coursedir
        self.lock = threading.Lock()
        self.plans: dict[str, Plan] = {}
        self.pools: dict[str, Pool] = {}
        self.students: list[str] = []
        self.ahead: Ahead
        #: Of the student that nbgrader has come to.
        self.current: Result
        self.progress = Progress(0)

    def start(self) -> None:
        """Find the hand-ins that nbgrader will come to, and begin to run them."""
        level = self.options.level
        shown = {FOR_EVERYBODY: True}
        self.step.log.info(
            "Students' code runs in a box of level %r", str(level), extra=shown
        )
        missing = box.what_is_missing(level)
        if self.step.level == AUTO and missing is not None:
            self.step.log.warning(
                "A stronger box is not to be had: %s", missing, extra=shown
            )
        students = [
            Path(folder).parent.name for folder in sorted(self.converter.assignments)
        ]
        self.students = [one for one in students if self.converter.is_wanted(one)]
        self.progress = Progress(len(self.students))
        self.ahead = Ahead(self.students, self._read_and_run, self.step.workers, KEPT)
        self.ahead.go_on()
        # Garbage is not looked for among what is there now, which is slow; nor when
        # this process ends, after all that is registered below.
        gc.freeze()
        atexit.register(gc.freeze)
        atexit.register(self.close)

    # -- in nbgrader's thread

    def come_to(self, student: str) -> Result:
        """Return what came of the hand-in that nbgrader has come to.

        Raises
        ------
        tree.Unopened
            If it cannot be opened.
        """
        under_way = self.ahead.take(student)
        try:
            if under_way is not None:
                self.current = under_way.result()
            else:
                self.current = self._read_and_run(student)
        finally:
            self.ahead.let_go(student)
            self.progress.step()
            if self.students and student == self.students[-1]:
                self.close()
        return self.current

    def close(self) -> None:
        """End all processes; a server that graded looks for garbage as before."""
        gc.unfreeze()
        with self.lock:
            pools, self.pools = self.pools, {}
        for pool in pools.values():
            pool.close()

    # -- in the threads

    def _read_and_run(self, student: str) -> Result:
        found = self.exporter.read(student)
        return Result(found, {name: self._run(name, found) for name in found.notebooks})

    def _run(self, name: str, found: Submission) -> Ran:
        restored = found.restored(name, self.exporter.released.cells[name])
        code = plan.code_cells(restored.cells)
        if found.notebooks[name].problem is not None:
            why = error_output("NotRun", "the file could not be read")
            return Ran(restored, [[why] for _ in code])
        known = self.exporter.released.cells[name]
        own = self.converter.own_files(found.student)
        ran = Ran(restored, self._outputs(name, code, found, own))
        points, most = tested(ran)
        if points == most:
            return ran  # no other copy could get more
        others = {
            other.file: submission.restore(other.cells, known) for other in found.others
        }
        return replace(
            ran,
            others={
                file: Ran(
                    other, self._outputs(name, plan.code_cells(other.cells), found, own)
                )
                for file, other in others.items()
            },
        )

    def _outputs(
        self,
        name: str,
        code: list[plan.CodeCell],
        found: Submission,
        own: Mapping[str, bytes],
    ) -> list[list[Output]]:
        made = self._plan(name)
        files = {**found.files, **made.files}
        if self.step.scheduler:
            return cluster.run(
                self.step.scheduler, made, self.options, code, files, own
            )
        return self._pool(name, made).run(code, files, own)

    def _pool(self, name: str, made: Plan) -> Pool:
        with self.lock:
            if name not in self.pools:
                self.pools[name] = Pool(made, self.options, self.step.workers)
            return self.pools[name]

    def _plan(self, name: str) -> Plan:
        with self.lock:
            if name not in self.plans:
                # An import that few want costs less where it is wanted.
                wanted = plan.imported_by_many(
                    self._first_texts(name),
                    self.step.preload,
                    more_than=self.step.workers,
                )
                source = released.source_folder(self.course) / f"{name}{SUFFIX}"
                made = plan.make(source, self.exporter.released.cells[name], wanted)
                made = replace(made, offered=list(self.step.offered))
                # Set-up cells that read a student's own data cannot run for all.
                if self.converter.is_personal:
                    made = replace(made, prefix=[])
                self.plans[name] = made
            return self.plans[name]

    def _first_texts(self, name: str) -> Iterator[str]:
        """Yield the first hand-ins of a notebook as text, those that can be read."""
        for student in self.students[: plan.HAND_INS_LOOKED_AT]:
            base, below = places.place(self.course, student, self.course.assignment_id)
            content = tree.read_file(base, *below, f"{name}{SUFFIX}")
            if content is not None:
                yield content.decode("utf-8", "replace")
