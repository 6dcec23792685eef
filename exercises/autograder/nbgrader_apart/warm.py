"""The grader's end of the warm processes: start them, fork them, end them."""

import contextlib
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

START = "from nbgrader_apart import zygote; zygote.main()"
START_SECONDS, ANSWER_SECONDS = 120, 30
#: Where matplotlib keeps the list of the machine's fonts, which takes long to make.
FONTS = Path(os.environ.get("MPLCONFIGDIR", "~/.cache/matplotlib")).expanduser()
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
    conf : dict
        ``role`` ("student", "trusted" or "kernel"), ``level`` (see `box`),
        ``imports`` (modules to import); and, but for a kernel, ``prefix`` (set-up
        cells to run before the first fork), ``known`` (cells to read before it),
        ``limits`` (see `box.LIMITS`), ``call_seconds`` (the longest that a call
        from a test may take).
    files : mapping of str to bytes
        What the work folder holds meanwhile.
    visible : list of str
        Folders to read besides those that any Python needs.
    """

    def __init__(self, conf, files=None, visible=()):
        self.lock, self.started, self.conf = threading.Lock(), None, conf
        self.arena = Path(tempfile.mkdtemp(prefix=f"grading-{os.getpid()}-"))
        self.arena.chmod(0o711)
        read = box.outermost([*box.system_paths(), *visible])
        home = str(self.folder(files or {}, owner=None))
        for known in FONTS.glob("fontlist-*.json"):
            shutil.copy(known, f"{home}/tmp")
        command = [sys.executable, "-s", "-P", "-c", START]
        if conf["level"] == "bwrap":
            command = box.bwrap(read, [str(self.arena)]) + command
        self.sock, there = socket.socketpair()
        with there:
            self.process = subprocess.Popen(
                command,
                stdin=there,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=box.environment(f"{home}/tmp"),
                cwd="/",
                start_new_session=True,
            )
        wire.send(self.sock, conf | {"home": home, "read": read})

    def folder(self, files, owner):
        """Make a folder in the arena for one user: files in `work`, room in `tmp`."""
        folder = Path(tempfile.mkdtemp(dir=self.arena))
        (folder / "work").mkdir()
        (folder / "tmp").mkdir()
        for relative, content in files.items():
            path = folder / "work" / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if owner:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, owner, owner)
        return folder

    def ask(self, request, descriptors=()):
        """Send a request when the process is warm; return the answer."""
        with self.lock:
            try:
                self.started = self.started or self._receive(START_SECONDS)
                wire.send(self.sock, request, (), descriptors)
                return self._receive(ANSWER_SECONDS)
            except (OSError, EOFError, wire.Malformed) as error:
                raise ZygoteError(f"the warm process has died ({error})") from None

    def _receive(self, seconds):
        answer, _ = wire.receive(self.sock, time.monotonic() + seconds)
        if "error" in answer:
            raise ZygoteError(answer["error"])
        return answer

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
    """A process of one submission.

    Parameters
    ----------
    zygote : Zygote
    link : socket
        To the other side of this submission.
    files : mapping of str to bytes
        What its work folder holds.
    slot : int
        Forks of one warm process that run at the same time have different ones.
    fresh : bool
        Whether to forget what the set-up cells have defined.
    """

    def __init__(self, zygote, link, files, slot, fresh=False):
        self.user = box.user(zygote.conf["level"], zygote.conf["role"], slot)
        self.zygote, self.folder = zygote, zygote.folder(files, self.user)
        self.control, there = socket.socketpair()
        request = {"op": "fork", "fresh": fresh, "folder": str(self.folder)}
        request["user"] = self.user
        with there:
            self.pid = zygote.ask(request, (there.fileno(), link.fileno()))["pid"]

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
        for path, folders, names in os.walk(self.folder):
            count += len(folders) + len(names)
            for name in names[:TOTAL_FILES]:
                with contextlib.suppress(FileNotFoundError):
                    size += os.lstat(os.path.join(path, name)).st_size
        if size > TOTAL_DISK or count > TOTAL_FILES:
            raise Lost(
                f"wrote more than {TOTAL_DISK >> 20} MB or {TOTAL_FILES:,} files"
            )
        pid, inherited = self.zygote.process.pid, self.zygote.started["memory"]
        if box.memory_below(pid, inherited, self.user) > TOTAL_MEMORY:
            raise Lost(f"took more than {TOTAL_MEMORY >> 30} GB of memory")

    def end(self):
        """End it and all that it has started, and remove its files."""
        self.control.close()
        try:
            self.zygote.ask({"op": "end", "pid": self.pid})
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)


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
