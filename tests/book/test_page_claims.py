"""What sentences and figures of the pages compare, held against the data in place.

Each test guards the sentences that ``tests/book/claims/*.toml`` name it for. It runs on
the shipped data and, with ``term new``, on those of every new term, so that it asks for
no more than its sentences say, and for nothing that they do not say.
"""

import functools

import cohorts
import numpy as np
import pandas as pd
import pytest
from course import scores
from notebooks import definitions, glued, numbers
from scipy import stats

ACUTE, SUBSETS = "metrics/01-acute-phase-reactants", "metrics/02-lymphocyte-subsets"
SCORES, MISLEADS = (
    "metrics/03-disease-activity-scores",
    "metrics/04-when-a-biomarker-misleads",
)
CLINIC, LOT = "evidence/01-the-clinic-illusion", "evidence/02-what-randomisation-buys"
TRAPS, SHELF = "evidence/03-observational-traps", "evidence/04-synthesising-trials"
EXPOSURE, BLOCK = (
    "mechanism/01-exposure-and-occupancy",
    "mechanism/02-blocking-a-cytokine",
)
SIGNALS = "mechanism/03-signalling-and-gene-expression"
RATES, ACTIVATION = "risk/01-infection-rates", "risk/02-over-activation"
MONITORING, REJECTION = (
    "risk/04-monitoring-and-signals",
    "application/01-preventing-rejection",
)
IN_CLASS = "teach/a-trial-in-class"

load = functools.cache(cohorts.load)


# -- acute-phase reactants


@pytest.fixture(scope="module")
def stable():
    """Return CRP of the stable people, by person and draw."""
    table = load("acute_phase")
    table = table[table["group"] == "stable"]
    return table.pivot(index="person", columns="draw", values="crp_mg_l")


def test_crp_is_skewed_and_its_logarithm_is_not(stable):
    first = stable[1]
    limit = cohorts.truth("acute_phase")["crp_detection_limit"]
    assert first.mean() > stats.gmean(first)
    assert (first < first.mean()).mean() > 0.55
    assert abs(stats.skew(np.log(first))) < stats.skew(first)
    assert (first <= limit).mean() > 0.1  # the heap at the left
    assert numbers(ACUTE)["ap_low"] > 0  # printed after a minus sign


def test_what_habits_do_to_values_below_the_limit():
    seen = numbers(ACUTE)
    truth = seen["ap_true_gmean"]
    assert truth < seen["ap_drop"] < seen["ap_drop_3"]
    assert seen["ap_drop_3"] > 2 * truth  # far above
    assert seen["ap_half"] < seen["ap_half_3"]
    assert seen["ap_ml_low"] <= seen["ap_ml"] <= seen["ap_ml_high"]
    assert abs(seen["ap_ml"] / truth - 1) < 0.2


def test_esr_rises_with_age_and_one_limit_calls_the_old_ill():
    table = load("acute_phase")
    first = table[(table["group"] == "stable") & (table["draw"] == 1)].dropna()
    for _, one in first.groupby("sex"):
        assert one["age_years"].corr(one["esr_mm_h"], method="spearman") > 0
    seen = numbers(ACUTE)
    assert seen["ap_flat_old"] > seen["ap_flat_young"]
    assert seen["ap_own"] < 5


def test_crp_falls_within_days_and_esr_does_not():
    seen = numbers(ACUTE)
    assert seen["ap_crp_day3"] < 30
    assert seen["ap_esr_day3"] > 50


def test_two_fits_of_the_fall_of_crp():
    """Within the data they lie close together; the straight line begins too high."""
    seen = numbers(ACUTE)
    assert seen["ap_day1"] < seen["ap_day3"]
    table = load("acute_phase")
    wide = table[table["group"] == "recovering"].pivot(
        index="person", columns="draw", values="crp_mg_l"
    )
    mean = 100 * wide.div(wide[1], axis=0).mean().to_numpy()
    hours = np.array([0, 24, 48, 72])
    steady = seen["ap_steady"]
    line = 100 * 0.5 ** (hours / seen["ap_naive"])
    curve = steady + (100 - steady) * 0.5 ** (hours / seen["ap_half_life"])
    assert line[1] > mean[1]
    assert np.abs(line - curve).max() < 10
    assert np.abs(curve - mean)[1:].max() < 5


