"""A page's download: its notebook, and all that the notebook needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cohorts
import nbformat
from cohorts import curated, trials

from .needs import OWN, REQUIREMENTS, ROOT, Needs, pins

#: Where the downloads lie in the built site.
FOLDER = "_static/run"
README = """# {title}

A page of *Immune modulators: from mechanism to evidence*, to run and to change.

With Python 3.11 or newer, in this folder, on Linux and macOS:

    python3 -m venv .venv
    . .venv/bin/activate
    pip install -r requirements.txt
    jupyter lab {notebook}

on Windows, in PowerShell:

    py -m venv .venv
    .venv\\Scripts\\Activate.ps1
    pip install -r requirements.txt
    jupyter lab {notebook}

Then choose *Run → Run All Cells*: a cell uses what those before it have made.

{holds}
The numbers in the text are those of the page: they do not follow what you change.

Code is under the MIT licence; text, figures and synthetic data are under CC BY 4.0;
`LICENSE` says more. This is teaching material, not medical advice.
"""
HOLDS = {
    "course": "figure style, scores and helpers of the course",
    "cohorts": "how the synthetic patients are made, and how the tables are read",
    "synthetic": "synthetic patients, whose truth is known",
    "curated": "facts, each with its source",
    "trials": "real trials, each table under its own licence",
}


def may_hold() -> Iterator[Path]:
    """Yield every file but the notebooks that a download may hold or is made by."""
    for folder in (*OWN.values(), cohorts.SYNTHETIC, Path(__file__).parent):
        yield from folder.glob("**/*.py")
        yield from folder.glob("**/*.csv")
    for folder in (curated.FOLDER, trials.FOLDER):
        yield from (path for path in folder.rglob("*") if path.is_file())
    yield from (ROOT / "book").glob("*.bib")
    yield from (ROOT / "LICENSE", REQUIREMENTS)


def name_of(page: str) -> str:
    """Return the name of a page's download: of ``book/risk/01-x``, ``risk-01-x``."""
    return "-".join(Path(page).parts[1:])


def files(
    page: str, title: str, notebook: nbformat.NotebookNode, needed: Needs
) -> dict[str, bytes]:
    """Return what the download of a page holds, by path in it.

    Parameters
    ----------
    page : str
        The page, as Sphinx names it.
    title : str
    notebook : nbformat.NotebookNode
        The copy that needs nothing of the book.
    needed : Needs
        What that copy needs.
    """
    own = f"{Path(page).name}.ipynb"
    inside = dict(_beside(needed))
    folders = [name for name in HOLDS if any(p.parts[0] == name for p in inside)]
    texts = {
        own: nbformat.writes(notebook),
        "README.md": README.format(title=title, notebook=own, holds=_held(folders)),
        "requirements.txt": "".join(f"{pins()[one]}\n" for one in needed.packages),
    }
    held = {name: text.encode() for name, text in texts.items()}
    held |= {to.as_posix(): path.read_bytes() for to, path in inside.items()}
    held["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    return {f"{name_of(page)}/{path}": content for path, content in held.items()}


def _held(folders: Iterable[str]) -> str:
    lines = [f"- `{folder}/`: {HOLDS[folder]}\n" for folder in folders]
    return "Beside the notebook lie:\n\n" + "".join(lines) if lines else ""


def _beside(needed: Needs) -> Iterable[tuple[Path, Path]]:
    """Yield paths in the download, and the files that they are.

    The packages lie beside the notebook, where Python looks for them, and the tables
    beside the packages, where `cohorts` looks for them.
    """
    for path in needed.modules:
        package = next(one for one in OWN if path.is_relative_to(OWN[one]))
        yield Path(package, path.relative_to(OWN[package])), path
    for path in needed.data:
        yield Path(path.parent.name, path.name), path
        about = path.parent / "README.md"
        if about.is_file():
            yield Path(path.parent.name, about.name), about
    if any(path.parent == trials.FOLDER for path in needed.data):
        for path in sorted((trials.FOLDER / "licences").iterdir()):
            yield Path("trials", "licences", path.name), path
