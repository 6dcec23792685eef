"""The grader's end of the warm processes: start them, fork them, end them."""

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from . import box, wire

#: What is left of the grader's environment.
ENVIRONMENT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SOURCE_DATE_EPOCH")
START = """
import sys
sys.path.insert(0, sys.argv[1])
from autograder import zygote
zygote.main()
"""
START_SECONDS = 120
#: For all processes of one submission together: bytes of memory, bytes on disk.
TOTAL_MEMORY, TOTAL_DISK, TOTAL_FILES = 3 << 30, 256 << 20, 2000


class ZygoteError(RuntimeError):
    """A warm process could not be started, or has died."""


class Lost(Exception):
    """A fork has ended, hangs or takes too much; the message says which."""


class Zygote:
    """One warm process.

    Parameters
    ----------
    role : {"student", "trusted", "kernel"}
    level : str
        See `box`.
    slot : int
        Zygotes that run at the same time have different ones.
    imports : list of str
        Modules to import.
    prefix : list of str
        Set-up cells to run before the first fork.
    known : list of str
        Cells to read before the first fork.
    files : mapping of str to bytes
        What the work folder holds meanwhile.
    visible : list of str
        Folders to read besides those that any Python needs.
    limits : dict
        See `box.LIMITS`.
    call_seconds : float
        The longest that a call from a test may take.
    """

    def __init__(
        self,
        role,
        level,
        slot=0,
        *,
        imports=(),
        prefix=(),
        known=(),
        files=None,
        visible=(),
        limits=None,
        call_seconds=10,
    ):
        self.lock, self.forks = threading.Lock(), 0
        self.arena = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-"))
        self.arena.chmod(0o711)
        self.user = box.user(level, role, slot)
        home = self.folder("home", files or {}, owner=None)
        read = box.outermost([*box.system_paths(), *visible])
        here, there = socket.socketpair()
        command = [
            sys.executable,
            "-s",
            "-P",
            "-c",
            START,
            str(Path(__file__).parents[1]),
        ]
        if level == "bwrap":
            command = box.bwrap(read, [str(self.arena)]) + command
        self.process = subprocess.Popen(
            command,
            stdin=there,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(home),
            cwd="/",
            start_new_session=True,
        )
        there.close()
        self.sock = here
        conf = {"role": role, "imports": list(imports), "prefix": list(prefix)}
        conf |= {"known": list(known), "home": str(home), "call_seconds": call_seconds}
        conf["box"] = {"level": level, "user": self.user, "read": read}
        conf["box"]["limits"] = limits or {}
        wire.send(self.sock, conf)
        self._prefix = None

    @property
    def prefix(self):
        """The outputs of the set-up cells that were run; waits until they are."""
        with self.lock:
            if self._prefix is None:
                answer = self._receive(time.monotonic() + START_SECONDS)
                if "failed" in answer:
                    raise ZygoteError(answer["failed"])
                self._prefix = answer["ready"]
        return self._prefix

    def folder(self, name, files, owner):
        """Make a folder with files in the arena, for one user."""
        folder = self.arena / name
        folder.mkdir(mode=0o700)
        for relative, content in files.items():
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if owner:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, owner, owner)
        return folder

    def ask(self, request, descriptors=(), seconds=30):
        """Send a request, return the answer."""
        self.prefix  # noqa: B018  (waits until it is ready)
        with self.lock:
            try:
                wire.send(self.sock, request, (), descriptors)
            except OSError as error:
                raise ZygoteError(f"the warm process has died ({error})") from None
            answer = self._receive(time.monotonic() + seconds)
        if "error" in answer:
            raise ZygoteError(answer["error"])
        return answer

    def _receive(self, deadline):
        try:
            return wire.receive(self.sock, deadline)[0]
        except (OSError, EOFError, wire.Malformed) as error:
            raise ZygoteError(f"the warm process has died ({error})") from None

    def fork(self, link, files, fresh=False):
        """Fork it for one submission.

        Parameters
        ----------
        link : socket
            To the other side of this submission.
        files : mapping of str to bytes
            What its work folder holds.
        fresh : bool
            Whether to forget what the set-up cells have defined.
        """
        return Fork(self, link, files, fresh)

    def close(self):
        """End it and its forks."""
        self.sock.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.arena, ignore_errors=True)