def test_the_classical_rule_flags_rises_only(stable):
    seen = numbers(ACUTE)
    assert seen["ap_rcv"] > 100  # so that a fall of it leaves less than nothing
    assert seen["ap_sym_fall"] == 0
    assert seen["ap_sym_rise"] > 2.5
    assert 2.5 < seen["ap_factor"] < 3.5  # "about 3"
    assert 1.8 < 1 + seen["ap_rcv"] / 100 < 2.5  # "at about twice"
    ratio = np.log(stable[2] / stable[1])
    assert abs(ratio.median()) < 0.15
    assert min(-ratio.min(), ratio.max()) > np.log(2.2)  # beyond a doubling, a halving


def test_most_who_were_invited_fell_and_few_beyond_the_reference_change():
    seen = numbers(ACUTE)
    assert seen["ap_fell"] > seen["ap_invited"] / 2
    assert seen["ap_beyond"] <= 0.25 * seen["ap_invited"]


# -- lymphocyte subsets


def test_what_the_scatter_shows_of_two_people():
    seen = numbers(SUBSETS)
    assert seen["lym_gate_f02"] > 50
    some = load("flow_panel").events
    kind = some["population"].where(
        some["population"].isin(["monocyte", "debris", "doublet"]), "lymphocyte"
    )
    share = pd.crosstab(some["person"], kind, normalize="index")
    assert share.loc["F04", "monocyte"] > 1.3 * share.loc["F02", "monocyte"]
    assert share.loc["F04", "lymphocyte"] < share.loc["F02", "lymphocyte"]


def test_most_have_grade_0_at_month_6_and_cd4_cells_return_last():
    seen = numbers(SUBSETS)
    assert seen["lym_sixth_grade0"] > 50
    patients, counts = load("lymphocyte_followup")
    table = counts.merge(patients, on="patient")
    table = table[table["agent_dose"] == "standard"]
    names = [f"{one}_cells_ul" for one in ("cd19", "cd8", "cd4")]
    mean = table.groupby("month")[names].mean()
    left = mean.div(mean.loc[0])
    assert left.loc[1].max() < 0.35
    b, cd8, cd4 = left.loc[6]
    assert b > cd8 > cd4
    last = left.loc[left.index[-3:]].mean()
    assert last.idxmin() == "cd4_cells_ul" and last.min() < 0.95
    low_all = (counts["alc_cells_ul"] < 1000).groupby(counts["month"]).mean()
    assert low_all[1] > 0.5 and low_all[6] < 0.35


def test_the_share_with_few_cd4_cells_falls_more_slowly():
    patients, counts = load("lymphocyte_followup")
    table = counts.merge(patients, on="patient").dropna(subset=["cd4_cells_ul"])
    low_cd4 = table["cd4_cells_ul"] < table["sex"].map({"female": 399, "male": 353})
    low_all = table["alc_cells_ul"] < 1000
    share = pd.DataFrame({"all": low_all, "cd4": low_cd4}).groupby(table["month"])
    fall = share.mean().loc[1] - share.mean().loc[6]
    assert fall["all"] > fall["cd4"]


def test_visits_give_lower_rates_and_nearly_the_ratio():
    seen = numbers(SUBSETS)
    every, at_visits = seen["lym_rate_every"], seen["lym_rate_seen"]
    planted = seen["lym_rate_planted"]
    assert at_visits < planted
    assert at_visits < every
    by_ratio = seen["lym_ratio_seen"] / seen["lym_ratio_every"]
    assert by_ratio > at_visits / every  # suffers less


def test_both_methods_name_the_large_subsets_and_the_mixture_names_all():
    """The mixture is as the page prints it; the gates are drawn here anew."""
    events = load("flow_panel").events
    box = events["fsc"].between(2.5, 5.5) & (events["ssc"] <= 3)
    share = events[box]["population"].value_counts(normalize=True)
    assert share[["monocyte", "debris"]].max() < 0.03  # a few
    seen = numbers(SUBSETS)
    assert seen["lym_gates_nk_recall"] > 80
    assert seen["lym_gates_nk_precision"] > seen["lym_mixture_nk_precision"]


# -- disease activity scores


@pytest.fixture(scope="module")
def trial():
    """Return patients and visits of the trial, with the scores of each visit."""
    found = load("ra_trial")
    visits = found.visits.merge(found.patients[["patient", "arm"]], on="patient")
    joints = visits["tjc28"], visits["sjc28"]
    cm = visits["ptga_mm"] / 10, visits["phga_mm"] / 10
    visits["esr"] = scores.das28_esr(*joints, visits["esr_mm_h"], visits["ptga_mm"])
    visits["crp"] = scores.das28_crp(*joints, visits["crp_mg_l"], visits["ptga_mm"])
    visits["cdai"] = scores.cdai(*joints, *cm)
    visits["sdai"] = scores.sdai(*joints, *cm, visits["crp_mg_l"] / 10)
    return visits


