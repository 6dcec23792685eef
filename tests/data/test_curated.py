"""The curated tables hold together: references, intervals, counts and GRADE."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cohorts import curated, trials
from cohorts._files import Collection
from scipy import stats
from tolerances import as_printed

ROOT = Path(__file__).resolve().parents[2]
BIB = (ROOT / "book" / "references.bib").read_text()
README = (curated.FOLDER / "README.md").read_text()


@pytest.fixture(scope="module")
def agents():
    return curated.load("agents")


@pytest.fixture(scope="module")
def signalling():
    return curated.load("signalling")


@pytest.fixture(scope="module")
def evidence():
    return curated.load("evidence")


ENTRIES = dict(re.findall(r"^@\w+\{([^,]+),\n(.*?)^\}", BIB, re.M | re.S))


# Every table


def test_an_unknown_table_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"'drugs'.*agents, signalling, evidence"):
        curated.load("drugs")


@pytest.mark.parametrize(
    "name, rows", [("agents", 95), ("signalling", 30), ("evidence", 130)]
)
def test_tables_are_as_long_as_promised(name, rows):
    assert len(curated.load(name)) >= rows


@pytest.mark.parametrize("name", curated.names())
def test_every_row_has_references_that_exist(name):
    for cell in curated.load(name).source:
        keys = curated.split(cell)
        assert keys and set(keys) <= set(ENTRIES), cell


@pytest.mark.parametrize("name", curated.names())
def test_lists_in_cells_are_clean(name):
    """`; ` separates; no doubled or trailing separators, no stray blanks."""
    for text in curated.load(name).select_dtypes("str").stack().dropna():
        assert text == text.strip() and ";;" not in text, text
        assert not re.search(r";(?! )| ;|; ;|;$", text), text


@pytest.mark.parametrize("name", curated.names())
def test_the_codebook_names_every_column(name):
    section = re.search(rf"^## `{name}\.csv`.*?(?=^## |\Z)", README, re.M | re.S)[0]
    in_table = re.findall(r"^\| `([^`]+)` \|", section, re.M)
    assert in_table == list(curated.load(name).columns)


def test_the_doi_of_a_row_is_that_of_its_source(evidence):
    """Where the bibliography has one; a note may hold that of the paper behind it."""
    for row in evidence.itertuples():
        entry = ENTRIES[row.source.split("; ")[0]]
        stated = re.search(r"^\s*doi\s*=\s*{(.+?)}", entry, re.M)
        if stated:
            assert row.doi == stated[1], row.source
        elif pd.notna(row.doi):
            assert row.doi in entry, row.source


def test_every_key_occurs_once_in_the_bibliography():
    keys = re.findall(r"^@\w+\{([^,]+),", BIB, re.M)
    assert len(keys) == len(set(keys))


def test_a_changed_table_is_refused(tmp_path):
    text = (curated.FOLDER / "agents.csv").read_text()
    changed = text.replace(",suppress,", ",dampen,", 1)
    (tmp_path / "agents.csv").write_text(changed)
    with pytest.raises(ValueError, match=r"direction.*dampen"):
        Collection("curated table", tmp_path, curated.TABLES).load("agents")


# Agents


def test_a_year_of_approval_comes_with_its_agency(agents):
    year, agency = agents.first_approval_year, agents.first_approval_by
    assert (year.isna() == agency.isna()).all()
    assert year.dtype == "Int64"


@pytest.mark.parametrize(
    "inn, year",
    [
        ("ciclosporin", 1983),
        ("interferon gamma-1b", 1990),
        ("infliximab", 1998),
        ("ipilimumab", 2011),
        ("tofacitinib", 2012),
    ],
)
def test_well_known_years(agents, inn, year):
    assert agents.set_index("inn").first_approval_year[inn] == year


def test_what_is_only_studied_has_no_approval(agents):
    studied = agents.indications.str.contains(r"\(studied\)$")
    assert agents.first_approval_year[studied].isna().all()


def test_the_status_agrees_with_uses_and_years(agents):
    """A withdrawn agent was approved once; one only studied never was."""
    studied = agents.indications.str.contains(r"\(studied\)$|^none:")
    assert ((agents.status == "never approved") == studied).all()
    left = agents[agents.status_year.notna()]
    assert (left.status == "withdrawn").all()
    assert (left.status_year >= left.first_approval_year).all()
    off = set(agents.inn[agents.status == "withdrawn"])
    assert {"muromonab-CD3", "efalizumab", "daclizumab", "levamisole"} <= off


def test_uses_follow_the_labels(agents):
    uses = agents.set_index("inn").indications
    assert "transplant" in uses["azathioprine"] and "transplant" in uses["prednisone"]
    assert "lupus" in uses["hydroxychloroquine"]
    assert "urothelial" not in uses["atezolizumab"]


def test_what_uses_were_compared_with_has_one_form(agents):
    """And an agent that no label names was compared with none."""
    told = agents.uses_checked.dropna()
    form = r"(US|UK|EU) label \d{4}|approvals to \d{4}|EU opinion \d{4}"
    assert told.map(curated.split).explode().str.fullmatch(form).all()
    assert len(told) >= 85
    assert agents.uses_checked[agents.status == "never approved"].isna().all()


def test_one_disease_has_one_name(agents):
    """Else a page that counts uses counts it twice."""
    names = set(agents.indications.map(curated.split).explode())
    assert not names & {"plaque psoriasis", "relapsing multiple sclerosis"}
    assert not names & {"breast cancer", "superficial basal cell carcinoma"}


def test_reach_follows_its_definition(agents, signalling):
    """Narrow: one or two signals; an agent whose target is unknown is not narrow."""
    signals = {
        frozenset(curated.split(row.receptor)): row.cytokine
        for row in signalling.itertuples()
    }
    through = signalling.jaks.map(curated.split).explode().value_counts()
    seen = 0
    for row in agents.itertuples():
        target = set(curated.split(row.target))
        if target == {"not established"}:
            assert row.specificity == "broad", row.inn
        if target <= set(through.index):  # kinases
            assert through[sorted(target)].min() > 2
            assert row.specificity == "broad", row.inn
            seen += 1
        if frozenset(target) in signals:  # a messenger, or its whole receptor
            assert row.specificity == "narrow", row.inn
            seen += 1
    assert seen >= 8


def test_what_the_body_does_not_make_is_exogenous(agents):
    origin = agents.set_index("inn").origin
    assert set(origin[["zinc", "ascorbic acid", "prednisone"]]) == {"exogenous"}
    assert set(origin[["colecalciferol", "aldesleukin"]]) == {"endogenous"}


# Signalling

JAKS = {"JAK1", "JAK2", "JAK3", "TYK2"}


def test_a_receptor_signals_by_kinases_or_by_adaptors(signalling):
    by_jak = signalling.pathway == "JAK-STAT"
    assert signalling.jaks.notna().equals(by_jak)
    assert signalling.stats.notna().equals(by_jak)
    assert signalling.adaptors.isna().equals(by_jak)


def test_kinases_and_stats_are_of_the_two_families(signalling):
    for cell in signalling.jaks.dropna():
        assert set(curated.split(cell)) <= {*JAKS, curated.UNKNOWN}
    for cell in signalling.stats.dropna():
        assert all(re.fullmatch(r"STAT[1-6]", item) for item in curated.split(cell))


def test_what_the_source_does_not_know_is_coded_as_unknown(signalling):
    """The cited table prints `Jak1, ?` for three cytokines."""
    doubt = signalling.jaks.fillna("").str.contains(curated.UNKNOWN)
    assert set(signalling.cytokine[doubt]) == {"IL-19", "IL-20", "IL-24"}


def test_the_receptors_are_made_of_the_chains(signalling):
    for row in signalling.itertuples():
        complexes = [one.split(" + ") for one in curated.split(row.complexes)]
        assert {c for one in complexes for c in one} == set(curated.split(row.receptor))
    il4 = signalling.set_index("cytokine").loc["IL-4"]
    assert curated.split(il4.complexes) == ["IL4R + IL2RG", "IL4R + IL13RA1"]
    assert set(curated.split(il4.jaks)) == JAKS


def test_the_shared_chains_bring_their_kinases(signalling):
    """Chains that several receptors share bind one Janus kinase for all of them."""
    for chain, kinase in [("IL2RG", "JAK3"), ("CSF2RB", "JAK2"), ("IL10RB", "TYK2")]:
        rows = signalling[
            signalling.receptor.map(lambda c, chain=chain: chain in curated.split(c))
            & signalling.jaks.notna()
        ]
        assert len(rows) >= 2
        assert all(kinase in curated.split(cell) for cell in rows.jaks), chain


# Evidence


def test_dois_are_dois_and_stand_in_the_reference_they_belong_to(evidence):
    for doi, source in evidence[["doi", "source"]].dropna().itertuples(index=False):
        assert re.fullmatch(r"10\.\d{4,9}/\S+", doi), doi
        fields = [ENTRIES[key].lower() for key in curated.split(source)]
        assert any(doi.lower() in text for text in fields), doi


def test_agents_of_the_evidence_are_in_the_table_of_agents(evidence, agents):
    assert set(evidence.agent) <= set(agents.inn)


def test_intervals_are_ordered_and_contain_the_estimate(evidence):
    has = evidence[evidence.ci_low.notna()]
    assert has.ci_high.notna().all() and has.estimate.notna().all()
    assert evidence[evidence.ci_low.isna()].ci_high.isna().all()
    assert (has.ci_low < has.ci_high).all()
    assert has.estimate.between(has.ci_low, has.ci_high).all()
    ratios = evidence[evidence.measure.isin(curated.RATIOS)]
    assert (ratios.estimate > 0).all() and not (ratios.ci_low <= 0).any()


def test_published_ratios_sit_in_the_middle_of_their_intervals(evidence):
    """On the log scale, as far as the printed digits allow: this finds misprints."""
    rows = evidence[
        evidence.measure.isin(curated.RATIOS) & (evidence.basis == "published")
    ].dropna(subset="ci_low")
    for row in rows[rows.study != "Lin 2023"].itertuples():  # 1 % off as printed
        # Half a unit in the last place printed; hazard ratios and odds ratios that
        # are printed with one decimal may be off by 0.05.
        ends = (row.estimate, row.ci_low, row.ci_high)
        digits = max(len(f"{v:g}".partition(".")[2]) for v in ends)
        half = 0.5 * 10.0**-digits
        low = (row.ci_low - half, row.ci_low + half)
        high = (row.ci_high - half, row.ci_high + half)
        middle = np.sqrt([low[0] * high[0], low[1] * high[1]])
        assert middle[0] - half <= row.estimate <= middle[1] + half, row.study


def test_estimates_from_counts(evidence):
    rows = evidence[(evidence.basis == "counts") & (evidence.measure == "risk ratio")]
    assert len(rows) >= 5
    for row in rows.itertuples():
        a, n1 = int(row.events_treated), int(row.n_treated)
        c, n0 = int(row.events_control), int(row.n_control)
        log_rr = np.log((a / n1) / (c / n0))
        # Delta method, written with the proportions.
        se = np.sqrt((1 - a / n1) / a + (1 - c / n0) / c)
        low, high = np.exp(stats.norm.interval(0.95, log_rr, se))
        found = np.array([np.exp(log_rr), low, high])
        # Printed with three decimals.
        assert [row.estimate, row.ci_low, row.ci_high] == pytest.approx(
            found, abs=as_printed(3)
        ), row.study
    cgd = rows[(rows.agent == "interferon gamma-1b") & (rows.n == 128)]
    assert cgd.estimate.tolist() == [0.481]


def test_the_risk_without_a_control_has_its_exact_interval(evidence):
    row = evidence[evidence.measure == "risk"].iloc[0]
    exact = stats.binomtest(int(row.events_treated), int(row.n_treated)).proportion_ci()
    assert [row.ci_low, row.ci_high] == pytest.approx(
        [100 * exact.low, 100 * exact.high], abs=as_printed(1)
    )


def test_counts_fit_the_groups(evidence):
    for arm in ("treated", "control"):
        events, size = evidence[f"events_{arm}"], evidence[f"n_{arm}"]
        assert (events.isna() == size.isna()).all()
        assert (events <= size).dropna().all()
    both = evidence.dropna(subset=["n_treated", "n_control", "n"])
    assert (both.n_treated + both.n_control == both.n).all()


def test_counts_of_the_colon_trial_are_those_of_its_table(evidence):
    colon = trials.load("colon")
    rows = evidence[(evidence.study == "Moertel 1995")]
    assert len(rows) == 4
    for row in rows.itertuples():
        etype = {"recurrence": 1, "death": 2}[row.outcome]
        arm = "Lev" if row.intervention == "levamisole alone" else "Lev+5FU"
        events = colon[colon.etype == etype].groupby("rx").status.agg(["sum", "size"])
        assert [row.events_treated, row.n_treated] == events.loc[arm].tolist()
        assert [row.events_control, row.n_control] == events.loc["Obs"].tolist()


# GRADE

LEVEL = {"very low": 1, "low": 2, "moderate": 3, "high": 4}


def test_certainty_is_the_start_less_the_steps(evidence):
    for row in evidence.dropna(subset="start").itertuples():
        steps = curated.grade_steps(row.steps)
        level = {"high": 4, "low": 2}[row.start] + sum(s.levels for s in steps)
        assert LEVEL[row.certainty] == min(max(level, 1), 4), row.study


def test_randomised_evidence_starts_high_and_no_other(evidence):
    rated = evidence.dropna(subset="start")
    randomised = rated.design.isin(
        ["randomised trial", "meta-analysis of randomised trials"]
    )
    assert ((rated.start == "high") == randomised).all()


def test_steps_up_are_only_for_observational_evidence_not_rated_down(evidence):
    """Guyatt 2011: rate up when nothing was rated down, in non-randomised studies."""
    for row in evidence.dropna(subset="steps").itertuples():
        levels = [step.levels for step in curated.grade_steps(row.steps)]
        if max(levels) > 0:
            assert row.start == "low" and min(levels) > 0, row.study


def test_cohorts_confounded_by_indication_are_judged_alike(evidence):
    """Who is sicker got the drug, or more of it: a level down, and no rise counts."""
    rows = evidence[
        evidence.source.isin(["DiCastelnuovo2021hcq", "George2020steroids"])
        & (evidence.start == "low")
    ]
    assert len(rows) == 4
    for row in rows.itertuples():
        steps = {step.domain: step for step in curated.grade_steps(row.steps)}
        assert steps["risk of bias"].levels == -1, row.study
        assert "confounding by indication" in steps["risk of bias"].reason, row.study
        assert "dose-response" not in steps, row.study
    assert set(curated.verdict(rows)) == {"uncertain"}


def test_no_domain_is_counted_twice(evidence):
    for cell in evidence.steps.dropna():
        domains = [step.domain for step in curated.grade_steps(cell)]
        assert len(domains) == len(set(domains)), cell


def test_large_effect_means_twofold(evidence):
    """One level for at least twofold, and only a ratio can be judged so."""
    for row in evidence.dropna(subset="steps").itertuples():
        for step in curated.grade_steps(row.steps):
            if step.domain == "large effect" and row.measure in curated.RATIOS:
                assert max(row.estimate, 1 / row.estimate) >= 2, row.study


def crossed(row):
    """Count the thresholds inside an interval, on the scale on which they are even."""
    ends, null = np.array([row.ci_low, row.ci_high]), 0.0
    size = row.threshold
    if row.measure in curated.RATIOS:
        ends, size = np.log(ends), np.log(size)
    return sum(ends[0] < null + side * size < ends[1] for side in (-1, 1))


def test_imprecision_follows_thresholds_and_information_size(evidence):
    """A level for each threshold crossed; else for too little information."""
    rated = evidence[evidence.start.notna() & (evidence.measure != "risk")]
    kinds = set()
    for row in rated.itertuples():
        steps = curated.grade_steps(row.steps)
        found = sum(s.levels for s in steps if s.domain == "imprecision")
        if np.isnan(row.ci_low):
            wanted, kind = -1, "no interval"
        elif n := crossed(row):
            wanted, kind = -n, f"crosses {n}"
        else:
            # Two-sample trial, 80 % power: the standard error that it may have.
            log = row.measure in curated.RATIOS
            ends = np.array([row.ci_low, row.ci_high, row.estimate])
            low, high, size = np.log(ends) if log else ends
            target = np.log(1.5) if log else 2 * row.threshold
            allowed = target / (stats.norm.ppf(0.975) + stats.norm.ppf(0.8))
            se = (high - low) / (2 * stats.norm.ppf(0.975))
            asked = abs(size) >= target and not row.i2 >= 75
            wanted = 0
            if asked and se > allowed:
                wanted = -2 if se > allowed * np.sqrt(10) else -1
            kind = f"information {wanted}"
        assert found == wanted, (row.study, row.outcome, kind)
        kinds.add(kind)
    assert len(kinds) >= 6, "every branch of the rule has a row"


def test_the_other_steps_that_follow_from_the_fields(evidence):
    for row in evidence.dropna(subset="start").itertuples():
        domains = {s.domain: s.levels for s in curated.grade_steps(row.steps)}
        if row.i2 >= 75:
            assert domains["inconsistency"] == -1, row.study
        of_agents = not pd.isna(row.pooled) and row.pooled.startswith("agents:")
        if row.contrast == "package" or of_agents:
            assert domains["indirectness"] == -1, row.study
        if row.start == "low" and row.measure in curated.RATIOS:
            far = max(row.estimate, 1 / row.estimate)
            if far >= 2 and not any(n < 0 for n in domains.values()):
                assert domains["large effect"] == (2 if far >= 5 else 1), row.study
        derived = curated.derived_steps(row)
        for domain, levels in derived.items():
            if levels < 0:
                assert domains[domain] == levels, (row.study, domain)


def test_the_threshold_of_a_ratio_is_that_of_its_stake(evidence):
    for row in evidence.dropna(subset="estimate").itertuples():
        if row.measure in curated.RATIOS:
            assert row.threshold == curated.STAKES[row.stake], row.study
        else:
            assert row.threshold > 0, row.study
    others = evidence[~evidence.measure.isin(curated.RATIOS)]
    assert (others.groupby("outcome").threshold.nunique() <= 1).all()


def test_one_outcome_has_one_stake(evidence):
    assert (evidence.groupby("outcome").stake.nunique() == 1).all()


def test_a_rating_that_differs_from_the_first_one_is_settled_in_words(evidence):
    differs = evidence.certainty.fillna("") != evidence.own_rating.fillna("")
    assert differs.equals(evidence.settled.notna())
    assert differs.sum() >= 10


def test_what_a_source_pools_is_said_in_one_way(evidence):
    for cell in evidence.pooled.dropna():
        assert re.match(r"(agents|doses|forms): \S", cell), cell


def test_harms_are_rated_and_ask_about_harm(evidence):
    harms = evidence[evidence.kind == "harm"]
    assert (harms.better == "lower").all()
    said = curated.verdict(evidence)[harms.index]
    assert not said.isin(["benefit shown", "benefit excluded"]).any()
    assert len(harms) >= 34


def test_every_class_of_agents_has_evidence(evidence):
    agents = curated.load("agents").set_index("inn")
    assert set(agents["class"][evidence.agent]) == set(agents["class"])


def test_a_package_is_no_evidence_of_the_agent_alone(evidence):
    """Levamisole beside fluorouracil: one level for the company that it kept."""
    beside = evidence[evidence.intervention == "levamisole and fluorouracil"]
    assert len(beside) == 2
    for row in beside.itertuples():
        domains = [s.domain for s in curated.grade_steps(row.steps)]
        assert "indirectness" in domains
    assert not (beside.certainty == "high").any()


@pytest.mark.parametrize(
    "wrong",
    [
        "-1 imprecision",
        "-3 imprecision: few events",
        "-1 bad luck: few events",
        "+1 imprecision: few events",
        "-1 large effect: halved",
    ],
)
def test_a_step_that_grade_does_not_know_is_refused(wrong):
    with pytest.raises(ValueError, match=re.escape(wrong)):
        curated.grade_steps(wrong)


def test_a_missing_cell_has_no_steps():
    assert curated.grade_steps(np.nan) == []


def row(measure, low, high, better, certainty, kind="clinical", threshold=1.1):
    middle = np.sqrt(low * high) if measure in curated.RATIOS else (low + high) / 2
    return {
        "measure": measure,
        "estimate": np.nan if measure == "none" else middle,
        "ci_low": low,
        "ci_high": high,
        "better": better,
        "certainty": certainty,
        "kind": kind,
        "threshold": threshold,
        "i2": np.nan,
    }


@pytest.mark.parametrize(
    "given, said",
    [
        (row("risk ratio", 0.3, 0.8, "lower", "moderate"), "benefit shown"),
        (row("risk ratio", 1.2, 2.8, "higher", "high"), "benefit shown"),
        (row("hazard ratio", 1.04, 2.1, "lower", "moderate"), "harm shown"),
        (row("hazard ratio", 0.95, 1.0, "lower", "high"), "benefit excluded"),
        (row("hazard ratio", 0.88, 1.0, "lower", "high"), "not shown"),
        (row("hazard ratio", 0.95, 1.0, "lower", "low"), "not shown"),
        (row("hazard ratio", 0.9, 1.05, "lower", "high", "harm"), "harm excluded"),
        (row("hazard ratio", 0.9, 1.2, "lower", "high", "harm"), "not shown"),
        (row("mean difference", -1.7, -0.3, "lower", "high"), "benefit shown"),
        (row("risk difference", -0.7, 5.5, "lower", "moderate"), "benefit excluded"),
        (row("risk difference", -3, 5.5, "lower", "moderate"), "not shown"),
        (row("risk ratio", 0.3, 0.8, "lower", "low"), "uncertain"),
        (row("none", np.nan, np.nan, "lower", np.nan), "uncertain"),
    ],
)
def test_verdict(given, said):
    assert curated.verdict(pd.DataFrame([given])).tolist() == [said]


def test_no_interval_no_verdict():
    given = row("risk ratio", 1.0, 1.0, "lower", "high")
    given |= {"ci_low": np.nan, "ci_high": np.nan}
    assert curated.verdict(pd.DataFrame([given])).tolist() == ["interval not seen"]


def test_the_same_molecule_works_in_one_disease_and_not_in_another(evidence):
    """The pairs that the book leans on."""
    said = evidence.assign(verdict=curated.verdict(evidence)).set_index("study").verdict
    assert set(said["ICGDCSG 1991"]) == {"benefit shown"}
    assert said["INSPIRE 2009"] == "not shown"
    assert said["TESTS 2025"] == "not shown"
    assert said["Jolliffe 2025"] == "benefit excluded"
    assert said["Di Castelnuovo 2021, cohorts"] == "uncertain"
