"""A formula is MathML, told as TeX would draw it, and the font has its signs."""

import re
import xml.etree.ElementTree as ET

import nbformat
import pytest
import runner
from course import formulas

from formulas import mathml

ANCHORS = formulas.anchors()
STYLE = formulas.BOOK / "_ext/formulas/formulas.css"
TEX = re.compile(r"\$\$(.+?)\$\$|(?<![\\\w$])\$([^$\n]+)\$(?!\w)", re.DOTALL)
FENCE = re.compile(r"^(`{3,}).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def parsed(tex, **options):
    """Return a formula as a tree without a namespace."""
    return ET.fromstring(mathml(tex, **options).replace(' xmlns="', ' not="'))


def texts(tree, tag):
    """Return the texts of the elements of this kind."""
    return [one.text for one in tree.iter(tag)]


def test_what_stands_beside_what_is_told_by_the_tree():
    half = parsed(r"\frac{a}{b + 2}")
    assert texts(half, "mi") == ["a", "b"]
    assert [one.tag for one in half.find(".//mfrac")] == ["mrow", "mrow"]
    assert texts(half, "mo") == ["+"] and texts(half, "mn") == ["2"]
    assert half.get("display") == "inline"
    assert parsed("x", display=True).get("display") == "block"


def test_lines_are_aligned():
    lines = parsed(r"\begin{aligned} a &= b, \\ c &= d < e \end{aligned}")
    assert len(list(lines.iter("mtr"))) == 2 and len(list(lines.iter("mtd"))) == 4
    assert "&" not in texts(lines, "mi")
    assert "<" in texts(lines, "mo")


@pytest.mark.parametrize(
    ("tex", "room"),
    [(r"\ln x", 1), (r"\ln(x)", 0), (r"\log_2 \frac{a}{b}", 1), (r"a\,b", 1)],
)
def test_a_function_has_room_after_it_unless_a_bracket_follows(tex, room):
    assert len(list(parsed(tex).iter("mspace"))) == room


def test_signs_are_operators_and_capital_greek_is_upright():
    assert "±" in texts(parsed(r"\mu \pm 2"), "mo")
    assert parsed(r"\Phi").find(".//mi").get("mathvariant") == "normal"
    assert parsed(r"\mu").find(".//mi").get("mathvariant") is None
    assert parsed(r"\dot A").find(".//mover").get("accent") == "true"
    assert parsed("a/b").find(".//mo").get("lspace") == "0"


@pytest.mark.parametrize("tex", [r"\unheardof{x}", r"\left( x"])
def test_what_cannot_be_read_is_a_warning_with_its_formula(project, tex):
    with pytest.raises(ValueError, match="formula"):
        mathml(tex)
    built = project({"a": f"So ${tex}$ is."})
    assert "formula" in built.warned("a")
    assert built.page("a").select_one(".math code").get_text() == tex


def test_the_page_holds_mathml_and_no_tex(project):
    built = project({"a": r"So $\beta^2$ is." "\n\n" r"$$\sum x$$", "b": "2 $"})
    assert not built.warnings
    page = built.page("a")
    assert page.select_one("span.math math[display=inline] msup")
    assert page.select_one("div.math math[display=block]")
    assert "\\" not in page.get_text()
    assert "formulas.css" in built.served("a")
    assert "formulas.css" not in built.served("b")
    assert not page.select("script[src*=mathjax]")


# An identifier of one letter is drawn with an italic one.
ITALIC = {chr(code): chr(0x1D44E + place) for place, code in enumerate(range(97, 123))}
ITALIC |= {chr(code): chr(0x1D434 + place) for place, code in enumerate(range(65, 91))}
ITALIC |= {chr(0x3B1 + place): chr(0x1D6FC + place) for place in range(25)}
ITALIC["h"] = "\u210e"


def signs_of_the_book():
    """Return every sign that the book's formulas draw."""
    sources = [path.read_text(encoding="utf-8") for path in formulas.BOOK.rglob("*.md")]
    for path in formulas.BOOK.rglob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        sources += [one.source for one in cells if one.cell_type == "markdown"]
    drawn = set()
    for source in sources:
        for found in TEX.finditer(FENCE.sub("", source)):
            for one in ET.fromstring(mathml(found[1] or found[2])).iter():
                text = one.text or ""
                is_letter = one.tag.endswith("}mi") and len(text) == 1
                drawn |= {ITALIC.get(text, text)} if is_letter else set(text)
    return drawn - {""} | {"√"}


def test_the_font_was_cut_for_every_sign_of_the_books_formulas():
    ranges = re.search(r"unicode-range: (.*?);", STYLE.read_text(), re.DOTALL)[1]
    cut = set()
    for one in re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", ranges):
        cut |= set(range(int(one[0], 16), int(one[1] or one[0], 16) + 1))
    drawn = signs_of_the_book()
    assert len(drawn) > 60
    assert {sign for sign in drawn if ord(sign) not in cut} == set()


# -- the page


def test_every_row_of_the_page_has_an_anchor(project):
    text = (formulas.BOOK / f"{formulas.PAGE}.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    formulae = [row for row in rows if not row.startswith(("| What ", "| Score "))]
    assert len(formulae) == len(ANCHORS) > 40
    built = project({"a": "\n".join(rows[:6])}, myst_enable_extensions=["attrs_inline"])
    assert built.page("a").select_one("[id^=fo-]")


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_what_a_task_names_stands_on_the_page(assignment):
    names = formulas.named(runner.source(assignment))
    assert [name for name in names if name.lower() not in ANCHORS] == []


def test_the_names_of_a_notebook_are_read_each_once():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell(
            "*Hint*: see *E-value* on the page *Formulas*, and *it* on another page."
        ),
        nbformat.v4.new_markdown_cell("*E-value* on the page *Formulas*"),
        nbformat.v4.new_code_cell("# *no* on the page *Formulas*"),
    ]
    assert formulas.named(notebook) == ["E-value"]


def test_a_name_or_an_anchor_that_comes_twice_is_refused(tmp_path):
    page = tmp_path / f"{formulas.PAGE}.md"
    page.parent.mkdir()
    page.write_text("| [A]{#fo-a} | |\n| [B]{#fo-a} | |\n")
    with pytest.raises(ValueError, match="has fo-a twice"):
        formulas.anchors(tmp_path)
