"""Run notebooks in place so that running them again changes no byte.

``python -m course.execute NOTEBOOK...``; `make execute` calls it on the book.
"""

import importlib
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader_apart.kernels import OwnFilesAsync


def execute(path: Path) -> bool:
    """Run one notebook from top to bottom and save it with its outputs.

    Timings, the kernel's version and other traces of this machine are left
    out, so that a diff shows only what changed in text, code or result.

    Parameters
    ----------
    path : Path
        The notebook.

    Returns
    -------
    bool
        Whether every cell ran. If one failed, the file is left as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=300,
        # On a busy machine a kernel starts late, and what it shows arrives late.
        startup_timeout=300,
        iopub_timeout=60,
        # There, what one cell prints may also arrive in two pieces.
        coalesce_streams=True,
        kernel_name="python3",
        kernel_manager_class=OwnFilesAsync,
        record_timing=False,
        # A kernel warns that its connection is not encrypted: it is on this machine.
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"{path}: {error}", file=sys.stderr)
        return False
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)
    return True


def prepare() -> None:
    """Let kernels find what they would else tell in a page, or leave out of it."""
    # With a backend of the shell's, no figure is kept.
    os.environ.pop("MPLBACKEND", None)
    # Matplotlib looks once for a machine's fonts, and warns if that takes five seconds.
    importlib.import_module("matplotlib.font_manager")


def main() -> int:
    """Run the notebooks named on the command line; return the exit status."""
    paths = [Path(name) for name in sys.argv[1:]]
    prepare()
    if not paths:
        print("give one or more notebooks: python -m course.execute book/*/*.ipynb")
        return 2
    failed = 0
    for path in paths:
        if not path.is_file():
            print(f"{path}: there is no such notebook", file=sys.stderr)
            failed += 1
            continue
        print(path, flush=True)
        failed += not execute(path)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
