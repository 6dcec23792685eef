"""What search engines, shared links and those who cite are told of a page.

`book/descriptions.yml` has a sentence for every page; the header of a page has its
objectives and its time. `html.baseurl` in `_config.yml` is the address of the published
book: with it each page names its own, and there is a map of the site.
"""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

import matplotlib as mpl
import matplotlib.style
import yaml
from course import objectives, style
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinxext.opengraph import DEFAULT_SOCIAL_CONFIG, social_card_for_page

HERE = Path(__file__).parent
ROOT = HERE.resolve().parents[2]
#: What the picture of a shared link has besides its words.
CARD = {
    "image_mini": str(ROOT / "book/static/touch-icon.png"),
    "line_color": style.BLUE,
}
DESCRIPTIONS = "book/descriptions.yml"
TIME = re.compile(r"Time\s+(?P<minutes>\d+)\s+min")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
SHARED_ADDRESS = re.compile(r'<meta property="og:url"[^>]*>\s*')
#: Sphinx writes it once more than the theme does.
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*initial-scale=1" />\s*')


@cache
def citation() -> dict:
    """Return what CITATION.cff says."""
    return yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def read_descriptions(app: Sphinx, config) -> None:
    """Read the sentence of every page."""
    file = Path(app.srcdir, DESCRIPTIONS)
    if file.is_file():
        config.page_descriptions = yaml.safe_load(file.read_text(encoding="utf-8"))


def check_descriptions(app: Sphinx, env) -> None:
    """Stop at a page without a sentence, and at a sentence without a page."""
    texts = app.config.page_descriptions
    if not texts:
        return
    pages = {page for page in env.found_docs if page.startswith("book/")}
    missing, left = sorted(pages - set(texts)), sorted(set(texts) - pages)
    answers = "book/answers/"
    if not app.config["answers_to_look_at"]:
        left = [page for page in left if not page.startswith(answers)]
    if missing or left:
        raise ExtensionError(
            f"{DESCRIPTIONS}: write a sentence for {missing or 'no page'}, "
            f"take out {left or 'none'}."
        )