def test_pain_goes_with_joints_at_week_24_and_hardly_at_entry():
    seen = numbers(SCORES)
    assert abs(seen["das_rho_joints_0"]) < 0.4
    assert 0.45 < seen["das_rho_joints_24"] < 0.9


def test_two_das28_correlate_and_do_not_agree(trial):
    seen = numbers(SCORES)
    assert seen["das_r"] > 0.9
    assert seen["das_bias_p"] > 0.3
    assert seen["das_fall_esr"] > seen["das_fall_crp"]
    end = trial[trial["week"] == 24].dropna(subset=["esr", "crp"])
    gap, middle = end["esr"] - end["crp"], (end["esr"] + end["crp"]) / 2
    bias = gap.groupby(end["arm"]).mean()
    assert bias.abs().idxmin() == "8 mg/kg"
    drug = end["arm"] == "8 mg/kg"
    assert gap[drug].corr(middle[drug]) > 0


def test_categories_at_entry_and_at_week_24(trial):
    start = trial[trial["week"] == 0]["esr"].dropna()
    assert (start > 5.1).mean() > 0.8  # "nearly everybody is high"
    end = trial[trial["week"] == 24].dropna(subset=["esr", "cdai"])
    by_esr = pd.cut(
        end["esr"], [-np.inf, 2.6 - 1e-9, 3.2, 5.1, np.inf], labels=range(4)
    )
    by_cdai = pd.cut(end["cdai"], [-np.inf, 2.8, 10, 22, np.inf], labels=range(4))
    table = pd.crosstab(by_esr, by_cdai).to_numpy()
    assert np.trace(table) > table.sum() / 2
    assert table[3, 3] == table.max()


def test_responders_by_arm_and_who_left():
    seen = numbers(SCORES)
    for level in ("acr20", "acr20c"):
        doses = seen[f"das_{level}_4"], seen[f"das_{level}_8"]
        assert seen[f"das_{level}_p"] < min(doses)
    published = {"p": 26, "4": 48, "8": 59}
    for arm, percent in published.items():
        # "near": four standard errors of two hundred patients.
        assert abs(seen[f"das_acr20_{arm}"] - percent) < 14


def test_at_every_level_both_doses_stand_above_placebo(trial):
    wide = trial.pivot(index="patient", columns="week").sort_index()
    arm = trial.groupby("patient")["arm"].first()
    names = ["pain_mm", "ptga_mm", "phga_mm", "haq", "crp_mg_l"]

    def better(name, percent):
        before, after = wide[name][0], wide[name][24]
        return (100 * (before - after) / before.where(before > 0)).round(6) >= percent

    for percent in (20, 50, 70):
        both = better("tjc68", percent) & better("sjc66", percent)
        responds = both & (sum(better(name, percent) for name in names) >= 3)
        rate = responds.groupby(arm).mean()
        assert rate["placebo"] < rate[["4 mg/kg", "8 mg/kg"]].min(), percent


def test_remission_by_rule(trial):
    """On placebo few by any rule; on the drug far more by DAS28 than by the others."""
    end = trial[trial["week"] == 24]
    found = pd.DataFrame(
        {
            "esr": end["esr"] < 2.6,
            "crp": end["crp"] < 2.6,
            "sdai": end["sdai"] <= 3.3,
            "cdai": end["cdai"] <= 2.8,
        }
    )
    share = 100 * found.groupby(end["arm"]).sum() / 200
    assert share.loc["placebo"].max() < 12  # "few or none"
    more = share.loc["8 mg/kg"] - share.loc["placebo"]
    assert more[["esr", "crp"]].min() > 1.5 * more[["sdai", "cdai"]].max()
    assert share[["sdai", "cdai"]].to_numpy().max() < 16  # "low percentages"


# -- when a biomarker misleads


def test_crp_falls_first_and_further(trial):
    middle = trial.groupby(["arm", "week"])[["crp_mg_l", "cdai"]].median()
    left = middle.div(middle.xs(0, level="week"), level="arm")
    drug, placebo = left.loc["8 mg/kg"], left.loc["placebo"]
    assert drug.loc[2, "crp_mg_l"] < 0.2 and drug.loc[2:, "crp_mg_l"].max() < 0.2
    assert drug.loc[4:, "crp_mg_l"].max() < 0.125  # "nine tenths" are removed
    assert drug.loc[2, "cdai"] > 0.7 > drug.loc[24, "cdai"] > drug.loc[24, "crp_mg_l"]
    assert (placebo.loc[24] > drug.loc[24] + 0.15).all()
    low = left.loc["4 mg/kg", "crp_mg_l"]
    assert low.loc[4:].mean() > low.loc[2]
    assert numbers(MISLEADS)["mis_unwell_das28_esr"] > 0.6


