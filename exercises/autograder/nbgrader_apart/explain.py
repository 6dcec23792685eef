"""What the log of a run shows: no control signs, no traceback, and one screen.

A class of three hundred makes nbgrader write three thousand lines. They go to a file;
what is shown is what concerns everybody, and failures. The rest is in the table that
`closing` prints.
"""

from __future__ import annotations

import contextlib
import logging
import re
from pathlib import Path

#: A record with this attribute concerns everybody, and is shown.
FOR_EVERYBODY = "for_everybody"


class _Log(logging.FileHandler):
    """A log on a disk that may be full: what cannot be written is left out."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the run says what it could not write."""


class OneScreen(logging.Filter):
    """Writes a log to a file, and lets through what concerns everybody and failures.

    Parameters
    ----------
    path : Path
        Made anew; if it cannot be written the log is shown as a whole.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.file: logging.Handler | None = None
        with contextlib.suppress(OSError):
            self.file = _Log(path, "w", encoding="utf-8")
            self.file.setFormatter(logging.Formatter("[%(levelname)s] %(message)s"))

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is shown."""
        if self.file is None:
            return True
        if record.levelno >= logging.INFO:
            self.file.handle(record)
        return record.levelno >= logging.ERROR or hasattr(record, FOR_EVERYBODY)


#: What could command a terminal, or turn the direction of writing; not ends of lines.
CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


class Harmless(logging.Filter):
    """Escapes in a log what a student's file name, or error, may hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, without control characters."""
        text = record.getMessage()
        if CONTROL.search(text):
            record.msg = CONTROL.sub(
                lambda found: found[0].encode("unicode_escape").decode(), text
            )
            record.args = ()
        return True


HARMLESS = Harmless()


#: What SQLAlchemy says of a gradebook that is locked, full or damaged.
OF_THE_GRADEBOOK = re.compile(r"sqlalchemy\.exc\.(Operational|Database)Error: \(.*?\)")
#: A gradebook that is locked, a disk that is full: nobody's hand-in.
OF_THE_MACHINE = re.compile(
    r"gradebook cannot be|OSError|Errno|No space|disk|Permission"
)


class Explain(logging.Filter):
    """Puts the reason of a failure where nbgrader has a traceback, or a guess."""

    reason = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """Reduce a traceback to its reason; say at the end what to do."""
        text = str(record.msg)
        if text.startswith("Traceback"):
            logging.getLogger(record.name).debug("The whole of it:\n%s", text)
            self.reason = reason_of(text)
            record.msg = self.reason
        elif "recently upgraded nbgrader" in text or "the above traceback" in text:
            record.msg = f"{self.reason}. No mark is lost. {self._what_to_do()}"
        return not record.exc_info  # nbgrader says it twice

    def _what_to_do(self) -> str:
        again = "run the same command again (with --debug it says more)."
        if OF_THE_MACHINE.search(self.reason):
            return (
                "See that no other program holds the gradebook and that the disk has "
                f"room, then {again}"
            )
        return f"The others are graded. To try once more, {again}"


#: One for all logs: a second one would find nothing left to explain.
EXPLAIN = Explain()


def reason_of(traceback: str) -> str:
    """Return what a traceback ends with, in plain words if it is the gradebook."""
    lines = [line for line in traceback.splitlines() if line.strip()]
    for line in lines:
        if found := OF_THE_GRADEBOOK.match(line):
            what = "written" if found[1] == "Operational" else "read"
            return f"The gradebook cannot be {what}: {line[found.end() :].strip()}"
    return lines[-1]
