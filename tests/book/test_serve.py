"""What is saved is built, and shown to whoever has the book open."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from course import serve

#: Serves a made-up book on a port; building it says with which options.
SERVER = """
import sys
from pathlib import Path
from course import serve

serve.ROOT = Path(sys.argv[1]).resolve()
serve.SITE = serve.ROOT / "_build" / "html"
serve.build = lambda *options: print("built", *options, flush=True)
serve.serve(int(sys.argv[2]))
"""


def listens(port):
    """Return whether somebody listens on a port of this machine."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def served(tmp_path):
    """Serve a book of one page; return its folder, its address and the server."""
    for name in ("_build/html/index.html", "book/a.md", "book/_ext/b/__init__.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("<html><head></head><body>Text</body></html>")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, tmp_path, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while "Serving" not in server.stderr.readline():
        assert server.poll() is None, server.stderr.read()
    while not listens(port):  # it says so a moment before it does
        assert server.poll() is None, server.stderr.read()
        time.sleep(0.05)
    yield tmp_path, f"http://127.0.0.1:{port}", server
    server.kill()
    server.communicate()


def test_a_saved_page_is_built_and_code_builds_all(served):
    folder, _, server = served
    (folder / "book/a.md").write_text("Other text")
    assert server.stdout.readline() == "built\n"
    (folder / "book/_ext/b/__init__.py").write_text("# other code")
    assert server.stdout.readline() == "built --all\n"


def test_a_page_asks_for_news_where_it_is_from(served):
    _, address, _ = served
    # Only a browser that reads is told.
    asked = urllib.request.Request(address, headers={"Accept": "text/html"})
    page = urllib.request.urlopen(asked).read().decode()
    assert "Text" in page
    assert "window.location.hostname" in page and "/livereload.js" in page
    script = urllib.request.urlopen(f"{address}/livereload.js").read().decode()
    assert not re.search(r"https?://(?!livereload\.com|github\.com)\w", script)


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("book/index.md", False),
        ("book/_ext/tips/show-tips.js", False),
        ("book/risk/.ipynb_checkpoints/a.ipynb", True),
        ("book/course/__pycache__/style.pyc", True),
        ("book/course/style.py", True),
    ],
)
def test_what_nobody_saves_is_passed_over(name, over):
    assert serve.passed_over(str(Path(serve.ROOT, name))) is over
