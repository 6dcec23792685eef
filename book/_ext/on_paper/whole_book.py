"""The whole book as one tagged PDF file: ``make pdf``.

The pages of the built book stand one after another in one document, in the order of
the table of contents, which Chromium prints. What a page links to elsewhere stands in
notes below it, by number; what it links to in the book leads there. The answers to the
self-checks, which a page on paper leaves out, are the last part.
"""

from __future__ import annotations

import argparse
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
HTML = ROOT / "_build" / "html"
TARGET = ROOT / "_build" / "immune-modulators.pdf"
ANSWERS = "Answers to the self-checks"
#: What only a screen has use for.
NOT_PRINTED = (
    "script, button, template, .headerlink, .selfcheck-verdict, .predict-verdict, "
    ".predict-shown, .figure-data, .sd-summary-icon, .toctree-wrapper"
)
HEADINGS = ["h1", "h2", "h3", "h4", "h5"]


class Listed(NamedTuple):
    """A page of the table of contents."""

    part: str
    name: str


class Printed(NamedTuple):
    """A page ready for paper, and the answers to its self-checks."""

    title: str
    article: Tag
    answers: list[Tag]


def listed(contents: dict) -> list[Listed]:
    """Return the pages of ``_toc.yml``, in order; the first has no part."""
    pages = [Listed("", contents["root"])]
    for part in contents["parts"]:
        pages += [Listed(part["caption"], page["file"]) for page in part["chapters"]]
    return pages


def mark(page: str, target: str = "") -> str:
    """Return the name, in the document of all pages, of a place in one page."""
    return re.sub(r"[^a-zA-Z0-9]+", "-", page.removesuffix(".html")) + (
        f"--{target}" if target else ""
    )


