"""The algorithm of RoB 2: from answers to signalling questions to a judgement.

RoB 2 asks some twenty signalling questions about one result of a randomised trial
and maps the answers to a judgement in five domains :cite:`Sterne2019rob2`. The mapping
here is that for the effect of *assignment* to an intervention, as its guidance of
22 August 2019 gives it (riskofbias.info). The questions are in the course's own words.

An answer is one of ``Y`` (yes), ``PY`` (probably), ``PN`` (probably not), ``N`` (no),
``NI`` (no information) and ``NA`` (not asked, since an earlier answer settled it).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

YES = frozenset({"Y", "PY"})
NO = frozenset({"N", "PN"})
UNKNOWN = frozenset({"NI"})
ANSWERS = YES | NO | UNKNOWN | {"NA"}

LOW, SOME, HIGH = "low", "some concerns", "high"
JUDGEMENTS = (LOW, SOME, HIGH)

Answers = Mapping[str, str]


def randomisation(answers: Answers) -> str:
    """Judge domain 1, bias arising from the randomisation process."""
    random, concealed, imbalance = (answers[q] for q in ("1.1", "1.2", "1.3"))
    if concealed in NO:
        return HIGH
    if concealed in UNKNOWN:
        return HIGH if imbalance in YES else SOME
    return SOME if random in NO or imbalance in YES else LOW


def deviations(answers: Answers) -> str:
    """Judge domain 2, bias due to deviations from the intended interventions.

    Two parts, what happened and how it was analysed; the worse one counts.
    """
    return max(_what_happened(answers), _how_analysed(answers), key=JUDGEMENTS.index)


def _what_happened(answers: Answers) -> str:
    if answers["2.1"] in NO and answers["2.2"] in NO:
        return LOW
    if answers["2.3"] in NO:
        return LOW
    if answers["2.3"] in UNKNOWN:
        return SOME
    if answers["2.4"] in NO:
        return SOME
    return SOME if answers["2.5"] in YES else HIGH


def _how_analysed(answers: Answers) -> str:
    if answers["2.6"] in YES:
        return LOW
    return SOME if answers["2.7"] in NO else HIGH


def missing(answers: Answers) -> str:
    """Judge domain 3, bias due to missing outcome data."""
    if answers["3.1"] in YES or answers["3.2"] in YES or answers["3.3"] in NO:
        return LOW
    return SOME if answers["3.4"] in NO else HIGH


def measurement(answers: Answers) -> str:
    """Judge domain 4, bias in measurement of the outcome."""
    if answers["4.1"] in YES or answers["4.2"] in YES:
        return HIGH
    best = SOME if answers["4.2"] in UNKNOWN else LOW
    if answers["4.3"] in NO or answers["4.4"] in NO:
        return best
    return SOME if answers["4.5"] in NO else HIGH


def selection(answers: Answers) -> str:
    """Judge domain 5, bias in selection of the reported result."""
    chosen = answers["5.2"], answers["5.3"]
    if any(answer in YES for answer in chosen):
        return HIGH
    if any(answer in UNKNOWN for answer in chosen):
        return SOME
    return LOW if answers["5.1"] in YES else SOME


@dataclass(frozen=True)
class Domain:
    """One of the five domains: its title, its questions, its part of the algorithm."""

    title: str
    questions: Mapping[str, str]
    judge: Callable[[Answers], str]


DOMAINS: dict[str, Domain] = {
    "randomisation": Domain(
        "Randomisation process",
        {
            "1.1": "Was the sequence random?",
            "1.2": "Was it hidden until a patient was enrolled and assigned?",
            "1.3": "Do the groups differ at baseline as chance would not make them?",
        },
        randomisation,
    ),
    "deviations": Domain(
        "Deviations from the intended interventions",
        {
            "2.1": "Did the patients know what they were given?",
            "2.2": "Did those who treated them know?",
            "2.3": "Did the trial itself make people deviate from the protocol?",
            "2.4": "Is it likely that these deviations moved the outcome?",
            "2.5": "Were they balanced between the arms?",
            "2.6": "Was everybody analysed in the arm they were assigned to?",
            "2.7": "Could leaving that undone have moved the result substantially?",
        },
        deviations,
    ),
    "missing": Domain(
        "Missing outcome data",
        {
            "3.1": "Is the outcome known for all, or nearly all, who were randomised?",
            "3.2": "Is there evidence that what is missing did not bias the result?",
            "3.3": "Could missing depend on the outcome itself?",
            "3.4": "Is it likely that it did?",
        },
        missing,
    ),
    "measurement": Domain(
        "Measurement of the outcome",
        {
            "4.1": "Was the method of measuring unsuitable?",
            "4.2": "Could it have differed between the arms?",
            "4.3": "Did those who assessed the outcome know the arm?",
            "4.4": "Could knowing it have influenced what they recorded?",
            "4.5": "Is it likely that it did?",
        },
        measurement,
    ),
    "selection": Domain(
        "Selection of the reported result",
        {
            "5.1": "Was it analysed by a plan made before the results were known?",
            "5.2": "Was it probably chosen from several measurements of the outcome?",
            "5.3": "Was it probably chosen from several analyses of the data?",
        },
        selection,
    ),
}


def judge(answers: Answers) -> dict[str, str]:
    """Return the judgement of each domain.

    Parameters
    ----------
    answers : mapping of str to str
        An answer for every signalling question, ``"1.1"`` to ``"5.3"``.

    Returns
    -------
    dict
        ``"low"``, ``"some concerns"`` or ``"high"`` for each of `DOMAINS`.

    Raises
    ------
    ValueError
        If a question has no answer, or one that RoB 2 does not know.

    Examples
    --------
    >>> answers = {q: "NA" for one in DOMAINS.values() for q in one.questions}
    >>> answers |= {"1.1": "Y", "1.2": "N", "1.3": "N", "2.1": "N", "2.2": "N"}
    >>> answers |= {"2.6": "Y", "3.1": "Y", "4.1": "N", "4.2": "N", "4.3": "N"}
    >>> answers |= {"5.1": "Y", "5.2": "N", "5.3": "N"}
    >>> judge(answers)["randomisation"], judge(answers)["selection"]
    ('high', 'low')
    """
    for domain in DOMAINS.values():
        for question in domain.questions:
            given = answers.get(question)
            if given not in ANSWERS:
                raise ValueError(
                    f"question {question} has the answer {given!r}; give one of "
                    f"{', '.join(sorted(ANSWERS))}"
                )
    return {name: domain.judge(answers) for name, domain in DOMAINS.items()}
