"""The answer key: signalling questions, RoB 2, GRADE, and the number that matters.

Nothing here is typed for a report. The answers to the signalling questions follow
from the planted flaws and gaps and from the counts; `rob2.judge` maps them to the five
domains; the steps of GRADE follow from those and from the right interval.

What is judged is the *headline*: the result that the report's conclusion rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import rob2
from .flaws import FLAWS, GAPS
from .trial import Trial, imbalance

CERTAINTY = ("high", "moderate", "low", "very low")
#: The steps of GRADE that one trial can be judged on: inconsistency and publication
#: bias take more than one.
STEPS = ("risk of bias", "indirectness", "imprecision")

#: A trial without flaws and gaps, masked: what is answered unless something follows
#: from the data, a flaw or a gap.
SOUND = {
    **{"1.1": "Y", "1.2": "Y", "1.3": "N"},
    **{"2.1": "N", "2.2": "N", "2.3": "PN", "2.4": "N", "2.5": "Y"},
    **{"2.6": "Y", "2.7": "N"},
    **{"3.1": "Y", "3.2": "N", "3.3": "Y", "3.4": "PN"},
    **{"4.1": "N", "4.2": "N", "4.3": "N", "4.4": "N", "4.5": "N"},
    **{"5.1": "Y", "5.2": "N", "5.3": "N"},
}
#: When a question is asked at all: all of these answers must be among those.
ASKED_IF = {
    "2.3": lambda a: not (a["2.1"] in rob2.NO and a["2.2"] in rob2.NO),
    "2.4": lambda a: a["2.3"] in rob2.YES,
    "2.5": lambda a: a["2.3"] in rob2.YES and a["2.4"] not in rob2.NO,
    "2.7": lambda a: a["2.6"] not in rob2.YES,
    "3.2": lambda a: a["3.1"] not in rob2.YES,
    "3.3": lambda a: a["3.2"] in rob2.NO,
    "3.4": lambda a: a["3.3"] not in rob2.NO and a["3.3"] != "NA",
    "4.4": lambda a: a["4.3"] not in rob2.NO,
    "4.5": lambda a: a["4.4"] not in rob2.NO and a["4.4"] != "NA",
}
#: Outcomes known for all but so few that their outcomes could not matter: the
#: guidance compares those missing with the events. The factor is the course's.
FEW = 5
#: Patients left out of the analysis who can move it: the guidance names no share.
MANY = 0.05


@dataclass(frozen=True)
class Step:
    """One step of GRADE: levels down, the levels that can be defended, and why."""

    levels: int
    defensible: tuple[int, ...]
    why: str


@dataclass(frozen=True)
class Key:
    """The answer key of a report.

    Parameters
    ----------
    answers : dict
        Answers to the signalling questions of RoB 2, those not asked as ``"NA"``.
    judgements : dict
        The five domains, by `rob2.judge`.
    reasons : dict
        Why, for each domain, in a sentence or two.
    steps : dict
        Steps of GRADE by name.
    certainty : str
        Where they lead from high; `certainties` are those that can be defended.
    number : float
        Difference of the registered clinical outcome in 100 people, agent minus
        comparator, counted from the report in all of whom it tells the outcome.
    found : float
        The same in the trial without its flaws, on the same patients.
    truth : float
        What is true in this world.
    """

    answers: dict[str, str]
    judgements: dict[str, str]
    reasons: dict[str, str]
    steps: dict[str, Step]
    certainty: str
    certainties: tuple[str, ...]
    number: float
    found: float
    truth: float


def answer_key(trial: Trial) -> Key:
    """Derive the answer key of a trial's report."""
    answers = signalling_answers(trial)
    judgements = rob2.judge(answers)
    steps = grade_steps(trial, judgements)
    lowest = min(sum(max(step.defensible) for step in steps.values()), 3)
    highest = min(sum(min(step.defensible) for step in steps.values()), 3)
    down = min(sum(step.levels for step in steps.values()), 3)
    sign = -1 if trial.world.outcome.good else 1
    return Key(
        answers=answers,
        judgements=judgements,
        reasons=_reasons(trial, judgements, answers),
        steps=steps,
        certainty=CERTAINTY[down],
        certainties=CERTAINTY[max(highest, down - 1) : min(lowest, down + 1) + 1],
        number=100 * trial.countable().difference,
        found=100 * trial.clean_row().difference,
        truth=100 * sign * trial.world.effect + 0.0,  # no minus before a zero
    )


