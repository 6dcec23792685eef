"""Each download runs far from the book, and shows what the page shows."""

import json
import os
import sys
import sysconfig
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader_apart.kernels import OwnFilesAsync

from run.needs import ROOT

HTML = ROOT / "_build" / "html"
DOWNLOADS = HTML / "_static" / "run"
PAGES = sorted(
    f"{path.parent.name}-{path.stem}" for path in ROOT.glob("book/*/*.ipynb")
)
#: Run with every change; the others by `make downloads`.
QUICK = {"start-what-is-an-immune-modulator", "context-02-balance-and-tolerance"}
#: Notes which files are opened, before the first cell of a notebook runs.
WATCH = """
import os as _os, sys as _sys
_files_opened = []
def _note(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        _files_opened.append(_os.path.realpath(arguments[0]))
_sys.addaudithook(_note)
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A kernel that has the packages of others, and nothing of the course's.

    Without `site`, what lies in the repository is not installed; the packages
    beside it are.
    """
    argv = [sys.executable, "-S", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    packages = {"PYTHONPATH": sysconfig.get_path("purelib"), "MPLBACKEND": ""}
    spec = {"argv": argv, "display_name": "alone", "language": "python"}
    kernel = tmp_path / "jupyter" / "kernels" / "alone"
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    for folder in (kernel, startup):
        folder.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps(spec | {"env": packages}))
    (startup / "watch.py").write_text(WATCH)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return "alone"


def unpacked(name, folder):
    """Return the folder and the notebook of a download."""
    path = DOWNLOADS / f"{name}.zip"
    if not path.is_file():
        pytest.fail(f"{path} is missing: run `make book`, then the tests")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    (notebook,) = (folder / name).glob("*.ipynb")
    return folder / name, nbformat.read(notebook, as_version=4)


def shown(notebook):
    """Return what the cells of a notebook show: text, and how many pictures."""
    texts, pictures = [], 0
    for cell in notebook.cells:
        merged = ""
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            merged += output.get("text", "")
            if "image/svg+xml" in data:
                pictures += 1
            elif "text/html" in data or "text/plain" in data:
                merged += data.get("text/html", data.get("text/plain"))
        texts.append(merged)
    return texts, pictures


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.downloads)
        for name in PAGES
    ],
)
def test_a_download_runs_alone_and_shows_what_the_page_shows(name, tmp_path, elsewhere):
    folder, notebook = unpacked(name, tmp_path / "empty")
    before = shown(notebook)
    tell = nbformat.v4.new_code_cell("import json\nprint(json.dumps(_files_opened))")
    notebook.cells.append(tell)
    NotebookClient(
        notebook,
        kernel_name=elsewhere,
        kernel_manager_class=OwnFilesAsync,
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    opened = set(json.loads(notebook.cells.pop().outputs[0].text))
    assert shown(notebook) == before

    root, environment = os.path.realpath(ROOT), os.path.realpath(sys.prefix)
    home = os.path.realpath(folder)
    inside = {path for path in opened if path.startswith(f"{root}{os.sep}")}
    assert not {path for path in inside if not path.startswith(environment)}
    tables = {path for path in opened if path.endswith(".csv")}
    assert tables == {os.path.realpath(path) for path in folder.rglob("*.csv")}
    assert all(path.startswith(home) for path in tables)
