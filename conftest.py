"""How notebooks are run here, and one more way to run them: ``--elsewhere``."""

import os
import sys
import tempfile
from pathlib import Path

import nbval.kernel
from nbgrader_apart.kernels import OwnFiles

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
    """Choose what this process and its kernels compute with, and how these start."""
    nbval.kernel.KernelManager = OwnFiles
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
