"""Build JupyterLab in the browser: a JupyterLite site, the folder ``lab`` of the book.

It holds the chapters as the pages offer them to download, the assignments as they are
handed out (visible tests only), their data, and wheels of the packages that Pyodide
does not have. Pyodide itself is at the address ``run_pyodide`` of ``_config.yml``, and
is asked for by who opens the lab.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml
from run.needs import needs

from lite.wheels import PACKAGES, write

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "lite"
HTML = ROOT / "_build" / "html"
WORK = ROOT / "_build" / "lite"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
NOTEBOOKS = "@jupyterlab/notebook-extension:tracker"
#: As JupyterLite names its kernel; a notebook that names it asks nothing.
KERNELSPEC = {
    "name": "python",
    "display_name": "Python (Pyodide)",
    "language": "python",
}
INSTALL = """\
# In the browser only: what Pyodide does not have comes from this site.
%pip install -q {packages}"""
SECRET = re.compile(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)")
WELCOME = """# Immune modulators, in the browser

Python runs here in your browser, and nothing needs to be installed.
The first cell that you run fetches Python and its packages, which takes a minute or
two; later it is quicker.

- `chapters` holds the pages of the book as notebooks: *Run → Run All Cells*.
- `exercises` holds the assignments, each with its data.

**What you save is kept in this browser, on this machine, and nowhere else.**
When you come back, open the notebook again from the list on the left: your answers are
there. Whoever clears the browser's data clears them, so download what you want to keep,
and what you hand in: right-click the notebook in that list, and choose *Download*.
Hand in the notebook under the name that it has here, such as `metrics.ipynb`.

The button *Validate* of an installed JupyterLab is not here: choose
*Kernel → Restart Kernel and Run All Cells…* instead, and look whether a test fails.
"""


class BuildError(Exception):
    """The lab cannot be built; the message says what to do."""


def main() -> int:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=HTML / "lab", metavar="FOLDER")
    parser.add_argument(
        "--pyodide", help="address of pyodide.js, instead of the set one"
    )
    arguments = parser.parse_args()
    try:
        build(arguments.to, arguments.pyodide or configured())
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"JupyterLab in the browser: {os.path.relpath(arguments.to)}/lab/index.html")
    return 0


def configured() -> str:
    """Return the address of Pyodide in ``_config.yml``.

    Raises
    ------
    BuildError
        If there is none.
    """
    text = (ROOT / "_config.yml").read_text(encoding="utf-8")
    address = yaml.safe_load(text)["sphinx"]["config"].get("run_pyodide")
    if not address:
        raise BuildError(
            "_config.yml does not say where Pyodide is: write its address behind "
            "run_pyodide, then: make lite"
        )
    return address


def build(target: Path, pyodide: str, book: Path = HTML) -> None:
    """Build the lab.

    Parameters
    ----------
    target : pathlib.Path
        The folder to make; an older one is replaced.
    pyodide : str
        Address of ``pyodide.js``; a relative one begins in `target`.
    book : pathlib.Path
        The built book.

    Raises
    ------
    BuildError
        If the book is not built, or JupyterLite fails.
    """
    shutil.rmtree(WORK, ignore_errors=True)
    site, contents = WORK / "site", WORK / "contents"
    (site / "pypi").mkdir(parents=True)
    write_contents(contents, book)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for package in PACKAGES:
        write(package, version, site / "pypi")
    fetch_wheels(site / "pypi")
    (site / "jupyter-lite.json").write_text(json.dumps(settings(pyodide), indent=1))
    options = {"contents": [str(contents)], "apps": ["lab"], "no_sourcemaps": True}
    (site / "jupyter_lite_config.json").write_text(
        json.dumps({"LiteBuildConfig": options}, indent=1)
    )
    made = WORK / "lab"
    run(
        *(Path(sys.prefix, "lite", "bin", "jupyter-lite"), "build"),
        *("--lite-dir", site, "--output-dir", made),
        cwd=site,
    )
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(made, target)


def settings(pyodide: str) -> dict:
    """Return what JupyterLite is told: where Pyodide is, and to ask no one else."""
    if not re.match(r"[a-z]+:|[./]", pyodide):
        pyodide = f"./{pyodide}"  # so JupyterLite knows a relative address
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Immune modulators",
            "litePluginSettings": {
                KERNEL: {"pyodideUrl": pyodide, "disablePyPIFallback": True}
            },
            # All cells are there to be found on the page, not only those in view.
            "settingsOverrides": {NOTEBOOKS: {"windowingMode": "defer"}},
        },
    }


# -- what the lab holds


def write_contents(folder: Path, book: Path) -> None:
    """Write chapters and assignments, as the book offers them to download.

    Raises
    ------
    BuildError
        If the book has no downloads, or one of them could tell an answer.
    """
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(WELCOME, encoding="utf-8")
    for path in downloads(book, "run"):
        with zipfile.ZipFile(path) as archive:
            (inside,) = [name for name in archive.namelist() if name.endswith(".ipynb")]
            notebook = nbformat.reads(archive.read(inside).decode(), as_version=4)
        part, _, rest = path.stem.partition("-")
        to = folder / "chapters" / part / f"{rest}.ipynb"
        to.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(for_browser(notebook), to)
    for path in downloads(book, "assignments"):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder / "exercises")
    for path in sorted(folder.rglob("*.ipynb")):
        if SECRET.search(path.read_text(encoding="utf-8")):
            raise BuildError(f"{path.name} holds a solution or a hidden test")


def downloads(book: Path, kind: str) -> Iterator[Path]:
    """Return the ZIP files of one kind in the built book."""
    found = sorted((book / "_static" / kind).glob("*.zip"))
    if not found:
        raise BuildError(f"{book} offers no downloads: make book, then: make lite")
    return iter(found)


def for_browser(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a chapter whose first code cell installs what Pyodide does not have."""
    needed = needs(notebook)
    own = {package.name.rpartition("-")[2]: package.name for package in PACKAGES}
    imported = {path.parts[-2] for path in needed.modules if path.name == "__init__.py"}
    packages = [own[name] for name in own if name in imported]
    packages += [name for name in in_browser() if name in needed.packages]
    cell = nbformat.v4.new_code_cell(INSTALL.format(packages=" ".join(packages)))
    cell.id = "install-in-the-browser"
    first = next(i for i, one in enumerate(notebook.cells) if one.cell_type == "code")
    notebook.cells.insert(first, cell)
    notebook.metadata.kernelspec = KERNELSPEC
    return notebook


def in_browser() -> list[str]:
    """Return the names of the packages that the site serves itself."""
    text = (HERE / "browser.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)


def fetch_wheels(folder: Path) -> None:
    """Download the wheels of pure Python that are installed in the browser."""
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"),
        *("--python-version", "3.12", "--platform", "any", "--abi", "none"),
        *("--implementation", "py", "--dest", folder, "-r", HERE / "browser.lock"),
        cwd=HERE,
    )


def run(*command: object, cwd: Path) -> None:
    """Run a program.

    Raises
    ------
    BuildError
        With the program's own words, if it fails.
    """
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise BuildError(f"{Path(words[0]).name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
