"""Run a page: its notebook to download, or to open where nothing need be installed.

Below the header of each page that is a notebook stand links:

- to a ZIP file with the notebook, its data, the modules of the course that it imports,
  and the packages that it needs (`needs` finds them, `plain` makes the copy);
- to JupyterLab in the browser, which ``make lite`` builds into the folder ``lab`` of
  the site, if ``run_pyodide`` in ``_config.yml`` says where Pyodide is;
- to Binder and Colab, if ``run_binder`` and ``run_colab`` give their addresses.

Nothing is asked of another host before a reader follows a link.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import nbformat
from docutils import nodes
from elements import serve, zipped
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.osutil import relative_uri

from .archive import FOLDER, files, may_hold, name_of
from .needs import needs
from .plain import copied

#: What the page says about these links.
HELP = "book/start/how-to-use-this-course"
HELP_ANCHOR = "run-a-page"
#: Addresses in ``_config.yml``, and what each must look like.
ADDRESSES = {
    "run_binder": (
        re.compile(r"https://\S+/v2/[a-z]+/[^/\s]+/[^/\s]+/[^/\s]+"),
        "https://mybinder.org/v2/gh/OWNER/REPOSITORY/VERSION",
    ),
    "run_colab": (
        re.compile(
            r"https://\S+/github/(?P<what>[^/\s]+/[^/\s]+)/blob/(?P<ref>[^/\s]+)"
        ),
        "https://colab.research.google.com/github/OWNER/REPOSITORY/blob/VERSION",
    ),
    "run_pyodide": (
        # Not pyodide.mjs: the kernel of lite/requirements.txt cannot load that.
        re.compile(r"[^\s\"'<>]+/pyodide\.js"),
        "https://HOST/…/pyodide.js, or pyodide/pyodide.js for a copy in lab/",
    ),
}


class run_node(nodes.General, nodes.Element):
    """The links; ``download`` is the size of the ZIP file in kB."""


class AddLinks(SphinxPostTransform):
    """Put the links into the header of a page, or below its title."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs) -> None:
        """Add them to a page that is a notebook."""
        page = self.env.docname
        if not is_notebook(self.env, page) or self.app.builder.name != "html":
            return
        boxes = self.document.findall(nodes.container)
        header = next(
            (box for box in boxes if "chapter-header" in box["classes"]), None
        )
        links = run_node(page=page, kb=len(download(self.app, page)) / 1e3)
        title = next(iter(self.document.findall(nodes.title)), None)
        if header is not None:
            header += links
        elif title is not None:
            title.parent.insert(title.parent.index(title) + 1, links)


def is_notebook(env: BuildEnvironment, page: str) -> bool:
    """Return whether a page is a notebook."""
    return Path(env.doc2path(page)).suffix == ".ipynb"


@functools.lru_cache(maxsize=128)
def download(app: Sphinx, page: str) -> bytes:
    """Return the download of a page as a ZIP file.

    It is asked for twice: for its size, which the page says, and for what it holds.
    """
    env = app.env
    notebook = nbformat.read(env.doc2path(page), as_version=4)
    title = env.titles[page].astext()
    plain = copied(notebook, references(env), _source(env, title))
    return zipped(files(page, title, plain, needs(plain)))


def _source(env: BuildEnvironment, title: str) -> str:
    """Return what a copy tells of where it is from."""
    site = env.config.ogp_site_url if "ogp_site_url" in env.config else ""
    book = env.config.html_title
    book = f"[{book}]({site})" if site else book
    return f"*{book}. A copy to run and to change; `README.md` says how.*"


def references(env: BuildEnvironment) -> dict[str, str]:
    """Return what stands for each citation: names and year, linked by the DOI."""
    found = {}
    domain = env.domains.get("cite")
    for key, entry in domain.bibdata.data.entries.items() if domain else ():
        people = [" ".join(one.last_names) for one in entry.persons.get("author", [])]
        names = people[:1] + (["et al."] if len(people) > 2 else [])
        names = " ".join(names) if len(people) != 2 else " and ".join(people)
        words = re.sub(r"[{}]", "", f"{names or key} {entry.fields.get('year', '')}")
        doi = entry.fields.get("doi")
        found[key] = f"[{words}](https://doi.org/{doi})" if doi else words
    return found


# -- HTML


