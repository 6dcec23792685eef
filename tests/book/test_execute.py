"""`make execute` keeps outputs and no trace of the machine, and spoils no file."""

import nbformat
from course import execute


def notebook(folder, *sources):
    """Write a notebook that some other machine has run, and return its path."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        cell.metadata.execution = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    cells[0].metadata.tags = ["hide-cell"]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "somebodys", "display_name": "Mine"}
    made.metadata.language_info = {"name": "python", "version": "3.9.1"}
    path = folder / "chapter.ipynb"
    nbformat.write(made, path)
    return path


def test_running_it_again_changes_no_byte(tmp_path):
    (tmp_path / "data.csv").write_text("3\n")
    path = notebook(tmp_path, "read = open('data.csv').read()", "int(read) + 1")
    assert execute.execute(path)
    first = path.read_bytes()
    assert execute.execute(path)
    assert path.read_bytes() == first

    ran = nbformat.read(path, as_version=4)
    assert [cell.execution_count for cell in ran.cells] == [1, 2]
    assert ran.cells[1].outputs[0].data["text/plain"] == "4"
    assert ran.cells[0].metadata == {"tags": ["hide-cell"]}
    assert ran.cells[1].metadata == {}
    assert ran.metadata.language_info == {"name": "python"}
    assert ran.metadata.kernelspec.name == "python3"


def test_what_comes_in_pieces_is_kept_as_one(tmp_path):
    """A kernel sends what is printed when it has time: on a busy machine, in pieces."""
    prints = "import time\nfor n in range(3):\n    print(n)\n    time.sleep(0.5)"
    path = notebook(tmp_path, prints)
    assert execute.execute(path)
    outputs = nbformat.read(path, as_version=4).cells[0].outputs
    assert [one.text for one in outputs] == ["0\n1\n2\n"]


def test_figures_are_kept_whatever_the_shell_draws_with(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    path = notebook(tmp_path, "import matplotlib.pyplot as plt\nplt.plot()\nplt.show()")
    monkeypatch.setattr("sys.argv", ["execute", str(path)])
    assert execute.main() == 0
    outputs = nbformat.read(path, as_version=4).cells[0].outputs
    assert ["image/png" in one.data for one in outputs] == [True]


def test_a_cell_that_fails_leaves_the_file_as_it_was(tmp_path, capsys):
    path = notebook(tmp_path, "1 + 1", "1 / 0", "2 + 2")
    before = path.read_bytes()
    assert not execute.execute(path)
    assert path.read_bytes() == before
    said = capsys.readouterr().err
    assert "chapter.ipynb" in said and "ZeroDivisionError" in said


def test_one_notebook_that_fails_does_not_keep_the_next_from_running(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "good").mkdir()
    bad, good = notebook(tmp_path, "1 / 0"), notebook(tmp_path / "good", "1 + 1")
    missing = tmp_path / "missing.ipynb"
    monkeypatch.setattr("sys.argv", ["execute", *map(str, (missing, bad, good))])
    assert execute.main() == 1
    assert "missing.ipynb: there is no such notebook" in capsys.readouterr().err
    assert nbformat.read(good, as_version=4).cells[0].outputs


def test_without_a_notebook_it_says_how_it_is_called(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["execute"])
    assert execute.main() == 2
    assert "python -m course.execute" in capsys.readouterr().out
