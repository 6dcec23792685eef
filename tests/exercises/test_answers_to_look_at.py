"""The pages *Answers to look at* answer what is asked, with numbers that come out."""

import ast
import json
import re
from collections import Counter

import cohorts
import numpy as np
import pandas as pd
import pytest
import runner
from cohorts.trial_reports import TRAINER_SEED, make_trial_reports
from looks import asked, questions, sections
from nbgrader_apart.cells import is_graded, mark


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_every_question_is_quoted_and_answered(assignment):
    page = sections(assignment)
    for task, cells in questions(assignment).items():
        told = page[task].split("**Text A**")[0]  # of a text that is judged, the rest
        quoted = " ".join(re.findall(r"^> (.+)$", told, re.MULTILINE))
        assert quoted == " ".join(asked(cell) for cell in cells), task
        assert "{dropdown} Answer" in page[task], task


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_a_judged_text_is_shown_at_two_levels(assignment):
    full = Counter(
        int(mark(cell)["points"])
        for cell in runner.source(assignment).cells
        if cell.cell_type == "markdown" and is_graded(cell)
    )
    judged = Counter()
    for task, text in sections(assignment).items():
        marks = re.findall(r"\{dropdown\} Marks: (\d) of (\d)", text)
        if marks:
            assert len(set(marks)) == len(marks) == 2, task
            (of,) = {of for _, of in marks}
            judged[int(of)] += 1
    assert judged == full


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_what_stands_in_code_is_what_the_cells_print(assignment, looked):
    seed = json.loads((cohorts.SYNTHETIC / "manifest.json").read_text())["seed"]
    if seed != cohorts.DEFAULT_SEED:
        pytest.skip("these are the data of another term: the numbers are other ones")
    said = " ".join(" ".join(looked(assignment).values()).split())
    for task, text in sections(assignment).items():
        for number in re.findall(r"(?<!\})`([^`]*\d[^`]*)`", text):
            if number != "+ 1":  # a piece of code
                assert number in said, (task, number)


def test_what_moving_a_group_does_is_what_the_page_says():
    """The page tells what no cell prints: the reader is asked to move the group."""
    task = runner.tasks(runner.source("context"))["use_rows"]
    given = next(
        "".join(cell.source)
        for cell in runner.source("context").cells
        if "def items(" in cell.source
    )
    helper = next(
        ast.unparse(one)
        for one in ast.parse(given).body
        if isinstance(one, ast.FunctionDef) and one.name == "items"
    )
    room = {"pd": pd, "np": np}
    exec(helper, room)
    exec(task.solution, room)
    agents = pd.read_csv(runner.ROOT / "data" / "curated" / "agents.csv")
    inflammation = ["spondyl", "Crohn", "colitis", "dermatitis", "asthma"]
    autoimmunity = ["rheumatoid", "sclerosis"]
    told = []
    for reasons in (
        {"autoimmunity": autoimmunity, "inflammation": ["psoria", *inflammation]},
        {"autoimmunity": [*autoimmunity, "psoria"], "inflammation": inflammation},
    ):
        rows = room["use_rows"](agents, reasons)
        rows = rows.merge(agents[["inn", "direction"]], on="inn")
        once = rows.drop_duplicates(["inn", "group"]).set_index("group")
        suppress = once["direction"] == "suppress"
        told.append((once.index.value_counts(), suppress.groupby("group").mean()))
    (count, share), (moved, share_moved) = told
    page = " ".join(" ".join(sections("context").values()).split())
    assert (
        f"grows from {count['autoimmunity']} to {moved['autoimmunity']} agents and "
        f"inflammation shrinks from {count['inflammation']} to {moved['inflammation']}"
    ) in page
    shares = (share["autoimmunity"], share_moved["autoimmunity"])
    assert (
        "{:.0%} of autoimmunity suppress before and {:.0%} after".format(
            *shares
        ).replace("%", " %")
        in page
    )
    assert f"of inflammation {100 * share['inflammation']:.0f} % before and" in page
    assert share_moved["inflammation"] == 1


