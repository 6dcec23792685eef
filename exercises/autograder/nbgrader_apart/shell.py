"""IPython without a kernel: runs one cell, returns its outputs as a notebook has them.

A kernel costs sockets, threads and messages that nothing here needs. This shell
lives in a process that is forked for one submission.
"""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from traitlets.config import Config

from .outputs import COST_OF_OUTPUT, Output, has_error
from .patches import PreparedShell

#: Characters of output that a cell may have; the rest is dropped, with a note.
MAX_OUTPUT = 1_000_000
#: Of a message that is longer than all that, so many characters from either end.
MAX_MESSAGE = 5_000
#: A cell that prints more characters than this is stopped.
FLOOD = 20_000_000


class CellTimeoutError(TimeoutError):
    """A cell, or a call into a submission, takes longer than it may."""


class OutputLimitError(Exception):
    """A cell prints without end."""


class Outputs:
    """The outputs of one cell: the first megabyte, then nothing.

    Texts that are written one after the other wait in a list until `kept` puts them
    together: to add each to one text would copy, each time, all that stands there.
    """

    def __init__(self) -> None:
        self.list: list[Output] = []
        #: Characters that were said, and what they and their outputs cost.
        self.said = self.size = 0

    def write(self, name: str, text: str) -> None:
        """Keep text for ``"stdout"`` or ``"stderr"``."""
        goes_on = bool(self.list) and self.list[-1].get("name") == name
        if not self._has_room(len(text), 0 if goes_on else COST_OF_OUTPUT):
            return
        if goes_on:
            self.list[-1]["text"].append(text)
        else:
            self._stream(name, text)

    def show(self, kind: str, data: Mapping[str, object], **more: object) -> None:
        """Keep the texts, also encoded images, of a value that is shown."""
        texts = {mime: value for mime, value in data.items() if isinstance(value, str)}
        size = sum(len(mime) + len(value) for mime, value in texts.items())
        if self._has_room(size, COST_OF_OUTPUT):
            output = {"output_type": kind, "data": texts, "metadata": {}}
            self.list.append(output | more)

    def _has_room(self, size: int, cost: int) -> bool:
        before = self.size
        self.said += size
        self.size += size + cost
        if self.said > FLOOD:
            self.said = 0
            raise OutputLimitError(f"more than {FLOOD:,} characters of output")
        if before <= MAX_OUTPUT < self.size:
            self._stream(
                "stdout",
                f"[more than {MAX_OUTPUT:,} characters of output: "
                "the rest was dropped]\n",
            )
        return self.size <= MAX_OUTPUT

    def _stream(self, name: str, text: str) -> None:
        self.list.append({"output_type": "stream", "name": name, "text": [text]})

    def kept(self) -> list[Output]:
        """Return the outputs as a notebook has them."""
        return [
            one | {"text": "".join(one["text"])} if "text" in one else one
            for one in self.list
        ]


class Stream(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"

    def __init__(self, shell: "Shell", name: str) -> None:
        self.shell, self.name = shell, name

    def write(self, text: str) -> int:
        """Keep text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self.shell.outputs.write(self.name, text)
        return len(text)

    def writable(self) -> bool:
        """Say that this can be written to."""
        return True

    def close(self) -> None:
        """Stay open: later cells print too."""


class Publisher(DisplayPublisher):
    """Keeps what `display` shows."""

    shell: "Shell"

    def publish(
        self, data: Any, metadata: Any = None, source: Any = None, **more: Any
    ) -> None:
        """Keep one mime bundle."""
        self.shell.outputs.show("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        """Drop the outputs so far."""
        self.shell.outputs.list.clear()


class ResultHook(DisplayHook):
    """Keeps the value of a cell's last line."""

    shell: "Shell"

    def write_output_prompt(self) -> None:
        """Print no prompt."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        """Keep the value's mime bundle."""
        self.shell.outputs.show(
            "execute_result", format_dict, execution_count=self.prompt_count
        )


class Shell(PreparedShell):
    """IPython for a process without a terminal and without a kernel."""

    #: Opens what IPython remembers between sessions.
    open_db: Callable[[str], Any]

    def __init__(self, **options: Any) -> None:
        self.outputs = Outputs()
        super().__init__(
            display_pub_class=Publisher, displayhook_class=ResultHook, **options
        )
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no screen."""

    def ask_exit(self) -> None:
        """Do nothing: `exit()` in a cell ends nothing."""

    def system(self, cmd: str) -> None:
        """Run a command of the system, as a line that begins with ``!`` does.

        IPython's own way needs a terminal, which nobody has here.
        """
        command = self.var_expand(cmd, depth=1)  # type: ignore[no-untyped-call]
        with subprocess.Popen(
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                sys.stdout.write(line)
        self.user_ns["_exit_code"] = process.returncode

    def move_to(self, work: str, own: str) -> None:
        """Go to another folder, and keep IPython's own files in a second one."""
        os.chdir(work)
        self.user_ns["_dh"][:] = [work]
        self.db = self.open_db(os.path.join(own, "db"))

    def keep_error(self, error: Output) -> None:
        """Put an error among the outputs of the cell.

        A message may hold all that a function has returned.
        """
        lines = "\n".join(error["traceback"])
        if len(lines) + len(error["evalue"]) > MAX_OUTPUT:
            error["evalue"] = _shortened(error["evalue"])
            error["traceback"] = [_shortened(lines)]
        self.outputs.list.append(error)

    def run(self, source: str, seconds: float) -> list[Output]:
        """Run one cell; return its outputs.

        Parameters
        ----------
        source : str
        seconds : float
            After this time the cell is interrupted.
        """
        self.outputs = Outputs()
        with time_limit(seconds, f"the cell did not end within {seconds:g} s"):
            result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        # Without an error among the outputs a test would count as passed.
        if not result.success and not has_error(self.outputs.list):
            reason = result.error_before_exec or result.error_in_exec
            self._showtraceback(type(reason), reason, [type(reason).__name__])
        return self.outputs.kept()


def _shortened(text: str) -> str:
    """Return the first and the last part of a text that is far too long."""
    if len(text) <= 2 * MAX_MESSAGE:
        return text
    left_out = f"\n[{len(text) - 2 * MAX_MESSAGE:,} characters left out]\n"
    return text[:MAX_MESSAGE] + left_out + text[-MAX_MESSAGE:]


@contextlib.contextmanager
def time_limit(seconds: float, message: str) -> Iterator[None]:
    """Interrupt what runs longer, unless it catches every exception.

    Whoever waits for this process ends it some seconds later.
    """

    def late(*_: object) -> None:
        raise CellTimeoutError(message)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def make(folder: str | Path) -> Shell:
    """Return this process's shell; `folder` holds what IPython writes."""
    config = Config(
        HistoryManager={"enabled": False, "hist_file": ":memory:"},
        # Other modes take 40 ms an error.
        InteractiveShell={"colors": "nocolor", "xmode": "Plain"},
    )
    shell: Shell = Shell.instance(config=config, ipython_dir=str(folder))
    shell.open_db = type(shell.db)
    return shell
