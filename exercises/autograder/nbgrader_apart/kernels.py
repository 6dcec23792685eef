"""Starts kernels so that two that start at the same moment both answer.

A port for a kernel is looked for, and let go, before the kernel takes it: another
program may be given it in between, and then the kernel never answers. A file in a
folder of its own nobody else is given.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager, KernelManager
from traitlets import default

#: How many bytes the name of a socket's file has at the most: 108 on Linux, 104 on
#: macOS, with the zero that ends it.
LONGEST = 103


class OwnFiles(KernelManager):
    """A kernel that is spoken to by files in a folder of its own.

    Where a system has no such files (Windows), or the folder's name is too long for
    them, it has ports.
    """

    _folder: tempfile.TemporaryDirectory[str] | None = None

    @default("connection_file")
    def _in_a_folder_of_its_own(self) -> str:
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-")
        return str(Path(self._folder.name, "kernel.json"))

    @default("transport")
    def _files_or_ports(self) -> str:
        # In place of ".json" stands "-ipc-" and a digit.
        longest = len(os.fsencode(self.connection_file)) + 1
        files = os.name == "posix" and longest <= LONGEST
        return "ipc" if files else "tcp"

    def cleanup_connection_file(self) -> None:
        """Remove the folder, too, once the kernel has ended."""
        super().cleanup_connection_file()
        if self._folder is not None:
            self._folder.cleanup()


class OwnFilesAsync(OwnFiles, AsyncKernelManager):
    """The same for what awaits its kernel, as nbclient does."""
