"""IPython without a kernel: runs one cell, returns its outputs as a notebook has them.

A kernel costs sockets, threads and messages that nothing here needs. This shell
lives in a process that is forked for one submission.
"""

import ast
import contextlib
import io
import signal
import sys

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

KEPT = 1_000_000
TORN = 20_000_000


class CellTimeoutError(TimeoutError):
    """A cell, or a call into a submission, takes longer than it may."""


class OutputLimitError(Exception):
    """A cell prints without end."""


class Outputs:
    """The outputs of one cell: the first megabyte, then nothing."""

    def __init__(self):
        self.list, self.size = [], 0

    def write(self, name, text):
        """Keep text for ``"stdout"`` or ``"stderr"``."""
        if self._has_room(len(text)):
            last = self.list[-1] if self.list else {}
            if last.get("name") == name:
                last["text"] += text
            else:
                self._stream(name, text)

    def show(self, kind, data, **more):
        """Keep the texts, also encoded images, of a value that is shown."""
        texts = {mime: value for mime, value in data.items() if isinstance(value, str)}
        if self._has_room(sum(map(len, texts.values()))):
            output = {"output_type": kind, "data": texts, "metadata": {}}
            self.list.append(output | more)

    def _has_room(self, size):
        before, self.size = self.size, self.size + size
        if self.size > TORN:
            self.size = KEPT + 1
            raise OutputLimitError(f"more than {TORN:,} characters of output")
        if before <= KEPT < self.size:
            note = f"[more than {KEPT:,} characters of output: the rest was dropped]\n"
            self._stream("stdout", note)
        return self.size <= KEPT

    def _stream(self, name, text):
        self.list.append({"output_type": "stream", "name": name, "text": text})


class Stream(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr`."""

    encoding = "utf-8"

    def __init__(self, shell, name):
        self.shell, self.name = shell, name

    def write(self, text):
        """Keep text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if text:
            self.shell.outputs.write(self.name, text)
        return len(text)

    def writable(self):
        """Say that this can be written to."""
        return True

    def close(self):
        """Stay open: later cells print too."""


class Publisher(DisplayPublisher):
    """Keeps what `display` shows."""

    def publish(self, data, metadata=None, **more):
        """Keep one mime bundle."""
        self.shell.outputs.show("display_data", data)

    def clear_output(self, wait=False):
        """Drop the outputs so far."""
        self.shell.outputs.list.clear()


class ResultHook(DisplayHook):
    """Keeps the value of a cell's last line."""

    def write_output_prompt(self):
        """Print no prompt."""

    def write_format_data(self, format_dict, md_dict=None):
        """Keep the value's mime bundle."""
        count = self.prompt_count
        self.shell.outputs.show("execute_result", format_dict, execution_count=count)


class Compiler(CachingCompiler):
    """Compiles ahead the cells that are the same for everybody."""

    def __init__(self):
        super().__init__()
        self.trees, self.codes = {}, {}

    def learn(self, cell):
        """Keep a cell's tree, and the code of each of its statements."""
        name = self.get_code_name(cell, cell, 0)
        tree = self.ast_parse(cell, name)
        with self.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
            for node in tree.body:
                shown = isinstance(node, ast.Expr) and node is tree.body[-1]
                code = ast.Interactive([node]) if shown else ast.Module([node], [])
                self.codes[id(node)] = self(code, name, "single" if shown else "exec")
        self.trees[cell] = tree

    def get_code_name(self, raw_code, transformed_code, number):
        """Return the file name in tracebacks: without a number, where it is kept."""
        number = 0 if transformed_code in self.trees else number
        return super().get_code_name(raw_code, transformed_code, number)

    def ast_parse(self, source, filename="<unknown>", symbol="exec"):
        """Return the kept tree of a cell, or parse it."""
        return self.trees.get(source) or super().ast_parse(source, filename, symbol)

    def __call__(self, source, *where, **how):
        """Return the kept code of a statement, or compile it."""
        kept = isinstance(source, ast.mod) and self.codes.get(id(source.body[0]))
        return kept or super().__call__(source, *where, **how)


class Shell(InteractiveShell):
    """IPython for a process without terminal and without kernel."""

    def __init__(self, **kwargs):
        self.outputs, self.transformed = Outputs(), {}
        super().__init__(
            display_pub_class=Publisher,
            displayhook_class=ResultHook,
            compiler_class=Compiler,
            **kwargs,
        )
        sys.stdout, sys.stderr = Stream(self, "stdout"), Stream(self, "stderr")

    def enable_gui(self, gui=None):
        """Do nothing: there is no screen."""

    def ask_exit(self):
        """Do nothing: `exit()` in a cell ends nothing."""

    def transform_cell(self, raw_cell):
        """Return plain Python; of cells that are the same for everybody, find it."""
        known = self.transformed.get(raw_cell)
        return super().transform_cell(raw_cell) if known is None else known

    def should_run_async(self, raw_cell, **found):
        """Ask only of a cell that may wait: the answer takes a compilation."""
        may = "await" in raw_cell or "async" in raw_cell
        return may and super().should_run_async(raw_cell, **found)

    def learn(self, sources):
        """Do ahead what forks would do anew: transform cells, format an error."""
        for source in sources:
            self.transformed[source] = super().transform_cell(source)
            with contextlib.suppress(SyntaxError):  # the cell will say so
                self.compile.learn(self.transformed[source])
        try:
            raise ValueError
        except ValueError:  # the first one imports much
            self.InteractiveTB.structured_traceback(*sys.exc_info())
            self.InteractiveTB.tb = None

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
        self.outputs = Outputs()
        with time_limit(seconds, f"the cell did not end within {seconds:g} s"):
            result = self.run_cell(source, store_history=True)
        kinds = [one["output_type"] for one in self.outputs.list]
        # Without an error among the outputs a test would count as passed.
        if not result.success and "error" not in kinds:
            reason = result.error_before_exec or result.error_in_exec
            self._showtraceback(type(reason), reason, [type(reason).__name__])
        return self.outputs.list


@contextlib.contextmanager
def time_limit(seconds, message):
    """Interrupt what runs longer, unless it catches every exception.

    Whoever waits for this process ends it some seconds later.
    """

    def late(*_):
        raise CellTimeoutError(message)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def make(folder):
    """Return this process's shell; `folder` holds what IPython writes."""
    no_history = {"enabled": False, "hist_file": ":memory:"}
    plain = {"colors": "nocolor", "xmode": "Plain"}  # other modes: 40 ms an error
    config = Config(HistoryManager=no_history, InteractiveShell=plain)
    return Shell.instance(config=config, ipython_dir=str(folder))
