"""One worker, and one submission on it: which cell runs where, and what came of it.

A run is a function of its arguments: text and files in, outputs out. It needs
neither a gradebook nor a course folder, so it can happen on any machine.
"""

import contextlib
import socket
import time
from collections.abc import Mapping, Sequence

from . import box
from .cells import CellKind
from .forkclient import Fork, ForkServerClient, ForkServerError, Lost, RestartingServer
from .options import Options, Role
from .outputs import Output, error_output
from .plan import CodeCell, Plan

NOT_RUN = "not run, because an earlier cell {}"


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
        self, cells: Sequence[CodeCell], files: Mapping[str, bytes]
    ) -> list[list[Output]]:
        """Run the code cells of one notebook.

        Parameters
        ----------
        cells : sequence of CodeCell
        files : mapping of str to bytes
            What lies beside the notebook, by relative path.

        Returns
        -------
        list of list of dict
            The outputs of each cell.
        """
        clients = self._clients()
        try:
            return self._run(clients, cells, files)
        except ForkServerError as error:
            # Not the submission's fault, or it killed what it should not reach.
            for role, client in clients.items():
                if client is error.client:
                    self.servers[role].renew(client)
            return self._run(self._clients(), cells, files)

    def _clients(self) -> dict[Role, ForkServerClient]:
        return {role: server.client for role, server in self.servers.items()}

    def _run(
        self,
        clients: Mapping[Role, ForkServerClient],
        cells: Sequence[CodeCell],
        files: Mapping[str, bytes],
    ) -> list[list[Output]]:
        with SubmissionRun(self.plan, self.options, clients, self.slot) as run:
            return run.outputs(cells, files)

    def close(self) -> None:
        """End the fork servers."""
        for server in self.servers.values():
            server.client.close()


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
        self.forks: dict[Role, Fork] = {}
        self.lost: dict[Role, str] = {}
        self.prepared: list[str] = []
        self.ending = contextlib.ExitStack()

    def __enter__(self) -> "SubmissionRun":
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.close()

    def outputs(
        self, cells: Sequence[CodeCell], files: Mapping[str, bytes]
    ) -> list[list[Output]]:
        """Run all cells; return the outputs of each."""
        as_prepared = self._begins_with_prefix(cells)
        self._start(files, fresh=not as_prepared)
        # What the fork servers ran before the fork is not run again.
        tests_ran = len(self.clients[Role.TESTS].started.prefix)
        self.prepared = self.plan.prefix[:tests_ran]
        done = self.clients[Role.STUDENT].started.prefix if as_prepared else []
        return done + [self._run_cell(cell) for cell in cells[len(done) :]]

    def _begins_with_prefix(self, cells: Sequence[CodeCell]) -> bool:
        first = cells[: len(self.plan.prefix)]
        setup = [cell.source for cell in first if cell.kind is CellKind.SETUP]
        return setup == self.plan.prefix

    def _start(self, files: Mapping[str, bytes], fresh: bool) -> None:
        here, there = socket.socketpair()
        with here, there:
            self._fork(Role.STUDENT, here, files, fresh)
            self._fork(Role.TESTS, there, self.plan.files, fresh=False)

    def _fork(
        self,
        role: Role,
        link: socket.socket,
        files: Mapping[str, bytes],
        fresh: bool,
    ) -> None:
        fork = Fork(self.clients[role], link, files, self.slot, fresh)
        self.ending.callback(fork.end)
        self.forks[role] = fork

    def _run_cell(self, cell: CodeCell) -> list[Output]:
        if cell.kind is CellKind.TEST:
            return self._run_in(Role.TESTS, cell.source)
        if cell.kind is CellKind.SETUP and cell.source not in self.prepared:
            self._run_in(Role.TESTS, cell.source)
        return self._run_in(Role.STUDENT, cell.source)

    def _run_in(self, role: Role, source: str) -> list[Output]:
        """Run a cell in one of the processes; one that is lost runs no more."""
        if role in self.lost:
            return [error_output("NotRun", NOT_RUN.format(self.lost[role]))]
        seconds = min(self.options.cell_seconds, self.seconds_left)
        began = time.monotonic()
        try:
            if seconds <= 0:
                raise Lost("used up the time of the whole notebook")
            return self.forks[role].run(source, seconds)
        except Lost as reason:
            self.lost[role] = str(reason)
            self.forks[role].end()
            return [error_output("Stopped", f"the cell {reason}")]
        finally:
            self.seconds_left -= time.monotonic() - began
