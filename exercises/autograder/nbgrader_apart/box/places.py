"""What a Python process needs to find: folders, and names in its environment."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

#: Where this package lies.
PACKAGE = Path(__file__).parents[1]
#: What of the grader's environment is passed on.
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SOURCE_DATE_EPOCH")
#: Names of folders that a process writes its own files to.
HOMES = ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR")
#: Names that keep a process to one core.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
#: What any Python process must read besides its interpreter and libraries.
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc/ld.so.cache",
    "/etc/fonts",
    "/var/cache/fontconfig",
    "/etc/localtime",
    "/etc/debian_version",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/group",
)


def system_paths() -> list[str]:
    """Return what any Python process must read: interpreter, libraries, fonts."""
    wanted = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), *SYSTEM}
    wanted |= {path for path in sys.path if path.endswith("-packages")}
    wanted.add(str(PACKAGE))
    return outermost(path for path in wanted if os.path.exists(path))


def environment(home: str) -> dict[str, str]:
    """Return the environment of a process whose own files are in the folder `home`."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    python = os.path.dirname(sys.executable)
    return {
        **passed_on,
        **dict.fromkeys(HOMES, home),
        **dict.fromkeys(THREADS, "1"),
        "PATH": os.pathsep.join([python, "/usr/bin", "/bin"]),
        # Read when matplotlib is imported; a first figure loads the backend itself.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "NBGRADER_EXECUTION": "autograde",
        # There is no network: pip need not try five times.
        "PIP_RETRIES": "0",
        "PIP_NO_INPUT": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def outermost(paths: Iterable[str]) -> list[str]:
    """Leave out what lies inside another of the paths; sort."""
    every = set(paths)
    return sorted(path for path in every if not _lies_inside_any(path, every - {path}))


def _lies_inside_any(path: str, folders: set[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
