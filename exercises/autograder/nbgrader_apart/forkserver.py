"""A process that imports everything once and is then forked for each submission.

It is started with a socket as its standard input, reads a `ServerSpec` from it,
makes ready, and then answers two requests of `forkclient`:

====  =======================================================================
fork  fork; the fork serves `studentside` or `testside` with the two sockets
      that come along
end   kill a fork and everything that it has started
====  =======================================================================

The set-up cells of the assignment are run before the first fork, so their files
are read once. This process stays single-threaded, and no student's line runs in it.
"""

import contextlib
import ctypes
import gc
import importlib
import io
import itertools
import os
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from typing import NoReturn

from . import box, shell, studentside, testside, wire
from .options import ForkRequest, Level, Role, ServerSpec
from .outputs import Output, has_error

PR_SET_CHILD_SUBREAPER = 36
#: Seconds for one set-up cell.
SETUP_SECONDS = 60
#: Garbage is looked for after so many new objects, which is seldom: few are left.
GC_THRESHOLD = 10_000
#: Seconds between two looks at what has died.
BURY_SECONDS = 0.2
#: Seconds in which everything that a fork has started can be killed.
SWEEP_SECONDS = 10
#: What libraries import only when they show, or turn, their first table or figure.
LATER = {
    "matplotlib": ["IPython.core.pylabtools", "matplotlib_inline.backend_inline"],
    "pandas": [
        *("pandas.core.methods.to_dict", "pandas.core.reshape.reshape"),
        "pandas.io.formats.html",
    ],
}
#: No process here has opened more descriptors than this.
MAX_DESCRIPTOR = 4096


def main() -> None:
    """Make ready, then serve until the socket closes."""
    sock = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    message, _ = wire.receive(sock)
    server = ForkServer(sock, ServerSpec.from_message(message))
    try:
        server.make_ready()
    except BaseException:
        wire.send(sock, {"error": traceback.format_exc()})
        raise
    server.serve()


