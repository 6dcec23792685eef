"""Trial reports: no contradiction, effect and bias recovered, no tell-tale word.

`REPORTS=2000` makes as many; else 300, and 1,000 to look for tell-tale words.
"""

import doctest
import importlib
import inspect
import os
import pkgutil
import re

import numpy as np
import pandas as pd
import pytest
from cohorts import trial_reports as package
from cohorts._truth import true_values
from cohorts.trial_reports import (
    FLAWS,
    GAPS,
    make_trial_report,
    make_trial_reports,
    rob2,
)
from cohorts.trial_reports.flaws import ANYBODY
from cohorts.trial_reports.prose import PLACES
from cohorts.trial_reports.report import TRUTH, go_together
from cohorts.trial_reports.trial import Design, Row, run_trial
from cohorts.trial_reports.wording import SENTENCES
from cohorts.trial_reports.world import DISEASES, draw_world
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.proportion import confint_proportions_2indep

COUNT = int(os.environ.get("REPORTS", 300))
TRUE = true_values(TRUTH)
NUMBER = r"−?\d+\.\d"


@pytest.fixture(scope="module")
def reports():
    return make_trial_reports(COUNT, random_state=1)


def abstract(report, heading=None, without=()):
    return " ".join(
        piece.text
        for part in report.text.abstract
        if heading in (None, part.heading)
        for piece in part.pieces
        if piece.slot not in without
    )


def lines(report, part):
    return {line.name: line.cells for line in getattr(report.text, part)}


def arms(report, name):
    """Return a line of the flow, on agent and comparator."""
    return [int(cell) for cell in lines(report, "flow")[name][1:]]


def piece_of(report, slot):
    return next(
        piece.text
        for part in report.text.abstract
        for piece in part.pieces
        if piece.slot == slot
    )


def value(text):
    return float(text.replace("−", "-"))


def first(pattern, text):
    found = re.search(pattern, text)
    assert found, f"{pattern!r} is not in {text!r}"
    return found


# -- no report contradicts itself


def recomputed(agent, agent_n, control, control_n):
    """Return difference, interval and p value by statsmodels and a normal table."""
    low, high = confint_proportions_2indep(
        agent, agent_n, control, control_n, method="wald", compare="diff"
    )
    difference = agent / agent_n - control / control_n
    z = difference / ((high - low) / (2 * stats.norm.ppf(0.975)))
    return 100 * difference, 100 * low, 100 * high, 2 * stats.norm.sf(abs(z))


def p_agrees(told, p):
    told = told.removeprefix("p ").removeprefix("= ")
    if told == "< 0.001":
        return p < 0.001
    return abs(float(told) - p) <= 0.5 * 10 ** -len(told.split(".")[1]) + 1e-9


def test_every_line_of_the_results_follows_from_its_counts(reports):
    for report in reports:
        for line in report.text.results:
            _, agent, control, difference, p = line.cells
            counts = []
            for cell in (agent, control):
                a, n, share = first(r"(\d+)/(\d+) \((\d+\.\d)\xa0%\)", cell).groups()
                assert abs(100 * int(a) / int(n) - float(share)) < 0.0501
                counts += [int(a), int(n)]
            told = [value(one) for one in re.findall(NUMBER, difference)]
            if report.trial.design.by_practice:
                # The interval has a test of its own; here it agrees with itself.
                assert abs(told[0] - (told[1] + told[2]) / 2) < 0.101, line
                if told[1] * told[2]:  # an end that rounds to 0 tells nothing
                    assert (float(p.strip("< ")) < 0.05) == (told[1] * told[2] > 0), (
                        line
                    )
                told, want = told[:1], recomputed(*counts)[:1]
                assert np.allclose(told, want, atol=0.0501), (line, want)
                continue
            want = recomputed(*counts)
            assert np.allclose(told, want[:3], atol=0.0501), (line, want)
            assert p_agrees(p, want[3]), (line, want)