def _visit(self, node: run_node) -> None:
    config, page = self.builder.config, node["page"]
    here = self.builder.get_target_uri(self.builder.current_docname)
    items = [f"<li>{link}</li>" for link in links(config, page, here, node["kb"])]
    about = f"{self.builder.get_relative_uri(page, HELP)}#{HELP_ANCHOR}"
    if HELP in self.builder.env.found_docs:
        items.append(f'<li class="run-help"><a href="{about}">How this works</a></li>')
    self.body.append('<div class="run" role="group" aria-label="Run this page">\n')
    self.body.append("<strong>Run it</strong>\n<ul>\n")
    self.body += [*(f"{item}\n" for item in items), "</ul>\n"]
    if config.run_colab:
        self.body.append(
            f'<p class="run-colab">In Colab, run <code>{escape(colab_setup(config))}'
            "</code> in a cell of its own first, then restart the session.</p>\n"
        )
    self.body.append("</div>\n")
    raise nodes.SkipNode


def links(config: Config, page: str, here: str, kb: float) -> Iterator[str]:
    """Yield the links of a page as HTML.

    Parameters
    ----------
    config : sphinx.config.Config
    page : str
        The page, as Sphinx names it.
    here : str
        Its address in the site.
    kb : float
        Size of the download in kB.
    """
    there = relative_uri(here, f"{FOLDER}/{name_of(page)}.zip")
    yield (
        f'<a class="run-download" href="{there}" download>Notebook and data</a> '
        f"({size(kb)}, ZIP)"
    )
    if config.run_pyodide:
        lab = lab_address(here, f"chapters/{Path(page).relative_to('book')}.ipynb")
        yield f'<a class="run-lab" href="{lab}">JupyterLab in the browser</a>'
    if config.run_binder:
        path = quote(f"lab/tree/{page}.ipynb", safe="")
        binder = f"{config.run_binder}?urlpath={path}"
        yield f'<a class="run-binder" href="{escape(binder)}">Binder</a>'
    if config.run_colab:
        colab = f"{config.run_colab}/{quote(page)}.ipynb"
        yield f'<a class="run-colab" href="{escape(colab)}">Colab</a>'


def lab_address(here: str, path: str) -> str:
    """Return the address of a notebook in the lab that ``make lite`` builds.

    Parameters
    ----------
    here : str
        Address of a page in the site.
    path : str
        Path of the notebook in the lab.
    """
    return relative_uri(here, f"lab/lab/index.html?path={quote(path)}")


def size(kb: float) -> str:
    """Return a size in words: ``85 kB``, ``1.2 MB``."""
    return f"{kb:.0f} kB" if kb < 1000 else f"{kb / 1000:.1f} MB"


def colab_setup(config: Config) -> str:
    """Return what installs the course's packages in Colab."""
    found = ADDRESSES["run_colab"][0].fullmatch(config.run_colab)
    where = f"git+https://github.com/{found['what']}@{found['ref']}"
    return f"%pip install -q myst-nb statsmodels networkx {where}"


# -- the build


def check_addresses(app: Sphinx, config: Config) -> None:
    """Stop the build if an address could not work."""
    for name, (pattern, example) in ADDRESSES.items():
        config[name] = (config[name] or "").rstrip("/")
        if config[name] and not pattern.fullmatch(config[name]):
            raise ConfigError(
                f"{name} in _config.yml is {config[name]!r}: write {example!r}, or "
                "leave it empty, and the link is hidden"
            )


def write_download(
    app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Put the download of a page into the site, in the process that writes the page."""
    if app.builder.format != "html" or doctree is None:
        return
    if is_notebook(app.env, page):
        to = place_of(app, page)
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(download(app, page))


def write_others(app: Sphinx, error: Exception | None) -> None:
    """Put the downloads of all other pages there, if what they hold has changed."""
    if error is not None or app.builder.format != "html":
        return
    held = max(path.stat().st_mtime for path in may_hold())
    for page in sorted(app.env.found_docs):
        if is_notebook(app.env, page):
            to = place_of(app, page)
            if not to.is_file() or to.stat().st_mtime < held:
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(download(app, page))


def place_of(app: Sphinx, page: str) -> Path:
    """Return where the download of a page lies in the site."""
    return Path(app.outdir, FOLDER, f"{name_of(page)}.zip")


def setup(app: Sphinx) -> dict:
    """Register addresses, links and the writing of the downloads with Sphinx."""
    for name in ADDRESSES:
        app.add_config_value(name, "", "html", [str])
    app.connect("config-inited", check_addresses)
    app.add_node(run_node, html=(_visit, None))
    app.add_post_transform(AddLinks)
    app.connect("html-page-context", write_download)
    app.connect("build-finished", write_others)
    serve(app, Path(__file__).parent, 'class="run"')
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
