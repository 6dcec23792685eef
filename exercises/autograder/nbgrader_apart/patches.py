"""Everything that this package changes in, or takes from the inside of, its neighbours.

nbgrader, nbconvert and IPython have no public way to do what stands here. Each
piece says why it is there and for which version it was written; a new version of
one of the three is tried against this module first.
"""

import ast
import contextlib
import functools
import importlib.util
import json
import locale
import os
import re
import sys
import warnings
from pathlib import Path
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell

from .outputs import Output

if TYPE_CHECKING:
    import datetime

    from nbconvert.exporters import HTMLExporter, NotebookExporter
    from nbformat.notebooknode import NotebookNode


# -- nbgrader


def find_alembic() -> None:
    """Let nbgrader find this environment's `alembic`.

    Reason: nbgrader starts it by name, which fails where the environment was not
    activated.

    Written for nbgrader 0.9.6.
    """
    here = str(Path(sys.executable).parent)
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if here not in folders:
        os.environ["PATH"] = os.pathsep.join([here, *folders])


def read_any_path() -> None:
    """Let `alembic` read a path beyond ASCII in a locale that knows ASCII only.

    Reason: in such a locale (``LC_ALL=C``) Python works in UTF-8, and so does nbgrader
    when it writes alembic's configuration, which names the environment's folder.
    Alembic reads it in the locale's own encoding, so an environment below a folder
    such as ``für`` would stop every command.

    Written for nbgrader 0.9.6 and alembic 1.20.
    """
    if sys.flags.utf8_mode and locale.getencoding().lower() != "utf-8":
        os.environ["LC_ALL"] = "C.UTF-8"  # for the programs that are started


def ignore_order_of_rows() -> None:
    """Silence a warning of SQLAlchemy about the order in which nbgrader adds rows.

    Reason: it is harmless, and comes once for every student.

    Written for nbgrader 0.9.6.
    """
    from sqlalchemy.exc import SAWarning

    warnings.filterwarnings("ignore", category=SAWarning, module="nbgrader")


def share_gradebook() -> None:
    """Let nbgrader's steps of this process share one open gradebook.

    Reason: each step opens the gradebook anew for every question and commits after
    every cell, which took a third of the time of a run. The steps look up the name
    ``Gradebook`` in their own modules, so it is replaced there.

    Written for nbgrader 0.9.6.
    """
    from nbgrader.converters import autograde
    from nbgrader.preprocessors import (
        latesubmissions,
        overwritekernelspec,
        saveautogrades,
    )

    from . import gradebook, intake, late, released

    ours = intake, late, released
    for module in (autograde, latesubmissions, overwritekernelspec, *ours):
        setattr(module, "Gradebook", gradebook.opened)  # noqa: B010
    saveautogrades.Gradebook = gradebook.Marks


def read_hand_ins_once() -> None:
    """Let nbgrader open nothing that a student handed in; see `intake`.

    Reason: nbgrader opens what was handed in at several places, and follows every
    link and waits for every pipe there. The class of its converter cannot be
    configured.

    Written for nbgrader 0.9.6.
    """
    from nbgrader.apps import api, autogradeapp
    from nbgrader.coursedir import CourseDirectory

    from . import intake, places

    api.Autograde = autogradeapp.Autograde = intake.AutogradeReadOnce
    CourseDirectory.get_existing_timestamp = places.timestamp
    # What formgrader's lists ask.
    api.NbGraderAPI.get_submitted_timestamp = _submitted_timestamp


def _submitted_timestamp(
    api: Any, assignment: str, student: str
) -> "datetime.datetime | None":
    from . import places

    course = api.coursedir
    folder = course.format_path(course.submitted_directory, student, assignment)
    return places.timestamp(course, folder)


#: What a browser may show of what lies beside a hand-in; the rest it offers to save.
SHOWN = re.compile(r"\.(png|jpe?g|gif|webp|txt|csv)", re.IGNORECASE)
#: Whatever it is, it is of no origin: no script, no form, no picture from elsewhere.
OF_NO_ORIGIN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"


