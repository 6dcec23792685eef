"""The live figures of pages that are no notebooks; ``{live-figure} NAME`` shows one."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
from cohorts import curated

from . import live, style

#: Abstract 1 of *Three unseen abstracts*: with vesprolan, and without it.
RANDOMISED, COMPLETED, ILL = (60, 60), (52, 42), (16, 27)


def lost_children() -> live.LiveFigure:
    """Return the figure that counts the children whom abstract 1 has lost.

    The 95 % interval of a risk ratio is that of large samples, on the scale of the
    logarithm.
    """
    lost, others = (n - there for n, there in zip(RANDOMISED, COMPLETED, strict=True))
    drug = live.Slider(
        "drug", "Lost with drops and ill", 0, lost, 1, value=2, unit=f"of {lost}"
    )
    none = live.Slider(
        "none", "Lost without and ill", 0, others, 1, value=12, unit=f"of {others}"
    )
    places = [(a, b) for a in map(int, drug.values) for b in map(int, none.values)]
    every = pd.DataFrame(places, columns=["drug", "none"])
    every = _risk_ratio(alt.Chart(every), RANDOMISED)
    every = every.transform_calculate(
        what="datum.high < 1 ? 'lies below 1' : 'reaches 1'"
    )
    scale = alt.Scale(
        domain=["lies below 1", "reaches 1"], range=[style.SKY, style.VERMILION]
    )
    x = alt.X("none:O", title=f"Lost without and ill (of {others})")
    x = x.axis(values=[0, 6, 12, 18], labelAngle=0)
    y = alt.Y("drug:O", title=f"With drops (of {lost})", sort="descending")
    y = y.axis(values=[0, 2, 4, 6, 8])
    hue = alt.Color("what:N", title="95 % interval of the risk ratio", scale=scale)
    here = every.transform_filter(drug.at() & none.at())
    cells = every.mark_rect(opacity=0.55, stroke="white").encode(x, y, hue)
    ring = here.mark_point(size=90, color=style.INK, opacity=1).encode(x, y)

    seen = alt.Chart(pd.DataFrame({"drug": [0], "none": [0]}))
    seen = _risk_ratio(seen, COMPLETED).transform_calculate(who="'completers'")
    whole = here.transform_calculate(who="'all, as set'")
    x = alt.X("low:Q", title="Risk ratio, with 95 % interval (log scale)")
    x = x.scale(type="log", domain=[0.25, 1.5], nice=False)
    x = x.axis(values=[0.3, 0.5, 0.7, 1, 1.4])
    who = alt.Y("who:N", title=None, sort=["completers", "all, as set"])
    one = alt.Chart(pd.DataFrame({"low": [1]})).mark_rule(strokeDash=[2, 3]).encode(x)
    rows = [one]
    for data, colour in ((seen, style.GREY), (whole, style.INK)):
        rows += [
            data.mark_rule(color=colour, strokeWidth=2).encode(x, who, x2="high:Q"),
            data.mark_point(color=colour, size=80, opacity=1).encode(
                alt.X("ratio:Q"), who
            ),
        ]
    return live.figure(
        "lv-evidence-lost",
        question="How many of the lost children must have been ill, and on which side, "
        "for the effect to go?",
        sliders=[drug, none],
        chart=[
            alt.layer(cells, ring).properties(height=160),
            alt.layer(*rows).properties(height=60),
        ],
        said=here,
        says="{drug} of 8 lost with drops and {none} of 18 lost without had three "
        "infections or more: risk ratio {ratio:.2f} ({low:.2f} to {high:.2f}).\nAmong "
        "completers it is 0.48.",
        found="Always more of the 8 than of the 18: the lost alone carry the effect "
        "away only if mostly ill children left the drops, and mostly well ones the "
        "other group. Equal shares on both sides leave an effect.",
        picture="A grid of 9 by 19 places, one for each number of ill children among "
        "the lost of both groups. In a triangle at its upper left the interval reaches "
        "1, elsewhere it lies below. Below the grid, the ratio of the completers and "
        "that of all children, both near one half.",
    )


def _risk_ratio(chart: alt.Chart, n: tuple[int, int]) -> alt.Chart:
    """Add the risk ratio among `n` children if ``drug`` and ``none`` more were ill."""
    chart = chart.transform_calculate(
        x1=f"{ILL[0]} + datum.drug", x0=f"{ILL[1]} + datum.none"
    )
    chart = chart.transform_calculate(
        ratio=f"(datum.x1 / {n[0]}) / (datum.x0 / {n[1]})",
        se=f"sqrt(1 / datum.x1 - 1 / {n[0]} + 1 / datum.x0 - 1 / {n[1]})",
    )
    return chart.transform_calculate(
        low="datum.ratio * exp(-1.96 * datum.se)",
        high="datum.ratio * exp(1.96 * datum.se)",
    )


def sure_and_large() -> live.LiveFigure:
    """Return the figure that asks the effects of the atlas to be sure and large.

    Each row is a ratio of the table ``evidence`` on an outcome that a patient notices,
    with a DOI and an interval, turned so that below 1 is better.
    """
    rows = curated.load("evidence")
    rows = rows[rows["doi"].notna() & (rows["kind"] == "clinical")]
    rows = rows[rows["measure"].isin(curated.RATIOS) & rows["ci_low"].notna()]
    ends = rows[["estimate", "ci_low", "ci_high"]].to_numpy()
    turned = (rows["better"] != "lower").to_numpy()[:, None]
    ends = np.where(turned, 1 / ends[:, [0, 2, 1]], ends)
    effects = pd.DataFrame(ends, columns=["ratio", "low", "high"]).round(4)
    effects["sure"] = [1 + curated.CERTAINTY.index(one) for one in rows["certainty"]]
    effects = effects.sort_values(["ratio", "low", "high"], ignore_index=True)

    sure = live.Choice(
        "sure", "Certainty at least", curated.CERTAINTY, value="very low"
    )
    large = live.Slider(
        "large", "Better by a factor of at least", 1, 2, 0.05, value=1,
        ticks=[1, 1.25, 1.5, 1.75, 2],
    )  # fmt: skip
    near = "datum.{} * large < 1.0001"  # the table has two or three decimals
    kinds = ["the interval, and sure enough", "the estimate only", "not the estimate"]
    every = alt.Chart(effects.reset_index(names="i")).transform_calculate(
        point=f"datum.ratio < 1 && {near.format('ratio')} ? 1 : 0",
        whole=f"datum.high < 1 && {near.format('high')} && datum.sure >= sure ? 1 : 0",
    )
    every = every.transform_calculate(
        what=f"{kinds}[datum.whole ? 0 : datum.point ? 1 : 2]"
    )
    colours = alt.Scale(domain=kinds, range=[style.BLUE, style.ORANGE, style.PALE])
    hue = alt.Color("what:N", title="What is so far on the good side", scale=colours)
    hue = hue.legend(columns=1)
    x = alt.X("low:Q", title="Ratio, below 1 is better (log scale)")
    x = x.scale(type="log", domain=[0.1, 4], nice=False)
    x = x.axis(values=[0.1, 0.25, 0.5, 1, 2, 4])
    y = alt.Y("i:Q", axis=None, scale=alt.Scale(reverse=True))
    lines = every.mark_rule(strokeWidth=1.2, clip=True).encode(x, y, hue, x2="high:Q")
    dots = every.mark_circle(size=26, opacity=1, clip=True)
    dots = dots.encode(alt.X("ratio:Q"), y, hue)
    edge = alt.Chart(pd.DataFrame({"one": [1]})).transform_calculate(low="1 / large")
    edge = edge.mark_rule(strokeDash=[6, 3]).encode(x)
    return live.figure(
        "lv-atlas-sure",
        question="How many effects are left if they have to be sure, and large enough?",
        sliders=[sure, large],
        chart=(lines + dots + edge).properties(height=330),
        said=every.transform_aggregate(
            n="count()", point="sum(point)", whole="sum(whole)"
        ).transform_calculate(
            by="large > 1 ? 'by a factor of ' + format(large, '.2f') : 'at all'"
        ),
        says="Of {n} effects on outcomes that patients notice the estimate is better "
        "{by} in {point}.\nThe whole interval is, with a certainty at least {sure}, in "
        "{whole}.",
        found="Nearly every estimate lies on the good side. The whole interval does so "
        "less often, with a high certainty few do, and fewer still are large: what "
        "sounds alike in a headline is of very different worth.",
        picture="Effects with their intervals, one line each, from the strongest to "
        "the weakest. Nearly all dots lie left of 1, and about two thirds of the "
        "intervals.",
    )
