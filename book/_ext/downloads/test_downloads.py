"""The page of downloads lists every file that the site hands out, and no other."""

import cohorts
import pytest
from cohorts import curated, trials


def listed(kind):
    return f":::{{downloads}} {kind}\n:::"


def test_every_table_is_a_file_to_download(project):
    built = project({"a": listed("data")})
    links = built.page("a").select("td a.download")
    names = [
        cohort.filename(table)
        for cohort in cohorts.COHORTS.values()
        for table in cohort.tables
    ]
    names += [f"{name}.csv" for module in (curated, trials) for name in module.TABLES]
    assert [link.text for link in links] == names
    assert all((built.folder / link["href"]).is_file() for link in links)


def test_the_book_is_offered_where_the_setting_says(project):
    page = project({"deep/a": listed("book")}, book_files="files").page("deep/a")
    assert [link["href"] for link in page.select("a[download]")] == [
        "../files/immune-modulators.pdf",
        "../files/immune-modulators.zip",
    ]
    assert "make pdf" not in page.text


def test_without_the_setting_no_link_leads_nowhere(project):
    page = project({"a": listed("book")}).page("a")
    assert not page.select("a[download]")
    assert "make pdf" in page.text and "make offline" in page.text


def test_assignments_are_those_that_are_released(project, tmp_path):
    folder = tmp_path / "source/exercises/release"
    for name in ("risk", "context"):
        (folder / name).mkdir(parents=True)
        (folder / name / f"{name}.ipynb").write_text("{}")
    links = project({"a": listed("assignments")}).page("a").select("a[download]")
    assert [link.text for link in links] == ["context.zip", "risk.zip"]


def test_another_kind_is_refused(project):
    assert "'music' is not one of" in project({"a": listed("music")}).warned("a")


@pytest.mark.parametrize(
    "address", ["https://example.org/v1", "https://example.org/v1/"]
)
def test_the_book_may_lie_elsewhere(project, address):
    page = project({"a": listed("book")}, book_files=address).page("a")
    first = page.select("a[download]")[0]["href"]
    assert first == "https://example.org/v1/immune-modulators.pdf"