def signalling_answers(trial: Trial) -> dict[str, str]:
    """Return the answers that follow from flaws, gaps and counts."""
    answers = dict(SOUND)
    if not trial.design.masked:
        answers |= {"2.1": "Y", "2.2": "Y"}
        if trial.world.outcome.deadly:
            answers |= {"4.3": "Y", "4.4": "N"}  # a death is a death
    for gap in trial.design.gaps:
        answers |= GAPS[gap].answers
    for flaw in trial.design.flaws:
        answers |= FLAWS[flaw].answers
    if not trial.design.masked and trial.has("surrogate"):
        answers |= {"4.3": "N"}

    difference, p_value = imbalance(trial)
    if p_value < 0.001 and abs(difference) >= 0.1:
        answers["1.3"] = "Y"
    answers["3.1"] = "Y" if nearly_all_known(trial) else "N"
    if answers["2.6"] in rob2.NO and left_out(trial) >= MANY:
        answers["2.7"] = "Y"
    for question, asked in ASKED_IF.items():
        if not asked(answers):
            answers[question] = "NA"
    return answers


def seen_in_counts(trial: Trial) -> bool:
    """Return whether the counts bear out the flaws that are judged by them.

    Patients who are lost or left out by the flaw must be so many that RoB 2 asks on.
    """
    judgements = rob2.judge(signalling_answers(trial))
    domains = {FLAWS[flaw].domain for flaw in trial.design.flaws} - {None}
    return all(judgements[domain] == rob2.HIGH for domain in domains)


def nearly_all_known(trial: Trial) -> bool:
    """Return whether the outcomes that are missing could have made no difference."""
    missing = int(trial.lost[: trial.size].sum())
    row = trial.countable()
    events = row.agent + row.control
    fewer = min(events, row.agent_n + row.control_n - events)
    return missing <= 0.05 * trial.size and missing * FEW <= fewer


def left_out(trial: Trial) -> float:
    """Return the largest share of an arm's patients left out of a denominator."""
    row = trial.rows[trial.main]
    everybody = [
        int((trial.arm[: trial.size] == arm).sum())
        - int((trial.lost[: trial.size] & (trial.arm[: trial.size] == arm)).sum())
        for arm in (1, 0)
    ]
    sizes = (row.agent_n, row.control_n)
    return max(1 - n / all_ for n, all_ in zip(sizes, everybody, strict=True))


def grade_steps(trial: Trial, judgements: dict[str, str]) -> dict[str, Step]:
    """Return the `STEPS` of GRADE."""
    found = (
        _risk_of_bias(trial, judgements),
        _indirectness(trial),
        _imprecision(trial),
    )
    return dict(zip(STEPS, found, strict=True))


def _risk_of_bias(trial: Trial, judgements: dict[str, str]) -> Step:
    high = [name for name, one in judgements.items() if one == rob2.HIGH]
    some = [name for name, one in judgements.items() if one == rob2.SOME]
    early = trial.has("stopped_early")
    causes = [rob2.DOMAINS[name].title.lower() for name in high]
    if early:
        causes.append("stopped early for benefit")
    if len(causes) >= 3:
        return Step(2, (2,), f"Serious in {_listed(causes)}: two levels.")
    if len(causes) == 2:
        return Step(2, (1, 2), f"Serious in {_listed(causes)}: two levels, or one.")
    if causes:
        return Step(1, (1, 2), f"Serious in {_listed(causes)}: one level, or two.")
    if some:
        causes = [rob2.DOMAINS[name].title.lower() for name in some]
        told = f"Some concerns in {_listed(causes)}"
        if len(causes) > 1:
            return Step(1, (0, 1), f"{told}: one level, or none with a reason.")
        return Step(0, (0, 1), f"{told}: none, or one with a reason.")
    return Step(0, (0,), "All five domains are low: none.")