def test_the_laboratory_makes_much_of_the_fall_of_das28():
    seen = numbers(MISLEADS)
    assert 25 <= seen["mis_CRP_8"] < seen["mis_ESR_8"]
    assert seen["mis_mechanism_of_crp"] >= 40
    assert seen["mis_mechanism_points"] > 0 and seen["mis_gain"] > 0
    assert seen["mis_promised"] > seen["mis_delivered"] + 10
    assert seen["mis_pte"] > 100  # "which no proportion can do"
    assert seen["mis_pte_small_low"] < seen["mis_pte_low"]
    assert seen["mis_pte_small_high"] > seen["mis_pte_high"]


def test_what_predicts_a_response():
    seen = numbers(MISLEADS)
    assert seen["mis_auc_mechanism_pooled"] > 0.55
    assert abs(seen["mis_auc_mechanism_drug"] - 0.5) < 0.2  # near a coin
    assert seen["mis_auc_crp_drug"] > seen["mis_auc_mechanism_drug"]
    assert seen["mis_auc_exam_drug"] > seen["mis_auc_crp_drug"] > 0.5
    assert seen["mis_auc_arm"] > 0.5


def test_a_rule_of_placebo_promises_too_much_on_the_drug():
    seen = numbers(MISLEADS)
    wrong = {
        dose: seen[f"mis_predicted_{dose}"] - seen[f"mis_observed_{dose}"]
        for dose in "48"
    }
    assert seen["mis_predicted_8"] > 60  # "most a likely or nearly certain response"
    assert wrong["8"] > 15 and wrong["8"] > wrong["4"]


@pytest.fixture(scope="module")
def study():
    """Return what the page computes of prediction and surrogacy, by its own cells."""
    cells = ["scores", "two-patients", "terms", "shares", "unblocked", "remission"]
    return definitions(MISLEADS, *cells, "study", "auc", "carry-over", "final")


def test_placebo_patients_scatter_about_the_diagonal(study):
    table = study["study"]
    table = table[table["arm"] == "placebo"]
    off = table["responder"] - table["predicted"]
    by_fifth = off.groupby(pd.qcut(table["predicted"], 5, labels=False)).mean()
    assert by_fifth.min() < 0 < by_fifth.max()
    assert abs(off.mean()) < 0.01


def test_with_unblocked_crp_the_arms_share_a_line(study):
    """The mean on 8 mg/kg lies off the line of placebo, by less if not blocked."""
    final = study["final"]
    off = {}
    for marker in ("crp", "unblocked"):
        placebo = final[final["arm"] == "placebo"]
        line = stats.linregress(placebo[marker], placebo["cdai"])
        mean = final.groupby("arm")[[marker, "cdai"]].mean()
        off[marker] = mean["cdai"] - (line.intercept + line.slope * mean[marker])
    assert off["unblocked"].abs().max() < off["crp"]["8 mg/kg"]
    assert off["crp"]["4 mg/kg"] > 0  # neither lies on the line
    pooled, drug = study["study"], study["groups"]["8 mg/kg"]
    for group in (pooled, drug):
        areas = [study["auc"](group, one) for one in ("exam", "crp", "mechanism")]
        assert areas[0] == max(areas)


def test_those_who_left_the_trial(trial):
    """They had more active joints than those who stayed."""
    end = trial[trial["week"] == 24].set_index("patient")
    stayed = end["tjc28"].reindex(trial["patient"].unique()).notna()
    last = trial[trial["week"] < 24].dropna(subset=["sjc28"])
    last = last.sort_values("week").groupby("patient")["sjc28"].last()
    last = last.reindex(stayed.index)
    assert last[~stayed].mean() > last[stayed].mean()


# -- the clinic illusion


def test_the_diary_is_far_from_chance_and_the_rest_is_small():
    seen = numbers(CLINIC)
    error = (seen["clin_high"] - seen["clin_low"]) / (2 * 1.96)
    # P below 1e-24: dozens of zeros.
    assert stats.norm.logsf(seen["clin_fall"] / error) < np.log(1e-24)
    assert seen["clin_season_low"] > 0
    assert seen["clin_slope"] > 0 and seen["clin_list_slope"] > 0
    left = float(glued(CLINIC)["clin_left"].replace("−", "-"))
    assert abs(left) < seen["clin_fall"] / 2
    assert seen["clin_seen_ten"] > 0
    assert abs(seen["clin_remedy"] - seen["clin_placebo"]) < 5
    assert abs(seen["clin_remedy"] - seen["clin_fall"]) < 5