def test_practices_that_are_analysed_have_the_interval_of_a_regression(reports):
    """Arm by arm, by the cluster-robust variance of a mean in statsmodels."""
    some = [r for r in reports if r.trial.design.by_practice]
    assert some
    for report in some:
        trial = report.trial
        row, variance, practices = trial.rows[trial.main], 0.0, 0
        for arm in (0, 1):
            inside = trial.counted() & (trial.arm == arm)
            failed = trial.failed[inside, trial.world.visit]
            if "baseline_carried" in report.flaws:
                lost = trial.lost[inside]
                good = trial.world.outcome.good
                failed = failed | lost if good else failed & ~lost
            group = trial.patients.practice[inside]
            fitted = OLS(failed.astype(float), np.ones(len(failed))).fit(
                cov_type="cluster", cov_kwds={"groups": group}
            )
            variance += fitted.bse[0] ** 2
            practices += len(set(group))
        reach = stats.t.ppf(0.975, practices - 2) * np.sqrt(variance)
        want = row.difference - reach, row.difference + reach
        assert np.allclose(row.interval, want)
        t = abs(row.difference) / np.sqrt(variance)
        assert np.isclose(row.p_value, 2 * stats.t.sf(t, practices - 2))


def test_the_results_are_those_of_the_patients(reports):
    """Counted again, by pandas, from who was randomised and what was recorded."""
    for report in reports:
        trial = report.trial
        people = pd.DataFrame(
            {
                "arm": trial.arm,
                "failed": trial.failed[:, trial.world.visit],
                "lost": trial.lost,
                "stopped": trial.stopped,
            }
        ).iloc[: trial.size]
        if "per_protocol" in report.flaws:
            people = people[~people["stopped"]]
        known = people[~people["lost"]]
        event = ~known["failed"] if trial.world.outcome.good else known["failed"]
        events = event.groupby(known["arm"]).sum()
        base = (people if "baseline_carried" in report.flaws else known)["arm"]
        sizes = base.value_counts()
        if "wrong_denominator" in report.flaws:
            arm = 1 if trial.world.outcome.good else 0
            sizes[arm] = ((known["arm"] == arm) & ~known["stopped"]).sum()
        printed = lines(report, "results")[
            "main" if "main" in lines(report, "results") else ""
        ]
        counts = [
            int(one)
            for cell in printed[1:3]
            for one in re.findall(r"(\d+)/(\d+)", cell)[0]
        ]
        assert counts == [events[1], sizes[1], events[0], sizes[0]]
        rate = events / known["arm"].value_counts()
        assert report.key.number == pytest.approx(100 * (rate[1] - rate[0]))


def test_the_abstract_says_what_the_tables_say(reports):
    for report in reports:
        text, rows = abstract(report, "Results"), lines(report, "results")
        pairs = {
            tuple(map(int, pair))
            for cells in rows.values()
            for cell in cells[1:3]
            for pair in re.findall(r"(\d+)/(\d+)", cell)
        }
        randomised, lost = arms(report, "randomised"), arms(report, "lost")
        known = [n - k for n, k in zip(randomised, lost, strict=True)]
        pairs |= set(zip(known, randomised, strict=True))
        for pair in re.findall(r"(\d+) of (\d+)", text):
            assert tuple(map(int, pair)) in pairs, (pair, text)
        followed = piece_of(report, "followed")
        told = {int(one) for one in re.findall(r"\d+", followed)}
        assert told <= {sum(randomised), *randomised, *known}
        headline = piece_of(report, "headline")
        difference, low, high = (
            value(one)
            for one in first(
                rf"difference (?:of )?({NUMBER}) (?:percentage )?points.*?"
                rf"CI ({NUMBER}) to ({NUMBER})",
                headline,
            ).groups()
        )
        printed = f"{difference:.1f} ({low:.1f} to {high:.1f})".replace("-", "−")
        assert printed in {cells[3] for cells in rows.values()}


