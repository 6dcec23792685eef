"""How else tests are run (``--elsewhere``), and what no test may leave behind."""

import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

#: What a kernel does first, so that it computes as another processor would.
STARTUP = """\
import sys
sys.path.append({folder!r})
import elsewhere
elsewhere.install({seed}, get_ipython())
del sys, elsewhere
"""


def pytest_addoption(parser):
    """Add the option."""
    parser.addoption(
        "--elsewhere",
        type=int,
        metavar="SEED",
        help="compute as another processor would, see tests/portable/elsewhere.py",
    )


def pytest_configure(config):
    """Choose what this process and its kernels compute with."""
    if config.getoption("--elsewhere") is not None:
        _compute_elsewhere(config, config.getoption("--elsewhere"))


def _compute_elsewhere(config, seed):
    folder = ROOT / "tests/portable"
    sys.path.append(str(folder))
    import elsewhere

    elsewhere.install(seed)
    ipython = tempfile.TemporaryDirectory(prefix="ipython-")
    config.add_cleanup(ipython.cleanup)
    startup = Path(ipython.name) / "profile_default/startup/first.py"
    startup.parent.mkdir(parents=True)
    startup.write_text(STARTUP.format(folder=str(folder), seed=seed))
    os.environ["IPYTHONDIR"] = ipython.name


def _state_of_process():
    """Return what a test could change for all later ones in its process."""
    # pytest tells in the environment which test runs.
    names = os.environ.keys() - {"PYTEST_CURRENT_TEST"}
    state = {f"variable {name}": os.environ[name] for name in names}
    state["current folder"] = os.getcwd()
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGALRM", 0)):
        if number:
            state[f"handler of signal {number}"] = signal.getsignal(number)
    with contextlib.suppress(OSError):  # Linux only
        status = Path("/proc/self/status").read_text()
        state["umask"] = status.partition("Umask:")[2].split()[0]
    return state


@pytest.fixture(autouse=True)
def no_test_changes_the_next():
    """Fail a test that leaves the environment, or the like, as it did not find it."""
    before = _state_of_process()
    yield
    after = _state_of_process()
    names = before.keys() | after.keys()
    left = {name for name in names if before.get(name) != after.get(name)}
    assert not left, f"the test leaves changed: {', '.join(sorted(left))}"
