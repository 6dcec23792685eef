"""What the index holds, and that the book's words are cut as a reader's are."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import sections
import yaml
from cohorts import curated
from sections import Term

from search import HERE, INDEX, index, words

QUERIES = yaml.safe_load((HERE / "queries.yml").read_text(encoding="utf-8"))


def read(built):
    """Return the index of a built book as data."""
    text = (built.folder / INDEX).read_text(encoding="utf-8")
    return json.loads(text[text.index("BOOK_SEARCH_INDEX = ") + 20 :].rstrip(";\n"))


def held(packed, term):
    """Return the entries that hold a term, as titles, field by field."""
    terms = packed["terms"].split(" ")
    if term not in terms:
        return [[], [], []]
    found = []
    for steps in packed["posts"][terms.index(term)]:
        place, titles = -1, []
        for step in steps:
            place += step // packed["most"] + 1
            titles.append(packed["entries"][place][2])
        found.append(titles)
    return found


# -- words


@pytest.mark.parametrize(
    ("one", "other", "term"),
    [
        ("IL-6", "il6", "il6"),
        ("IL‑6", "IL–6", "il6"),
        ("DAS28", "das-28", "das28"),
        ("β", "beta", "beta"),
        ("I²", "i2", "i2"),
        ("IC₅₀", "IC50", "ic50"),
        ("T cell", "T-cells", "tcell"),
        ("P value", "p-value", "pvalu"),
        ("vitamin C", "Vitamin-C", "vitaminc"),
        ("tumour", "tumors", "tumor"),
        ("haemoglobin", "hemoglobin", "hemoglobin"),
        ("randomised", "randomization", "randomis"),
        ("naïve", "naive", "naiv"),
    ],
)
def test_what_is_the_same_to_a_reader_is_the_same_term(one, other, term):
    assert term in words.terms(one)
    assert term in words.terms(other)


def test_a_greek_letter_is_a_word_of_its_own_too():
    assert {"tnf", "alpha"} <= set(words.terms("TNFα"))
    assert {"il1", "beta"} <= set(words.terms("IL-1β"))


def test_a_number_alone_and_a_word_that_says_nothing_are_no_terms():
    assert words.terms("the 28 of week 24") == ["week"]


def test_a_phrase_is_found_however_it_is_written():
    for text in ("an IL-6 receptor", "the IL6 receptors", "IL 6‑receptor"):
        assert " il 6 receptor " in words.flat(text)


# -- synonyms


def test_a_text_with_one_of_a_group_has_the_terms_of_the_others():
    same = index.Synonyms([("TNF inhibitor", "anti-TNF")])
    assert same.added("Two TNF inhibitors, one TNF-inhibitor.")["anti"] == 2
    assert not same.added("TNF, and an inhibitor.")


def test_in_a_heading_a_long_synonym_adds_no_words():
    same = index.Synonyms([("ESR", "erythrocyte sedimentation rate")])
    assert not same.added("What is ESR?", longest=2)
    assert same.added("What is ESR?")["rate"] == 1


def test_every_agent_of_the_synonyms_is_in_the_table():
    names = index.agent_names()
    assert list(names) == list(curated.load("agents")["inn"])
    assert "Actemra" in names["tocilizumab"]


def test_an_agent_that_is_not_in_the_table_is_named(monkeypatch):
    monkeypatch.setattr(
        index, "synonyms", lambda: {"also called": {}, "trade names": {"nobody": ["X"]}}
    )
    with pytest.raises(ValueError, match="'nobody' is no agent"):
        index.agent_names()


def test_a_trade_name_belongs_to_one_agent():
    sold = [
        name for names in index.synonyms()["trade names"].values() for name in names
    ]
    assert len(sold) == len(set(sold))


# -- the index


PAGES = {
    "page": (
        "Tocilizumab blocks the receptor.\n\n## A second part\n\n"
        "The erythrocyte sedimentation rate fell.\n\n```python\nhidden = 1\n```"
    ),
    "glossary": ":::{glossary}\nC-reactive protein\nCRP\n  Made by the liver.\n:::",
}


@pytest.fixture
def packed(project):
    """The index of a small book."""
    return read(project(PAGES))


def test_sections_and_glossary_entries_are_found_where_they_stand(packed):
    places = {
        entry[2]: (packed["pages"][entry[0]][0], entry[1])
        for entry in packed["entries"]
    }
    assert places["page"] == ("page.html", "")
    assert places["A second part"] == ("page.html", "a-second-part")
    assert places["C-reactive protein"] == ("glossary.html", "term-C-reactive-protein")


def test_a_section_is_found_by_its_words_and_their_synonyms(packed):
    assert held(packed, "actemra")[2] == ["page"]
    assert held(packed, "esr")[2] == ["A second part"]
    assert "C-reactive protein" in held(packed, "crp")[0]


def test_code_is_not_found(packed):
    assert held(packed, "hidden") == [[], [], []]


def test_the_excerpt_is_the_beginning(packed):
    texts = {entry[2]: entry[3] for entry in packed["entries"]}
    assert texts["page"] == "Tocilizumab blocks the receptor."
    assert index.excerpt("word " * 100).endswith("word …")
    assert len(index.excerpt("word " * 100)) <= index.EXCERPT + 2


def test_sphinx_makes_no_index_of_its_own(project):
    built = project(PAGES)
    assert not (built.folder / "searchindex.js").exists()
    assert built.page("search").select_one("form.bd-search input[type=search]")
    assert built.page("search").noscript


def test_a_page_loads_the_opener_and_nothing_else_of_the_search(project):
    served = project(PAGES).served("page")
    assert {"search-opener.js", "search.css"} <= served
    assert not {"search.js", "search-engine.js", INDEX, "minisearch.min.js"} & served


def test_glossary_names_of_one_entry_are_a_group():
    term = Term("glossary", "term-x", ("Area under the curve", "AUC"), "It.")
    assert ("Area under the curve", "AUC") in index.groups([term])


def test_the_queries_are_many_and_of_many_kinds():
    assert len(QUERIES) >= 60
    assert len({one["query"] for one in QUERIES}) == len(QUERIES)
    assert len({one["page"] for one in QUERIES}) >= 20


# -- the same words in both languages


@pytest.mark.skipif(
    not shutil.which("node"), reason="no Node.js: see the browser's test"
)
def test_the_script_cuts_words_as_the_index_does(project):
    text = " ".join(
        [*PAGES.values(), "TNF-α IL-1β naïve Crohn’s randomised tumours I²"]
    )
    folder = project(PAGES).folder
    stemmer = (folder / INDEX).read_text(encoding="utf-8")
    engine = (HERE / "search-engine.js").read_text(encoding="utf-8")
    asked = f"""
        globalThis.MiniSearch = {{}};
        (0, eval)({json.dumps(stemmer)});
        (0, eval)({json.dumps(engine.replace("if (typeof module", "if (null"))});
        const text = {json.dumps(text)};
        console.log(JSON.stringify(bookSearch.parts(text).map(bookSearch.term)));
    """
    said = subprocess.run(
        ["node", "-e", asked], capture_output=True, text=True, check=True
    )
    parts = [part for one in words.compounds(text) for part in one]
    assert json.loads(said.stdout) == [words.term(part) for part in parts]


def test_sections_keep_their_own_text_only(project):
    assert sections.DEEPEST == 3
    entries = {entry[2]: entry[3] for entry in read(project(PAGES))["entries"]}
    assert "sedimentation" not in entries["page"]


def test_the_scripts_that_are_named_are_there():
    from search import MINISEARCH, OPENER, SCRIPTS

    for name in (MINISEARCH, OPENER, *SCRIPTS, "search.css", "LICENSE-minisearch.txt"):
        assert Path(HERE, name).is_file(), name