def test_the_flow_adds_up(reports):
    for report in reports:
        randomised, lost, out = (
            np.array(arms(report, name)) for name in ("randomised", "lost", "left_out")
        )
        kept = 0 if "baseline_carried" in report.flaws else lost
        assert arms(report, "analysed") == (randomised - kept - out).tolist()
        reasons = [
            [int(cell) for cell in line.cells[1:]]
            for line in report.text.flow
            if line.name in ("even", "uneven")
        ]
        assert (
            np.sum(reasons, axis=0) if reasons else 0 * lost
        ).tolist() == lost.tolist()
        assert (np.array(arms(report, "completed")) <= randomised - lost).all()
        assert int(lines(report, "flow")["assessed"][1]) > randomised.sum()
        women, smokers = (
            first(r"^(\d+) \((\d+\.\d)", lines(report, "baseline")[name][1]).groups()
            for name in ("women", "smokers")
        )
        for count, share in (women, smokers):
            assert abs(100 * int(count) / randomised[0] - float(share)) < 0.0501


def test_paper_and_register_differ_only_by_what_is_planted(reports):
    for report in reports:
        register, methods = lines(report, "register"), abstract(report, "Methods")
        primary = register["primary"][1].lower()
        named = rf"(?:^|was |: |chose |recorded ){re.escape(primary)}"
        same = bool(re.search(named, piece_of(report, "outcome").lower()))
        assert same == (not {"outcome_switched", "best_time"} & set(report.flaws))
        planned = int(first(r"\d+", register["size"][1])[0])
        randomised = sum(arms(report, "randomised"))
        assert (randomised < planned) == ("stopped_early" in report.flaws)
        assert randomised <= planned
        if approved := re.search(
            r"(\d+) mg a day \(approved: (\d+) to (\d+)", register["comparator"][1]
        ):
            dose, low, high = map(int, approved.groups())
            assert (dose < low) == ("weak_comparator" in report.flaws)
            assert dose <= high
            assert f"{dose} mg" in methods
        start = pd.Timestamp(first(r"^(\w+ \d+) to", register["enrolment"][1])[1])
        end = pd.Timestamp(first(r"last visit (\w+ \d+)", register["enrolment"][1])[1])
        entered = pd.Timestamp(register["date"][1])
        late = "registered_late" in report.trial.design.gaps
        assert entered > end if late else entered < start


def test_one_agent_one_comparator_and_no_word_left_open(reports):
    for report in reports:
        said = report.text.title + abstract(report)
        assert not re.search(r"[{}]|\bNone\b|\bnan\b", said)
        assert report.trial.world.agent in said.lower()
        assert not re.search(r"(\b\w+\b) \1\b", said.lower()), said
        for part in report.text.abstract:
            for piece in part.pieces:
                assert piece.text[0].isupper() or piece.text[0].isdigit(), piece
                assert piece.text.endswith("."), piece


def test_no_sentence_follows_itself_from_report_to_report(reports):
    """Names and numbers aside, since they differ anyhow."""
    for before, after in zip(reports, reports[1:], strict=False):
        for part, other in zip(before.text.abstract, after.text.abstract, strict=True):
            for one, two in zip(part.pieces, other.pieces, strict=True):
                assert one.slot == two.slot
                assert one.text != two.text


# -- effect and bias


def drawn(flaws, gaps=(), seed=0, judged=ANYBODY, per_arm=None, effect=None):
    """Run a trial without writing it: a world, and the trial."""
    rng = np.random.default_rng(seed)
    needs = [FLAWS[flaw] for flaw in flaws]
    judged = tuple(one for one in judged if all(one in need.judged for need in needs))
    deaths = all(need.deaths for need in needs)
    world = draw_world(rng, TRUE, judged=judged, deaths=deaths)
    design = Design("placebo", True, per_arm or 200, 0.12, tuple(flaws), tuple(gaps))
    return world, run_trial(world, design, TRUE, rng)


def error_of(trial, row):
    """Return the estimate in failures minus what is true."""
    sign = 1 if not trial.world.outcome.good else -1
    return sign * row.difference - trial.world.effect


