"""The figures of each page are counted from 1, in captions and in references."""

import matplotlib.pyplot as plt


def test_figures_are_counted_anew_on_each_page(project, tmp_path):
    (tmp_path / "source").mkdir()
    plt.imsave(tmp_path / "source/dot.png", [[0.0, 1.0]])
    figure = ":::{{figure}} dot.png\n:name: fig-{0}\n:alt: a dot\n\n{0}\n:::\n\n"
    pages = {
        "one": figure.format("a") + figure.format("b") + "See {numref}`fig-c`.",
        "two": figure.format("c") + figure.format("d") + "See {numref}`fig-d`.",
    }
    built = project(pages, numfig=True)
    assert not built.warnings
    for name, seen in {"one": "See Fig. 1.", "two": "See Fig. 2."}.items():
        page = built.page(name)
        counted = [one.text.strip() for one in page.select(".caption-number")]
        assert counted == ["Fig. 1", "Fig. 2"]
        assert seen in page.text
