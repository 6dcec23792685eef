"""``--warm``: notebooks are tested on kernels that have made their imports already."""

import sys
from pathlib import Path


def pytest_addoption(parser):
    """Add the option."""
    parser.addoption(
        "--warm", action="store_true", help="test notebooks (--nbval) on warm kernels"
    )


def pytest_configure(config):
    """Choose the kernels."""
    if config.getoption("--warm"):
        sys.path.insert(0, str(Path(__file__).parent / "exercises"))
        from nbgrader_apart import provisioner

        provisioner.use_for_all()
