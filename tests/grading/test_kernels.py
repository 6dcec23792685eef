"""A kernel starts, also where another program takes the port that it was to have."""

import os
import socket

import nbformat
import pytest
from course import execute
from jupyter_client.connect import LocalPortCache
from nbgrader_apart.kernels import OwnFiles
from nbgrader_apart.stock import ExecuteOrSay
from nbval.kernel import RunningKernel

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there, kernels have ports")


@pytest.fixture
def ports_are_taken(monkeypatch):
    """Every port that is found for a kernel is taken before the kernel is there."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(LocalPortCache, "find_available_port", lambda *_: port)
        yield


def one_cell():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    return notebook


def results(notebook):
    return [output.data["text/plain"] for output in notebook.cells[0].outputs]


@pytest.mark.usefixtures("ports_are_taken")
def test_a_chapter_is_executed(tmp_path):
    path = tmp_path / "chapter.ipynb"
    nbformat.write(one_cell(), path)
    assert execute.execute(path)
    assert results(nbformat.read(path, as_version=4)) == ["42"]


@pytest.mark.usefixtures("ports_are_taken")
def test_nbgrader_runs_a_hand_in_itself():
    notebook, _ = ExecuteOrSay().preprocess(one_cell(), {})
    assert results(notebook) == ["42"]


@pytest.mark.usefixtures("ports_are_taken")
def test_a_notebook_is_tested():
    RunningKernel("python3").stop()  # it waits until the kernel answers


def test_nothing_is_left_of_a_kernel():
    manager = OwnFiles()
    folder = manager.connection_file.rpartition(os.sep)[0]
    manager.start_kernel()
    assert os.listdir(folder)
    manager.shutdown_kernel(now=True)
    assert not os.path.exists(folder)


def test_a_name_that_is_too_long_for_sockets_has_ports(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert OwnFiles().transport == "tcp"
