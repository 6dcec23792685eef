"""The role prints what is declared, and refuses what is not."""

import doctest

import cohorts
import pytest

import truth
from truth import NO_BREAK, printed

PRINTED = {
    "acute_phase.crp_half_life_h": "19 h",
    "acute_phase.crp_half_life_h:.1f": "19.0 h",
    "acute_phase.crp_half_life_h:bare": "19",
    "acute_phase.crp_half_life_h: .1f, bare": "19.0",
    "acute_phase.crp_cv_within:%": "42.2 %",
    "acute_phase.crp_cv_within:.0%": "42 %",
    "acute_phase.esr_missing[recovering]:%": "15 %",
    "ra_trial.acr20_week24[8 mg/kg]": "0.587",
    "dose_response.ic50_nm[K5][IFN-α/pSTAT1]": "800 nM",
    "biologic_registry.steroid_rate_ratio[>10]:.1f": "2.2",
    "biologic_registry.death_rate": "0.008 per year",
    "flow_panel.granulocyte_count[mean]": "3,600 cells/µL",
    "clinic_diary.natural_change": "−4 points",
    "clinic_diary.natural_change:abs": "4 points",
    "crp_timecourse.k_out_d:.2g": "0.57 per day",
    "spontaneous_reports.warning_quarters:bare": "13 to 16",
    "transplant_tdm.window_ng_ml[early]": "8 to 12 ng/mL",
    "transplant_tdm.window_ng_ml[early][low]:bare": "8",
    "transplant_tdm.window_ng_ml[late][high]": "8 ng/mL",
    "booster_trials.log_risk_ratio:exp": "1",
    "flow_panel.lymphopenic_person": "F04",
}

REFUSED = {
    "": "write cohort.parameter",
    "acute_phase": "write cohort.parameter",
    "acute_phase.crp_half_life_h[": "write cohort.parameter",
    "acute_fase.crp_half_life_h": "no cohort is called 'acute_fase'; there are",
    "acute_phase.crp_halflife": "acute_phase plants no 'crp_halflife'; there are",
    "acute_phase.crp_half_life_h[men]": "has no group 'men': leave it out",
    "acute_phase.esr_missing": "add one of [stable], [recovering]",
    "acute_phase.esr_missing[ill]": "has no 'ill'; there are stable, recovering",
    "dose_response.ic50_nm[K5]": "add one of [IL-6/pSTAT3]",
    "transplant_tdm.window_ng_ml[early][middle]": "no 'middle'; there are low, high",
    "acute_phase.crp_half_life_h:.9q": "there is no format '.9q'",
    "acute_phase.crp_half_life_h:%": "only a pure number is a percentage",
    "flow_panel.lymphopenic_person:.1f": "'F04' is no number",
    "capstone_dossier.placebo_rate": "is for the students to find out",
}


@pytest.mark.parametrize("asked", PRINTED)
def test_a_declared_value_is_printed_with_its_unit(asked):
    assert printed(asked).replace(NO_BREAK, " ") == PRINTED[asked]


@pytest.mark.parametrize("asked", REFUSED)
def test_what_is_not_declared_is_refused_with_what_there_is(asked):
    with pytest.raises(ValueError) as caught:
        printed(asked)
    assert REFUSED[asked] in str(caught.value)


def test_every_planted_value_can_be_printed():
    def paths(value):
        if not isinstance(value, dict):
            return [""]
        return [f"[{k}]{rest}" for k, one in value.items() for rest in paths(one)]

    for name in cohorts.names():
        if cohorts.get(name).sealed:
            continue
        for key, value in cohorts.truth(name).items():
            for path in paths(value):
                assert printed(f"{name}.{key}{path}")


def test_the_page_shows_it_wherever_text_stands(project):
    built = project(
        {
            "a": "## After {truth}`acute_phase.crp_half_life_h`\n\n"
            "It falls by half in {truth}`acute_phase.crp_half_life_h`.\n\n"
            "| Missing |\n|---|\n| {truth}`acute_phase.esr_missing[stable]:%` |\n"
        }
    )
    assert not built.warnings
    page = built.page("a")
    assert page.h2.text.startswith(f"After 19{NO_BREAK}h")
    assert f"in 19{NO_BREAK}h." in page.text
    assert page.td.text == f"6{NO_BREAK}%"


def test_a_wrong_name_is_a_warning_that_names_the_page(project):
    built = project({"b": "In {truth}`acute_phase.crp_halflife`.", "c": "Well."})
    assert "acute_phase plants no 'crp_halflife'" in built.warned("b")
    assert not built.warned("c")


def test_examples_in_the_docstrings():
    results = doctest.testmod(truth)
    assert results.attempted and not results.failed
