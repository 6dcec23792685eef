"""A gradebook in PostgreSQL, on a server that the test starts and stops."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from miniature import MINI, PARTLY, RIGHT, demo

pytestmark = pytest.mark.autograder

FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin")) if os.name == "posix" else []
if not os.environ.get("CI") and not FOUND:
    pytest.skip("PostgreSQL's server is not installed", allow_module_level=True)
try:
    import psycopg2  # noqa: F401
except ImportError:
    if os.environ.get("CI"):
        raise
    pytest.skip("psycopg2-binary is not installed", allow_module_level=True)


def as_server(command, **options):
    """Run a command as a user that may run the server; root may not."""
    if os.geteuid() == 0:
        options["user"] = "postgres"
    return subprocess.run(command, check=True, capture_output=True, **options)


@pytest.fixture
def server():
    """The address of an empty database."""
    binaries = FOUND[-1]
    folder = Path(tempfile.mkdtemp(prefix="grading-postgres-"))
    if os.geteuid() == 0:
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
        yield f"postgresql+psycopg2://grader@/postgres?host={folder}"
        as_server([*control, "-m", "immediate", "stop"], cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_class_is_graded_into_postgresql(handed_out, tmp_path, server, monkeypatch):
    from miniature import Course
    from nbgrader.api import Gradebook

    folder = Path(shutil.copytree(handed_out, tmp_path / "course"))
    settings = folder / "nbgrader_config.py"
    lines = settings.read_text().splitlines()
    kept = [line for line in lines if "db_url" not in line]  # the environment decides
    settings.write_text("\n".join(kept))
    (folder / "gradebook.db").unlink()
    monkeypatch.setenv("GRADEBOOK_URL", server)
    course = Course(folder)
    course.run("generate_assignment", MINI, "--force")
    course.hand_in("ada", course.filled(RIGHT))
    course.hand_in("ben", course.filled(PARTLY))
    course.grade()
    course.grade("--force")
    assert not (folder / "gradebook.db").exists()
    with Gradebook(server, course_id=demo.COURSE_ID) as gradebook:
        scores = {
            one.student.id: one.score for one in gradebook.assignment_submissions(MINI)
        }
    assert scores == {"ada": 5, "ben": 2}