def test_a_clean_trial_recovers_its_effect_within_its_own_error():
    n = max(COUNT, 1000)
    z = []
    for seed in range(n):
        _, trial = drawn([], seed=seed)
        row = trial.rows[trial.main]
        z.append(error_of(trial, row) / row.error)
    z = np.array(z)
    inside = (np.abs(z) < 1.96).mean()
    assert abs(inside - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n)
    assert abs(z.mean()) < 4 / np.sqrt(n)
    assert 0.9 < z.std() < 1.1


@pytest.mark.parametrize("flaw", [name for name in FLAWS if FLAWS[name].bias])
def test_a_flawed_trial_is_off_by_the_planted_bias(flaw):
    """At 30,000 patients an arm, where chance is small beside the bias."""
    for seed in range(4):
        world, trial = drawn([flaw], seed=seed, per_arm=30_000)
        row = trial.rows[trial.main]
        planted = FLAWS[flaw].bias(world, TRUE)
        error = row.error
        if flaw == "unit_of_analysis":
            error *= 3
        assert abs(error_of(trial, row) - planted) < 4 * error
        if flaw not in ("spin", "unit_of_analysis"):
            assert planted < -0.01


@pytest.mark.parametrize(
    "flaw", ["outcome_switched", "best_time", "subgroup", "stopped_early"]
)
def test_what_is_chosen_for_its_result_is_too_good(flaw):
    """Beyond what the same choice made without looking would be."""
    excess = []
    for seed in range(150):
        report = make_trial_report([flaw], [], random_state=seed)
        trial = report.trial
        excess.append(error_of(trial, trial.rows[trial.headline]))
    excess = np.array(excess)
    assert excess.mean() < -3 * excess.std() / np.sqrt(len(excess))


def test_a_trial_stopped_early_is_off_as_brownian_motion_says():
    """Without an effect, the drift at the first of three looks that is significant."""
    rng = np.random.default_rng(5)
    share = np.array([0.4, 0.6, 0.8])
    paths = np.cumsum(
        rng.standard_normal((400_000, 3)) * np.sqrt(np.diff(share, prepend=0)), axis=1
    )
    z = paths / np.sqrt(share)
    hit = (z < -1.96).any(axis=1)
    look = np.argmax(z[hit] < -1.96, axis=1)
    expected = (z[hit][np.arange(hit.sum()), look] / np.sqrt(share[look])).mean()
    found = []
    for seed in range(60):
        report = make_trial_report(
            ["stopped_early"],
            [],
            truth={"null_share": 1.0},
            random_state=seed,
        )
        trial = report.trial
        p = trial.world.failure
        unit = np.sqrt(2 * p * (1 - p) / trial.design.per_arm)
        found.append(error_of(trial, trial.rows[trial.main]) / unit)
    found = np.array(found)
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(len(found))


def test_practices_need_a_wider_interval():
    """The printed interval covers too rarely, the right one as it should."""
    printed, right, n = 0, 0, 400
    for seed in range(n):
        world, trial = drawn(["unit_of_analysis"], seed=seed)
        truth = world.sign * world.effect
        low, high = trial.rows[trial.main].interval
        printed += low <= truth <= high
        low, high = trial.right_interval(trial.main)
        right += low <= truth <= high
    assert printed / n < 0.91
    assert abs(right / n - 0.95) < 4 * np.sqrt(0.95 * 0.05 / n)


def test_the_clean_trial_beside_a_flawed_one_is_unbiased():
    for flaw in FLAWS:
        if flaw in ("stopped_early", "surrogate", "subgroup", "spin"):
            continue  # run until they come about, which no closed form follows
        errors = []
        for seed in range(60):
            _, trial = drawn([flaw], seed=seed)
            errors.append(error_of(trial, trial.clean_row()))
        errors = np.array(errors)
        assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(len(errors)), flaw


# -- the answer key


def test_the_key_follows_from_what_is_planted(reports):
    for report in reports:
        judged = report.key.judgements
        for flaw in report.flaws:
            if FLAWS[flaw].domain:
                assert judged[FLAWS[flaw].domain] == "high", flaw
        for gap in report.trial.design.gaps:
            assert judged[GAPS[gap].domain] != "low", gap
        planted = {FLAWS[flaw].domain for flaw in report.flaws}
        planted |= {GAPS[gap].domain for gap in report.trial.design.gaps}
        for domain, judgement in judged.items():
            if domain not in planted | {"missing", "randomisation"}:
                assert judgement == "low", (domain, report.flaws)
        assert report.key.certainty in report.key.certainties


