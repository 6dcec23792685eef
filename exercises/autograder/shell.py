"""IPython without a kernel: runs one cell, returns its outputs as a notebook has them.

A kernel costs sockets, threads and messages that nothing here needs. This shell
lives in a process that is forked for one submission.
"""

import contextlib
import os
import signal
import sys
import threading

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

KEPT = 1_000_000
TORN = 20_000_000


class CellTimeoutError(Exception):
    """A cell, or a call into a submission, takes longer than it may."""


class OutputLimitError(Exception):
    """A cell prints without end."""


class Outputs:
    """The outputs of the cell that runs: the first megabyte, then nothing."""

    def __init__(self):
        self.begin()

    def begin(self):
        """Forget the outputs of the last cell."""
        self.list, self.size = [], 0

    def add(self, output, size):
        """Keep an output if there is room for it."""
        before, self.size = self.size, self.size + size
        if self.size <= KEPT:
            last = self.list[-1] if self.list else {}
            if "text" in output and last.get("name") == output["name"]:
                last["text"] += output["text"]
            else:
                self.list.append(output)
        elif before <= KEPT:
            note = f"[more than {KEPT:,} characters of output: the rest was dropped]\n"
            self.list.append({"output_type": "stream", "name": "stdout", "text": note})
        if self.size > TORN:
            self.size = KEPT + 1
            raise OutputLimitError(f"more than {TORN:,} characters of output")


class Stream:
    """Stands for `sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"
    closed = False

    def __init__(self, outputs, name):
        self.outputs, self.name = outputs, name

    def write(self, text):
        """Keep text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            kind = {"output_type": "stream", "name": self.name}
            self.outputs.add({**kind, "text": text}, len(text))
        return len(text)

    def writelines(self, lines):
        """Keep several texts."""
        for line in lines:
            self.write(line)

    def flush(self):
        """Do nothing: all is kept at once."""

    def isatty(self):
        """Say that this is no terminal."""
        return False

    def writable(self):
        """Say that this can be written to."""
        return True


class Publisher(DisplayPublisher):
    """Keeps what `display` shows."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **more):
        """Keep one mime bundle."""
        self.shell.outputs.add(_shown("display_data", data), _size(data))

    def clear_output(self, wait=False):
        """Drop the outputs so far."""
        self.shell.outputs.list.clear()


class ResultHook(DisplayHook):
    """Keeps the value of a cell's last line."""

    def write_output_prompt(self):
        """Print no prompt."""

    def write_format_data(self, format_dict, md_dict=None):
        """Keep the value's mime bundle."""
        output = _shown("execute_result", format_dict)
        output["execution_count"] = self.prompt_count
        self.shell.outputs.add(output, _size(format_dict))


def _shown(kind, data):
    texts = {mime: value for mime, value in data.items() if isinstance(value, str)}
    return {"output_type": kind, "data": texts, "metadata": {}}


def _size(data):
    return sum(len(value) for value in data.values() if isinstance(value, str))


class Shell(InteractiveShell):
    """IPython for a process without terminal and without kernel."""

    def __init__(self, **kwargs):
        self.outputs, self.transformed = Outputs(), {}
        super().__init__(
            display_pub_class=Publisher, displayhook_class=ResultHook, **kwargs
        )
        self.history_manager.enabled = False
        for name in ("stdout", "stderr"):
            setattr(sys, name, Stream(self.outputs, name))

    def enable_gui(self, gui=None):
        """Do nothing: there is no screen."""

    def transform_cell(self, raw_cell):
        """Return plain Python; of cells that are the same for everybody, find it."""
        known = self.transformed.get(raw_cell)
        return super().transform_cell(raw_cell) if known is None else known

    def learn(self, sources):
        """Transform cells ahead."""
        for source in sources:
            self.transformed[source] = super().transform_cell(source)

    def ask_exit(self):
        """Do nothing: `exit()` in a cell ends nothing."""

    def raw_input(self, prompt=""):
        """Refuse to wait for somebody to type."""
        raise EOFError("nobody types while a notebook is graded")

    def init_readline(self):
        """Do nothing."""

    def _showtraceback(self, etype, evalue, stb):
        error = {"ename": etype.__name__, "evalue": str(evalue), "traceback": stb}
        self.outputs.list.append({"output_type": "error"} | error)

    def run(self, source, seconds):
        """Run one cell; return its outputs.

        Parameters
        ----------
        source : str
        seconds : float
            After this time the cell is interrupted.
        """
        self.outputs.begin()
        with time_limit(seconds, f"the cell did not end within {seconds:g} s"):
            result = self.run_cell(source, store_history=True)
        # Without an error among the outputs a test would count as passed.
        if not result.success and not self._told():
            reason = result.error_before_exec or result.error_in_exec
            self._showtraceback(type(reason), reason, [type(reason).__name__])
        return self.outputs.list

    def _told(self):
        return any(one["output_type"] == "error" for one in self.outputs.list)


@contextlib.contextmanager
def time_limit(seconds, message):
    """Interrupt what runs longer, unless it catches every exception.

    Whoever waits for this process ends it some seconds later.
    """

    def late(*_):
        raise CellTimeoutError(message)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def make(folder):
    """Return this process's shell; `folder` holds what IPython writes."""
    os.environ["IPYTHONDIR"] = str(folder)
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Plain"  # others take 40 ms an error
    return Shell.instance(config=config)
