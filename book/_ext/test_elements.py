"""An element's style and script come where the element is, and only there."""

from types import SimpleNamespace

import elements
import pytest
from small_books import CONFIG, ROOT

MADE_UP = """
from pathlib import Path

from docutils import nodes
from elements import serve

def setup(app):
    app.add_role("loud", lambda *said: ([nodes.strong(said[2], said[2])], []))
    serve(app, Path(__file__).parent, "<strong>")
"""


def test_files_are_served_where_the_element_is(project, tmp_path, monkeypatch):
    folder = tmp_path / "made_up_element"
    folder.mkdir()
    (folder / "__init__.py").write_text(MADE_UP)
    (folder / "loud.css").write_text("strong { color: red }")
    (folder / "loud.js").write_text("alert(1)")
    (folder / "test_loud.py").write_text("assert False")
    monkeypatch.syspath_prepend(tmp_path)
    built = project(
        {"a": "It is {loud}`so`.", "b": "It is so."},
        extensions=["myst_nb", folder.name],
    )
    assert not built.warnings
    assert {"loud.css", "loud.js"} <= built.served("a")
    assert not {"loud.css", "loud.js"} & built.served("b")
    assert not list(built.folder.rglob("*.py"))


def test_every_element_of_the_book_is_a_folder_with_a_test():
    folders = {path.parent.name for path in ROOT.glob("book/_ext/*/__init__.py")}
    assert folders == set(CONFIG["sphinx"]["local_extensions"])
    tested = {path.parent.name for path in ROOT.glob("book/_ext/*/test_*.py")}
    assert tested == folders


def test_no_two_files_of_elements_have_one_name():
    """They are served from one folder, with those of book/static."""
    ours = [*ROOT.glob("book/_ext/*/*.css"), *ROOT.glob("book/_ext/*/*.js")]
    names = [path.name for path in [*ours, *ROOT.glob("book/static/*.*")]]
    assert sorted(names) == sorted(set(names))


def pages_read(names, **pages):
    """Return an environment that has read pages: name of a page to names in it."""
    env = SimpleNamespace()
    for env.docname, claimed in pages.items():
        for name in claimed:
            assert not names.claim(env, name)
    return env


def test_a_name_stands_once_in_the_book_and_is_free_when_its_page_is_read_again():
    names = elements.Names("question", "qu", "questions")
    env = pages_read(names, one=["qu-a", "qu-b"], two=["qu-c"])
    assert "'one' uses already" in names.claim(env, "qu-a")
    names._purge(None, env, "one")
    assert names.taken(env) == {"qu-c": "two"}
    assert not names.claim(env, "qu-a")


@pytest.mark.parametrize("name", ["sc-a", "qu-", "qu-A", "qu a", "xqu-a", "qu-a\n"])
def test_a_name_has_the_form_of_its_kind(name):
    names = elements.Names("question", "qu", "questions")
    assert "qu-<chapter>-<topic>" in names.claim(SimpleNamespace(docname="p"), name)


def test_names_of_pages_read_in_parallel_come_together():
    names = elements.Names("question", "qu", "questions")
    env = pages_read(names, one=["qu-a"])
    other = pages_read(names, one=["qu-old"], two=["qu-b"])
    names._merge(None, env, {"two"}, other)
    assert names.taken(env) == {"qu-a": "one", "qu-b": "two"}