def serve_files_harmlessly() -> None:
    """Let formgrader serve what lies beside a hand-in as what a stranger wrote.

    Reason: it serves a student's page to an instructor's browser as if it were its
    own, so a script there can give marks. What serves is in its own module, which is
    there in a server only.

    Written for nbgrader 0.9.6 and tornado 6.5.
    """
    handlers = sys.modules.get("nbgrader.server_extensions.formgrader.handlers")
    if handlers is not None:
        handlers.SubmissionFilesHandler.set_extra_headers = _as_of_a_stranger


def _as_of_a_stranger(handler: Any, path: str) -> None:
    handler.set_header("Content-Security-Policy", OF_NO_ORIGIN)
    handler.set_header("X-Content-Type-Options", "nosniff")
    if not SHOWN.fullmatch(Path(path).suffix):
        handler.set_header("Content-Disposition", "attachment")


#: The macro of nbconvert's templates that loads MathJax, with Jupyter's own copy. A
#: page of formgrader is at formgrader/submissions/<id>/.
MATHJAX = """
{%- from 'nbconvert/templates/base/mathjax.html.j2' import mathjax as from_elsewhere -%}
{%- macro mathjax(url=None) -%}
{{ from_elsewhere('../../../static/jupyter_server_mathjax/MathJax.js'
                  '?config=TeX-AMS-MML_HTMLorMML-full,Safe') }}
{%- endmacro %}
"""


def set_formulas_without_a_network() -> None:
    """Let formgrader take MathJax from the Jupyter server that it runs in.

    Reason: it takes it from another host, and where that cannot be reached it stops
    before it knows any of its keys: none works, and the list of them stays empty.

    Written for nbgrader 0.9.6, nbconvert 7.17 and jupyter-server-mathjax 0.2.6.
    """
    formgrader = sys.modules.get("nbgrader.server_extensions.formgrader.formgrader")
    # Looked for and not imported: it brings a server, which grading has no use for.
    if formgrader is not None and importlib.util.find_spec("jupyter_server_mathjax"):
        vars(formgrader)["HTMLExporter"] = _exporter_with_formulas()


@functools.cache
def _exporter_with_formulas() -> "type[HTMLExporter]":
    from nbconvert.exporters import HTMLExporter, templateexporter

    class WithFormulas(HTMLExporter):
        """nbconvert's exporter, with a template of ours before its own."""

        def __init__(self, **options: Any) -> None:
            # nbconvert has Jinja's loader, and does not call it its own.
            loader = templateexporter.DictLoader  # type: ignore[attr-defined]
            own = loader({"mathjax.html.j2": MATHJAX})
            super().__init__(extra_loaders=[own], **options)  # type: ignore[no-untyped-call]

    return WithFormulas


# -- nbconvert


def text_after_steps(
    exporter: "NotebookExporter",
    notebook: "NotebookNode",
    resources: dict[str, Any] | None,
) -> tuple[str, dict[str, Any]]:
    """Run an exporter's steps on a notebook itself; return its text.

    Reason: ``from_notebook_node`` copies the notebook twice, lets nbformat validate
    it between all steps, and indents the text, which makes writing it ten times
    slower. Here nobody else holds the notebook, and its cells were made by this
    package. The list of steps and the maker of resources are not public.

    Written for nbconvert 7.17.
    """
    resources = exporter._init_resources(resources)
    for step in exporter._preprocessors:
        notebook, resources = step(notebook, resources)
    return json.dumps(notebook), resources


def miss_pictures_quietly() -> None:
    """Show a cell whose text asks for a picture that is not in it.

    Reason: no page is made of such a notebook otherwise, so its student has no
    feedback and its instructor nothing to grade.

    Written for nbconvert 7.17.
    """
    from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer

    embed = IPythonRenderer._embed_image_or_attachment

    def embed_or_miss(self: IPythonRenderer, src: str) -> str:
        try:
            return embed(self, src)
        except (InvalidNotebook, StopIteration):
            return "picture-is-missing"

    if embed.__name__ != embed_or_miss.__name__:  # settings may be read twice
        IPythonRenderer._embed_image_or_attachment = embed_or_miss  # type: ignore[method-assign]


