"""A class on the small assignment, graded with nbgrader's own commands."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, WARNS, Course, demo, source_notebook


def state_of_process():
    """Return what a test could change for all later ones in its process."""
    # pytest tells in the environment which test runs; OpenMP (KMP_...), which comes
    # with the libraries for computing, writes there when one of them is imported.
    names = {
        name
        for name in os.environ.keys() - {"PYTEST_CURRENT_TEST"}
        if not name.startswith("KMP_")
    }
    state = {f"variable {name}": os.environ[name] for name in names}
    state["current folder"] = os.getcwd()
    # Not of SIGINT: what runs a notebook leaves Python's own handler, also where the
    # signal was ignored before, as it is behind a shell's `&`.
    if alarm := getattr(signal, "SIGALRM", None):
        state["handler of SIGALRM"] = signal.getsignal(alarm)
    with contextlib.suppress(OSError):  # Linux only
        status = Path("/proc/self/status").read_text()
        state["umask"] = status.partition("Umask:")[2].split()[0]
    return state


@pytest.fixture(autouse=True)
def no_test_changes_the_next():
    """Fail a test that leaves the environment, or the like, as it did not find it."""
    before = state_of_process()
    yield
    # What reads nbgrader_config.py in this process lets nbgrader find `alembic`.
    os.environ["PATH"] = before["variable PATH"]
    after = state_of_process()
    names = before.keys() | after.keys()
    left = {name for name in names if before.get(name) != after.get(name)}
    assert not left, f"the test leaves changed: {', '.join(sorted(left))}"


@pytest.fixture(scope="session")
def handed_out(tmp_path_factory):
    """A course folder with the assignment generated and released."""
    folder = tmp_path_factory.mktemp("handed-out") / "course"
    source = folder.with_name("source")
    source.mkdir()
    nbformat.write(source_notebook(), source / f"{MINI}.ipynb")
    demo.new_course(folder, {MINI: source})
    course = Course(folder)
    course.run("generate_assignment", MINI)
    course.run("release_assignment", MINI)
    return folder


@pytest.fixture
def new_course(handed_out, tmp_path):
    """A course of its own for one test."""
    return Course(shutil.copytree(handed_out, tmp_path / "course"))


@pytest.fixture(scope="module", params=["on", "off"])
def graded_class(handed_out, tmp_path_factory, request):
    """A class with every kind of hand-in: collected, graded, feedback made.

    With the package `autograder`, and with nbgrader alone.
    """
    course = Course(
        shutil.copytree(handed_out, tmp_path_factory.mktemp("class") / "course")
    )
    right = course.filled(RIGHT)

    course.hand_in("right", right)
    course.hand_in("partly", course.filled(PARTLY))
    course.hand_in("untouched", course.filled({}))
    course.hand_in("warns", course.filled(WARNS))

    deletes = course.filled(RIGHT)
    deletes.cells = [
        one
        for one in deletes.cells
        if one.metadata.get("nbgrader", {}).get("grade_id")
        not in ("setup", "left_after_hidden", "highest_solution", "highest")
    ]
    course.hand_in("deletes", deletes)

    skips = course.filled({})
    for one in skips.cells:
        one.metadata.tags = ["skip-execution"]
    course.hand_in("skips", skips)

    relabels = course.filled({})
    for one in relabels.cells:
        if one.cell_type == "code" and one.metadata.get("nbgrader", {}).get("grade"):
            one.metadata.nbgrader.update(points=99, solution=True, locked=False)
            one.source = "pass"
    course.hand_in("relabels", relabels)

    copies = course.filled(RIGHT)
    for one in course.filled(RIGHT).cells[2:5]:
        one.id += "-copy"
        copies.cells.append(one)
    course.hand_in("copies", copies)

    future = course.filled(RIGHT)
    future.cells[2].metadata.nbgrader.schema_version = 99
    future.cells[3].metadata.nbgrader = "nonsense"
    course.hand_in("future_schema", future)

    text = nbformat.writes(right)
    course.hand_in("pdf", b"%PDF-1.7\n\xe2\xe3\xcf\xd3 not a notebook")
    course.hand_in("nothing", b"")
    course.hand_in("cut_off", text[: len(text) // 2].encode())
    course.hand_in("utf16", text.encode("utf-16"))
    course.hand_in("data", [1, 2, 3])
    course.hand_in("format5", {**right, "nbformat": 5})
    course.hand_in("word", b"PK\x03\x04", name="mini.docx")
    course.hand_in("misnamed", right, name="mini (1).ipynb")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER", request.param)
        printed = course.grade()
    course.run("generate_feedback", MINI)
    course.run("export", "--to", str(course.folder / "grades.csv"))
    return SimpleNamespace(course=course, printed=printed, scores=course.scores())


def as_server(command, **options):
    """Run a command as a user that may run the server; root may not."""
    if os.geteuid() == 0:
        options["user"] = "postgres"
    return subprocess.run(command, check=True, capture_output=True, **options)


@pytest.fixture
def postgres():
    """The address of an empty database, on a server that lives as long as the test."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not os.environ.get("CI"):
        if not found:
            pytest.skip("PostgreSQL's server is not installed")
        pytest.importorskip("psycopg2", reason="psycopg2-binary is not installed")
    binaries = found[-1]
    folder = Path(tempfile.mkdtemp(prefix="grading-postgres-"))
    if os.geteuid() == 0:
        import pwd

        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    # A socket in the folder, no port: nobody else can reach it.
    listen = (
        f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    )
    try:
        as_server(
            [binaries / "initdb", "-D", data, "-U", "grader", "-A", "trust"], cwd="/"
        )
        control = [binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        as_server([*control, "-o", listen, "start"], cwd="/")
        try:
            yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        finally:
            as_server([*control, "-m", "immediate", "stop"], cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
