"""How learning platforms name the hand-ins that an instructor downloads.

Each platform is a small declared pattern, with examples that are its test. A pattern
is matched with the path of a file in the download, with slashes. The examples say
what it finds in it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

#: Years of the times that are read, as in a ZIP file. The first and the last of all
#: have no hours in some zones.
YEARS = range(1980, 2108)

#: A file of a student's, also one in a ZIP file that was handed in: whose that is its
#: own name says, and no name in it.
FILE = r"(?P<file>[^/]+(?:\.zip/.+)?)"

#: Where in the text the pattern finds the student: `name` is all of it; an id can also
#: stand at the end of a longer text, or at its beginning.
WHOLE, AT_THE_END, AT_THE_START = "whole", "at the end", "at the start"


@dataclass(frozen=True)
class Named:
    """What the path of a file tells.

    Parameters
    ----------
    who : str
        The student's name or id, as the platform writes it.
    file : str
        What the student called the file; a path where a student handed in folders.
    number : str
        The platform's number for the student (or, with Moodle, for the hand-in).
    time : datetime or None
        When it was handed in, by the platform's own clock, without a zone.
    late : bool
        Whether the platform calls it late.
    where : str
        See `WHOLE`.
    """

    who: str
    file: str
    number: str = ""
    time: datetime.datetime | None = None
    late: bool = False
    where: str = WHOLE


@dataclass(frozen=True)
class Platform:
    """How one platform names hand-ins.

    Parameters
    ----------
    name : str
        For ``--from``.
    pattern : str
        A regular expression with the groups ``who`` and ``file``; ``number``, ``time``
        and ``late`` where it has them.
    examples : mapping of str to Named
        What it finds in a path.
    time_format : str
        As for ``datetime.strptime``.
    where : str
        See `WHOLE`.
    one_by_one : bool
        Whether the names do not say which files were handed in together: then several
        notebooks of a student are several hand-ins, and the number that a platform or
        a browser adds to a name, as in ``metrics-1.ipynb``, tells the newer one.
    anybody : bool
        Whether people name files so, too: what a platform's own pattern fits comes
        first.
    """

    name: str
    pattern: str
    examples: Mapping[str, Named]
    time_format: str = ""
    where: str = WHOLE
    one_by_one: bool = False
    anybody: bool = False
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        compiled = re.compile(self.pattern, re.VERBOSE | re.IGNORECASE | re.DOTALL)
        object.__setattr__(self, "_compiled", compiled)

    def read(self, path: str) -> Named | None:
        """Return what a path tells, or None if this platform names nothing so."""
        match = self._compiled.fullmatch(path)
        if match is None:
            return None
        found = match.groupdict()
        return Named(
            found["who"].strip(),
            found["file"],
            found.get("number") or "",
            self._time(found.get("time")),
            bool(found.get("late")),
            self.where,
        )

    def fits(self, paths: Iterable[str]) -> bool:
        """Say whether all files are named as only this platform names them."""
        return not self.anybody and all(map(self.read, paths))

    def _time(self, text: str | None) -> datetime.datetime | None:
        if not text:
            return None
        try:
            time = datetime.datetime.strptime(text.upper(), self.time_format)
        except ValueError:
            return None
        return time if time.year in YEARS else None


def _at(*numbers: int) -> datetime.datetime:
    return datetime.datetime(*numbers)  # type: ignore[arg-type]  # mypy counts them


#: The more a pattern asks for, the earlier it is tried.
PLATFORMS: Sequence[Platform] = (
    Platform(
        "moodle",
        # In folders, and flat. The number is the hand-in's, and no student's.
        r"(?P<who>[^/]+?)_\d+_assignsubmission_file_?/?(?P<file>.+)",
        {
            "Anna Müller_4711_assignsubmission_file/metrics.ipynb": Named(
                "Anna Müller", "metrics.ipynb"
            ),
            "Anna Müller_4711_assignsubmission_file_/metrics.ipynb": Named(
                "Anna Müller", "metrics.ipynb"
            ),
            "Anna Müller_4711_assignsubmission_file_my_metrics.ipynb": Named(
                "Anna Müller", "my_metrics.ipynb"
            ),
        },
    ),
    Platform(
        "moodle-anonymous",
        # With hidden identities, the number is the one of Moodle's grading worksheet.
        r"(?P<who>participant)_(?P<number>\d+)_assignsubmission_file_?/?(?P<file>.+)",
        {
            "Participant_4711_assignsubmission_file_metrics.ipynb": Named(
                "Participant", "metrics.ipynb", "4711"
            ),
        },
    ),
    Platform(
        "blackboard",
        r"(?P<who>[^/]+)_attempt_(?P<time>\d{4}(?:-\d\d){5})_?"
        r"(?P<file>[^/]*(?:\.zip/.+)?)",
        {
            "Metrics_anna_m_attempt_2027-03-01-12-30-55_metrics.ipynb": Named(
                "Metrics_anna_m",
                "metrics.ipynb",
                time=_at(2027, 3, 1, 12, 30, 55),
                where=AT_THE_END,
            ),
            "Metrics_anna_m_attempt_2027-03-01-12-30-55.txt": Named(
                "Metrics_anna_m",
                ".txt",
                time=_at(2027, 3, 1, 12, 30, 55),
                where=AT_THE_END,
            ),
        },
        time_format="%Y-%m-%d-%H-%M-%S",
        where=AT_THE_END,
    ),
    Platform(
        "brightspace",
        r"""(?P<number>\d+)-\d+\ -\ (?P<who>[^/]+)\ -\ 
        (?P<time>[a-z]{3,9}\ \d{1,2},\ \d{4}\ \d{1,4}\ [ap]m)/(?P<file>.+)""",
        {
            "397063-2557369 - Mary-Ann Smith - Sep 24, 2026 926 PM/a b.ipynb": Named(
                "Mary-Ann Smith",
                "a b.ipynb",
                "397063",
                _at(2026, 9, 24, 21, 26),
            ),
        },
        time_format="%b %d, %Y %I%M %p",
    ),
    Platform(
        "canvas",
        rf"(?P<who>[^/]+?)_(?P<late>late_)?(?P<number>\d+)_\d+_{FILE}",
        {
            "mullerannamaria_956227_46792176_metrics-1.ipynb": Named(
                "mullerannamaria", "metrics-1.ipynb", "956227"
            ),
            "berganna_LATE_956228_46792177_my_metrics (1).ipynb": Named(
                "berganna", "my_metrics (1).ipynb", "956228", late=True
            ),
        },
        one_by_one=True,
    ),
    Platform(
        "ilias",
        # Last_First_login_number, and in it a time before the file's own name.
        r"(?P<who>[^/]+_[^/]+_[^/]+)_(?P<number>\d+)/"
        r"(?:(?P<time>\d{14})_)?(?P<file>.+)",
        {
            "Müller_Anna_anna_m_4711/20270301123055_metrics.ipynb": Named(
                "Müller_Anna_anna_m",
                "metrics.ipynb",
                "4711",
                _at(2027, 3, 1, 12, 30, 55),
                where=AT_THE_END,
            ),
            "Müller_Anna_anna_4711/metrics.ipynb": Named(
                "Müller_Anna_anna", "metrics.ipynb", "4711", where=AT_THE_END
            ),
        },
        time_format="%Y%m%d%H%M%S",
        where=AT_THE_END,
    ),
    Platform(
        "classroom",
        rf"(?P<who>[^/]+?)\ -\ {FILE}",
        {
            "Anna Müller - metrics.ipynb": Named("Anna Müller", "metrics.ipynb"),
        },
        one_by_one=True,
        anybody=True,
    ),
    Platform(
        "folders",
        r"(?P<who>[^/]+)/(?P<file>.+)",
        {
            "anna_m/metrics.ipynb": Named("anna_m", "metrics.ipynb"),
            "Anna Müller/metrics.ipynb": Named("Anna Müller", "metrics.ipynb"),
        },
        anybody=True,
    ),
    Platform(
        "names",
        # The student's id comes first, the notebook's name last.
        r"(?:(?:(?!\.zip/).)*/)?(?P<who>[^/]+?(?:_(?P<time>\d{4}-\d\d-\d\d))?"
        r"_(?P<file>[^/_]+(?:\.zip/.+)?))",
        {
            "anna_m_metrics.ipynb": Named(
                "anna_m_metrics.ipynb", "metrics.ipynb", where=AT_THE_START
            ),
            "anna_2027-03-01_metrics.ipynb": Named(
                "anna_2027-03-01_metrics.ipynb",
                "metrics.ipynb",
                time=_at(2027, 3, 1),
                where=AT_THE_START,
            ),
        },
        time_format="%Y-%m-%d",
        where=AT_THE_START,
        one_by_one=True,
        anybody=True,
    ),
)

BY_NAME: Mapping[str, Platform] = {one.name: one for one in PLATFORMS}


def recognise(
    paths: Sequence[str], whose: Callable[[Named], frozenset[str]]
) -> tuple[Platform | None, Sequence[Platform]]:
    """Find out which platform a download comes from.

    Parameters
    ----------
    paths : sequence of str
        The files of the download.
    whose : callable
        The ids of the students whom a name could mean.

    Returns
    -------
    Platform or None
        The platform's own pattern that fits all files, if some are somebody's. Else
        the one by whose pattern most files are somebody's; of several the one that
        asks for most. None if no file is anybody's.
    sequence of Platform
        Others of its kind by which as many files are somebody's, but other people's.
    """
    owners = {one.name: _owners(one, paths, whose) for one in PLATFORMS}
    most = max(map(len, owners.values()), default=0)
    if not most:
        return None, ()
    for platform in PLATFORMS:
        if owners[platform.name] and platform.fits(paths):
            return platform, ()
    first, *others = [one for one in PLATFORMS if len(owners[one.name]) == most]
    return first, [
        one
        for one in others
        if one.anybody == first.anybody and owners[one.name] != owners[first.name]
    ]


def _owners(
    platform: Platform,
    paths: Sequence[str],
    whose: Callable[[Named], frozenset[str]],
) -> dict[str, frozenset[str]]:
    return {
        path: owners
        for path in paths
        if (named := platform.read(path)) and (owners := whose(named))
    }


def names(platforms: Iterable[Platform]) -> str:
    """Return the names of platforms, for a message."""
    return ", ".join(platform.name for platform in platforms)