def test_on_the_list_those_with_high_scores_fall():
    people = load("clinic_diary").list
    first, second = people[["score_first", "score_second"]].dropna().to_numpy().T
    high = first >= 60
    assert (second < first)[high].mean() > 0.5  # "most"
    assert stats.linregress(first, second).slope < 0.8
    falls = [(first - second)[first >= limit].mean() for limit in (30, 60)]
    assert falls[0] < falls[1]


# -- what randomisation buys


def test_what_the_lot_did():
    seen = numbers(LOT)
    assert abs(seen["rct_activity"]) < 3 * seen["rct_lot_sd"] < 0.4
    assert 0.4 < seen["rct_choice"] < 0.7  # "about half"
    assert seen["rct_p_placebo"] < 0.005  # "hardly any redrawn lot"
    assert seen["rct_doses"] < 100 * seen["rct_rd_estimate"]
    assert seen["rct_hits_8"] > seen["rct_hits_p"]


def test_twelve_questions_find_something():
    seen = numbers(LOT)
    assert 5 < seen["rct_any"] < 100


def test_those_who_left_move_the_estimates():
    seen = numbers(LOT)
    assert abs(seen["rct_mar_reg"]) < 1  # "near zero"
    assert seen["rct_mnar_cc"] > 0  # "complete cases underestimate the drug"
    assert seen["rct_full"] > 0


# -- observational traps and the shelf


def test_who_gets_the_biologic():
    table = load("biologic_registry")
    drug = table["treatment"] == "biologic"
    active = pd.cut(table["das28"], [0, 3.2, 4.2, 5.1, 10])
    share = drug.groupby(active, observed=True).mean()
    assert share.is_monotonic_increasing
    rate = (table["outcome"] == "infection").groupby(active, observed=True).sum()
    rate /= table["follow_up_days"].groupby(active, observed=True).sum()
    assert rate.iloc[0] < rate.iloc[-1]
    seen = numbers(TRAPS)
    assert 0.7 < seen["obs_gap_before"] < 1.4  # "about one standard deviation"
    assert seen["obs_gap_after"] < 0.15
    assert 400 < (table["outcome"] == "infection").sum() < 600  # "some 500"


def test_adjusted_ratios_lie_below_the_crude_one():
    seen = numbers(TRAPS)
    for way in ("mh", "ipw", "ipw_10", "std", "dr", "neither_dr"):
        assert seen[f"obs_{way}"] < seen["obs_crude"], way
    truth = seen["obs_truth"]
    assert abs(seen["obs_dr"] - truth) < (seen["obs_crude"] - truth) / 2
    assert seen["obs_score_w"] > seen["obs_score_dr"]
    assert seen["obs_neither_dr"] > seen["obs_dr"]
    assert seen["obs_weight_max"] >= 24  # "speaks for dozens"
    assert seen["obs_low_band"] < 0.15 * seen["obs_low"]  # "just"
    assert seen["obs_e"] > 1.8  # the strongest of three confounders


def test_single_trials_say_little_and_the_drawer_was_filled_by_results():
    seen = numbers(SHELF)
    assert seen["syn_alone"] <= 0.2 * seen["syn_k"]
    assert seen["syn_worst"] < seen["syn_best"]
    assert seen["syn_often"] > 2.5


# -- mechanism


def test_exposure_of_the_people():
    seen = numbers(EXPOSURE)
    assert seen["exp_peak_ratio"] > 1.2
    assert seen["exp_trough_ratio"] > 2
    assert max(seen["exp_nca_4"], seen["exp_nca_8"]) < 8  # far below 11 and 13


def test_crp_under_the_block():
    seen = numbers(BLOCK)
    assert seen["blk_factor_4"] >= 2  # "several-fold"
    assert min(seen["blk_fall_back"], seen["blk_fall_stays"]) > 75
    samples = load("crp_timecourse").samples
    wide = samples.pivot(index="person", columns="day", values="crp_mg_l")
    assert (wide[7.0] < wide[0.0]).mean() > 0.95  # "nearly everybody's"
    assert 70 < seen["blk_peak_no"] <= 100  # "nearly 100"