class ForkServer:
    """The server's own side.

    Parameters
    ----------
    sock : socket
        To the grader.
    spec : ServerSpec
    """

    def __init__(self, sock: socket.socket, spec: ServerSpec) -> None:
        self.sock, self.spec = sock, spec
        #: Whether each fork has name spaces of its own.
        self.isolated = spec.options.level is Level.BWRAP
        #: The user of each fork, by process id.
        self.forks: dict[int, int | None] = {}
        #: The outputs of the set-up cells.
        self.prefix: list[list[Output]] = []

    # -- before the first fork

    def make_ready(self) -> None:
        """Import, run the set-up cells, and keep garbage collection off all that."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        box.go_early_if_memory_is_short(box.GOES_SECOND)
        box.close_memory()  # it is not for students' forks
        gc.disable()
        self._import(self.spec.imports)
        self._start_shell()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        gc.enable()

    def _import(self, modules: Sequence[str]) -> None:
        """Import modules; what cannot be imported fails in the cell that wants it."""
        for name in modules:
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)

    def _start_shell(self) -> None:
        home = self.spec.home
        os.chdir(f"{home}/work")
        # As in a notebook, modules that lie beside it can be imported.
        sys.path.insert(0, "")
        self.shell = shell.make(f"{home}/tmp")
        self.shell.learn(self.spec.known)
        for source in self.spec.prefix:
            outputs = self.shell.run(source, SETUP_SECONDS)
            if has_error(outputs):
                break  # the cells that follow run in each fork, and fail there
            self.prefix.append(outputs)
        for library, modules in LATER.items():
            if library in sys.modules:
                self._import(modules)
        if "matplotlib" in sys.modules:
            _prepare_figures(self.spec.role)
        if len(os.listdir("/proc/self/task")) > 1:
            raise RuntimeError("the set-up cells start threads: this cannot be forked")

    # -- requests

    def serve(self) -> NoReturn:
        """Say what is ready, answer requests, and bury what has died."""
        memory, _ = box.use_of(os.getpid())
        try:
            wire.send(self.sock, {"prefix": self.prefix, "memory": memory})
            while True:
                if select.select([self.sock], [], [], BURY_SECONDS)[0]:
                    self._answer()
                self._bury()
        finally:  # the grader has hung up
            self.forks.clear()
            self._sweep()
            os._exit(0)

    def _answer(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self.sock, 1 << 16, 4)
        request, _ = wire.receive(self.sock, data=data)
        try:
            if "fork" in request:
                pid = self._fork(ForkRequest(**request["fork"]), descriptors)
                answer: wire.Head = {"pid": pid}
            else:
                self._end(request["end"])
                answer = {}
        except OSError as error:
            answer = {"error": str(error)}
        wire.send(self.sock, answer)

    def _fork(self, request: ForkRequest, descriptors: Sequence[int]) -> int:
        if self.isolated:
            box.namespaces.new_processes()
        pid = os.fork()
        if pid == 0:
            self._become_submission(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self.forks[pid] = request.user
        return pid

    def _end(self, pid: int) -> None:
        """Kill a fork and what it has started; all is gone when this returns."""
        known = pid in self.forks
        self.forks.pop(pid, None)
        if not self.isolated:
            self._sweep()
        elif known:
            _tell_to_end(pid)
            _wait_for(pid)

    # -- what has died, and what it left behind

    def _bury(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while pid := os.waitpid(-1, os.WNOHANG)[0]:
                if self.forks.pop(pid, self) is not self and not self.isolated:
                    self._sweep()

    def _sweep(self) -> None:
        """Kill all processes below this one whose user has no fork any more.

        Whatever a fork leaves behind becomes a child of this process. All are told
        to end before any is waited for: who ends this process meanwhile leaves no
        stray alive.
        """
        deadline = time.monotonic() + SWEEP_SECONDS
        while strays := self._strays():
            for pid in strays:
                _tell_to_end(pid)
            for pid in strays:
                _wait_for(pid)
            if time.monotonic() > deadline:
                return

    def _strays(self) -> list[int]:
        _, children = box.use_of(os.getpid())
        users = set(self.forks.values())
        return [
            pid
            for pid in children
            if pid not in self.forks and box.user_of(pid) not in users
        ]

    # -- in a fork

    def _become_submission(
        self, request: ForkRequest, descriptors: Sequence[int]
    ) -> NoReturn:
        try:
            os.setsid()
            self.sock.close()
            tempfile.tempdir = None
            if "numpy" in sys.modules:  # `random` does so by itself
                sys.modules["numpy"].random.seed()
            self._serve_submission(request, descriptors)
        finally:
            os._exit(0)

    def _serve_submission(
        self, request: ForkRequest, descriptors: Sequence[int]
    ) -> NoReturn:
        _close_all_but(descriptors)
        control, link = (socket.socket(fileno=number) for number in descriptors)
        options, folder = self.spec.options, request.folder
        os.sched_setaffinity(0, {request.processor})
        if self.isolated:
            self._isolate(request)
        else:
            box.take_user(request.user)
        box.confine(
            self.spec.role,
            options.level,
            options.limits,
            readable=self.spec.readable,
            writable=[folder, "/dev/shm"] if self.isolated else [folder],
            syscall_filter=bytes.fromhex(self.spec.syscall_filter),
        )
        os.environ |= dict.fromkeys(box.HOMES, f"{folder}/tmp")
        self.shell.move_to(f"{folder}/work", f"{folder}/tmp")
        if request.fresh:
            self.shell.reset(new_session=True)  # type: ignore[no-untyped-call]
        if self.spec.role is Role.STUDENT:
            studentside.serve(self.shell, control, link, options.call_seconds)
        testside.serve(self.shell, control, link, options.call_seconds)

    def _isolate(self, request: ForkRequest) -> None:
        """Go on where there is nothing but the submission's own."""
        given = os.open(request.folder, os.O_PATH | os.O_DIRECTORY)
        box.namespaces.separate(
            self.spec.arena, request.size, request.entries, request.user
        )
        box.take_user(request.user)
        box.namespaces.copy_files(given, request.folder)


def _tell_to_end(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)  # it may not lead a group


def _wait_for(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.waitpid(pid, 0)


def _close_all_but(descriptors: Sequence[int]) -> None:
    """Close everything but the three standard descriptors and these."""
    for low, high in itertools.pairwise([2, *sorted(descriptors), MAX_DESCRIPTOR]):
        os.closerange(low + 1, high)


def _prepare_figures(role: Role) -> None:
    """Draw once what a student may draw; make the figures that tests will fill."""
    from matplotlib import pyplot  # noqa: F401  (imported for all forks)
    from matplotlib.figure import Figure

    from . import figures

    if role is Role.STUDENT:
        figure = Figure()
        figure.subplots().set(title="a", xlabel="b", yscale="log")
        figure.savefig(io.BytesIO(), format="png")
    else:
        figures.prepare_blank_figures()
