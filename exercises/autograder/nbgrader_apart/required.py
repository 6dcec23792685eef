"""No hand-in is taken or graded with settings that nobody has chosen.

If a course's ``nbgrader_config.py`` raises an error, or there is none in the folder,
nbgrader says so in a line among others and goes on with settings of its own: without
a box, following every link, with the tests beside the students' code. Here a command
stops instead.

``etc/jupyter/nbgrader_config.py``, which is installed with this package and which
nbgrader reads before a course's own, calls `insist`.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from traitlets import TraitError
from traitlets.config import Application

#: Whether a course's settings have switched this package on.
in_use = False
NOT_IN_USE = (
    "No nbgrader_config.py that was read here calls nbgrader_apart.use(c), so hand-ins "
    "would be read and run without any protection. Nothing was done. Run the command "
    "in the folder of the course, where its nbgrader_config.py lies. To let nbgrader "
    "run notebooks itself, write nbgrader_apart.use(c, apart=False) there"
)
NOTHING_WAS_DONE = "Nothing was done. Mend the file, and run the command again"


def insist() -> None:
    """Let commands stop at a fault in the settings, and those of instructors without.

    What students use (``nbgrader validate``, ``fetch``, ``submit``) needs no settings.

    Written for nbgrader 0.9.6 and traitlets 5.
    """
    from nbgrader.apps.baseapp import NbGrader
    from nbgrader.converters import Autograde, GenerateFeedback

    if "_load_config_files" in vars(NbGrader):
        return  # a server reads its settings more than once
    NbGrader._load_config_files = classmethod(_load_or_raise)
    apps = sys.modules["nbgrader.apps"]
    for step in (
        *(Autograde, GenerateFeedback),
        *(apps.CollectApp, apps.ZipCollectApp, apps.ExportApp),
    ):
        step.start = _only_in_use(step.start)


def _load_or_raise(
    cls: Any, /, basefilename: str, path: Any, log: Any = None, **_: Any
) -> Iterator[Any]:
    """Read settings as any Jupyter command does, but raise what they raise."""
    try:
        yield from super(_base_app(), cls)._load_config_files(
            basefilename, path, log, raise_config_file_errors=True
        )
    except Exception as error:
        if not isinstance(Application.instance(), _base_app()):
            raise  # a server says that formgrader cannot be loaded, and why
        raise TraitError(f"{_where(error)}. {NOTHING_WAS_DONE}") from None


def _where(error: Exception) -> str:
    """Return the file, the line and the message of an error in a file of settings."""
    places = [
        (frame.filename, frame.lineno)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno))
    own = [place for place in places if Path(place[0]).name.endswith("_config.py")]
    file, line = (own or places)[-1]
    return f"{file}, line {line}: {type(error).__name__}: {error}"


def _base_app() -> Any:
    return sys.modules["nbgrader.apps.baseapp"].NbGrader


def _only_in_use(start: Callable[[Any], None]) -> Callable[[Any], None]:
    def checked(command: Any) -> None:
        if not in_use:
            command.log.error(NOT_IN_USE)
            sys.exit(1)
        start(command)

    return checked