def test_selectivity_and_donors():
    seen = numbers(SIGNALS)
    assert seen["sg_k2_gm"] > seen["sg_k1_gm"] + 15
    assert 0.1 < seen["sg_donor_sd"] < 0.6
    assert seen["sg_shared_sd"] > seen["sg_donor_sd"] / 2
    assert seen["sg_ratio_low"] > 2
    assert seen["sg_gm_50"] < 30 and seen["sg_gm_90"] < 60


# -- risk


def test_a_percentage_grows_and_a_rate_does_not():
    seen = numbers(RATES)
    assert seen["inf_pct_half"] < seen["inf_pct_one"] < seen["inf_pct_five"]
    assert seen["inf_pct_one"] - seen["inf_pct_half"] > 0
    yearly_late = (seen["inf_pct_five"] - seen["inf_pct_one"]) / 4
    assert yearly_late < seen["inf_pct_one"]  # ever more slowly
    for when in ("half", "one"):
        assert abs(seen[f"inf_rate_{when}"] / seen["inf_rate_five"] - 1) < 0.4
    table = load("biologic_registry")
    assert (table["follow_up_days"] >= 5 * 365 - 10).mean() < 0.2  # "few"
    assert (table["outcome"] == "end of study").mean() > 0.5  # most, who entered late


def test_glucocorticoid_and_infection():
    seen = numbers(RATES)
    assert seen["inf_adj_high"] > 1
    assert seen["inf_adj_high"] < 0.8 * seen["inf_crude_high"]
    assert seen["inf_crude_high"] > seen["inf_true_high"]
    assert (
        seen["inf_nnh_low_half"] > seen["inf_nnh_low_five"] > seen["inf_nnh_high_five"]
    )
    assert seen["inf_nnh_high_one"] > seen["inf_nnh_high_five"]
    assert 0 < seen["inf_avoidable"] < seen["inf_high_seen"]


def test_the_biologic_goes_to_those_at_risk():
    seen = numbers(RATES)
    assert seen["inf_top_fifth"] > 2 * seen["inf_low_fifth"]
    assert seen["inf_rate_biologic"] > seen["inf_rate_conventional"]


def test_rates_climb_with_risk():
    """Fifths of a risk that is made here of what the registry records."""
    table = load("biologic_registry")
    steroid = pd.factorize(table["steroid_mg_d"], sort=True)[0]
    risk = table["das28"] * 0.3 + steroid * 0.2
    risk += 0.4 * table["comorbidities"] + 0.7 * table["prior_infection"]
    fifth = pd.qcut(risk.rank(method="first"), 5, labels=False)
    keys = [table["treatment"], fifth]
    rate = (table["outcome"] == "infection").groupby(keys).sum()
    rate = (rate / table["follow_up_days"].groupby(keys).sum()).unstack()
    assert (rate[4] > 2 * rate[0]).all()


def test_onset_of_adverse_events():
    patients, events = load("checkpoint_cohort")
    first = events.sort_values("day").groupby(["patient", "organ"])["day"].first()
    low, high = first.groupby("organ").quantile([0.1, 0.9]).unstack().to_numpy().T
    assert ((high - low) > 21).all()  # "span weeks to months"


def test_one_minus_kaplan_meier_is_too_high_and_the_naive_ratio_too_low():
    seen = numbers(ACTIVATION)
    for arm in ("one", "two"):
        assert seen[f"act_km_{arm}"] > 1.15 * seen[f"act_aj_{arm}"]
    assert seen["act_naive_few"] < 0.9
    assert seen["act_naive_many"] < 0.8
    for way in ("split", "lm"):
        assert seen["act_naive_many"] + 0.1 < seen[f"act_{way}_many"] < 1.02
    assert abs(seen["act_lmp_many"] - 1) < 0.12
    assert seen["act_died_with"] < seen["act_died_without"]


def test_what_visits_miss():
    seen = numbers(ACTIVATION)
    assert seen["act_wait_3"] < seen["act_wait_12"]
    assert 3 * 7 / 2 * 0.8 < seen["act_wait_3"] < 3 * 7 / 2 * 1.5
    assert 12 * 7 / 2 * 0.9 < seen["act_wait_12"] < 12 * 7 / 2 * 1.4
    assert seen["act_late_12"] > 85  # "the large majority"


def test_a_chart_against_a_fixed_limit():
    seen = numbers(MONITORING)
    assert seen["sig_half_3"] > seen["sig_half_fixed"]
    assert seen["sig_false_2"] > seen["sig_false_3"]