def _indirectness(trial: Trial) -> Step:
    if trial.has("surrogate"):
        return Step(
            1, (1, 2), "The claim is about patients, the result about a marker."
        )
    if trial.has("weak_comparator"):
        return Step(
            1, (1, 2), "Nobody would be given the comparator at the dose of the trial."
        )
    return Step(
        0, (0,), "Patients, agent, comparator and outcome are those in question."
    )


def _imprecision(trial: Trial) -> Step:
    name = trial.headline
    important = trial.world.important
    proper = trial.right_interval(name)
    right = crossings(*proper, important)
    printed = crossings(*trial.rows[name].interval, important)
    told = {
        0: "The interval crosses no threshold of importance",
        1: "The interval crosses one threshold of importance",
        2: "The interval holds an important benefit as well as an important harm",
    }[right]
    why = f"{told} (± {100 * important:.0f} in 100)."
    with_what = {
        "unit_of_analysis": "With practices as the unit",
        "wrong_denominator": "With everybody in the denominator",
    }
    for flaw, words in with_what.items():
        if trial.has(flaw):
            low, high = (100 * end for end in proper)
            why += f" {words} it reaches from {low:.1f} to {high:.1f} points.".replace(
                "-", "−"
            )
    return Step(right, tuple(sorted({right, printed})), why)


def crossings(low: float, high: float, important: float) -> int:
    """Return how many of the thresholds ± `important` lie inside an interval.

    Examples
    --------
    >>> crossings(-0.12, -0.06, 0.05), crossings(-0.12, 0.01, 0.05)
    (0, 1)
    >>> crossings(-0.08, 0.07, 0.05)
    2
    """
    thresholds = (-important, important)
    return sum(bool(low < threshold < high) for threshold in thresholds)


def _reasons(
    trial: Trial, judgements: dict[str, str], answers: dict[str, str]
) -> dict[str, str]:
    """Return why each domain is judged as it is."""
    reasons = {}
    for name in rob2.DOMAINS:
        said = [
            FLAWS[flaw].why for flaw in trial.design.flaws if FLAWS[flaw].domain == name
        ]
        said += [
            GAPS[gap].why
            for gap in trial.design.gaps
            if GAPS[gap].domain == name and not said
        ]
        reasons[name] = " ".join(said) or _sound(trial, name, answers)
    return reasons


def _sound(trial: Trial, name: str, answers: dict[str, str]) -> str:
    """Return why nothing is wrong with a domain, or what the counts alone say."""
    told = {
        "randomisation": "The sequence was random and hidden (1.1 and 1.2: yes); what "
        "differs in Table 1 is compatible with chance (1.3: no).",
        "deviations": "Patients and staff did not know the arm (2.1 and 2.2: no); all "
        "were analysed as assigned (2.6: yes).",
        "missing": "The outcome is known for nearly all, and those missing are few "
        "beside the events (3.1: yes).",
        "measurement": "Those who assessed the outcome did not know the arm (4.3: no).",
        "selection": "Outcome, visit and analysis are those of the register, entered "
        "before the first patient (5.1: yes; 5.2 and 5.3: no).",
    }
    if answers["1.3"] == "Y":
        told["randomisation"] = (
            "The sequence was random and hidden, but a predictor of the outcome "
            "differs more than by chance (1.3: yes)."
        )
    if not trial.design.masked:
        told["deviations"] = (
            "The arm was known, but other treatment was fixed and alike in both (2.3: "
            "probably not); all were analysed as assigned (2.6: yes)."
        )
    if answers["3.1"] == "N":
        told["missing"] = (
            "More outcomes are missing than the events can bear (3.1: no), for reasons "
            "that are alike in both arms (3.4: probably not)."
        )
    if answers["4.3"] == "Y":
        told["measurement"] = (
            "The arm was known, but no judgement enters this outcome (4.4: no)."
        )
    return told[name]


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
