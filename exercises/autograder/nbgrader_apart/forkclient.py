"""The grader's end of the fork servers: start them, fork them, end them."""

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from . import box, tree, wire
from .options import (
    TOTAL_DISK,
    TOTAL_FILES,
    ForkRequest,
    Level,
    Options,
    Role,
    ServerSpec,
)
from .outputs import Output, clean
from .plan import Plan

#: The package is found where it lies, and nothing else that lies there.
START = f"""
import sys
sys.path.append({str(box.PACKAGE.parent)!r})
from nbgrader_apart import forkserver
sys.path.pop()
forkserver.main()
"""
START_SECONDS, ANSWER_SECONDS, END_SECONDS = 120, 30, 5
#: A cell that is interrupted in vain is ended after so many more seconds.
GRACE_SECONDS = 2
LATE = "did not end within {:g} s"
#: How often a running cell's use of memory and disk is looked at.
WATCH_SECONDS = 0.2
#: The outputs of one cell, as they are sent.
MAX_OUTPUT_BYTES = 8 << 20
#: Where matplotlib keeps the list of the machine's fonts, which is slow to make.
FONTS = Path(os.environ.get("MPLCONFIGDIR", "~/.cache/matplotlib")).expanduser()
#: For all processes of one submission together, in bytes.
TOTAL_MEMORY = 3 << 30


class ForkServerError(RuntimeError):
    """A fork server could not be started, cannot fork, or has died.

    Parameters
    ----------
    client : ForkServerClient
    reason : str
    died : bool
        If not, this machine does not let it do its work, whoever has handed in.
    """

    def __init__(
        self, client: "ForkServerClient", reason: str, died: bool = True
    ) -> None:
        super().__init__(reason)
        self.client, self.died = client, died


class Lost(Exception):
    """A fork has ended, hangs or takes too much; the message says which."""


@dataclass(frozen=True)
class Started:
    """What a fork server says when it is ready.

    Parameters
    ----------
    prefix : list of list of dict
        The outputs of the set-up cells that it has run.
    memory : int
        The private memory that its forks share with it, in bytes.
    """

    prefix: list[list[Output]]
    memory: int


