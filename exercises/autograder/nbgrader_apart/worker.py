"""One worker, and one submission on it: which cell runs where, and what came of it.

A run is a function of its arguments: text and files in, outputs out. It needs
neither a gradebook nor a course folder, so it can happen on any machine.
"""

import contextlib
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from . import box
from .cells import CellKind
from .forkclient import Fork, ForkServerClient, ForkServerError, Lost, RestartingServer
from .options import Options, Role
from .outputs import Output, error_output, size_of
from .plan import CodeCell, Plan, SetupCell

NOT_RUN = "not run, because an earlier cell {}"
#: Characters of output that the student's cells of one notebook may have together.
MOST_SHOWN = 40_000_000
TOO_MUCH: Output = {
    "output_type": "stream",
    "name": "stdout",
    "text": f"[left out: more than {MOST_SHOWN:,} characters in one notebook]\n",
}


class Worker:
    """Runs submissions of one assignment, one after the other.

    Parameters
    ----------
    plan : Plan
    slot : int
        Workers that are busy at the same time on one machine have different ones.
    options : Options
    servers : dict of Role to RestartingServer, optional
        Fork servers that this worker shares with another one.
    """

    def __init__(
        self,
        plan: Plan,
        slot: int,
        options: Options,
        servers: Mapping[Role, RestartingServer] | None = None,
    ) -> None:
        self.plan, self.slot, self.options = plan, slot, options
        self.servers = dict(servers or {})
        for role in Role:
            if role not in self.servers:
                self.servers[role] = RestartingServer(plan, role, options)

    def shareable(self, slot: int) -> dict[Role, RestartingServer]:
        """Return the fork servers that a worker in another slot may use meanwhile.

        Without users of their own, two students' forks of one server could reach
        each other. Those of the tests run no student's code.
        """
        apart = box.user_id(self.options.level, Role.STUDENT, slot) is not None
        return {
            role: server
            for role, server in self.servers.items()
            if apart or role is Role.TESTS
        }

    def run(
        self,
        cells: Sequence[CodeCell],
        files: Mapping[str, bytes],
        own: Mapping[str, bytes] | None = None,
    ) -> list[list[Output]]:
        """Run the code cells of one notebook.

        Parameters
        ----------
        cells : sequence of CodeCell
        files : mapping of str to bytes
            What lies beside the notebook, by relative path.
        own : mapping of str to bytes, optional
            Of the instructor's files, those that this student was given others of:
            they lie beside the tests, too.

        Returns
        -------
        list of list of dict
            The outputs of each cell.
        """
        own = own or {}
        clients = self._clients()
        try:
            return self._run(clients, cells, files, own)
        except ForkServerError as error:
            # Not the submission's fault, or it killed what it should not reach.
            self._renew(clients, error)
        clients = self._clients()
        try:
            return self._run(clients, cells, files, own)
        except ForkServerError as error:
            if not (error.died and error.client.was_ready):
                raise  # nobody can be graded, which is nobody's zero
            self._renew(clients, error)
            why = error_output("NotRun", f"the grading stopped twice here: {error}")
            return [[why] for _ in cells]

    def _renew(
        self, clients: Mapping[Role, ForkServerClient], error: ForkServerError
    ) -> None:
        for role, client in clients.items():
            if client is error.client:
                self.servers[role].renew(client)

    def _clients(self) -> dict[Role, ForkServerClient]:
        return {role: server.client for role, server in self.servers.items()}

    def _run(
        self,
        clients: Mapping[Role, ForkServerClient],
        cells: Sequence[CodeCell],
        files: Mapping[str, bytes],
        own: Mapping[str, bytes],
    ) -> list[list[Output]]:
        with SubmissionRun(self.plan, self.options, clients, self.slot) as run:
            return run.outputs(cells, files, own)

    def close(self) -> None:
        """End the fork servers."""
        for server in self.servers.values():
            server.client.close()


class Step(NamedTuple):
    """What a process has run to its end, and the seconds that it took.

    Parameters
    ----------
    role : Role
    source : str
    place : int
    seconds : float
    """

    role: Role
    source: str
    place: int
    seconds: float


