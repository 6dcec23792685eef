"""What a student wrote is shown without what could act in the reader's name."""

import base64
import contextlib
import json

import nbformat
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from miniature import MINI, RIGHT, cell
from nbgrader_apart import safehtml

ATTACKS = {
    "script": "<script>alert(1)</script>",
    "script in a picture": "<svg><script>alert(1)</script></svg>",
    "handler": "<img src=x onerror=alert(1)>",
    "handler without a space": "<b/onmouseover=alert(1)>x</b>",
    "link": '<a href="javascript:alert(1)">x</a>',
    "link with a line end": '<a href=" jav&#x0A;ascript:alert(1)">x</a>',
    "page in a link": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "frame": '<iframe src="/formgrader"></iframe>',
    "frame with text": '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "object": '<object data="/x"></object><embed src="/x">',
    "form": '<form action="/x"><input name="score"><button>ok</button></form>',
    "base": '<base href="https://elsewhere.example/">',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://e.example">',
    "style sheet": "<style>body {display: none}</style>",
    "style sheet from elsewhere": '<link rel="stylesheet" href="//e.example/x.css">',
    "import": "<style>@import url(//e.example/x.css); .dataframe {color: red}</style>",
    "cover": '<div style="position:fixed;inset:0;z-index:9;background:white">x</div>',
    "shift": '<div style="margin-top:-999px;text-indent:-99px;line-height:0">x</div>',
    "address in a style": '<p style="background:url(//e.example/x)">x</p>',
    "beacon": '<img src="https://e.example/x.png" alt="">',
    "beacon with a line end": '<img src="h\nttps://e.example/x"><img src="\x01//e/x">',
    "beacon with backslashes": r'<img src="\\e.example\x.png"><img src=" \/e/x">',
    "beacon in a style": '<p style="background: image-set(&quot;//e/x&quot; 1x)">x</p>',
    "beacon in a sheet": '<style>.dataframe {background: image("//e/x")}</style>',
    "request by escapes": '<img src=".%2E/%2e./api/shutdown">',
    "neighbours": "<style>.dataframe ~ *, .dataframe + p {color: white}</style>",
    "brackets": "<style>.dataframe {color:" + "[" * 5_000 + "}</style>",
    "request": '<img src="/api/shutdown"><img src="../../x"><img srcset="//e/x">',
    "mutation": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "comment": "<!--><script>alert(1)</script>-->",
    "template": "<template><script>alert(1)</script></template>",
    "way out": "</div></div></pre></td></table><script>alert(1)</script>",
    "their class": '<div class="panel-footer nbgrader_cell score">9 / 9</div>',
    "clobbering": '<a id="submission_id" name="base_url">x</a>',
}
#: What no cleaned page holds, looked for as a browser would see it.
ELEMENTS = (
    "script iframe object embed form input button base meta link svg math template"
    " textarea select video audio"
).split()


def assert_harmless(html):
    page = BeautifulSoup(html, "html.parser")
    assert not page.find_all(ELEMENTS), html
    for element in page.find_all(True):
        for name, value in element.attrs.items():
            text = " ".join(value) if isinstance(value, list) else str(value)
            assert not name.startswith("on") and name not in (
                "srcdoc",
                "srcset",
                "name",
            )
            if name == "src":
                assert text.startswith("data:image/") or "/" not in text, text
                assert "\\" not in text, text
            if name == "href":
                assert "script:" not in text and not text.startswith("data:"), text
            if name == "style":
                for word in ("position", "url", "margin", "inset", "z-index", "indent"):
                    assert word not in text, text
                assert "image" not in text, text
            if name == "class":
                assert not {"panel-footer", "nbgrader_cell", "score"} & set(value)
    for sheet in page.find_all("style"):
        for rule in sheet.string.split("}")[:-1]:
            assert rule.strip().startswith(("#T_", ".dataframe")), rule
            assert not set("~+") & set(rule) and "image" not in rule


@pytest.mark.parametrize("html", ATTACKS.values(), ids=ATTACKS)
def test_nothing_acts_in_the_readers_name(html):
    cleaned = safehtml.clean(f"<p>before</p>{html}")
    assert_harmless(cleaned)
    assert "before" in cleaned
    assert safehtml.clean(cleaned).count("before") == 1