def test_chance_alone_rarely_moves_the_key(reports):
    """Loss and imbalance by chance are judged from the counts, and are seldom."""
    sound = [r for r in reports if not r.flaws and not r.trial.design.gaps]
    moved = [r for r in sound if set(r.key.judgements.values()) != {"low"}]
    assert len(moved) < 0.05 * len(sound)


def test_each_flaw_and_gap_stands_somewhere_in_the_text(reports):
    seen = set()
    for report in reports:
        marked = {
            flaw
            for part in report.text.abstract
            for p in part.pieces
            for flaw in p.flaws
        }
        assert marked == set(report.flaws)
        seen |= marked | set(report.trial.design.gaps)
    assert seen == set(FLAWS) | set(GAPS)
    slots = {slot for slot in SENTENCES if slot != "title"}
    for places in PLACES.values():
        assert {place for place in places if ":" not in place} <= slots


# -- the algorithm of RoB 2


def complete(**given):
    answers = {q: "NA" for one in rob2.DOMAINS.values() for q in one.questions}
    return answers | {
        key.replace("q", "").replace("_", "."): v for key, v in given.items()
    }


#: What the guidance and its elaborations say of an example, as answers and judgement.
#: "Elaborations" are those printed with the questions (22 August 2019).
EXAMPLES = [
    # A central, independent service; differences compatible with chance.
    ("randomisation", dict(q1_1="Y", q1_2="Y", q1_3="N"), "low"),
    # Only a statement that the study is randomised, concealed: still low.
    ("randomisation", dict(q1_1="NI", q1_2="PY", q1_3="NI"), "low"),
    # Alternation or record numbers: no random element, and foreseeable.
    ("randomisation", dict(q1_1="N", q1_2="N", q1_3="N"), "high"),
    # Nothing but "randomised", no useful baseline information.
    ("randomisation", dict(q1_1="NI", q1_2="NI", q1_3="NI"), "some concerns"),
    # Nothing on concealment, an imbalance that chance does not explain.
    ("randomisation", dict(q1_1="Y", q1_2="NI", q1_3="Y"), "high"),
    # Concealed, and an imbalance that chance does not explain.
    ("randomisation", dict(q1_1="Y", q1_2="Y", q1_3="PY"), "some concerns"),
    # Placebo, intention to treat.
    ("deviations", dict(q2_1="N", q2_2="N", q2_6="Y"), "low"),
    # Open; stopping for toxicity accords with the protocol.
    ("deviations", dict(q2_1="Y", q2_2="Y", q2_3="PN", q2_6="Y"), "low"),
    # Open; not reported whether deviations arose because of the trial.
    ("deviations", dict(q2_1="Y", q2_2="Y", q2_3="NI", q2_6="Y"), "some concerns"),
    # Controls feel unlucky and seek the drug elsewhere: unbalanced.
    (
        "deviations",
        dict(q2_1="Y", q2_2="Y", q2_3="Y", q2_4="Y", q2_5="N", q2_6="Y"),
        "high",
    ),
    (
        "deviations",
        dict(q2_1="Y", q2_2="N", q2_3="Y", q2_4="PN", q2_6="Y"),
        "some concerns",
    ),
    # Naive per-protocol analysis, many left out; and hardly any.
    ("deviations", dict(q2_1="N", q2_2="N", q2_6="N", q2_7="Y"), "high"),
    ("deviations", dict(q2_1="N", q2_2="N", q2_6="PN", q2_7="N"), "some concerns"),
    # 95 % known, a continuous outcome.
    ("missing", dict(q3_1="PY"), "low"),
    # Sensitivity analyses show that the result hardly changes.
    ("missing", dict(q3_1="N", q3_2="Y"), "low"),
    # A measuring device failed.
    ("missing", dict(q3_1="N", q3_2="N", q3_3="N"), "low"),
    # Could depend, nothing suggests that it did.
    ("missing", dict(q3_1="N", q3_2="N", q3_3="PY", q3_4="PN"), "some concerns"),
    # Continuing symptoms make drop-out more likely (schizophrenia).
    ("missing", dict(q3_1="N", q3_2="N", q3_3="Y", q3_4="PY"), "high"),
    # No information on the extent of missing data usually leads to high.
    ("missing", dict(q3_1="NI", q3_2="N", q3_3="NI", q3_4="NI"), "high"),
    # All-cause mortality, assessors aware.
    ("measurement", dict(q4_1="N", q4_2="N", q4_3="Y", q4_4="N"), "low"),
    # Patient-reported symptoms in a trial of homeopathy.
    ("measurement", dict(q4_1="N", q4_2="N", q4_3="Y", q4_4="Y", q4_5="PY"), "high"),
    # Could have been influenced, no reason to believe that it was.
    (
        "measurement",
        dict(q4_1="N", q4_2="N", q4_3="Y", q4_4="Y", q4_5="PN"),
        "some concerns",
    ),
    # More visits in one arm, more chances to find the event.
    ("measurement", dict(q4_1="N", q4_2="Y"), "high"),
    ("measurement", dict(q4_1="Y", q4_2="N"), "high"),
    ("measurement", dict(q4_1="N", q4_2="NI", q4_3="N"), "some concerns"),
    # All results correspond to the plan.
    ("selection", dict(q5_1="Y", q5_2="N", q5_3="PN"), "low"),
    # No plan available, several ways to measure.
    ("selection", dict(q5_1="NI", q5_2="NI", q5_3="N"), "some concerns"),
    # No plan, but only one way to measure and to analyse.
    ("selection", dict(q5_1="NI", q5_2="N", q5_3="N"), "some concerns"),
    # One of several scales, time points or analyses, chosen for its result.
    ("selection", dict(q5_1="N", q5_2="PY", q5_3="N"), "high"),
    ("selection", dict(q5_1="Y", q5_2="N", q5_3="Y"), "high"),
]


