"""A real Chromium, the book and Jupyter servers for it, on the loopback interface."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect, sync_playwright
from serving import served

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
SCREENSHOTS = ROOT / "_build" / "screenshots"
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in [*HTML.glob("book/**/*.html"), *HTML.glob("*.html")]
    # The one only leads on; the other is no page of the book (`be_found` tests it).
    if path not in (HTML / "index.html", HTML / "404.html")
) or ["book/index.html"]  # not built: the tests fail, and are not passed over
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1300, "height": 900}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page can reach this machine only. No test is asked about each request, which
    # would be slow, and would keep Chromium from using what it has fetched before.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
#: What the element `record` keeps for a reader who wants to see whole pages.
NO_COVERS = """try {
  localStorage.setItem("immune-modulators-covers", "off");
} catch {}"""
LOCAL = {"127.0.0.1", "localhost"}
PATIENT = 180_000  # ms; other work may keep the machine busy
expect.set_options(timeout=PATIENT)


def missing(what):
    """Skip, and say why; on the test server nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@functools.cache
def playwright():
    """Return what drives the browsers, which can be started once in a process.

    Two folders of tests have the fixture `browser`, so it cannot start this itself.
    """
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started


@pytest.fixture(scope="session")
def browser():
    """The browser of a folder of tests."""
    try:
        started = playwright().chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
    except Error as error:
        missing(
            "no Chromium: install Debian's `chromium`, or run "
            f"`playwright install chromium` ({str(error).splitlines()[0]})"
        )
    yield started
    started.close()


@pytest.fixture(scope="session")
def book():
    """The address of the built book, without a slash at its end."""
    if not (HTML / PAGES[0]).is_file():
        pytest.fail(f"{HTML} holds no book: run `make book`, then the tests")
    with served(HTML) as address:
        yield address


@contextmanager
def visit(browser, covers=False, **options):
    """Open a page, and note what goes wrong on it.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        What the fixture `browser` gives.
    covers : bool
        Whether predictions cover what follows them, as for a new reader.
    **options
        Those of a browser context.

    Yields
    ------
    SimpleNamespace
        ``page``; ``errors``: console errors and uncaught exceptions;
        ``elsewhere``: addresses on other hosts that it asked for.
    """
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENT)
    errors, elsewhere = [], []

    def note(request):
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.hostname not in LOCAL:
            elsewhere.append(request.url)

    context.on("request", note)
    if not covers:
        context.add_init_script(NO_COVERS)
    page = context.new_page()

    def hear(message):
        # Of a page that names no icon, Chromium asks for one by itself, once.
        asked = message.location.get("url", "")
        if message.type == "error" and not asked.endswith("/favicon.ico"):
            errors.append(message.text)

    page.on("console", hear)
    page.on(
        "response",
        lambda answer: (
            answer.status >= 400 and errors.append(f"{answer.status} {answer.url}")
        ),
    )
    page.on("websocket", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield SimpleNamespace(page=page, errors=errors, elsewhere=elsewhere)
    context.close()


def quiet(seen):
    """Say what went wrong on a page; empty if nothing."""
    return [*seen.errors, *(f"asked another host: {url}" for url in seen.elsewhere)]


def picture(page, name, **options):
    """Keep a screenshot for a human to look at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


@contextmanager
def jupyter(folder, scratch):
    """Run JupyterLab in a folder, with settings of its own; yield path → address."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        **{
            f"JUPYTER_{name}_DIR": str(scratch / name.lower())
            for name in ("CONFIG", "RUNTIME", "DATA")
        },
        "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
    }
    token = "loopback"
    log = scratch / "jupyter.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={token}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with open(log, "w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        note = scratch / "runtime" / f"jpserver-{server.pid}.json"
        for _ in range(1200):
            if note.is_file() and note.stat().st_size:
                break
            if server.poll() is not None:
                break
            time.sleep(0.1)
        else:
            raise TimeoutError(f"JupyterLab did not start:\n{log.read_text()}")
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab ended:\n{log.read_text()}")
        address = json.loads(note.read_text())["url"].rstrip("/")
        yield lambda path: f"{address}/{path}?token={token}"
    finally:
        server.terminate()
        server.wait(timeout=60)