class SubmissionRun:
    """One submission: its two processes, and the time that is left to it."""

    def __init__(
        self,
        plan: Plan,
        options: Options,
        clients: Mapping[Role, ForkServerClient],
        slot: int,
    ) -> None:
        self.plan, self.options, self.slot = plan, options, slot
        self.clients = clients
        self.seconds_left = options.total_seconds
        self.files: Mapping[str, bytes] = {}
        #: What lies beside the tests.
        self.given: Mapping[str, bytes] = plan.files
        self.fresh = False
        self.student: Fork | None = None
        self.tests: Fork | None = None
        #: What both processes have run, in that order, and would have to run again.
        self.ran: list[Step] = []
        #: Characters of output of the student's cells.
        self.shown = 0
        #: The set-up cells that the tests' process has not run.
        self.setup: list[SetupCell] = []
        #: Why no more cells of a side are run.
        self.lost: dict[Role, str] = {}

    def __enter__(self) -> "SubmissionRun":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.student is not None:
                self.student.end()
        finally:
            if self.tests is not None:
                self.tests.end()

    def outputs(
        self,
        cells: Sequence[CodeCell],
        files: Mapping[str, bytes],
        own: Mapping[str, bytes],
    ) -> list[list[Output]]:
        """Run all cells; return the outputs of each."""
        as_prepared = self._begins_with_prefix(cells)
        self.files, self.fresh = {**files, **own}, not as_prepared
        self.given = {**self.plan.files, **own}
        self._start()
        # What the fork servers ran before the fork is not run again.
        prepared = self.plan.prefix[: len(self.clients[Role.TESTS].started.prefix)]
        self.setup = [cell for cell in self.plan.setup if cell.source not in prepared]
        done = self.clients[Role.STUDENT].started.prefix if as_prepared else []
        return done + [self._run(cell) for cell in cells[len(done) :]]

    def _begins_with_prefix(self, cells: Sequence[CodeCell]) -> bool:
        first = cells[: len(self.plan.prefix)]
        setup = [cell.source for cell in first if cell.kind is CellKind.SETUP]
        return setup == self.plan.prefix

    def _run(self, cell: CodeCell) -> list[Output]:
        if cell.kind is CellKind.TEST:
            return self._run_test(cell)
        return self._run_students(cell.source)

    # -- the student's side

    def _start(self) -> None:
        here, there = socket.socketpair()
        with here, there:
            self.student = self._fork_student(here)
            tests = self.clients[Role.TESTS]
            self.tests = Fork(tests, there, self.given, self.slot)

    def _fork_student(self, link: socket.socket) -> Fork:
        client = self.clients[Role.STUDENT]
        return Fork(client, link, self.files, self.slot, self.fresh)

    def _run_students(self, source: str) -> list[Output]:
        if Role.STUDENT in self.lost:
            return [error_output("NotRun", NOT_RUN.format(self.lost[Role.STUDENT]))]
        before = self.seconds_left
        try:
            outputs = self._run_in(Role.STUDENT, source)
        except Lost as reason:
            self._restart(str(reason))
            return [error_output("Stopped", f"the cell {reason}")]
        self.ran.append(Step(Role.STUDENT, source, 0, before - self.seconds_left))
        self.shown += size_of(outputs)
        if self.shown > MOST_SHOWN:
            return [TOO_MUCH]
        return outputs

    def _restart(self, reason: str) -> None:
        """Put a new process in the place of the student's, and run its cells again.

        One that cannot be brought back in the time that is left is lost.
        """
        assert self.student is not None and self.tests is not None
        with self._counted():
            self.student.end()
        if self.seconds_left <= 0:
            self.lost[Role.STUDENT] = reason
            return
        here, there = socket.socketpair()
        with here, there:
            with self._counted():
                self.student = self._fork_student(here)
            try:
                for step in self.ran:
                    if step.role is Role.STUDENT:
                        self._run_in(step.role, step.source, step.place)
                if Role.TESTS not in self.lost:
                    self.tests.relink(there)
            except Lost:
                self.lost[Role.STUDENT] = reason

    # -- the tests' side

    def _run_test(self, cell: CodeCell) -> list[Output]:
        place = self.plan.places.get(cell.name or "", len(self.plan.places))
        while self.setup and self.setup[0].place < place:
            before = self.setup.pop(0)
            self._run_in_tests(before.source, before.place)
        return self._run_in_tests(cell.source, place)

    def _run_in_tests(self, source: str, place: int) -> list[Output]:
        if Role.TESTS in self.lost:
            return [error_output("NotRun", NOT_RUN.format(self.lost[Role.TESTS]))]
        assert self.tests is not None and self.student is not None
        before = self.seconds_left
        try:
            outputs = self._run_in(Role.TESTS, source, place)
        except Lost as reason:
            self._restart_both(str(reason))
            return [error_output("Stopped", f"the cell {reason}")]
        if self._students_is_gone is None:
            took = before - self.seconds_left
            self.ran.append(Step(Role.TESTS, source, place, took))
        if self.student.overdrawn is not None:
            why = f"the submission {self.student.overdrawn}"
            outputs.append(error_output("SubmissionGone", why))
        self._restart_if_gone()
        return outputs

    @property
    def _students_is_gone(self) -> str | None:
        """Why the student's process is of no use to the tests any more."""
        assert self.tests is not None and self.student is not None
        return self.student.overdrawn or self.tests.gone

    def _restart_if_gone(self) -> None:
        reason = self._students_is_gone
        if reason is not None and Role.STUDENT not in self.lost:
            self._restart(reason)

    def _restart_both(self, reason: str) -> None:
        """Put a new pair in the place of both, and run again what made them ready.

        A test that compiled code does not let go of, because of what the student
        gave it, loses its own points only. Both are new because one link joins them.
        Where the time does not suffice for all that, the tests are lost, and the
        student's cells go on.
        """
        assert self.student is not None and self.tests is not None
        with self._counted():
            self.tests.end()
        if self.seconds_left <= sum(step.seconds for step in self.ran):
            self.lost[Role.TESTS] = reason
            return
        with self._counted():
            self.student.end()
            self._start()
        try:
            for step in self.ran:
                self._run_in(step.role, step.source, step.place)
        except Lost:
            self.lost[Role.TESTS] = reason
        else:
            self._restart_if_gone()

    def _run_in(self, role: Role, source: str, place: int = 0) -> list[Output]:
        """Run a cell in a process, and take the time from what is left."""
        fork = self.student if role is Role.STUDENT else self.tests
        beside = self.student if role is Role.TESTS else None
        assert fork is not None
        seconds = min(self.options.cell_seconds, self.seconds_left)
        if seconds <= 0:
            raise Lost("used up the time of the whole notebook")
        with self._counted():
            return fork.run(source, seconds, place, beside)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Take from the time that is left what is done meanwhile."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds_left -= time.monotonic() - began
