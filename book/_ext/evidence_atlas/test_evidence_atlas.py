"""The evidence atlas shows every row of the table, in order, and what its rule says."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from cohorts import curated
from small_books import EXTENSIONS, ROOT, build

import evidence_atlas

SETTINGS = {
    "extensions": [*EXTENSIONS, "sphinxcontrib.bibtex"],
    "bibtex_bibfiles": ["references.bib"],
    "numfig": True,
}
PARTS = ["counts", "table", "pictures", "differences", "without-doi"]
PAGE = "\n\n".join(f"```{{evidence-atlas}} {part}\n```" for part in PARTS)
BIBLIOGRAPHY = "```{bibliography}\n```"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    (folder / "references.bib").write_bytes((ROOT / "book/references.bib").read_bytes())
    return folder


@pytest.fixture(scope="module")
def built(source):
    return build(source, {"a": PAGE, "b": BIBLIOGRAPHY, "c": "None."}, **SETTINGS)


@pytest.fixture(scope="module")
def page(built):
    assert not built.warnings
    return built.page("a")


@pytest.fixture(scope="module")
def evidence():
    return curated.load("evidence")


def records(page, table):
    """Return the cells of each row, and its details, as texts."""
    found = []
    for record in page.select(f"#{table} > tbody"):
        first, second = record.select("tr")
        cells = [words(cell) for cell in first.select("th, td")]
        found.append((cells, words(second)))
    return found


def words(element):
    """Return the text of an element, with the apostrophe that the tables use."""
    return " ".join(element.text.split()).replace("’", "'")


def disease(row):
    people = "" if pd.isna(row.subgroup) else f", {row.subgroup}"
    return f"{row.indication}{people}: {row.outcome}"


@pytest.mark.parametrize(("table", "with_doi"), [("atlas", True), ("nodoi", False)])
def test_every_row_stands_once_in_the_table_it_belongs_to(
    page, evidence, table, with_doi
):
    wanted = evidence[evidence["doi"].notna() == with_doi]
    left = records(page, table)
    assert len(left) == len(wanted) > 3
    for row in wanted.itertuples():
        fits = [
            (cells, more)
            for cells, more in left
            if cells[0].startswith(row.agent)
            and row.intervention in cells[0]
            and cells[1].startswith(disease(row))
            and more.startswith(f"{row.study}: ")
        ]
        assert len(fits) == 1, (row.agent, row.study, row.outcome)
        left.remove(fits[0])
        cells, more = fits[0]
        assert f"against {row.comparator}" in more
        for said in (row.pooled, row.settled):
            assert pd.isna(said) or said.partition(": ")[2] in more or said in more
        if row.measure in curated.RATIOS and not np.isnan(row.ci_low):
            # The threshold of the row and its reciprocal: a benefit and a harm.
            for end in (row.threshold, 1 / row.threshold):
                assert f"{end:.2f}" in more.partition("Precision")[2], row.study
            assert "of the optimal information size" in more
        assert cells[3] == ("not rated" if pd.isna(row.certainty) else row.certainty)
        assert ("(surrogate)" in cells[1], "(harm)" in cells[1]) == (
            row.kind == "surrogate",
            row.kind == "harm",
        )
        # Minus signs of print; two significant figures or more are kept.
        printed = [
            float(x) for x in re.findall(r"-?\d[\d.]*", cells[2].replace("−", "-"))
        ]
        given = [x for x in (row.estimate, row.ci_low, row.ci_high) if not np.isnan(x)]
        assert printed == pytest.approx(given, abs=0.00501), row.study
        assert ("interval not seen" in cells[2]) == (
            row.measure != "none" and np.isnan(row.ci_low)
        )
        for step in curated.grade_steps(row.steps):
            assert step.domain in more and step.reason in more
        assert (row.doi in more) if with_doi else "no DOI was seen" in more
    assert not left


def test_rows_are_in_the_order_of_the_agents(page):
    agents = [cells[0].casefold() for cells, _ in records(page, "atlas")]
    first_words = [agent.split()[0] for agent in agents]
    assert first_words == sorted(first_words)
    names = [one["id"] for one in page.select("tbody.atlas-record")]
    assert len(names) == len(set(names))


def test_every_source_leads_to_the_bibliography_and_every_doi_to_its_resolver(
    page, built, evidence
):
    entries = {cited["id"] for cited in built.page("b").select("div.citation")}
    for record in page.select("tbody.atlas-record"):
        links = [link["href"] for link in record.select("a[href]")]
        cited = [href.partition("#")[2] for href in links if href.startswith("b.html#")]
        assert cited and set(cited) <= entries
        dois = [href for href in links if href.startswith("https://doi.org/10.")]
        assert len(dois) == (record.parent["id"] == "atlas")
    linked = {
        link["href"].removeprefix("https://doi.org/")
        for link in page.select("#atlas a[href^='https://doi.org']")
    }
    assert linked == set(evidence["doi"].dropna())


def test_the_table_can_be_read_without_a_script_and_filtered_with_one(page, built):
    form = page.select_one("form.atlas-form")
    assert form.has_attr("hidden"), "the script shows it"
    assert not page.select("#atlas tbody[hidden]")
    for field in form.select("input, select"):
        assert form.select_one(f"label[for={field['id']}]").text
    for key in ("shows", "certainty", "kind"):
        options = [one.text for one in form.select(f"select[name={key}] option")][1:]
        used = {one[f"data-{key}"] for one in page.select("#atlas > tbody")}
        assert used <= set(options)
    assert page.select_one(".atlas-count")["role"] == "status"
    for heading in page.select("#atlas thead th"):
        assert heading["scope"] == "col"
    assert all(one.select_one("th[scope=row]") for one in page.select("#atlas > tbody"))


def test_script_and_style_come_only_where_the_atlas_is(built):
    assert {"evidence-atlas.js", "evidence-atlas.css"} <= built.served("a")
    assert not {"evidence-atlas.js", "evidence-atlas.css"} & built.served("c")


def test_counts_add_up(page, evidence):
    body = page.select_one("table:not(.atlas) tbody")
    numbers = np.array(
        [[int(td.text) for td in row.select("td")[1:]] for row in body.select("tr")]
    )
    assert (numbers[:, :-1].sum(axis=1) == numbers[:, -1]).all()
    known = evidence[evidence["doi"].notna()]["certainty"].fillna("not rated")
    assert numbers[:, :-1].sum(axis=0).tolist() == [
        (known == one).sum()
        for one in ("high", "moderate", "low", "very low", "not rated")
    ]


def test_every_effect_is_in_a_picture_or_in_the_list_of_differences(page, evidence):
    seen = evidence[evidence["doi"].notna()]
    ratios = seen["measure"].isin(curated.RATIOS)
    captions = " ".join(one.text for one in page.select("figcaption"))
    drawn = [int(number) for number in re.findall(r"Rows: (\d+)", captions)]
    assert sum(drawn) == ratios.sum()
    listed = page.select("table:not(.atlas)")[-1].select("tbody tr")
    assert len(listed) == (~ratios).sum()
    for picture in page.select("figure .drawing img"):
        assert len(picture["alt"].split()) > 10
    assert len(page.select("figure .drawing img")) == len(drawn)


def test_a_picture_shows_each_effect_and_interval_once():
    rows = evidence_atlas.on_ratio_axis(evidence_atlas.atlas())
    figure = evidence_atlas.forest(rows, "#000000")
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    lines = [np.asarray(line.get_xdata(), dtype=float) for line in axes.get_lines()]
    points = sorted(line[0] for line in lines if line.size == 1)
    assert points == sorted(rows["estimate"])
    ends = sorted(tuple(line) for line in lines if line.size == 2)
    assert ends == sorted(
        rows[["ci_low", "ci_high"]].dropna().itertuples(index=False, name=None)
    )
    (no_effect,) = axes.collections
    assert {x for part in no_effect.get_segments() for x in part[:, 0]} == {1}
    for text, part in zip(axes.texts, no_effect.get_segments(), strict=True):
        assert part[:, 1].max() < text.get_position()[1]  # no line through words
    low, high = axes.get_xlim()
    assert low < min(map(min, lines)) and high > max(map(max, lines))
    plt.close(figure)


def made_up(**changes):
    """Return the table of evidence with one row that is made up."""
    row = curated.load("evidence").iloc[[0]].copy()
    given = {
        "measure": "risk ratio",
        "kind": "clinical",
        "better": "lower",
        "certainty": "high",
    } | changes
    for column, value in given.items():
        row[column] = value
    return row


@pytest.mark.parametrize(
    ("row", "shows"),
    [
        # What is made up has a threshold of 1.1, that is, 0.91 on the good side.
        (made_up(ci_low=0.95, ci_high=1.2), "benefit excluded"),
        (made_up(ci_low=0.85, ci_high=1.2), "not shown"),
        # More is better: a ratio of 1.05 at best, or of 1.3.
        (made_up(ci_low=0.7, ci_high=1.05, better="higher"), "benefit excluded"),
        (made_up(ci_low=0.95, ci_high=1.3, better="higher"), "not shown"),
        # Of a harm it is asked whether a harm is excluded.
        (made_up(ci_low=0.8, ci_high=1.08, kind="harm"), "harm excluded"),
        (made_up(ci_low=0.95, ci_high=1.2, kind="harm"), "not shown"),
        (
            made_up(ci_low=-0.1, ci_high=5, measure="risk difference", threshold=2),
            "benefit excluded",
        ),
        (made_up(ci_low=0.95, ci_high=1.2, certainty="low"), "not shown"),
        (made_up(ci_low=0.5, ci_high=0.8, certainty="low"), "uncertain"),
        (made_up(ci_low=0.5, ci_high=0.8), "benefit shown"),
        (made_up(ci_low=1.1, ci_high=1.8), "harm shown"),
    ],
)
def test_what_a_row_shows(monkeypatch, row, shows):
    monkeypatch.setattr(curated, "load", lambda name: row)
    assert evidence_atlas.atlas()["shows"].tolist() == [shows]


def test_the_rows_that_the_course_leans_on():
    rows = evidence_atlas.atlas().set_index("study")["shows"]
    assert rows["Di Castelnuovo 2021, trials"] == "benefit excluded"
    assert rows["Di Castelnuovo 2021, cohorts"] == "uncertain"
    assert rows["INSPIRE 2009"] == "not shown"


def test_an_unknown_part_is_refused(source):
    built = build(source / "wrong", {"a": "```{evidence-atlas} all\n```"}, **SETTINGS)
    assert "'all' is not one of table, without-doi" in built.warned("a")


def test_print_holds_every_row(source, evidence):
    printed = build(
        source, {"a": PAGE, "b": BIBLIOGRAPHY, "c": "None."}, "text", **SETTINGS
    )
    # Lines are broken at blanks and at hyphens.
    text = "".join((printed.folder / "a.txt").read_text().split())
    for row in evidence.itertuples():
        for said in (row.agent, row.comparator, row.outcome):
            assert said.replace(" ", "") in text
