"""Build the book: `jupyter-book build . -W --keep-going -q`, on all cores.

``python -m course.build OPTIONS``: the options go to Jupyter Book's command. Sphinx can
read and write pages in several processes, and that command has no option to ask for it.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from pathlib import Path

import jupyter_book.sphinx
from jupyter_book.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
#: After so many new objects Python looks for those that nobody needs any more, which
#: takes as long as all that there are. A page of the book has some 100,000.
OBJECTS = 100_000


def build() -> None:
    """Build what has changed, and leave with Jupyter Book's own status."""
    jupyter_book.sphinx.build_sphinx = functools.partial(
        jupyter_book.sphinx.build_sphinx, jobs=os.cpu_count()
    )
    gc.set_threshold(OBJECTS, 50, 50)
    main(["build", str(ROOT), "-W", "--keep-going", "-q", *sys.argv[1:]])


if __name__ == "__main__":
    build()
