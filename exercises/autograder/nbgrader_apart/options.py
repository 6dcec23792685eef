"""The words of this package: roles of processes, levels of the box, settings."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Role(StrEnum):
    """What a process is for. Each submission has one process of either role."""

    #: Runs what the student wrote.
    STUDENT = "student"
    #: Runs the tests, and never a line that a student wrote.
    TESTS = "tests"


class Level(StrEnum):
    """How strong the box is, strongest first; see `box`."""

    BWRAP = "bwrap"
    LANDLOCK = "landlock"
    LIMITS = "limits"
    NONE = "none"


#: What one submission may write beside what was handed in: bytes, and files with
#: folders.
TOTAL_DISK, TOTAL_FILES = 256 << 20, 2000


@dataclass(frozen=True)
class Limits:
    """What one process of a submission may use.

    Parameters
    ----------
    cpu : int
        Seconds of processor time.
    memory : int
        Bytes of memory.
    file : int
        Bytes of one file.
    files : int
        Open files.
    processes : int
        Processes of the same user.
    """

    cpu: int = 600
    memory: int = 2 << 30
    file: int = 64 << 20
    files: int = 256
    processes: int = 64


@dataclass(frozen=True)
class Options:
    """How submissions are run.

    Parameters
    ----------
    level : Level
    limits : Limits
    cell_seconds : float
        The longest that one cell may take.
    call_seconds : float
        The longest that one call from a test into a submission may take.
    total_seconds : float
        The longest that one notebook may take.
    """

    level: Level
    limits: Limits = field(default_factory=Limits)
    cell_seconds: float = 60
    call_seconds: float = 10
    total_seconds: float = 600


@dataclass(frozen=True)
class ServerSpec:
    """What a fork server needs to know; it is sent to it as JSON.

    Parameters
    ----------
    role : Role
    options : Options
    imports : list of str
        Modules to import before the first fork.
    prefix : list of str
        Set-up cells to run before the first fork.
    known : list of str
        Cells that are the same for everybody, to compile before the first fork.
    home : str
        Its own folder.
    readable : list of str
        Folders that the box lets it and its forks read.
    arena : str
        The folder that holds its own and those of its forks.
    syscall_filter : str
        In hexadecimal: see `box.syscalls`.
    """

    role: Role
    options: Options
    imports: list[str]
    prefix: list[str]
    known: list[str]
    home: str
    readable: list[str]
    arena: str
    syscall_filter: str

    def as_message(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "ServerSpec":
        """Read it from plain data."""
        options = message.pop("options")
        limits = Limits(**options.pop("limits"))
        level = Level(options.pop("level"))
        return cls(
            role=Role(message.pop("role")),
            options=Options(level=level, limits=limits, **options),
            **message,
        )


@dataclass(frozen=True)
class ForkRequest:
    """What a fork server needs to know of a submission; it is sent to it as JSON.

    Parameters
    ----------
    folder : str
        The only folder that the fork may write to.
    user : int or None
        The user id that the fork takes on.
    processor : int
        The processor that the fork runs on, with all that it starts.
    fresh : bool
        Whether to forget what the set-up cells have defined.
    size, entries : int
        How many bytes, and files with folders, it may have: what was handed in, and
        as much as may be written.
    """

    folder: str
    user: int | None
    processor: int
    fresh: bool
    size: int
    entries: int