class ForkServerClient:
    """One fork server, as the grader sees it.

    Parameters
    ----------
    role : Role
    plan : Plan
    options : Options
    """

    def __init__(self, role: Role, plan: Plan, options: Options) -> None:
        self.role, self.options = role, options
        self.lock = threading.Lock()
        self._started: Started | None = None
        self.plan, self.wanted = plan, list(plan.wanted)
        self.arena = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-"))
        self.arena.chmod(0o711)
        self.home = self.make_folder(plan.files, owner=None)
        for list_of_fonts in FONTS.glob("fontlist-*.json"):
            shutil.copy(list_of_fonts, self.home / "tmp")
        self._launch()

    def _launch(self) -> None:
        """Start the process and tell it what it needs to know."""
        plan, role = self.plan, self.role
        wanted = self.wanted if role is Role.STUDENT else []
        spec = ServerSpec(
            role=role,
            options=self.options,
            imports=[*plan.imports.get(role, []), *wanted],
            prefix=plan.prefix,
            known=plan.known.get(role, []),
            home=str(self.home),
            readable=box.outermost([*box.system_paths(), *plan.visible(role)]),
            arena=str(self.arena),
            syscall_filter=self._syscall_filter().hex(),
        )
        self.sock, there = socket.socketpair()
        with there:
            self.process = self._start_process(spec, there)
        # Should it have died already, whoever waits for it will be told.
        with contextlib.suppress(ConnectionError):
            wire.send(self.sock, spec.as_message())

    def _start_process(
        self, spec: ServerSpec, sock: socket.socket
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-s", "-P", "-c", START]
        if self.options.level is Level.BWRAP:
            command = box.bwrap_command(spec.readable, [str(self.arena)]) + command
        return subprocess.Popen(
            command,
            stdin=sock.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=box.environment(f"{spec.home}/tmp"),
            cwd="/",
            start_new_session=True,
        )

    def _syscall_filter(self) -> bytes:
        if self.options.level is Level.NONE or not box.syscalls.available():
            return b""
        return box.syscalls.make_filter(self.options.level)

    def make_folder(self, files: Mapping[str, bytes], owner: int | None) -> Path:
        """Make a folder in the arena for one user: files in `work`, room in `tmp`."""
        folder = Path(tempfile.mkdtemp(dir=self.arena))
        (folder / "work").mkdir()
        (folder / "tmp").mkdir()
        for relative, content in files.items():
            path = folder / "work" / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if owner is not None:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, owner, owner)
        return folder

    @property
    def started(self) -> Started:
        """What the server said when it was ready; it has to have been asked before."""
        assert self._started is not None
        return self._started

    @property
    def was_ready(self) -> bool:
        """Say whether the server could be started."""
        return self._started is not None

    def fork(self, request: ForkRequest, descriptors: Sequence[int]) -> int:
        """Fork for a submission; return the process id.

        Parameters
        ----------
        request : ForkRequest
        descriptors : sequence of int
            The sockets to the grader and to the other side of the submission.
        """
        answer = self._ask({"fork": asdict(request)}, descriptors)
        pid: int = answer["pid"]
        return pid

    def end_fork(self, pid: int) -> None:
        """Kill a fork and everything that it has started."""
        self._ask({"end": pid})

    def _ask(self, request: wire.Head, descriptors: Sequence[int] = ()) -> wire.Head:
        """Send a request when the server is ready; return the answer."""
        with self.lock:
            try:
                if self._started is None:
                    self._started = self._wait_for_start()
                wire.send(self.sock, request, (), descriptors)
                return self._receive(ANSWER_SECONDS)
            except (OSError, EOFError, wire.Malformed) as error:
                reason = f"the fork server has died ({error})"
                raise ForkServerError(self, reason) from None

    def _wait_for_start(self) -> Started:
        """Wait until it is ready; start it again without what hand-ins want."""
        try:
            return Started(**self._receive(START_SECONDS))
        except (ForkServerError, OSError, EOFError, wire.Malformed):
            if not self.wanted:
                raise
        self.wanted = []
        self._end_process()
        self._launch()
        return Started(**self._receive(START_SECONDS))

    def _receive(self, seconds: float) -> wire.Head:
        deadline = time.monotonic() + seconds
        # What a box was to become may live on, and hold the socket open.
        try:
            while not select.select([self.sock], [], [], WATCH_SECONDS)[0]:
                if self._has_ended() or time.monotonic() > deadline:
                    raise EOFError("no answer")
        except ValueError:  # another worker has found it dead, and closed it
            raise EOFError("no answer") from None
        answer, _ = wire.receive(self.sock, deadline)
        if "error" in answer:
            raise ForkServerError(self, answer["error"], died=False)
        return answer

    def close(self) -> None:
        """End the server and its forks."""
        self._end_process()
        remove_quietly(self.arena)

    def _has_ended(self) -> bool:
        """Say whether the process has ended; its number stays taken."""
        options = os.WEXITED | os.WNOWAIT | os.WNOHANG
        try:
            return os.waitid(os.P_PID, self.process.pid, options) is not None
        except ChildProcessError:
            return True

    def _end_process(self) -> None:
        """Let it end by itself, and kill what has not: a box half made, too."""
        self.sock.close()
        deadline = time.monotonic() + END_SECONDS
        while not self._has_ended() and time.monotonic() < deadline:
            time.sleep(0.005)
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class RestartingServer:
    """A fork server that is started again when it has died; workers may share it."""

    def __init__(self, plan: Plan, role: Role, options: Options) -> None:
        self.plan, self.role, self.options = plan, role, options
        self.lock = threading.Lock()
        self.client = ForkServerClient(role, plan, options)

    def renew(self, dead: ForkServerClient) -> None:
        """Start it again, if nobody else has done so since it died."""
        with self.lock:
            if self.client is dead:
                # Until there is another one, whoever asks the dead one waits here.
                self.client = ForkServerClient(self.role, self.plan, self.options)
                dead.close()


def remove_quietly(folder: Path) -> None:
    """Remove what a submission has left; a rest that cannot be removed hurts nobody."""
    with contextlib.suppress(OSError):
        tree.remove(folder)


