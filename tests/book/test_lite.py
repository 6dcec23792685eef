"""What JupyterLab in the browser is made of: copies, settings and wheels."""

import zipfile

import nbformat
import pytest
from elements import zipped
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lite import build
from lite.wheels import PACKAGES, ROOT, write


def a_book(folder, assignment="def add(a, b):\n    raise NotImplementedError"):
    """Write the downloads of a small book."""
    chapter = new_notebook(
        cells=[
            new_markdown_cell("# Risk?"),
            new_code_cell("import cohorts\nimport scipy\nfrom course import live"),
        ]
    )
    task = new_notebook(cells=[new_code_cell(assignment)])
    for kind, name, inside in [
        ("run", "risk-01-a-page", {"risk-01-a-page/01-a-page.ipynb": chapter}),
        ("assignments", "mini", {"mini/mini.ipynb": task}),
    ]:
        files = {path: nbformat.writes(one).encode() for path, one in inside.items()}
        path = folder / "_static" / kind / f"{name}.zip"
        path.parent.mkdir(parents=True)
        path.write_bytes(zipped(files | {f"{name}/x.csv": b"a\n1\n"}))
    return folder


def test_chapters_and_assignments_as_the_book_offers_them(tmp_path):
    contents = tmp_path / "contents"
    build.write_contents(contents, a_book(tmp_path / "book"))
    there = {path.relative_to(contents).as_posix() for path in contents.rglob("*.*")}
    assert there == {
        "README.md",
        "chapters/risk/01-a-page.ipynb",
        "exercises/mini/mini.ipynb",
        "exercises/mini/x.csv",
    }
    chapter = nbformat.read(contents / "chapters/risk/01-a-page.ipynb", as_version=4)
    installs = chapter.cells[1].source
    assert installs.endswith(
        "%pip install -q immune-modulators-cohorts immune-modulators-course "
        "altair pandera"
    )
    # What is handed in is not changed: it runs where no package can be installed.
    task = nbformat.read(contents / "exercises/mini/mini.ipynb", as_version=4)
    assert len(task.cells) == 1


@pytest.mark.parametrize("secret", ["BEGIN SOLUTION", "BEGIN HIDDEN TESTS"])
def test_a_solution_or_a_hidden_test_stops_the_build(tmp_path, secret):
    book = a_book(tmp_path / "book", f"### {secret}\nx = 1")
    with pytest.raises(build.BuildError, match=r"mini\.ipynb holds a solution"):
        build.write_contents(tmp_path / "contents", book)


def test_without_downloads_it_says_what_to_do(tmp_path):
    with pytest.raises(build.BuildError, match="make book"):
        build.write_contents(tmp_path / "contents", tmp_path)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://example.org/full/pyodide.js", "https://example.org/full/pyodide.js"),
        ("pyodide/pyodide.js", "./pyodide/pyodide.js"),
        ("/pyodide/pyodide.js", "/pyodide/pyodide.js"),
    ],
)
def test_pyodide_is_asked_for_at_its_address_and_no_index_of_packages(address, told):
    settings = build.settings(address)["jupyter-config-data"]["litePluginSettings"]
    assert settings == {build.KERNEL: {"pyodideUrl": told, "disablePyPIFallback": True}}


def test_the_wheels_hold_the_two_packages_their_data_and_no_answers(tmp_path):
    made = [write(package, "2026.11", tmp_path) for package in PACKAGES]
    held = [set(zipfile.ZipFile(wheel).namelist()) for wheel in made]
    roots = {name.split("/")[0] for names in held for name in names}
    assert {root for root in roots if "." not in root} == {"cohorts", "course"}
    tables = {path.name for path in ROOT.glob("data/*/*.csv")}
    assert tables == {name.split("/")[-1] for name in held[0] if name.endswith(".csv")}
    for package, wheel in zip(PACKAGES, made, strict=True):
        before = wheel.read_bytes()
        assert write(package, "2026.11", tmp_path).read_bytes() == before


def test_every_wheel_for_the_browser_is_pinned_and_locked():
    lock = (build.HERE / "browser.lock").read_text(encoding="utf-8")
    pinned = build.in_browser()
    assert {"altair", "comm", "pandera"} <= set(pinned)
    assert all(f"\n{name}==" in lock for name in pinned)
    # What the course pins itself has the same version there.
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("==")
        if name in {"altair", "pandera"}:
            assert f"\n{name}=={rest.split()[0]} " in lock
