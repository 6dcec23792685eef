"""What a notebook needs is found, and its download is all that it takes to run it."""

import ast
import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import run
from run.needs import needs, own_files, pins, tables
from run.plain import copied, without_keeping

HEADER = ":::{div} chapter-header\n- **Time** 1 min\n:::"


def code(*sources):
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def names(paths):
    return {path.name for path in paths}


# -- what a notebook needs


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ('import cohorts\ncohorts.load("acute_phase")', {"acute_phase.csv"}),
        (
            'import cohorts as c\nc.load("flow_panel")',
            {"flow_panel_events.csv", "flow_panel_people.csv"},
        ),
        (
            'from cohorts import curated, trials as real\nreal.load("bcg")\n'
            'x = curated.load("agents").set_index("inn")',
            {"bcg.csv", "agents.csv"},
        ),
        ('import cohorts\ncohorts.curated.load("evidence")', {"evidence.csv"}),
        ('import json\njson.load(open("acute_phase.csv"))', set()),
        ('import cohorts\ncohorts.truth("acute_phase")', set()),
    ],
)
def test_the_tables_that_code_loads(source, files):
    found = tables(ast.parse(source))
    assert names(found) == files and all(path.is_file() for path in found)


def test_a_table_without_a_name_is_refused():
    with pytest.raises(ValueError, match=r"cohorts\.load\(name\).* write the name"):
        tables(ast.parse("import cohorts\ncohorts.load(name)"))


def test_packages_of_the_notebook_and_of_the_modules_that_it_imports():
    found = needs(code("import json\nfrom course import live\nimport sklearn.metrics"))
    # altair, numpy, pandas: by course.live; the others by the style that it imports,
    # and by what shows figures in that style
    asked = {"altair", "matplotlib", "numpy", "pandas", "pillow", "scikit-learn"}
    assert set(found.packages) == asked | {"ipykernel", "ipython", "jupyterlab"}
    styled = {"style.py", "picture.py", "drawn.py"}
    assert names(found.modules) == {"__init__.py", "live.py"} | styled
    assert not found.data


def test_what_is_not_pinned_is_refused():
    with pytest.raises(ValueError, match="lifelines is imported, but"):
        needs(code("import lifelines"))


def test_a_module_is_read_with_the_packages_around_it():
    assert names(own_files("course.survival.kaplan_meier")) == {
        "__init__.py",
        "survival.py",
    }
    found = own_files("cohorts.trial_reports")
    assert {path.parent.name for path in found} == {"cohorts", "trial_reports"}


# -- the copy


def kept(name, value):
    """What a cell leaves that keeps a number for the text."""
    return new_output(
        "display_data",
        data={"application/papermill.record/text/plain": value},
        metadata={"scrapbook": {"name": name, "mime_prefix": "x"}},
    )


def test_roles_and_directives_become_what_the_page_shows():
    text = """(anchor)=
# Title

{glue:text}`n` of {term}`cells <CD4 cell>`, {term}`CRP`, {cite:p}`A,B`, {cite:t}`A`.
{truth}`acute_phase.crp_half_life_h:bare` h; {cohort}`acute_phase`; {numref}`fig-b`;
[able]{#ob-a-b}; [there](../reference/formulas.md); [out](https://doi.org/10.1/2).

:::{admonition} Predict
:class: tip
How many?
:::

:::{predict} pr-x
:later:

And now?

- [ ] few
- [x] many

> All {glue:text}`n` did.
:::
Then.
"""
    hidden = new_code_cell(
        'glue("n", 3)', metadata={"tags": ["remove-cell"]}, outputs=[kept("n", "3")]
    )
    figures = [
        new_code_cell("pass", metadata={"mystnb": {"figure": {"name": name}}})
        for name in ("fig-a", "fig-b")
    ]
    page = new_notebook(cells=[new_markdown_cell(text), hidden, *figures])
    copy = copied(page, {"A": "[Ann 2001](https://doi.org/10.1/1)"}, "*From there.*")
    assert (
        copy.cells[0].source
        == """# Title

3 of cells, CRP, ([Ann 2001](https://doi.org/10.1/1); B), [Ann 2001](https://doi.org/10.1/1).
19 h; `acute_phase`; Figure 2;
able; there; [out](https://doi.org/10.1/2).

> **Predict**
>
> How many?

> **Predict**
>
> And now?
>
> - few
> - many

<details><summary>Answer</summary>

**many**

All 3 did.

</details>

Then.

*From there.*"""
    )
    assert [cell.source for cell in copy.cells[1:]] == ["pass", "pass"]