class Fork:
    """A process of one submission."""

    def __init__(self, zygote, link, files, fresh):
        self.zygote = zygote
        with zygote.lock:
            zygote.forks += 1
            name = str(zygote.forks)
        self.work = zygote.folder(name, files, zygote.user)
        self.temporary = zygote.folder(f"{name}-tmp", {}, zygote.user)
        self.control, there = socket.socketpair()
        request = {"op": "fork", "fresh": fresh, "work": str(self.work)}
        request["temporary"] = str(self.temporary)
        with there:
            sockets = (there.fileno(), link.fileno())
            self.pid = zygote.ask(request, sockets)["pid"]

    def run(self, source, seconds):
        """Run one cell; return its outputs, as the process tells them.

        Raises
        ------
        Lost
            If the process ends, hangs, or takes too much.
        """
        deadline = time.monotonic() + seconds + 2
        try:
            wire.send(self.control, {"run": source, "seconds": seconds})
            while not select.select([self.control], [], [], 0.2)[0]:
                if time.monotonic() > deadline:
                    raise Lost(f"did not end within {seconds:g} s")
                self._check_use()
            answer, _ = wire.receive(self.control, time.monotonic() + 5, 8 << 20)
            return clean(answer.get("outputs"))
        except (EOFError, ConnectionError):
            raise Lost("ended its own process") from None
        except (wire.Malformed, TimeoutError):
            raise Lost("sent something else than its outputs") from None

    def _check_use(self):
        size = count = 0
        for folder in (self.work, self.temporary):
            for path, _, names in os.walk(folder):
                count += len(names)
                for name in names[:TOTAL_FILES]:
                    size += os.lstat(os.path.join(path, name)).st_size
        if size > TOTAL_DISK or count > TOTAL_FILES:
            raise Lost(
                f"wrote more than {TOTAL_DISK >> 20} MB or {TOTAL_FILES:,} files"
            )
        first, *others = _private_memory(self.zygote.process.pid)
        if sum(max(0, one - first) for one in others) > TOTAL_MEMORY:
            raise Lost(f"took more than {TOTAL_MEMORY >> 30} GB of memory")

    def stop(self):
        """End it and all that it has started."""
        self.control.close()
        self.zygote.ask({"op": "end", "pid": self.pid})

    def end(self):
        """End it and all that it has started, and remove its files."""
        try:
            self.stop()
        finally:
            for folder in (self.work, self.temporary):
                shutil.rmtree(folder, ignore_errors=True)


def clean(outputs):
    """Return outputs as a notebook may hold them, whatever a process has sent."""
    cleaned = []
    for output in outputs if type(outputs) is list else ():
        try:
            cleaned.append(_clean(output))
        except (KeyError, TypeError, AttributeError):
            continue
    return cleaned


def _clean(output):
    kind = output["output_type"]
    if kind == "stream":
        name = "stderr" if output["name"] == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output["text"])}
    if kind == "error":
        found = {name: _text(output[name]) for name in ("ename", "evalue")}
        lines = [_text(line) for line in output["traceback"]]
        return {"output_type": kind, **found, "traceback": lines}
    data = {_text(mime): _text(value) for mime, value in output["data"].items()}
    found = {"output_type": "display_data", "data": data, "metadata": {}}
    if kind == "execute_result":
        found |= {"output_type": kind, "execution_count": None}
    return found


def _text(value):
    # JSON can hold half a surrogate pair, a file cannot.
    return str.encode(value, "utf-8", "replace").decode()


def _private_memory(pid):
    """Return the private memory in bytes of the first and all later descendants."""
    found, waiting = [], [pid]
    while waiting:
        pid = waiting.pop(0)
        try:
            with open(f"/proc/{pid}/status") as file:
                status = dict(line.split(":", 1) for line in file)
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                waiting += map(int, file.read().split())
        except (OSError, ValueError):
            continue
        memory = int(status.get("RssAnon", "0").split()[0]) << 10
        found.append((status["Name"].strip(), memory))
    # bubblewrap's own processes hold next to nothing.
    return [memory for name, memory in found if name != "bwrap"] or [0]


def _environment(home):
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    one = dict.fromkeys(
        ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
    )
    own = dict.fromkeys(("HOME", "IPYTHONDIR", "MPLCONFIGDIR"), str(home))
    path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
    # Read when matplotlib is imported; the backend itself is loaded by a first figure.
    inline = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    own |= inline | {"PATH": path, "NBGRADER_EXECUTION": "autograde"}
    return kept | one | own