class Fork:
    """A process of one submission.

    Parameters
    ----------
    server : ForkServerClient
    link : socket
        To the other side of this submission.
    files : mapping of str to bytes
        What its work folder holds.
    slot : int
        Forks of one server that run at the same time have different ones.
    fresh : bool
        Whether to forget what the set-up cells have defined.
    """

    def __init__(
        self,
        server: ForkServerClient,
        link: socket.socket,
        files: Mapping[str, bytes],
        slot: int,
        fresh: bool = False,
    ) -> None:
        self.server = server
        #: What it took too much of, if it was ended for that.
        self.overdrawn: str | None = None
        #: Why the other side's process is of no use any more, as this one says.
        self.gone: str | None = None
        self.user = box.user_id(server.options.level, server.role, slot)
        try:
            self.folder = server.make_folder(files, self.user)
        except FileNotFoundError:  # another worker has found it dead, and closed it
            raise ForkServerError(server, "the fork server was closed") from None
        self.control, there = socket.socketpair()
        # A submission that keeps a processor busy takes time from no other slot.
        processors = sorted(os.sched_getaffinity(0))
        processor = processors[slot % len(processors)]
        given = box.disk.written_below(str(self.folder))
        self.most_bytes = given.size + TOTAL_DISK
        self.most_entries = given.entries + TOTAL_FILES
        request = ForkRequest(
            *(str(self.folder), self.user, processor, fresh),
            size=self.most_bytes,
            entries=self.most_entries,
        )
        with there:
            self.pid = server.fork(request, (there.fileno(), link.fileno()))

    def run(
        self,
        source: str,
        seconds: float,
        place: int = 0,
        beside: "Fork | None" = None,
    ) -> list[Output]:
        """Run one cell; return its outputs, as the process tells them.

        Parameters
        ----------
        source : str
        seconds : float
            The longest that it may take.
        place : int
            Where it stands in the instructor's notebook.
        beside : Fork, optional
            A process that may be called meanwhile. It is ended if it takes too much.

        Raises
        ------
        Lost
            If the process ends, hangs, or takes too much.
        """
        deadline = time.monotonic() + seconds + GRACE_SECONDS
        try:
            request = {"run": source, "seconds": seconds, "place": place}
            self._send(request, deadline)
            while not select.select([self.control], [], [], WATCH_SECONDS)[0]:
                if time.monotonic() > deadline:
                    raise Lost(LATE.format(seconds))
                self._check_use()
                if beside is not None:
                    beside.end_if_overdrawn()
            until = time.monotonic() + 5
            answer, _ = wire.receive(self.control, until, MAX_OUTPUT_BYTES)
            gone = answer.get("gone")
            self.gone = gone if isinstance(gone, str) else None
            return clean(answer.get("outputs"))
        except (EOFError, ConnectionError):
            raise Lost("ended its own process") from None
        except (wire.Malformed, TimeoutError):
            raise Lost("sent something else than its outputs") from None

    def _send(self, request: wire.Head, deadline: float) -> None:
        """Send a cell; a process that stands still does not take a long one."""
        try:
            wire.send(self.control, request, deadline=deadline)
        except TimeoutError:
            raise Lost(LATE.format(request["seconds"])) from None

    def relink(self, link: socket.socket) -> None:
        """Give the tests' process a socket to a new process of the student.

        Raises
        ------
        Lost
            If it does not take it.
        """
        try:
            wire.send(self.control, {}, (), (link.fileno(),))
            wire.receive(self.control, time.monotonic() + ANSWER_SECONDS)
        except (OSError, EOFError, wire.Malformed):
            raise Lost("ended its own process") from None
        self.gone = None

    def end_if_overdrawn(self) -> None:
        """End it if its processes use more than a submission may."""
        if self.overdrawn is None:
            try:
                self._check_use()
            except Lost as reason:
                self.overdrawn = str(reason)
                self.server.end_fork(self.pid)

    def _check_use(self) -> None:
        """Raise `Lost` if its processes use more than a submission may."""
        server = self.server
        used = box.below(server.process.pid, server.started.memory, self.user)
        apart = server.options.level is Level.BWRAP
        memory = used.memory + box.held_by_sockets(used.processes, apart)
        if memory > TOTAL_MEMORY:
            raise Lost(f"took more than {TOTAL_MEMORY >> 20:,} MB of memory")
        if not apart:  # else its disk has that size
            self._check_disk(used.processes)

    def _check_disk(self, processes: list[int]) -> None:
        folder, largest = str(self.folder), self.server.options.limits.file
        written = box.disk.written_below(folder, self.most_entries)
        try:
            size = written.size + box.disk.unnamed(processes, folder, largest)
        except box.disk.Unseen as reason:
            raise Lost(str(reason)) from None
        if size > self.most_bytes or written.entries > self.most_entries:
            raise Lost(
                f"wrote more than {TOTAL_DISK >> 20} MB or {TOTAL_FILES:,} files"
            )
        if written.depth > box.disk.MAX_DEPTH:
            raise Lost(f"made more than {box.disk.MAX_DEPTH} folders in each other")
        if written.hidden:
            raise Lost("made a folder that nobody may look into")

    def end(self) -> None:
        """End it and all that it has started, and remove its files."""
        self.control.close()
        try:
            self.server.end_fork(self.pid)
        finally:
            remove_quietly(self.folder)
