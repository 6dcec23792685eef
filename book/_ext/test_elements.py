"""An element's style and script come where the element is, and only there."""

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