def test_a_self_check_keeps_its_answer_folded():
    text = """:::{selfcheck} sc-a-b
:objective: ob-a-b

Why?

- [ ] For this.
  No: that.
- [x] For that.
  Yes.
:::
:::{selfcheck} sc-a-c
:answer: 2
:tolerance: 0.1
:unit: "%"

How much?

- 3: One too many.
- else: Count.
:::"""
    copy = copied(new_notebook(cells=[new_markdown_cell(text)]), {}).cells[0].source
    choice, number = copy.split("</details>")[:2]
    asked, answer = choice.split("<details>")
    assert "Why?" in asked and "For this." in asked and "right" not in asked
    assert "is **right**. Yes." in answer and "is **wrong**. No: that." in answer
    assert "2" not in number.split("<details>")[0]
    assert "**2 %**" in number and "- 3: One too many." in number


def test_of_what_keeps_numbers_only_what_is_used_later_stays():
    hidden = {"tags": ["remove-cell"]}
    cells = [
        new_code_cell("from myst_nb import glue\nimport math\nx = 2"),
        new_code_cell(
            "y = x + 1\nw = [v for v in range(x)]\nz = math.sqrt(y)\n"
            'glue("z", z)\nassert z > 1\ntable = {}\ntable["a"] = y\nlost = 5',
            metadata=hidden,
        ),
        new_code_cell("def f():\n    w = 1\n    return w + seed"),
        new_code_cell("seed = 4\nz = 1", metadata=hidden),
        new_code_cell("lost = 7\nprint(table, f(), lost)"),
    ]
    assert [cell.source for cell in without_keeping(cells)] == [
        "import math\nx = 2",
        'y = x + 1\ntable = {}\ntable["a"] = y',
        "def f():\n    w = 1\n    return w + seed",
        "seed = 4",
        "lost = 7\nprint(table, f(), lost)",
    ]


def test_a_shown_cell_keeps_no_number():
    with pytest.raises(ValueError, match="without the tag remove-cell"):
        without_keeping([new_code_cell('print(1)\nglue("a", 1)')])


# -- the page and its download


def small_page(folder, *cells):
    (folder / "book" / "risk").mkdir(parents=True)
    setup = 'import cohorts\nfrom course import style\nx = cohorts.load("clinic_diary")'
    cells = cells or [new_markdown_cell(f"# Risk?\n\n{HEADER}"), new_code_cell(setup)]
    notebook = new_notebook(cells=list(cells))
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, folder / "book" / "risk" / "01-small.ipynb")


@pytest.fixture
def built(project, tmp_path):
    def build(**settings):
        if not (tmp_path / "source").is_dir():
            small_page(tmp_path / "source")
        contents = "No notebook.\n\n```{toctree}\nbook/risk/01-small\n```"
        return project({"other": contents}, **settings)

    return build


def test_the_links_stand_in_the_header(built):
    made = built()
    assert not made.warnings
    page = made.page("book/risk/01-small")
    box = page.select_one(".chapter-header > .run")
    links = box.find_all("a")
    assert [link.get_text() for link in links] == ["Notebook and data"]
    assert "ZIP" in box.get_text()
    assert page.select_one("link[href*='run.css']")
    assert (made.folder / "book" / "risk" / links[0]["href"]).resolve().is_file()
    assert not made.page("other").select(".run")
    assert "run.css" not in made.served("other")


def test_without_a_header_they_stand_below_the_title(built, tmp_path):
    small_page(tmp_path / "source", new_markdown_cell("# Risk?\n\nText."))
    assert built().page("book/risk/01-small").select_one("h1 + .run")


