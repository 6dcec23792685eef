// The page My course (book/_ext/record/__init__.py): shows what `courseRecord` has kept.
"use strict";

(() => {
  const place = document.querySelector(".my-course");
  if (!place || !window.courseRecord) return;
  const record = window.courseRecord;
  const AT_ONCE = 10;

  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside.flat());
    return node;
  };
  const isCheck = (name) => name.startsWith("sc-");
  const share = (part) => `${Math.round(100 * part)}\u00a0%`;
  const mean = (values) => values.reduce((sum, value) => sum + Number(value), 0) / values.length;

  // `groups` are the names of groups of rows ("" for one without) and their rows.
  const table = (caption, head, groups) => {
    const columns = head.map((one, i) => make("th", { scope: "col", class: i ? "is-number" : "" }, one));
    const rowOf = ([first, ...cells]) => {
      const numbers = cells.map((cell) => make("td", { class: "is-number" }, cell));
      return make("tr", {}, make("th", { scope: "row" }, first), numbers);
    };
    const bodies = groups.map(([name, rows]) => {
      const over = make("th", { scope: "rowgroup", colspan: head.length }, name);
      return make("tbody", {}, name ? [make("tr", { class: "my-course-part" }, over)] : [], rows.map(rowOf));
    });
    const whole = [make("caption", {}, caption), make("thead", {}, make("tr", {}, columns)), bodies];
    const told = { class: "my-course-wide pst-scrollable-table-container", tabindex: 0, role: "region", "aria-label": caption };
    return make("div", told, make("table", { class: "table" }, whole.flat()));
  };

  // -- what is done, by part of the book and page

  const done = (entries) => {
    const answered = (names) => names.filter((name) => entries[name]).length;
    const counts = (names) => (names.length ? `${answered(names)} of ${names.length}` : "–");
    const parts = new Map();
    for (const [page, { title, part, items }] of Object.entries(record.items())) {
      if (!items.length) continue;
      const checks = items.filter(isCheck);
      const [predictions, figures] = ["pr-", "lv-"].map((kind) =>
        items.filter((name) => name.startsWith(kind)),
      );
      const right = checks.filter((name) => entries[name]?.last).length;
      const link = make("a", { href: record.address(page) }, title);
      const row = [
        ...[link, counts(checks), checks.length ? String(right) : "–"],
        ...[counts(predictions), counts(figures)],
      ];
      parts.set(part, [...(parts.get(part) ?? []), row]);
    }
    return table(
      "What you have done: self-checks answered and right at last, predictions made, figures moved",
      ["Page", "Self-checks", "Right", "Predicted", "Figures"],
      [...parts],
    );
  };

  // -- what was wrong, oldest first

  const wrong = (entries) =>
    Object.entries(entries)
      .filter(([name, entry]) => isCheck(name) && entry.last === false && record.whereIs(name))
      .sort(([, one], [, other]) => one.at - other.at);

  const again = (entries) => {
    const names = wrong(entries).map(([name]) => name);
    const box = make("section", {}, make("h2", {}, "Ten questions again"));
    if (!names.length) {
      box.append(make("p", {}, "No self-check that you answered is open: nothing to ask again."));
      return box;
    }
    const button = make("button", { type: "button" }, "Begin");
    button.addEventListener("click", () => record.askAgain(names.slice(0, AT_ONCE)));
    box.append(
      make(
        "p",
        {},
        `Your last answer to ${names.length} ${names.length === 1 ? "self-check was" : "self-checks was each"} wrong. Those that you answered longest ago come first, at most ${AT_ONCE} at once.`,
      ),
      make("p", {}, button),
      make(
        "ul",
        {},
        wrong(entries).map(([name, entry]) =>
          make(
            "li",
            {},
            make("a", { href: `${record.address(record.whereIs(name))}#${name}` }, entry.asked || name),
          ),
        ),
      ),
    );
    return box;
  };

  // -- how sure: the share of first answers that were right, by what was said

  const BINS = [0, 20, 40, 60, 80].map((from) => [from, from === 80 ? 100 : from + 19]);
  const calibration = (entries) => {
    const asked = Object.values(entries).filter(
      (entry) => Number.isFinite(entry.sure) && typeof entry.first === "boolean",
    );
    const box = make("section", {}, make("h2", {}, "How sure you were"));
    if (!asked.length) {
      box.append(
        make("p", {}, "Some self-checks ask how sure you are. None of them is answered yet."),
      );
      return box;
    }
    const bins = BINS.map(([from, to]) => {
      const inside = asked.filter((entry) => entry.sure >= from && entry.sure <= to);
      const said = mean(inside.map((entry) => entry.sure / 100));
      return { from, to, n: inside.length, said, right: mean(inside.map((entry) => entry.first)) };
    }).filter((bin) => bin.n);
    box.append(
      make(
        "p",
        {},
        `In ${asked.length === 1 ? "1 self-check" : `${asked.length} self-checks`} you expected ${share(mean(asked.map((entry) => entry.sure / 100)))} right answers, and gave ${share(mean(asked.map((entry) => entry.first)))} at first.`,
      ),
      make(
        "figure",
        {},
        picture(bins),
        make(
          "figcaption",
          {},
          "On the dashed line, you are right as often as you expect; below it, you trust yourself too much.",
        ),
      ),
      table(
        "The same in numbers",
        ["You expected", "Questions", "Right at first"],
        [["", bins.map((bin) => [`${bin.from} to ${bin.to} %`, String(bin.n), share(bin.right)])]],
      ),
    );
    return box;
  };

  const picture = (bins) => {
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    const x = (value) => 40 + 200 * value;
    const y = (value) => 210 - 200 * value;
    const draw = (tag, attributes, words = "") => {
      const node = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      node.textContent = words;
      svg.append(node);
    };
    const told = { viewBox: "0 0 270 255", role: "img", class: "my-course-curve" };
    told["aria-label"] = "Share of right answers against what you expected; the table has the numbers.";
    for (const [name, value] of Object.entries(told)) svg.setAttribute(name, value);
    draw("path", { d: `M${x(0)} ${y(1)}V${y(0)}H${x(1)}` });
    draw("path", { d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}`, class: "ideal" });
    for (const tick of [0, 0.5, 1]) {
      draw("text", { x: x(tick), y: 227, "text-anchor": "middle" }, share(tick));
      draw("text", { x: 35, y: y(tick) + 4, "text-anchor": "end" }, String(100 * tick));
    }
    draw("text", { x: x(0.5), y: 247, "text-anchor": "middle" }, "you expected");
    draw("text", { x: 48, y: 14 }, "% right");
    const points = bins.map((bin) => `${x(bin.said)} ${y(bin.right)}`);
    if (points.length > 1) draw("path", { d: `M${points.join("L")}`, class: "curve" });
    for (const bin of bins) {
      const r = 3 + Math.min(6, Math.sqrt(bin.n));
      draw("circle", { cx: x(bin.said), cy: y(bin.right), r });
    }
    return svg;
  };

  // -- the file

  const tools = () => {
    const out = make("button", { type: "button" }, "Export");
    out.addEventListener("click", () => {
      const written = JSON.stringify({ version: 1, entries: record.all() }, null, 1);
      const link = make("a", {
        href: URL.createObjectURL(new Blob([written], { type: "application/json" })),
        download: "my-course.json",
      });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href));
    });
    const field = make("input", {
      ...{ type: "file", accept: ".json,application/json", class: "visually-hidden" },
    });
    field.addEventListener("change", async () => {
      const [file] = field.files;
      if (file) show(await record.take(file));
    });
    const taking = make("label", { class: "my-course-file" }, "Import", field);
    const remove = make("button", { type: "button" }, "Delete");
    remove.addEventListener("click", () => {
      if (remove.textContent === "Delete") {
        remove.textContent = "Delete it for good";
        return;
      }
      record.erase();
      show("The record is deleted.");
    });
    const covers = make("input", { type: "checkbox", id: "my-course-covers" });
    covers.checked = record.covers();
    covers.addEventListener("change", () => record.setCovers(covers.checked));
    return make(
      "section",
      {},
      make("h2", {}, "Your record"),
      make("p", { class: "my-course-tools" }, out, taking, remove),
      make(
        "p",
        {},
        make("label", {}, covers, " Cover what follows a prediction until I answer"),
      ),
    );
  };

  const status = make("p", { role: "status", "aria-live": "polite" });
  const body = make("div");
  const show = (said) => {
    const entries = record.all();
    body.replaceChildren(done(entries), again(entries), calibration(entries), tools());
    status.textContent = said;
  };
  place.replaceChildren(body, status);
  show(record.keeps() ? "" : "This browser keeps nothing of what you do in the course: it forbids storage, or has no room left.");
  document.addEventListener("course-record", () => show(status.textContent));
})();