def test_who_is_seen_by_the_interval_of_visits():
    seen = numbers(MONITORING)
    assert seen["sig_known_1"] > 90 > seen["sig_known_3"] > seen["sig_known_6"]
    assert seen["sig_known_6"] < 30
    counts = load("lymphocyte_followup").counts
    low = (counts["cd4_cells_ul"] < 200)[counts["cd4_cells_ul"].notna()]
    share = 100 * low.groupby(counts["month"]).mean()
    assert share.idxmax() <= 3 and share.loc[12] < 10


def test_signals_of_the_line_list():
    seen = numbers(MONITORING)
    assert seen["sig_first_ic"] < min(seen["sig_first_prr"], seen["sig_first_ror"])
    assert seen["sig_last_prr"] < min(seen["sig_last_ror"], seen["sig_last_ic"])
    assert seen["sig_last_ror"] > seen["sig_by_chance"]  # tiny departures
    assert seen["sig_a40_n"] > 2 * seen["sig_a40_e"]
    assert seen["sig_not_warned"] > 1.5 and abs(seen["sig_not_calm"]) < 0.5
    assert seen["sig_mask_share"] > 50
    assert seen["sig_unmasked_prr"] > 2 > seen["sig_masked_prr"]
    assert seen["sig_a40_ror"] > 3


# -- application and teaching


def test_forecasts_and_the_loop():
    seen = numbers(REJECTION)
    assert seen["rej_lead_first"] > 10 and seen["rej_lead_low"] > 0
    assert seen["rej_gain_window"] > 0
    assert seen["rej_ratio"] > 1.3
    assert seen["rej_n_middle"] > 2 * max(seen["rej_n_low"], seen["rej_n_high"])
    assert glued(REJECTION)["rej_rej_pred_word"] == "falls"
    assert glued(REJECTION)["rej_inf_pred_word"] == "rises"


def test_choice_looks_larger_than_the_lot():
    lot, choice = (
        float(glued(IN_CLASS)[f"class_{way}"].split()[0]) for way in ("lot", "choice")
    )
    assert choice > lot
    assert numbers(IN_CLASS)["class_ahead"] > 0


def test_what_the_makers_slides_show():
    dossier = load("capstone_dossier")
    arm = dossier.trial.set_index("patient")["arm"]
    table = dossier.laboratory.set_index(["patient", "week"])
    markers = table.select_dtypes("number")
    start = markers.xs(0, level="week")
    end = markers.xs(markers.index.get_level_values("week").max(), level="week")
    ratio = (end / start).groupby(arm).median().loc["zelimod"]
    assert (ratio[ratio.index.str.contains("nk|ifn")] > 1.1).all()
    assert (ratio[ratio.index.str.contains("crp")] < 0.9).all()
    moved = np.log((end / start).groupby(arm).median()).abs()
    assert (moved.loc["corvatide"] < moved.loc["zelimod"]).all()


# -- what colleagues and model answers of the assignments say


def area(score, better):
    """Return the area under the ROC curve, where a higher score promises more."""
    known = ~np.isnan(score)
    yes, no = score[known & better], score[known & ~better]
    return stats.mannwhitneyu(yes, no).statistic / (yes.size * no.size)


def test_the_answer_on_crp_and_joints(trial):
    wide = trial.pivot(index="patient", columns="week")
    arm = trial.groupby("patient")["arm"].first().to_numpy()
    crp, joints = wide["crp_mg_l"], wide["sjc66"]
    halved = (crp[4] <= crp[0] / 2).to_numpy()
    better = (joints[24] <= joints[0] / 2).to_numpy()
    drug = arm == "8 mg/kg"
    assert halved[drug].mean() > 0.8  # "in nearly everybody"
    assert 0.5 < better[drug & halved].mean() < 0.75  # "somewhat more than half"
    assert better[drug].mean() > better[arm == "placebo"].mean() + 0.1  # it does work
    share = pd.Series(better).groupby(arm).transform("mean").to_numpy()
    by_crp, by_joints = np.log(crp[0] / crp[4]), (joints[0] - joints[4]) / joints[0]
    assert area(share, better) > 0.5
    assert area(by_crp.to_numpy(), better) > 0.55
    for group in (np.full(arm.size, True), drug):
        areas = [
            area(one.to_numpy()[group], better[group]) for one in (by_crp, by_joints)
        ]
        assert areas[1] > areas[0]


def test_crp_alone_makes_responders_on_the_drug(trial):
    wide = trial.pivot(index="patient", columns="week")
    arm = trial.groupby("patient")["arm"].first()
    fall = 0.36 * np.log((wide["crp_mg_l"][0] + 1) / (wide["crp_mg_l"][24] + 1))
    start = wide["crp"][0]
    responds = ((fall > 0.6) & (start - fall <= 5.1)) | (fall > 1.2)
    share = responds.groupby(arm).mean()
    assert share["8 mg/kg"] > 3 * share["placebo"]


