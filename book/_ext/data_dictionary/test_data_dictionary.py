"""The dictionary describes every table as its schema does, and tells no secret."""

import re
from pathlib import Path

import cohorts
import pytest


def test_a_cohort_is_described_as_it_is(project):
    built = project(
        {
            "data": "```{cohort-table} acute_phase\n```",
            "chapter": "See {cohort}`acute_phase` and {cohort}`nobody`.",
        },
        suppress_warnings=["ref.cite"],
    )
    assert "data-nobody" in built.warned("chapter")
    link = built.page("chapter").select_one("a[href='data.html#data-acute-phase']")
    assert link.text == "acute_phase"

    cohort = cohorts.get("acute_phase")
    section = built.page("data").select_one("section section")
    schema = cohort.tables["acute_phase"]
    rows = section.select("table")[0].select("tbody tr")
    told = [[cell.text.strip() for cell in row.select("td")] for row in rows]
    assert [row[0] for row in told] == list(schema.columns)
    units = [column.metadata["unit"] or "–" for column in schema.columns.values()]
    assert [row[2] for row in told] == units
    assert f"{len(cohorts.load('acute_phase')):,} rows" in section.text
    for name, planted in cohort.truth.items():
        assert name in section.text
        assert planted.meaning in section.text
    assert "esr_mm_h: The tube was not set up in time" in section.text
    picture = section.select_one("figure .drawing img")
    assert "Chart of acute_phase" in picture["alt"]
    drawing = built.folder / "_images" / picture["src"].split("/")[-1]
    assert drawing.suffix == ".svg"


FACTS = [*cohorts.curated.TABLES, *cohorts.trials.TABLES]


@pytest.fixture
def dictionary(project):
    """The list of all tables, and the sections that it leads to."""
    sections = [f"```{{cohort-table}} {name}\n```" for name in cohorts.names()]
    facts = [f"```{{reference-tables}} {which}\n```" for which in ("curated", "trials")]
    pages = {
        "data": "```{data-dictionary}\n```",
        "sections": "\n\n".join([*sections, "## Facts", *facts]),
    }
    return project(pages, suppress_warnings=["ref.cite"]).page("data")


def test_the_dictionary_lists_every_table_in_chapter_order(dictionary):
    links = dictionary.select("tbody a")
    assert [link.text for link in links] == [*cohorts.names(), *FACTS]
    for link in links:
        anchor = f"data-{link.text.replace('_', '-')}"
        assert link["href"] == f"sections.html#{anchor}"


def test_an_old_address_leads_to_the_line_with_the_link(dictionary):
    for name in [*cohorts.names(), *FACTS]:
        place = dictionary.select_one(f"#data-{name.replace('_', '-')}")
        assert place.find_parent("tr").a.text == name


def test_every_cohort_has_its_section_in_the_book():
    folder = Path(__file__).resolve().parents[2] / "reference"
    text = "".join(path.read_text("utf-8") for path in sorted(folder.glob("data-*.md")))
    written = re.findall(r"\{cohort-table\} (\w+)", text)
    assert sorted(written) == sorted(cohorts.names())


def test_the_book_does_not_tell_what_the_capstone_asks(project):
    page = project({"data": "```{cohort-table} capstone_dossier\n```"})
    section = page.page("data").select_one("#data-capstone-dossier, section section")
    assert "prior_exacerbations" in section.text
    assert not section.select("img")
    cohort = cohorts.get("capstone_dossier")
    columns = {name for table in cohort.tables.values() for name in table.columns}
    for name, planted in cohort.truth.items():
        assert name in columns or name not in section.text
        assert planted.meaning not in section.text


@pytest.mark.parametrize("which", ["curated", "trials"])
def test_tables_of_facts_are_described_below_their_heading(project, which):
    tables = getattr(cohorts, which).TABLES
    linked = " ".join(f"{{cohort}}`{name}`" for name in tables)
    written = f"```{{reference-tables}} {which}\n```"
    built = project({"data": f"{linked}\n\n## Facts\n\n{written}\n\n## After\n\nx"})
    assert not built.warnings
    facts = built.page("data").select_one("#facts")
    sections = facts.select("section")
    assert [one.h3.code.text for one in sections] == list(tables)
    for section, schema in zip(sections, tables.values(), strict=True):
        told = [row.td.text for row in section.select("tbody tr")]
        assert told == list(schema.columns)
        assert schema.description in section.text


def test_an_unknown_group_of_tables_is_refused(project):
    built = project({"data": "```{reference-tables} agents\n```"})
    assert "'agents' is not one of curated, trials" in built.warned("data")