def printed(folder: Path, page: str, pages: set[str]) -> Printed:
    """Return a page of the built book, made ready for the document of all pages.

    Parameters
    ----------
    folder : pathlib.Path
        The built book.
    page : str
        Address of the page in it.
    pages : set of str
        Addresses of all pages that the document holds.

    Returns
    -------
    Printed
        Its title, its content, and what unfolds below its self-checks.
    """
    soup = BeautifulSoup((folder / page).read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article.bd-article")
    for node in article.select(NOT_PRINTED):
        node.decompose()
    title = article.find("h1").get_text().strip()
    for level, heading in reversed(list(enumerate(HEADINGS, start=2))):
        for node in article.find_all(heading):
            node.name = f"h{level}"
    for node in article.find_all(id=True):
        node["id"] = mark(page, str(node["id"]))
    for attribute in ("for", "aria-labelledby", "aria-describedby"):
        for node in article.find_all(attrs={attribute: True}):
            # Several names may stand in one attribute.
            named = node[attribute] if isinstance(node[attribute], str) else ""
            node[attribute] = " ".join(mark(page, one) for one in named.split())
    for picture in article.find_all(["img", "source"], src=True):
        if not urlsplit(picture["src"]).scheme:
            picture["src"] = posixpath.normpath(
                posixpath.join(posixpath.dirname(page), picture["src"])
            )
    link_inside(article, page, pages)
    note_links(soup, article)
    return Printed(title, article, list(taken_answers(soup, article)))


def link_inside(article: Tag, page: str, pages: set[str]) -> None:
    """Let links to pages of the book lead to them in the document."""
    for link in article.find_all("a", href=True):
        where = urlsplit(link["href"])
        if where.scheme or where.netloc:
            continue
        place = page
        if where.path:
            place = posixpath.normpath(
                posixpath.join(posixpath.dirname(page), where.path)
            )
        if place in pages:
            link["href"] = f"#{mark(place, where.fragment)}"
        else:  # a file to download, or a picture at full size
            link.unwrap()


def note_links(soup: BeautifulSoup, article: Tag) -> None:
    """Number the links that leave the book, and list their addresses at the end."""
    numbers: dict[str, int] = {}
    for link in article.find_all("a", href=True):
        href = link["href"]
        # A link that shows its own address needs no note.
        if href.startswith("#") or link.get_text().strip() in href:
            continue
        number = numbers.setdefault(href, len(numbers) + 1)
        note = soup.new_tag("sup", attrs={"class": "paper-note"})
        note.string = str(number)
        link.insert_after(note)
    if not numbers:
        return
    notes = soup.new_tag("ol", attrs={"class": "paper-notes", "aria-label": "Links"})
    for href in numbers:
        note = soup.new_tag("li")
        note.string = href
        notes.append(note)
    article.append(notes)


def taken_answers(soup: BeautifulSoup, article: Tag) -> Iterator[Tag]:
    """Take what unfolds below each self-check out of the page, with its question."""
    for check in article.select(".selfcheck"):
        legend = check.find("legend")
        for kicker in legend.select(".selfcheck-kicker"):
            kicker.extract()
        answer = soup.new_tag("div", attrs={"class": "paper-answer"})
        asked = soup.new_tag("p")
        link = soup.new_tag("a", href=f"#{check['id']}")
        link.string = " ".join(legend.get_text(" ").split())
        asked.append(link)
        answer.append(asked)
        for why in check.select("details.selfcheck-why"):
            # The reason of an option stands below its words.
            option = why.find_previous_sibling("label")
            why.extract()
            if option is not None:
                words = soup.new_tag("p", attrs={"class": "paper-option"})
                words.string = " ".join(option.get_text(" ").split())
                answer.append(words)
            for summary in why.find_all("summary"):
                summary.decompose()
            why.name = "div"
            answer.append(why)
        yield answer


def styles(folder: Path, pages: list[str]) -> list[str]:
    """Return the style sheets that any of the pages asks for, from the book's root."""
    found: dict[str, str] = {}
    for page in pages:
        text = (folder / page).read_text(encoding="utf-8").split("</head>")[0]
        for link in BeautifulSoup(text, "html.parser").find_all("link", href=True):
            if "stylesheet" not in link.get("rel", []):
                continue
            path = posixpath.join(posixpath.dirname(page), link["href"].split("?")[0])
            media = link.get("media", "all")
            found[posixpath.normpath(path)] = (
                f'<link rel="stylesheet" href="{posixpath.normpath(path)}" '
                f'media="{media}">'
            )
    return list(found.values())


def running_heads(parts: list[str]) -> str:
    """Return the rules that print each part's name on top of its pages."""
    return "\n".join(
        f'@page part{number} {{ @top-right {{ content: "{part}"; '
        "font: 8pt sans-serif; color: #555; } }\n"
        f".paper-part{number} {{ page: part{number}; }}"
        for number, part in enumerate(parts)
        if part
    )


def entry(name: str, title: str, numbers: dict[str, int], *, part: bool = False) -> str:
    """Return a line of the table of contents, with its page if that is known."""
    number = numbers.get(name, "")
    kind = ' class="paper-of-part"' if part else ""
    return (
        f'<li{kind}><a href="#{name}"><span>{escape(title)}</span> '
        f"<span>{number}</span></a></li>"
    )


def whole(folder: Path, contents: dict, said: dict, numbers: dict[str, int]) -> str:
    """Return the document of all pages, to be kept in the folder of the built book.

    Parameters
    ----------
    folder : pathlib.Path
        The built book.
    contents : dict
        What ``_toc.yml`` says.
    said : dict
        What ``CITATION.cff`` says.
    numbers : dict of str to int
        Page in print of each line of the table of contents, by the name of its place;
        empty as long as nothing is printed.
    """
    pages = [
        page for page in listed(contents) if (folder / f"{page.name}.html").is_file()
    ]
    addresses = [f"{page.name}.html" for page in pages]
    parts = list(dict.fromkeys([page.part for page in pages])) + [ANSWERS]
    body, inside, answers, part = [], [], [], ""
    for page, place in zip(pages, addresses, strict=True):
        ready = printed(folder, place, set(addresses))
        number = parts.index(page.part)
        if page.part != part:
            part = page.part
            name = f"part-{number}"
            body.append(
                f'<section class="paper-part{number} paper-title" id="{name}">'
                f"<h1>{part}</h1></section>"
            )
            inside.append(entry(name, part, numbers, part=True))
        body.append(
            f'<section class="paper-page paper-part{number}" id="{mark(place)}">'
            f"{ready.article.decode_contents()}</section>"
        )
        inside.append(entry(mark(place), ready.title, numbers))
        if ready.answers:
            answers.append(f"<h2>{escape(ready.title)}</h2>")
            answers += [answer.decode() for answer in ready.answers]
    last = len(parts) - 1
    body.append(
        f'<section class="paper-page paper-part{last}" id="part-{last}">'
        f"<h1>{ANSWERS}</h1>{''.join(answers)}</section>"
    )
    inside.append(entry(f"part-{last}", ANSWERS, numbers, part=True))
    who = said["authors"][0]["name"]
    front = (
        f'<section class="paper-front"><p class="paper-name">{said["title"]}</p>'
        f"<p>{who}<br>Version {said['version']}, {said['date-released']}<br>"
        "Text, figures and synthetic data: CC BY 4.0. Teaching material, "
        "not medical advice.</p></section>"
        f'<nav class="paper-contents" aria-label="Contents"><ol>{"".join(inside)}'
        "</ol></nav>"
    )
    own = (HERE / "whole-book.css").read_text(encoding="utf-8")
    head = "\n".join(styles(folder, addresses))
    return (
        '<!DOCTYPE html>\n<html lang="en" data-theme="light" data-mode="light">\n'
        f'<head><meta charset="utf-8"><title>{said["title"]}</title>\n{head}\n'
        f"<style>{own}\n{running_heads(parts)}</style></head>\n"
        f'<body><article class="bd-article">{front}{"".join(body)}</article></body>'
        "</html>\n"
    )


def print_pdf(browser: Browser, document: Path, target: Path) -> dict[str, int]:
    """Print a document with Chromium, tagged and with an outline.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        A Chromium that runs without a window.
    document : pathlib.Path
        The document.
    target : pathlib.Path
        The PDF file.

    Returns
    -------
    dict of str to int
        The page of each place that a link in the document leads to, from 1 on.
    """
    import pikepdf  # only who prints needs it

    page = browser.new_page(color_scheme="light")
    page.set_default_timeout(0)  # a busy machine takes its time
    page.goto(document.resolve().as_uri())
    page.pdf(path=target, prefer_css_page_size=True, tagged=True, outline=True)
    page.close()
    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        order = {sheet.objgen: number for number, sheet in enumerate(pdf.pages, 1)}
        places = {
            str(name).removeprefix("/"): order[place[0].objgen]
            for name, place in pdf.Root.get("/Dests", {}).items()
        }
        # The tags of a long book are many small objects: packed, they weigh a tenth.
        pdf.save(
            target,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
        )
    return places


def main() -> int:
    """Print the built book."""
    asked = argparse.ArgumentParser(description="Print the built book as one PDF file.")
    asked.add_argument("--html", type=Path, default=HTML, help="the built book")
    asked.add_argument("--to", type=Path, default=TARGET, help="the PDF file")
    given = asked.parse_args()
    if not (given.html / "index.html").is_file():
        print("There is no built book to print. First: make book", file=sys.stderr)
        return 2
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    # Its pictures and styles are found from where the pages lie.
    document = given.html / ".whole-book.html"
    numbers: dict[str, int] = {}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        try:
            for _ in ("to learn the pages", "to print them in the table of contents"):
                text = whole(given.html, contents, said, numbers)
                document.write_text(text, encoding="utf-8")
                numbers = print_pdf(browser, document, given.to)
        finally:
            document.unlink(missing_ok=True)
            browser.close()
    print(f"{given.to} ({given.to.stat().st_size / 1e6:.1f} MB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
