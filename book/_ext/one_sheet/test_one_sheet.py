"""One style sheet holds what all had, in an order that keeps who overrules whom."""

import re
from types import SimpleNamespace

import pytest

from one_sheet import SHEET, bundle, in_order, read_sheet

LINK = '<link rel="stylesheet" type="text/css" href="{up}_static/{name}?v=1" />\n'
PRINT = '<link media="print" rel="stylesheet" href="{up}_static/paper.css?v=2" />\n'
OPTIONS = '<script src="{up}_static/documentation_options.js?v=3"></script>\n'
SHEETS = {
    "styles/theme.css": '@import "../basic.css";\np { color: red }',
    "basic.css": "p { color: blue }",
    "own.css": '@font-face { src: url("fonts/a.woff2") }',
    "vendor/far.css": 'i { background: url(../b.png) } b { mask: url("data:x,1") }',
    "paper.css": "p { color: black }",
}


@pytest.fixture
def built(tmp_path):
    """Return a function: page → names of its sheets; it bundles them in a folder."""
    for name, text in SHEETS.items():
        sheet = tmp_path / "_static" / name
        sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet.write_text(text)
    (tmp_path / "_static/documentation_options.js").write_text("const OPTIONS = 1;\n")

    def build(error=None, **pages):
        for page, names in pages.items():
            path = tmp_path / page.replace("_in_", "/") / "page.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            up = "../" * (len(path.relative_to(tmp_path).parts) - 1)
            links = "".join(LINK.format(up=up, name=name) for name in names)
            head = links + PRINT.format(up=up) + OPTIONS.format(up=up)
            path.write_text(f"<head>\n{head}</head>")
        app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
        bundle(app, error)
        return {p.parent.name: p.read_text() for p in tmp_path.rglob("page.html")}

    build.sheet = tmp_path / "_static" / SHEET
    return build


def test_a_page_names_one_sheet_for_the_screen_and_keeps_the_one_for_paper(built):
    pages = built(a=["styles/theme.css", "own.css"], deep_in_b=["vendor/far.css"])
    for text, up in ((pages["a"], "../"), (pages["b"], "../../")):
        links = re.findall(r'<link[^>]*href="([^"?]+)', text)
        assert links == [f"{up}_static/{SHEET}", f"{up}_static/paper.css"]


def test_the_sheet_holds_what_each_had_with_imports_in_their_place(built):
    built(a=["styles/theme.css", "own.css"], b=["styles/theme.css", "vendor/far.css"])
    sheet = built.sheet.read_text()
    assert "@import" not in sheet and "black" not in sheet
    assert sheet.index("blue") < sheet.index("red") < sheet.index("font-face")
    assert 'url("fonts/a.woff2")' in sheet and 'url("b.png")' in sheet
    assert 'url("data:x,1")' in sheet


def test_a_second_build_of_one_page_gives_the_same_as_a_build_of_all(built):
    first = built(a=["styles/theme.css", "own.css"], b=["styles/theme.css"])
    sheet = built.sheet.read_text()
    assert built(b=["styles/theme.css"]) == first
    assert built.sheet.read_text() == sheet


def test_another_sheet_gives_another_address(built):
    before = built(a=["own.css"])["a"]
    (built.sheet.parent / "own.css").write_text("p { color: green }")
    assert built()["a"] != before


def test_options_stand_in_the_page(built):
    page = built(a=["own.css"])["a"]
    assert "<script>const OPTIONS = 1;</script>" in page
    assert "documentation_options.js" not in page


def test_a_failed_build_is_left_as_it_is(built):
    assert "own.css" in built(error=OSError(), a=["own.css"])["a"]
    assert not built.sheet.exists()


def test_an_order_that_every_page_keeps():
    assert in_order([["a", "c"], ["b", "c"], ["a", "b"]]) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="No order"):
        in_order([["a", "b"], ["b", "a"]])


def test_addresses_count_from_the_folder_of_the_sheet(built):
    text = read_sheet(built.sheet.parent, "vendor/far.css")
    assert text == 'i { background: url("b.png") } b { mask: url("data:x,1") }'
