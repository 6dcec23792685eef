"""What a process that runs students' code may not do.

========  =====================================================================
bwrap     bubblewrap: a network, processes and a file system of its own, which
          hold the interpreter and one work folder; and all of the below
landlock  files and signals by Landlock; and all of the below
limits    time, memory, processes, size of files, by resource limits; network and
          system calls by seccomp, where libseccomp is installed
none      nothing
========  =====================================================================

==========  =====================================================================
confinement the order in which a fork gives up what it does not need
bubblewrap  the command that starts a fork server in a box
namespaces  a view of its own for each submission
landlock    which paths can be reached
syscalls    which system calls can be made
places      what a Python process needs to find: folders, environment
disk        what a submission has written, where that has to be watched
processes   what the processes of a submission use
==========  =====================================================================
"""

from ..options import Level
from . import disk, namespaces, syscalls
from .bubblewrap import bwrap_command
from .confinement import (
    GOES_SECOND,
    best_level,
    close_memory,
    confine,
    go_early_if_memory_is_short,
    take_user,
    user_id,
    what_is_missing,
)
from .landlock import abi as landlock_abi
from .places import HOMES, PACKAGE, environment, outermost, system_paths
from .processes import below, held_by_sockets, use_of, user_of

__all__ = [
    "GOES_SECOND",
    "HOMES",
    "PACKAGE",
    "Level",
    "below",
    "best_level",
    "bwrap_command",
    "close_memory",
    "confine",
    "disk",
    "environment",
    "go_early_if_memory_is_short",
    "held_by_sockets",
    "landlock_abi",
    "namespaces",
    "outermost",
    "syscalls",
    "system_paths",
    "take_user",
    "use_of",
    "user_id",
    "user_of",
    "what_is_missing",
]