def tell(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Write a page's description and its data for machines into its head."""
    if app.builder.format != "html":
        return
    tags = VIEWPORT.sub("", context.get("metatags", ""))
    text = app.config.page_descriptions.get(page)
    if text:
        context["meta"] = {**(context.get("meta") or {}), "og:description": text}
        if app.config.html_baseurl:
            context["meta"] |= {"og:image": card(app, page, text), "og:image:alt": text}
        tags += f'<meta name="description" content="{html.escape(text)}" />\n'
        data = json.dumps(described(app, page, text, doctree), ensure_ascii=False)
        # A script ends at its first "</", wherever that stands.
        data = data.replace("</", "<\\/")
        tags += f'<script type="application/ld+json">{data}</script>\n'
    context["metatags"] = tags
    if page == app.config.root_doc:
        context["docstitle"] = ""  # the title of the book, and not twice


def card(app: Sphinx, page: str, text: str) -> str:
    """Draw the picture that a shared link shows: name, description and mark.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    page : str
        The page's name.
    text : str
        Its description; what the library would take is the page's first words.

    Returns
    -------
    str
        The picture's address.
    """
    # As the library draws, and not in the style of the book's figures.
    with mpl.style.context("default"):
        return social_card_for_page(
            config_social={**DEFAULT_SOCIAL_CONFIG, **CARD},
            site_name=citation()["title"],
            title=app.env.titles[page].astext(),
            description=text,
            pagename=page,
            ogp_site_url=app.config.html_baseurl,
            ogp_canonical_url=app.config.html_baseurl,
            srcdir=app.srcdir,
            outdir=app.outdir,
            config=app.config,
            env=app.env,
        )


def drop_address(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Let a book without an address name none: a relative one leads nowhere."""
    if not app.config.html_baseurl:
        context["metatags"] = SHARED_ADDRESS.sub("", context.get("metatags", ""))


def described(app: Sphinx, page: str, text: str, doctree: nodes.document) -> dict:
    """Return a page in the words of schema.org.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The build.
    page : str
        The page's name, such as ``"book/risk/01-infection-rates"``.
    text : str
        Its description.
    doctree : docutils.nodes.document
        The page itself.

    Returns
    -------
    dict
        JSON-LD: a ``Course`` for the first page, a ``LearningResource`` for others,
        with objectives and time where the header of the page has them.
    """
    about = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": app.env.titles[page].astext(),
        "description": text,
        "inLanguage": app.config.language,
        "license": LICENCE,
        "isAccessibleForFree": True,
    }
    if app.config.html_baseurl:
        about["url"] = address(app, page)
    course = {"@type": "Course", "name": citation()["title"]}
    authors = [{"@type": "Organization", "name": citation()["authors"][0]["name"]}]
    if page == app.config.root_doc:
        dated = str(citation()["date-released"])
        return {
            **about,
            **course,
            "author": authors,
            "provider": authors,
            "version": citation()["version"],
            "dateModified": dated,
        }
    about["isPartOf"] = course
    taught = [
        plain(one.words)
        for one in objectives.objectives()
        if f"book/{one.page}" == page
    ]
    if taught:
        about["teaches"] = taught
    time = TIME.search(doctree.astext()) if doctree is not None else None
    if time:
        about["timeRequired"] = f"PT{time['minutes']}M"
    return about


def plain(words: str) -> str:
    """Return an objective without the marks of MyST Markdown."""
    return re.sub(r"\{[a-z]+\}`([^`<]*?)\s*(?:<[^>]*>)?`|[*`$]", r"\1", words)


def address(app: Sphinx, page: str) -> str:
    """Return the address of a published page."""
    base = app.config.html_baseurl.rstrip("/")
    return f"{base}/{app.builder.get_target_uri(page)}"


def set_address(app: Sphinx, config) -> None:
    """Give the tags of shared links the book's address; sign every page."""
    config.ogp_site_url = config.html_baseurl
    config.ogp_social_cards = {"enable": False}  # `card` draws them
    said = citation()
    footer = (
        f"Cite as: {said['authors'][0]['name']} "
        f"({str(said['date-released'])[:4]}). <cite>{said['title']}</cite>, "
        f"version {said['version']} of {said['date-released']}."
    )
    if config.html_theme == "sphinx_book_theme":
        config.html_theme_options["extra_footer"] = f"<p>{footer}</p>"


def write_beside(app: Sphinx, exception: Exception | None) -> None:
    """Write robots.txt, the page for what is not there, and the map of the site."""
    if exception or app.builder.format != "html":
        return
    base = app.config.html_baseurl.rstrip("/")
    folder = Path(app.outdir)
    robots = "User-agent: *\nAllow: /\n"
    if base:
        pages = [address(app, page) for page in sorted(app.env.found_docs)]
        places = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
        (folder / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
            f"{places}</urlset>\n",
            encoding="utf-8",
        )
        robots += f"Sitemap: {base}/sitemap.xml\n"
    (folder / "robots.txt").write_text(robots, encoding="utf-8")
    page = Template((HERE / "not-found.html").read_text(encoding="utf-8"))
    (folder / "404.html").write_text(
        page.substitute(title=html.escape(citation()["title"]), base=html.escape(base)),
        encoding="utf-8",
    )


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are read and written."""
    app.add_config_value("page_descriptions", {}, "html")
    app.connect("config-inited", set_address, priority=900)
    app.connect("config-inited", read_descriptions)
    app.connect("env-updated", check_descriptions)
    app.connect("html-page-context", tell, priority=400)  # those of shared links: 500
    app.connect("html-page-context", drop_address, priority=600)
    app.connect("build-finished", write_beside)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
