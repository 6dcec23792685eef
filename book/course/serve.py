"""Show the book in a browser, built again whenever a part of it is saved.

``python -m course.serve PORT``; `make serve` calls it. A page that is open in a browser
loads itself again after each build. What does not build is told in the terminal, and
the pages stay as they were.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from livereload import Server

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
#: What the book is made from. Sphinx does not know which pages hang on the code of an
#: element: when that changes, all are built.
PAGES = ("book", "data", "_config.yml", "_toc.yml")
CODE = ("book/_ext/*/*.py", "book/_ext/*.py", "book/course/*.py", "data/cohorts/*.py")


def build(*options: str) -> None:
    """Build the book, and say in the terminal how it went."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "course.build", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(f"{done.stdout}{done.stderr}\nThe book did not build: see above.")
    else:
        print(f"Built again in {time.perf_counter() - start:.0f} s.")


def build_changed() -> None:
    """Build the pages that hang on what was saved."""
    build()


def build_all() -> None:
    """Build every page."""
    build("--all")


def passed_over(path: str) -> bool:
    """Return whether a file is none that anybody saves: Python's own, or hidden."""
    inside = Path(path).resolve().relative_to(ROOT)
    hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
    return hidden or inside.suffix == ".py"


def serve(port: int) -> None:
    """Serve the built book on this machine, until Ctrl-C."""
    server = Server()
    for path in PAGES:
        server.watch(str(ROOT / path), build_changed, ignore=passed_over)
    for pattern in CODE:
        server.watch(str(ROOT / pattern), build_all)
    server.serve(port=port, host="127.0.0.1", root=str(SITE))


if __name__ == "__main__":
    serve(int(sys.argv[1]))