#: Elements that are never closed, though some look so: each is opened again in every
#: paragraph.
UNCLOSED = [
    "<b a{}>",
    "<b a{}><!--</b>-->",
    '<b a{}="</b>">',
    '<b a{} x=q" y="> </b>">',
    "<b a{}><textarea></b></textarea>",
    "<b a{}><table><tr><td></b></td></tr></table>",
]


@pytest.mark.parametrize("element", UNCLOSED)
def test_a_small_text_does_not_become_a_huge_page(element):
    opened = "".join(element.format(n) for n in range(400))
    cleaned = safehtml.clean(f"<p>{opened}{'<p>x' * 20_000}")
    assert len(cleaned) < 1_000 and "Left out" in cleaned
    assert len(safehtml.clean("<div>" * 60_000)) < 1_000


def test_long_texts_with_many_elements_are_shown():
    rows = "<tr><td><b>1</b><td><i>2</i></td></tr>" * 3_000
    assert "Left out" not in safehtml.clean(f"<table>{rows}</table>")
    links = '<p><a href="https://doi.org/10.1000/1">a</a> <em>b</em></p>' * 3_000
    assert "Left out" not in safehtml.clean(links)


def test_colours_of_a_terminal_stay_and_odd_ones_are_left_out():
    assert "ansi-red-fg" in safehtml.coloured("\x1b[31mred\x1b[0m <b>")
    for odd in ("\x1b[38m", "\x1b[1;48m", f"\x1b[{'9' * 5_000}m"):
        assert safehtml.coloured(f"<b>{odd}x").startswith("&lt;b&gt;")
    flood = "\x1b[31mX" * 300_000
    assert safehtml.coloured(flood) == "X" * 300_000


@pytest.mark.parametrize("attack", ["script", "handler", "link", "frame", "beacon"])
def test_what_was_cut_leaves_a_note(attack):
    assert "Left out for safety: " in safehtml.clean(ATTACKS[attack])


def table():
    return pd.DataFrame({"arm": ["a", "<b>"], "crp": [1.5, 2.25]})


HONEST = {
    "table": table()._repr_html_(),
    "coloured table": table()
    .style.highlight_max(subset=["crp"], color="gold")
    .to_html(),
    "bars": table().style.format({"crp": "{:.1f}"}).set_caption("CRP").to_html(),
    "wide": pd.DataFrame(np.eye(30))._repr_html_(),
    "picture": '<img src="data:image/png;base64,iVBORw0KGgo=" alt="CRP" width="9">',
    "own picture": '<img src="figure 1.png" alt="mine">',
    "text": "<h2 id='a-title'>A title</h2><p>CRP <em>fell</em> by 5&nbsp;mg/L.</p>",
    "list": "<ol start='3'><li>one</li><li>two<ul><li>three</li></ul></li></ol>",
    "code": '<div class="highlight"><pre><span class="k">def</span></pre></div>',
    "formula": "<p>$x &lt; y$ and \\(a^2\\)</p>",
    "link": '<a href="https://doi.org/10.1000/1">a paper</a>',
    "fold": "<details open><summary>more</summary>text</details>",
}


@pytest.mark.parametrize("html", HONEST.values(), ids=HONEST)
def test_honest_html_is_shown_whole(html):
    cleaned = safehtml.clean(html)
    before, after = (BeautifulSoup(one, "html.parser") for one in (html, cleaned))
    for page in (before, after):
        for sheet in page.find_all("style"):
            sheet.extract()
    assert after.get_text().split() == before.get_text().split()
    for element in ("img", "table", "td", "th", "li", "a", "em", "span", "h2"):
        assert len(after.find_all(element)) == len(before.find_all(element)), element
    assert "Left out" not in cleaned


def test_the_colours_of_a_table_stay():
    html = HONEST["coloured table"]
    assert "background-color: gold" in safehtml.clean(html)


# -- outputs


def plain(*outputs):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")])
    notebook.cells[0].outputs = [nbformat.from_dict(one) for one in outputs]
    notebook, _ = safehtml.Plain()(notebook, {})  # as nbconvert calls it
    return notebook.cells[0].outputs