@pytest.mark.parametrize(("domain", "answers", "judgement"), EXAMPLES)
def test_rob2_judges_the_examples_of_its_guidance(domain, answers, judgement):
    assert rob2.DOMAINS[domain].judge(complete(**answers)) == judgement


def test_rob2_refuses_what_is_no_answer():
    with pytest.raises(ValueError, match=r"1\.2.*maybe"):
        rob2.judge(complete(q1_1="Y", q1_2="maybe"))


# -- what does not tell


def masked_words(report, slots, places):
    """Return the words of a report: no numbers, no names, without these places."""
    text = abstract(report, without=slots)
    text += " " + " ".join(
        " ".join(line.cells)
        for line in report.text.register
        if f"register:{line.name}" not in places and line.name not in ("id", "date")
    )
    world = report.trial.world
    for name in (world.agent, world.other, "placebo", "usual care alone", "usual care"):
        text = re.sub(name, "drug", text, flags=re.I)
    return re.sub(r"[−\d][\d./–]*", "#", text)


def accuracy(texts, reports):
    """Return how often a classifier of words tells a flawed report, and an interval.

    Ten folds; reports of an agent of the same name are in one of them.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        CountVectorizer(ngram_range=(1, 2), min_df=3, token_pattern=r"[^\W\d_]+|#"),
        LogisticRegression(C=0.05, solver="liblinear"),
    )
    flawed = np.array([bool(report.flaws) for report in reports])
    agents = [report.trial.world.agent for report in reports]
    said = cross_val_predict(model, texts, flawed, groups=agents, cv=GroupKFold(10))
    right = int((said == flawed).sum())
    interval = stats.binomtest(right, len(flawed)).proportion_ci(method="wilson")
    return right / len(flawed), interval


@pytest.fixture(scope="module")
def thousand():
    """As many flawed as sound reports of a thousand and more."""
    made = make_trial_reports(int(os.environ.get("REPORTS", 1400)), random_state=2)
    flawed = [report for report in made if report.flaws]
    sound = [report for report in made if not report.flaws]
    n = min(len(flawed), len(sound))
    return flawed[:n], sound[:n]


def test_surface_words_do_not_tell_flawed_from_sound(thousand, capsys):
    """The places of the flaws are left out: of a sound report, of those it is like.

    The conclusion goes with the result, and that is what a flaw moves: it is left out
    in the last line, whose accuracy is then that of a coin.
    """
    reports = [report for pair in zip(*thousand, strict=True) for report in pair]
    kinds = {"all words": [], "without the places of flaws": [], "nor conclusion": []}
    for report in reports:
        places = {place for flaw in report.like for place in PLACES[flaw]}
        slots = {place for place in places if ":" not in place}
        kinds["all words"].append(masked_words(report, (), ()))
        kinds["without the places of flaws"].append(masked_words(report, slots, places))
        kinds["nor conclusion"].append(
            masked_words(report, {*slots, "conclusion"}, places)
        )
    found = {name: accuracy(texts, reports) for name, texts in kinds.items()}
    with capsys.disabled():
        print(f"\n  flawed or sound, {len(reports)} reports, chance 0.50:")
        for name, (share, (low, high)) in found.items():
            print(f"  {name}: {share:.3f} (95 % CI {low:.3f} to {high:.3f})")
    # Three standard errors of a coin.
    assert found["nor conclusion"][0] < 0.5 + 3 * 0.5 / np.sqrt(len(reports))
    assert found["without the places of flaws"][0] < 0.65


def test_neither_length_nor_place_tells(thousand):
    flawed, sound = thousand
    features = {
        "words": lambda r: len(abstract(r).split()),
        "characters": lambda r: len(abstract(r)),
        "sentences": lambda r: abstract(r).count(". "),
        "lines": lambda r: sum(
            len(getattr(r.text, p)) for p in ("register", "flow", "results")
        ),
        "title": lambda r: len(r.text.title),
    }
    for name, of in features.items():
        a, b = ([of(report) for report in some] for some in (flawed, sound))
        auc = stats.mannwhitneyu(a, b).statistic / (len(a) * len(b))
        assert abs(auc - 0.5) < 0.12, (name, auc)
    order = [bool(report.flaws) for report in make_trial_reports(60, random_state=3)]
    assert 5 < sum(np.diff(order)) < 50


# -- arguments


@pytest.mark.parametrize(
    "module", [m.name for m in pkgutil.iter_modules(package.__path__)]
)
def test_docstrings_show_what_happens(module):
    name = f"cohorts.trial_reports.{module}"
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_what_is_asked_for_is_planted():
    report = make_trial_report(["spin"], [], random_state=4)
    assert report.flaws == ("spin",) and report.trial.design.gaps == ()
    again = make_trial_report(["spin"], [], random_state=4)
    assert again.text == report.text and again.key == report.key


def test_all_allowed_pairs_can_be_made():
    names = list(FLAWS)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            if go_together([one, other]):
                made = make_trial_report([one, other], [], random_state=1)
                assert set(made.flaws) == {one, other}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"flaws": ["fraud"]}, "'fraud'.*there are"),
        ({"gaps": ["hole"], "flaws": []}, "'hole'.*there are"),
        ({"flaws": ["spin", "subgroup"]}, "do not go together"),
        ({"truth": {"steered": {"severe": 2}}}, "steered"),
        ({"random_state": -1}, "random_state=-1"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        make_trial_report(**arguments)


def test_facts_and_judgements_are_about_as_many():
    kinds = [outcome.judged for disease in DISEASES for outcome in disease.outcomes]
    assert 0.35 < kinds.count("fact") / len(kinds) < 0.6


def test_no_agent_is_a_real_one():
    from cohorts import curated

    known = {name.lower() for name in curated.load("agents")["inn"]}
    made = {
        r.trial.world.agent
        for r in (make_trial_report(random_state=i) for i in range(10))
    }
    assert not made & known
    assert inspect.getdoc(Row)