def test_what_the_missing_years_do_to_the_lines_is_what_the_page_says():
    """Task 6 of Context: if all of them were early, one line leads up to a year."""
    agents = pd.read_csv(runner.ROOT / "data" / "curated" / "agents.csv")
    year = agents["first_approval_year"]
    missing = year.isna().groupby(agents["direction"]).sum()
    page = " ".join(
        sections("context")["Task 6 · A timeline that owns up to its holes"].split()
    )
    assert (
        f"Of them {missing['enhance']} have no year, against "
        f"{missing['suppress']} that suppress and {missing['adjust']} that adjust."
    ) in page
    early = year.fillna(1969)
    leads = [
        when
        for when in range(1970, 2027)
        if agents["direction"][early <= when].mode()[0] == "enhance"
        and len(agents["direction"][early <= when].mode()) == 1
    ]
    assert leads == list(range(1970, leads[-1] + 1))
    assert f"stay so until {leads[-1]};" in page
    never = agents[year.isna() & (agents["direction"] == "enhance")]["status"]
    assert (never == "never approved").mean() > 0.5
    left = agents[year.isna() & (agents["status"] != "never approved")]["direction"]
    lead = " ".join(sections("context")["Task 7 · A lead with holes in it"].split())
    assert left.value_counts().to_dict() == {"suppress": 3, "enhance": 3, "adjust": 1}
    assert "seven agents" in lead and "three suppress, three enhance and one" in lead
    known = agents["direction"][year < 1995]
    utmost = [
        100 * ((ways == "suppress").mean() - (ways == "enhance").mean())
        for way in ("enhance", "suppress")
        for ways in [pd.concat([known, left[left == way]])]
    ]
    assert "before 1995 is from {:.0f} to +{:.0f}:".format(*utmost) in lead


def told(assignment):
    return " ".join(" ".join(sections(assignment).values()).split())


def test_how_fast_the_drug_leaves():
    """Task 10 of Application: the typical patient's clearance over the volume."""
    true = cohorts.COHORTS["transplant_tdm"].truth
    rate = true["cl_l_h"].value / true["v_l"].value
    page = told("application")
    assert f"clearance over volume is {rate:.3f} per hour" in page
    assert f"a half-life of about {np.log(2) / rate:.0f} h" in page
    assert 0.31 < 1 - np.exp(-12 * rate) < 0.35  # "closes by a third"


def test_the_harm_that_takes_everybody_to_stay_at_risk():
    """Task 3 of Risk: rates of ORAL Surveillance, as published."""
    excess = 122 / 10_803 - 42 / 5_482
    look = questions("risk")["Task 3 · Harm to whom, within which time?"][0].source
    question = look.replace("\n# ", " ")  # wherever its lines end
    assert f"{1 / excess:.0f} patient-years" in question
    assert f"or {1 / (5 * excess):.0f} patients over 5 years" in question
    assert f"The {1 / (5 * excess):.0f} is the inverse" in told("risk")
    assert 1 / (np.exp(-5 * 42 / 5_482) - np.exp(-5 * 122 / 10_803)) > 1 / (5 * excess)


def test_the_judged_report_of_the_trainer_says_what_is_quoted():
    """Task 13 of Evidence: the texts are about a report of the page, not of a term."""
    page = sections("evidence")["Task 13 · Which flaw decides?"]
    number = int(re.search(r"report (\d+) of", page)[1])
    made = make_trial_reports(number, random_state=TRAINER_SEED)[-1]
    text = made.text
    words = [text.title, *(one.text for part in text.abstract for one in part.pieces)]
    for part in (text.register, text.flow, text.results):
        words += [" ".join(line.cells) for line in part]
    said = " ".join(" ".join(words).replace("\xa0", " ").split())
    texts = " ".join(re.findall(r"^> (.+)$", page, re.MULTILINE))
    quoted = re.findall(r'"([^"]{20,}?)\.?"', texts)
    assert len(quoted) >= 3
    for one in quoted:
        assert one in said, one
    agent, control = (
        int(n) for n in re.search(r"(\d+) unknown .+? (\d+) on", page).groups()
    )
    assert [agent, control] == [
        int(n) for line in text.flow if line.name == "lost" for n in line.cells[1:]
    ]
    left = int(re.search(r"These (\d+) would", page)[1])
    row = made.trial.countable()
    assert f"left for lack of effect or worsening {left} 0" in said
    share = row.agent / (row.agent_n + left)
    assert f"{row.agent} of {row.agent_n + left} ({100 * share:.1f} %)" in page
    difference = 100 * (share - row.control / row.control_n)
    assert f"a difference of {difference:.1f}." in page
    for flaw in made.flaws:
        assert f"{abs(made.bias(flaw)):.1f}" in page