def test_addresses_open_the_other_doors(built):
    made = built(
        run_binder="https://mybinder.org/v2/gh/us/course/v1/",
        run_colab="https://colab.research.google.com/github/us/course/blob/v1",
        run_pyodide="https://example.org/v0.29.0/full/pyodide.js",
    )
    box = made.page("book/risk/01-small").select_one(".run")
    assert {link.get_text(): link["href"] for link in box.find_all("a")[1:]} == {
        "JupyterLab in the browser": (
            "../../lab/lab/index.html?path=chapters/risk/01-small.ipynb"
        ),
        "Binder": (
            "https://mybinder.org/v2/gh/us/course/v1"
            "?urlpath=lab%2Ftree%2Fbook%2Frisk%2F01-small.ipynb"
        ),
        "Colab": (
            "https://colab.research.google.com/github/us/course/blob/v1"
            "/book/risk/01-small.ipynb"
        ),
    }
    assert "git+https://github.com/us/course@v1" in box.get_text()
    # The address of Pyodide stands on no page: nothing is asked of its host from here.
    assert "example.org" not in str(made.page("book/risk/01-small"))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("run_binder", "https://mybinder.org"),
        ("run_colab", "https://github.com/us/course"),
        ("run_pyodide", "https://example.org/pyodide/"),
        ("run_pyodide", "https://example.org/pyodide.mjs"),
        ("run_pyodide", 'https://example.org/" onload=x/pyodide.js'),
    ],
)
def test_an_address_that_cannot_work_stops_the_build(built, name, address):
    with pytest.raises(Exception, match=f"{name} in _config.yml is .* write"):
        built(**{name: address})


def test_the_same_sources_give_the_same_bytes(built):
    made = built()
    path = made.folder / "_static" / "run" / "risk-01-small.zip"
    before = path.read_bytes()
    path.unlink()
    built()
    assert path.read_bytes() == before


def test_a_download_holds_what_is_needed_and_no_more(built):
    made = built(html_title="The book: its name")
    path = made.folder / "_static" / "run" / "risk-01-small.zip"
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        held = {name.removeprefix("risk-01-small/") for name in archive.namelist()}
        asked = archive.read("risk-01-small/requirements.txt").decode().split()
        readme = archive.read("risk-01-small/README.md").decode()
        notebook = archive.read("risk-01-small/01-small.ipynb").decode()
    tables = {
        f"synthetic/clinic_diary_{part}.csv" for part in ("diary", "list", "trial")
    }
    assert {name for name in held if name.endswith(".csv")} == tables
    assert {name for name in held if name.startswith("course/")} == {
        "course/__init__.py",
        "course/drawn.py",
        "course/picture.py",
        "course/style.py",
    }
    assert {"01-small.ipynb", "README.md", "LICENSE", "cohorts/__init__.py"} <= held
    assert not [name for name in held if "test" in Path(name).name]
    # pandera, pandas, numpy, scipy: by cohorts; the others by the style
    wanted = {"pandera", "pandas", "numpy", "scipy", "ipykernel", "jupyterlab"}
    wanted |= {"matplotlib", "pillow", "ipython"}
    assert set(asked) == {pins()[one] for one in wanted}
    assert "jupyter lab 01-small.ipynb" in readme and "`synthetic/`" in readme
    assert "*The book: its name. A copy to run" in notebook


def test_it_is_packed_again_only_if_what_it_may_hold_has_changed(tmp_path, monkeypatch):
    module = tmp_path / "module.py"
    module.touch()
    monkeypatch.setattr(run, "may_hold", lambda: [module])
    monkeypatch.setattr(run, "download", lambda app, page: b"packed")
    env = SimpleNamespace(
        found_docs={"book/part/a", "book/part/b"},
        doc2path=lambda page: f"{page}.{'ipynb' if page.endswith('a') else 'md'}",
    )
    html = SimpleNamespace(format="html")
    app = SimpleNamespace(env=env, outdir=tmp_path, builder=html)
    file = run.place_of(app, "book/part/a")

    run.write_others(app, None)
    assert [path.name for path in file.parent.iterdir()] == ["part-a.zip"]
    file.write_bytes(b"as it was")
    before = file.stat().st_mtime
    os.utime(module, (before - 9, before - 9))
    run.write_others(app, None)
    assert file.read_bytes() == b"as it was"
    os.utime(module, (before + 9, before + 9))
    run.write_others(app, None)
    assert file.read_bytes() == b"packed"


def test_a_download_may_hold_what_the_downloads_hold(built):
    with zipfile.ZipFile(next(built().folder.glob("_static/run/*.zip"))) as archive:
        held = {Path(name).name for name in archive.namelist()}
    assert held - {"01-small.ipynb", "README.md", "requirements.txt"} <= names(
        run.may_hold()
    )
