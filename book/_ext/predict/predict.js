// Predictions (book/_ext/predict/__init__.py): takes the answer, uncovers what follows,
// and says both again in the takeaways. Without this script nothing is covered.
"use strict";

(() => {
  const record = window.courseRecord;
  const SVG = "http://www.w3.org/2000/svg";
  const boxes = [...document.querySelectorAll(".predict")];
  const covers = [...document.querySelectorAll(".predict-covered")];
  const kept = record.all();
  const made = new Map();

  const make = (tag, attributes = {}, ...inside) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...inside.flat());
    return node;
  };
  const button = (words, act, plain) => {
    const node = make("button", { type: "button" }, words);
    if (plain) node.className = "is-plain";
    node.addEventListener("click", act);
    return node;
  };
  const read = (words) => Number.parseFloat(words.replace(/−/g, "-").replace(/[,\s]/g, ""));
  // About a hundred steps, of 1, 2 or 5 times a power of ten.
  const roundStep = (span) => {
    const power = 10 ** Math.floor(Math.log10(span / 100));
    return power * [1, 2, 5, 10].find((one) => one * power * 100 >= span * 0.999);
  };
  const withUnit = (value, unit) => (unit ? `${value}\u00a0${unit}` : String(value));
  // A copy; the names of things in it stay with the original.
  const copyOf = (node) => {
    const copy = node.cloneNode(true);
    copy.removeAttribute("id");
    for (const named of copy.querySelectorAll("[id]")) named.removeAttribute("id");
    return copy;
  };

  // -- one form for each kind: `said` is null while nothing is given

  const choice = (box) => {
    const offers = [...box.querySelectorAll(".predict-offer")];
    const inputs = offers.map((offer) => offer.querySelector("input"));
    const words = (offer) => offer.querySelector("span").textContent.trim();
    return {
      parts: [],
      said: () => {
        const chosen = offers.filter((_, i) => inputs[i].checked);
        return chosen.length ? chosen.map(words).join("; ") : null;
      },
      more: () => ({
        values: inputs.flatMap((input, i) => (input.checked ? [i + 1] : [])),
        first: inputs.every((input, i) => input.checked === (offers[i].dataset.right === "true")),
      }),
      fill: ({ values = [] }) => inputs.forEach((one, i) => (one.checked = values.includes(i + 1))),
      show: () =>
        offers.forEach((offer) => offer.classList.toggle("is-right", offer.dataset.right === "true")),
      lock: () => inputs.forEach((input) => (input.disabled = true)),
    };
  };

  const words = () => {
    const field = make("textarea", { rows: 3, "aria-label": "Your prediction", maxlength: 2000 });
    return {
      parts: [field],
      said: () => field.value.trim() || null,
      more: () => ({}),
      fill: ({ said }) => (field.value = said),
      show: () => {},
      lock: () => (field.readOnly = true),
    };
  };

  const number = (box) => {
    const { unit = "" } = box.dataset;
    const field = make("input", { type: "number", step: "any", autocomplete: "off" });
    const label = make("label", {}, unit ? `Your prediction, in ${unit} ` : "Your prediction ", field);
    return {
      parts: [label],
      said: () => (Number.isNaN(field.valueAsNumber) ? null : withUnit(field.value, unit)),
      more: () => ({ values: [field.valueAsNumber] }),
      fill: ({ values = [] }) => (field.value = values[0] ?? ""),
      show: () => {},
      lock: () => (field.readOnly = true),
    };
  };

  const line = (box, truths) => {
    const { unit = "", from, to } = box.dataset;
    const step = box.dataset.step ?? roundStep(to - from);
    const out = make("output", {}, "?");
    const start = (Number(from) + Number(to)) / 2;
    const slider = make("input", { type: "range", min: from, max: to, step, value: start });
    slider.setAttribute("aria-label", unit ? `Your prediction, in ${unit}` : "Your prediction");
    let touched = false;
    const told = () => {
      touched = true;
      out.textContent = withUnit(slider.value, unit);
      slider.setAttribute("aria-valuetext", out.textContent);
    };
    slider.addEventListener("input", told);
    const track = make("span", { class: "predict-track" }, slider);
    const ends = make("span", { class: "predict-ends" }, make("span", {}, withUnit(from, unit)));
    ends.append(make("span", {}, withUnit(to, unit)));
    return {
      parts: [make("div", { class: "predict-line" }, out, track, ends)],
      said: () => (touched ? withUnit(slider.value, unit) : null),
      more: () => ({ values: [slider.valueAsNumber] }),
      fill: ({ values = [] }) => {
        slider.value = values[0] ?? start;
        told();
      },
      show: () => {
        const part = (truths[0] - from) / (to - from);
        if (!(part >= 0 && part <= 1) || track.children.length > 1) return;
        const mark = make("span", { class: "predict-true", "aria-hidden": "true" });
        mark.style.setProperty("--part", part);
        track.append(mark);
      },
      lock: () => (slider.disabled = true),
    };
  };

  // One slider for each place; a pointer that is drawn across sets them one by one.
  const curve = (box, truths) => {
    const { unit = "", along } = box.dataset;
    const [from, to] = [Number(box.dataset.from), Number(box.dataset.to)];
    const at = box.dataset.at.split(" ").map(Number);
    const values = at.map(() => null);
    const [width, height, left, base] = [320, 200, 44, 164];
    const x = (place) => left + ((width - left - 16) * (place - at[0])) / (at.at(-1) - at[0]);
    const y = (value) => base - ((base - 12) * (value - from)) / (to - from);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("class", "predict-curve");
    svg.setAttribute("aria-hidden", "true"); // the sliders beside it say the same
    const draw = (tag, attributes, words = "") => {
      const node = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      node.textContent = words;
      svg.append(node);
      return node;
    };
    draw("path", { class: "axis", d: `M${left} 8V${base}H${width - 12}` });
    for (const value of [from, (from + to) / 2, to]) {
      draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value));
    }
    for (const place of at) draw("text", { x: x(place), y: base + 16, "text-anchor": "middle" }, String(place));
    draw("text", { x: x(at.at(-1)), y: base + 32, "text-anchor": "end" }, along);
    draw("text", { x: left + 6, y: 14 }, unit);
    const truth = draw("path", { class: "truth" });
    const drawn = draw("path", { class: "drawn" });
    const points = at.map((place) => draw("circle", { class: "point", r: 5, cx: x(place), cy: base }));
    const path = (known) =>
      known.length ? `M${known.map(([place, value]) => `${x(place)} ${y(value)}`).join("L")}` : "";
    const step = roundStep(to - from);
    const fields = at.map((place) => {
      const field = make("input", { type: "range", min: from, max: to, step });
      field.setAttribute("aria-label", `${along} ${place}, in ${unit}`);
      field.addEventListener("input", () => set(at.indexOf(place), field.valueAsNumber));
      return field;
    });
    const set = (i, value) => {
      values[i] = Math.min(to, Math.max(from, value));
      fields[i].value = values[i];
      points[i].setAttribute("cy", y(values[i]));
      points[i].classList.add("is-set");
      drawn.setAttribute("d", path(at.map((p, j) => [p, values[j]]).filter(([, v]) => v !== null)));
    };
    let locked = false;
    const follow = (event) => {
      if (locked || (event.type === "pointermove" && !event.buttons)) return;
      event.preventDefault();
      const place = svg.getBoundingClientRect();
      const px = ((event.clientX - place.left) * width) / place.width;
      const py = ((event.clientY - place.top) * height) / place.height;
      const gaps = at.map((one) => Math.abs(x(one) - px));
      const i = gaps.indexOf(Math.min(...gaps));
      const value = from + ((base - py) / (base - 12)) * (to - from);
      set(i, Number((Math.round(value / step) * step).toPrecision(3)));
    };
    svg.addEventListener("pointerdown", follow);
    svg.addEventListener("pointermove", follow);
    return {
      parts: [
        svg,
        make(
          "details",
          { class: "predict-fields" },
          make("summary", {}, "With the keyboard: one slider for each point"),
          at.map((place, i) => make("label", {}, `${along} ${place} `, fields[i])),
        ),
      ],
      said: () =>
        values.includes(null) ? null : `${values.map((v) => Number(v.toPrecision(3))).join(", ")} ${unit}`,
      more: () => ({ values }),
      fill: ({ values: old = [] }) => old.slice(0, at.length).forEach((value, i) => set(i, value)),
      show: () => truth.setAttribute("d", path(at.map((place, i) => [place, truths[i]]))),
      lock: () => {
        locked = true;
        for (const field of fields) field.disabled = true;
      },
    };
  };

  // What else is asked, each with a field for words that may stay empty.
  const also = (box) => {
    const parts = [...box.querySelectorAll(".predict-also")];
    const fields = parts.map((part, i) => {
      const label = part.querySelector("p");
      label.id = `${box.id}-also-${i + 1}`;
      const field = make("textarea", { rows: 1, "aria-labelledby": label.id, maxlength: 500 });
      part.append(field);
      return field;
    });
    return {
      parts,
      said: () => fields.map((field) => field.value.trim()),
      fill: (said = []) => fields.forEach((field, i) => (field.value = said[i] ?? "")),
      lock: () => fields.forEach((field) => (field.readOnly = true)),
    };
  };
  const whole = ({ said, also = [] }) => [said, ...also.filter(Boolean)].join("; ");

  const FORMS = { choice, words, number, line, curve };
  const MISSING = {
    choice: "Choose an answer first, or let it be shown.",
    words: "Write a few words first, or let it be shown.",
    number: "Write a number first, or let it be shown.",
    line: "Move the slider first, or let it be shown.",
    curve: "Give every point a value first, or let it be shown.",
  };

  // -- covers

  const uncover = (cover) => {
    cover.classList.add("is-open");
    cover.dispatchEvent(new Event("predict", { bubbles: true }));
  };
  const isOpen = (name) => made.has(name) || kept[name];
  const renewCovers = () => {
    for (const cover of covers) {
      const open = cover.dataset.waits.split(" ").find((name) => !isOpen(name));
      if (!open) uncover(cover);
      const link = cover.previousElementSibling?.querySelector(".predict-note a");
      if (open && link) link.href = `#${open}`;
    }
  };
  // Who comes by a link to a place that is covered wants to see it.
  const uncoverTarget = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = document.getElementById(name);
    const cover = target?.closest(".predict-covered");
    if (!cover || cover.classList.contains("is-open")) return;
    for (let outer = cover; outer; outer = outer.parentElement?.closest(".predict-covered")) uncover(outer);
    target.scrollIntoView();
  };

  // -- each prediction

  const takeaways = [...document.querySelectorAll("section > h2")].find((heading) =>
    heading.textContent.startsWith("Key takeaways"),
  )?.parentElement;
  const list = make("ul");
  const reminder = make(
    "div",
    { class: "predict-reminder" },
    make("p", {}, make("strong", {}, "What you predicted on this page")),
    list,
  );

  const remind = () => {
    if (!takeaways) return;
    const entries = boxes.flatMap((box) => {
      const entry = made.get(box.id) ?? kept[box.id];
      if (!entry?.given) return [];
      const shown = box.querySelector(".predict-shown");
      return [
        make(
          "li",
          {},
          make("a", { href: `#${box.id}` }, entry.asked),
          make("p", {}, `You said: ${whole(entry)}`),
          ...[...shown.children].map(copyOf),
        ),
      ];
    });
    list.replaceChildren(...entries);
    if (entries.length) takeaways.append(reminder);
    else reminder.remove();
  };

  for (const box of boxes) {
    const shown = box.querySelector(".predict-shown");
    const verdict = box.querySelector(".predict-verdict");
    const later = box.dataset.later === "true";
    const truths = [...shown.querySelectorAll("strong")].map((one) => read(one.textContent));
    const form = FORMS[box.dataset.kind](box, truths);
    const more = also(box);
    const asked = box.querySelector("legend").cloneNode(true);
    asked.querySelector(".predict-kicker").remove();
    const question = asked.textContent.trim();

    const finish = (entry) => {
      made.set(box.id, entry);
      form.lock();
      more.lock();
      buttons.hidden = true;
      const said = entry.given ? `You said: ${whole(entry)}` : "You let it be shown.";
      verdict.replaceChildren(make("p", {}, said));
      if (later) {
        verdict.append(make("p", {}, "The page settles it further down; both stand in the takeaways."));
      } else {
        shown.hidden = false;
        form.show();
      }
      box.classList.add("is-made");
      renewCovers();
      remind();
    };
    // The button that had the focus is gone: the keyboard goes on from what was said.
    const goOn = () => {
      verdict.tabIndex = -1;
      verdict.focus({ preventScroll: true });
    };
    const answer = () => {
      const said = form.said();
      if (said === null) {
        verdict.replaceChildren(make("p", {}, MISSING[box.dataset.kind]));
        return;
      }
      const entry = { said, given: true, asked: question, also: more.said(), ...form.more() };
      const isKept = record.put(box.id, entry);
      finish(entry);
      goOn();
      if (!isKept) verdict.append(make("p", {}, record.LOST));
    };
    const skip = () => {
      const entry = { said: "", given: false, asked: question };
      record.put(box.id, entry);
      finish(entry);
      goOn();
    };
    const buttons = make("p", { class: "predict-buttons" }, button("Keep my prediction", answer));
    if (!later) buttons.append(button("Show me", skip, true));

    box.querySelector(".predict-form").append(...form.parts, ...more.parts, buttons);
    box.classList.add("is-live");
    box.addEventListener("input", () => {
      if (!box.classList.contains("is-made")) verdict.replaceChildren();
    });
    if (kept[box.id]) {
      if (kept[box.id].given) {
        form.fill(kept[box.id]);
        more.fill(kept[box.id].also);
      }
      finish(kept[box.id]);
    }
  }

  for (const cover of covers) {
    const note = make(
      "p",
      { class: "predict-note" },
      "What follows is covered until you ",
      make("a", {}, "predict"),
      ". ",
      button("Uncover it", () => uncover(cover), true),
      button("Never cover pages", () => {
        record.setCovers(false);
        covers.forEach(uncover);
      }, true),
    );
    cover.before(note);
    cover.classList.add("is-live");
  }
  if (!record.covers()) covers.forEach(uncover);
  renewCovers();
  uncoverTarget();
  addEventListener("hashchange", uncoverTarget);
  remind();
})();