def test_the_answer_on_half_the_dose():
    people, samples, *_ = load("crp_timecourse")
    first = samples[samples["day"] < 28].merge(people, on="person").sort_values("day")
    value = first["drug_ug_ml"].mask(first["drug_below_limit"], 0)
    found = pd.DataFrame(
        {
            person: {
                "last": value[of.index[-1]],
                "dose": of["dose_mg_kg"].iloc[0],
            }
            for person, of in first.groupby("person")
        }
    ).T
    last = found.groupby("dose")["last"].median()
    assert last[8] > last[4] < 1  # "clearly lower"
    wide = samples.pivot(index="person", columns="day", values="crp_mg_l")
    left = wide.div(wide[0.0], axis=0).groupby(people.set_index("person")["dose_mg_kg"])
    middle = left.median()
    assert abs(middle.loc[4, 14.0] - middle.loc[8, 14.0]) < 0.1  # "about the same"
    assert middle.loc[4, 27.99] > 1.3 * middle.loc[8, 27.99]
    drug = samples.merge(people, on="person")
    drug = drug[drug["day"] == 14].groupby("dose_mg_kg")["drug_ug_ml"].median()
    assert drug.min() > 5 * 0.5  # "far above the IC50"


def test_the_answer_on_adverse_events_and_progression():
    patients, events = load("checkpoint_cohort")
    onset = (
        events.groupby("patient")["day"].min().reindex(patients["patient"]).to_numpy()
    )
    progressed = patients["progression_days"].notna().to_numpy()
    days = patients["progression_days"].fillna(patients["follow_up_days"]).to_numpy()
    had = ~np.isnan(onset) & (onset <= days)
    ever = ~np.isnan(onset)
    naive = (progressed[ever].sum() / days[ever].sum()) / (
        progressed[~ever].sum() / days[~ever].sum()
    )
    after = np.where(had, days - onset, 0).sum()
    inside, outside = progressed[had].sum(), progressed[~had].sum()
    split = (inside / after) / (outside / (days.sum() - after))
    factor = np.exp(1.96 * np.sqrt(1 / inside + 1 / outside))
    assert naive < 0.8  # "clearly below 1", "well under the rate"
    assert split > naive + 0.1
    assert split / factor < 1.25 and split * factor > 0.8  # holds 1, or nearly so
    assert abs(np.log(split)) < 0.4  # "near 1"


def test_the_answer_on_reports():
    reports = load("spontaneous_reports")

    def ratio(table, drug, event):
        of_drug, of_event = table["drug"] == drug, table["event"] == event
        return of_event[of_drug].mean() / of_event[~of_drug].mean()

    assert ratio(reports, "A40", "Uveitis") > 3  # "far above one"
    masked = ratio(reports, "A22", "Tuberculosis")
    assert 1 < masked < 1.7  # "only a little above one"
    alone = ratio(reports[reports["drug"] != "A03"], "A22", "Tuberculosis")
    assert alone > 2 * masked
    tb = reports[reports["event"] == "Tuberculosis"]
    assert (tb["drug"] == "A03").mean() > 0.5  # "most of the reports"


def test_the_answer_on_levels_and_rejection():
    outcomes = load("transplant_tdm").outcomes
    late = outcomes["rejection"] & (outcomes["rejection_days"] > 30)
    assert late.sum() < 60  # "few rejections in each group"


def test_the_more_is_held_alike_the_smaller_the_ratio():
    """By Mantel and Haenszel, over strata of ever more columns."""
    table = load("biologic_registry")
    drug = table["treatment"] == "biologic"
    ill, years = table["outcome"] == "infection", table["follow_up_days"]
    active = pd.cut(table["das28"], [0, 3.2, 4.2, 5.1, 10], labels=False)
    whole = pd.Series("", table.index)
    finer = (
        active.astype(str) + table["steroid_mg_d"] + table["comorbidities"].astype(str)
    )
    ratios = []
    for stratum in (whole, active, finer):
        above = below = 0
        for _, rows in table.groupby(stratum).groups.items():
            on, time = drug[rows], years[rows]
            above += ill[rows][on].sum() * time[~on].sum() / time.sum()
            below += ill[rows][~on].sum() * time[on].sum() / time.sum()
        ratios.append(above / below)
    assert ratios == sorted(ratios, reverse=True)