def shown(**data):
    data = {kind.replace("__", "/"): value for kind, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def test_figures_tables_and_values_stay():
    figure = shown(image__png="iVBORw0KGgo=", text__plain="<Figure>")
    figure["metadata"] = {"image/png": {"width": 640, "height": 480}}
    value = {
        "output_type": "execute_result",
        "execution_count": 3,
        "data": {"text/plain": "0.5", "text/html": "<b>0.5</b>"},
        "metadata": {},
    }
    assert plain(figure, value) == [figure, value]


def test_widgets_scripts_and_unknown_kinds_leave_a_note():
    widget = "application/vnd.jupyter.widget-view+json"
    view = {"output_type": "display_data", "metadata": {}}
    (made,) = plain(view | {"data": {widget: "a text", "text/plain": "Slider()"}})
    assert made.data["text/plain"].startswith(
        "Slider()\n[Left out: an output of the kind"
    )
    (made,) = plain(view | {"data": {"application/javascript": "alert(1)"}})
    assert list(made.data) == ["text/plain"]
    (made,) = plain(view | {"data": {"text/html": ["a", "list"], "image/png": "iVB="}})
    assert list(made.data) == ["image/png"]


def test_an_output_cannot_ask_for_a_frame_of_its_own():
    output = shown(text__html="<b>x</b>")
    output["metadata"] = {"text/html": {"isolated": True}, "isolated": True}
    (made,) = plain(output)
    assert made.metadata == {}


def test_outputs_are_capped_together():
    large = shown(text__plain="x" * 8_000_000)
    made = plain(*[large] * 40)
    sizes = [len(one.data["text/plain"]) for one in made]
    assert sum(sizes) < 41_000_000
    assert "Left out: text/plain of 8.0 MB" in made[-1].data["text/plain"]
    stream = {"output_type": "stream", "name": "stdout", "text": "y" * 9_000_000}
    (made,) = plain(stream)
    assert len(made.text) < 8_000_100 and "characters left out" in made.text


def test_outputs_and_their_parts_are_capped_in_number():
    many = [shown(text__plain="x")] * 6_000
    error = {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["E: e"]}
    made = plain(*many, error)
    assert len(made) == 5_002 and made[-1].ename == "E"
    assert made[-2].text == "[Left out: 1,000 outputs]"
    kinds = {"data": {f"application/x-{n}": "" for n in range(100_000)}}
    (made,) = plain(shown() | kinds)
    assert "99,995 others" in made.data["text/plain"]
    assert len(made.data["text/plain"]) < 500
    (made,) = plain(error | {"ename": "E" * 9_000_000, "traceback": [""] * 100_000})
    assert len(made.traceback) == 1_000 and len(made.ename) < 8_000_100


#: Texts that take hours if every place in them is looked at from every other.
SLOW = {
    "style sheets without an end": "<style>" * 150_000,
    "style sheets that hardly begin": "<style a" * 150_000,
    "folders": "/a" * 500_000,
}


@pytest.mark.parametrize("name", SLOW)
def test_no_text_takes_for_ever(name):
    assert "<style" not in safehtml.clean(SLOW[name])
    line = f"File {SLOW[name]}"
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": [line]}
    assert plain(error)


def test_a_style_sheet_between_texts_is_taken_out_alone():
    html = "a<STYLE>b {}</style >c<style>.dataframe td {color: red}</style>d"
    assert safehtml.clean(html).startswith("<style>.dataframe td {color: red}</style>a")
    assert "cd" in safehtml.clean(html) and "b {" not in safehtml.clean(html)


def test_what_a_page_would_read_for_hours_is_left_out():
    table = shown(text__html="<td>" * 200_000, text__plain="a table")
    (made,) = plain(table)
    assert "text/html" not in made.data and "0.8 MB" in made.data["text/plain"]
    many = plain(*[shown(text__html="<td>" * 75_000, text__plain="t")] * 10)
    assert sum("text/html" in one.data for one in many) == 5
    (made,) = plain(shown(text__html="<table></table>", text__plain="a table"))
    assert made.data["text/html"] == "<table></table>"


def test_long_texts_of_markdown_are_cut_and_rows_of_spaces_too():
    long = cell("markdown", "word " * 10_000)
    wide = cell("markdown", "a" + " " * 100_000 + "b")
    code = cell("code", "x = 1\n" + "a." * 10_000 + "\n" * 5_000 + "y = 2")
    usual = cell("markdown", "    indented\n\nA **report** of some words.  \nA line.")
    before = usual.source
    notebook = nbformat.v4.new_notebook(cells=[long, wide, code, usual])
    safehtml.Plain().preprocess(notebook, {})
    assert len(long.source) < 31_000 and "20,000 characters left out" in long.source
    assert len(wide.source) < 300 and wide.source.endswith("b")
    assert code.source.count("\n") < 60 and len(code.source) < 1_200
    assert code.source.startswith("x = 1\n") and code.source.endswith("\ny = 2")
    assert usual.source == before


@pytest.mark.parametrize(
    "line, says",
    [
        (
            "File /home/grader/course/.venv/lib/numpy/core.py:12, in f",
            "File core.py:12",
        ),
        (
            "File \x1b[32m~/exercises/x/student.py:3\x1b[39m",
            "File \x1b[32mstudent.py:3",
        ),
        (r"File C:\Users\anna\course\helper.py:3", "File helper.py:3"),
        ('  File "/tmp/grading-7-x/helper.py", line 3', '  File "helper.py", line 3'),
        ("Cell In[3], line 1", "Cell In[3], line 1"),
        ("----> 1 a / b / c.py", "----> 1 a / b / c.py"),
        ("FileNotFoundError: 'data/crp.csv'", "FileNotFoundError: 'data/crp.csv'"),
    ],
)
def test_tracebacks_name_files_without_folders(line, says):
    error = {"output_type": "error", "ename": "E", "evalue": "", "traceback": [line]}
    (made,) = plain(error)
    assert made.traceback[0].startswith(says)


# -- the pages


@pytest.mark.parametrize("switch", ["on", "off"])
def test_feedback_and_formgrader_show_a_class_harmlessly(
    new_course, monkeypatch, switch
):
    """Every attack in markdown and as an output, with a table and a figure beside."""
    monkeypatch.setenv("AUTOGRADER", switch)
    course = new_course
    mine = course.filled(
        {**RIGHT, "judge": "A **judgement**.\n\n" + ATTACKS["handler"]}
    )
    everything = base64.b64encode("".join(ATTACKS.values()).encode()).decode()
    mine.cells += [
        cell("markdown", f"# Mine\n\n$x<y$\n\n{attack}") for attack in ATTACKS.values()
    ]
    # A picture that is not there; and texts that take hours to read.
    mine.cells.append(cell("markdown", "![x](attachment:gone.png) here"))
    mine.cells.append(cell("markdown", f"a{' ' * 400_000}b"))
    mine.cells.append(cell("markdown", "\\begin{a}" * 50_000))
    mine.cells.append(cell("code", "a." * 400_000))
    mine.cells.append(
        cell(
            "code",
            "import base64\nfrom IPython.display import HTML, Markdown, display\n"
            f"every = base64.b64decode('{everything}').decode()\n"
            "display(HTML(every)); display(Markdown(every))\n"
            "display({'application/vnd.jupyter.widget-view+json': 'text'}, raw=True)\n"
            "print('\\x1b[38mcolour', '\\x1b[31mX' * 100_000)\n"
            "import pandas as pd; pd.DataFrame({'crp': [31.5]})",
        )
    )
    course.hand_in("eve", mine)
    course.grade()
    course.run("generate_feedback", MINI)
    path = course.folder / f"autograded/eve/{MINI}/{MINI}.ipynb"
    feedback = (course.folder / f"feedback/eve/{MINI}/{MINI}.html").read_text()
    for html in (feedback, formgrader(course, path)):
        assert "alert(1)" not in scripts(html)
        page = BeautifulSoup(html, "html.parser")
        notebook = page.select_one("#notebook-container")
        assert not notebook.find_all(["iframe", "object", "embed", "base", "meta"])
        for element in notebook.find_all(True):
            assert not [name for name in element.attrs if name.startswith("on")]
        assert "31.5" in notebook.get_text() and notebook.find_all("table")
        assert "x<y" in notebook.get_text()
        assert "Left out" in notebook.get_text()


def scripts(html):
    page = BeautifulSoup(html, "html.parser")
    return json.dumps([str(one) for one in page.find_all("script")])


def formgrader(course, path):
    """Return the page of a submission as formgrader makes it, with its own settings."""
    from nbconvert.exporters import HTMLExporter
    from nbgrader.apps import NbGraderApp
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    app = NbGraderApp()
    with contextlib.chdir(course.folder):
        app.initialize([])  # reads nbgrader_config.py
    config = Config()
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    config.merge({"HTMLExporter": app.config.HTMLExporter})
    resources = {
        "index": 0,
        "total": 1,
        "base_url": "",
        **dict.fromkeys(["assignment_id", "notebook_id", "student"], "x"),
        **dict.fromkeys(["submission_id", "last_name", "first_name"], "x"),
        "notebook_path": "x",
        "mathjax_url": "x",
    }
    page, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    return page
