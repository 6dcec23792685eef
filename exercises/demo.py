"""A synthetic class of 30 hands in and is graded, with nbgrader's own commands.

``make demo`` runs it. All of it happens in the folder ``demo`` beside this
file, which is made anew each time: no real gradebook or hand-in is touched.
"""

import datetime
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = "immune-modulators"
CONFIG = f"""\
# Made by exercises/demo.py: the course's configuration, with folders of its own.
from pathlib import Path

load_subconfig("nbgrader_config.py", path={str(HERE)!r})
here = Path(__file__).resolve().parent
c = get_config()
c.CourseDirectory.root = str(here)
c.CourseDirectory.db_url = f"sqlite:///{{here / 'gradebook.db'}}?timeout=60"
c.Exchange.root = str(here / "exchange")
c.Exchange.cache = str(here / "cache")
c.ExchangeCollect.check_owner = False  # all hand-ins come from this account
"""


def new_course(folder: Path, assignments: Mapping[str, Path]) -> None:
    """Make a course folder that uses this course's configuration.

    Parameters
    ----------
    folder : Path
        Must not exist.
    assignments : mapping of str to Path
        Each assignment's source folder.

    """
    (folder / "exchange").mkdir(parents=True)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    for name, source in assignments.items():
        shutil.copytree(source, folder / "source" / name)


def nbgrader(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run one nbgrader command in a course folder; return it with its output."""
    command = [str(Path(sys.executable).parent / "nbgrader"), *arguments]
    return subprocess.run(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def hand_in(
    folder: Path,
    student: str,
    assignment: str,
    files: Mapping[str, bytes],
    when: datetime.datetime,
) -> None:
    """Put a hand-in where ``nbgrader submit`` puts it, for ``nbgrader collect``."""
    stamp = when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    inbound = folder / "exchange" / COURSE / "inbound"
    inside = inbound / f"{student}+{assignment}+{stamp}"
    inside.mkdir()
    (inside / "timestamp.txt").write_text(stamp)
    for name, content in files.items():
        (inside / name).write_bytes(content)