# -- IPython


class PreparedCompiler(CachingCompiler):
    """Compiles the cells that are the same for everybody before they are run.

    Reason: every fork would parse and compile the set-up and test cells anew. The
    shell asks its compiler for a tree, and then for the code of each statement.

    Written for IPython 9.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trees: dict[str, ast.Module] = {}
        #: By identity: `trees` keeps the nodes, so no other object can have it.
        self.codes: dict[int, CodeType] = {}

    def learn(self, cell: str) -> None:
        """Keep a cell's tree, and the code of each of its statements."""
        name = self.get_code_name(cell, cell, 0)
        tree = self.ast_parse(cell, name)
        self.trees[cell] = tree
        with self.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
            for node in tree.body:
                if isinstance(node, ast.Expr) and node is tree.body[-1]:
                    code = self(ast.Interactive([node]), name, "single")
                else:
                    code = self(ast.Module([node], []), name, "exec")
                self.codes[id(node)] = code

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """Return the file name for tracebacks; without a number if it is kept."""
        number = 0 if transformed_code in self.trees else number
        name: str = super().get_code_name(raw_code, transformed_code, number)
        return name

    def ast_parse(
        self, source: Any, filename: str = "<unknown>", symbol: str = "exec"
    ) -> Any:
        """Return the kept tree of a cell, or parse it."""
        kept = self.trees.get(source)
        return super().ast_parse(source, filename, symbol) if kept is None else kept

    def __call__(self, source: Any, *where: Any, **how: Any) -> Any:
        """Return the kept code of a statement, or compile it."""
        if isinstance(source, (ast.Module, ast.Interactive)):
            kept = self.codes.get(id(source.body[0])) if source.body else None
            if kept is not None:
                return kept
        return super().__call__(source, *where, **how)


class PreparedShell(InteractiveShell):
    """IPython that knows some cells before it runs them, and keeps its errors.

    Written for IPython 9.
    """

    compile: PreparedCompiler

    def __init__(self, **options: Any) -> None:
        self.transformed: dict[str, str] = {}
        super().__init__(compiler_class=PreparedCompiler, **options)  # type: ignore[no-untyped-call]

    def learn(self, sources: list[str]) -> None:
        """Do what every fork would do anew: transform cells, format an error.

        Reason: the first error of a process imports much and takes 40 ms.
        """
        for source in sources:
            transformed = super().transform_cell(source)  # type: ignore[no-untyped-call]
            self.transformed[source] = transformed
            with contextlib.suppress(SyntaxError):  # the cell will say so
                self.compile.learn(transformed)
        try:
            raise ValueError
        except ValueError as error:
            self.InteractiveTB.structured_traceback(
                type(error), error, error.__traceback__
            )
            self.InteractiveTB.tb = None

    def transform_cell(self, raw_cell: str) -> str:
        """Return plain Python; for a learnt cell, without working it out."""
        known = self.transformed.get(raw_cell)
        if known is None:
            plain: str = super().transform_cell(raw_cell)  # type: ignore[no-untyped-call]
            return plain
        return known

    def should_run_async(self, raw_cell: str, **found: Any) -> bool:
        """Ask only about a cell that may wait: the answer takes a compilation."""
        if "await" not in raw_cell and "async" not in raw_cell:
            return False
        return bool(super().should_run_async(raw_cell, **found))

    def _format_exception_for_storage(self, *_: object, **__: object) -> Output:
        """Format no error a second time, for a history that nobody keeps."""
        return {}

    def _showtraceback(
        self,
        etype: type[BaseException],
        evalue: BaseException | TracebackType | None,
        stb: list[str],
    ) -> None:
        """Keep an error as a notebook does, where a terminal would print it."""
        self.keep_error(
            {
                "output_type": "error",
                "ename": etype.__name__,
                "evalue": str(evalue),
                "traceback": stb,
            }
        )

    def keep_error(self, error: Output) -> None:
        """Take an error; a shell that shows outputs says where it goes."""
        raise NotImplementedError
