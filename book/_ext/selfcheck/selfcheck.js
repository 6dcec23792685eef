// Checks the answers of the self-check questions (book/_ext/selfcheck/__init__.py).
// Without this script every reason can be folded out by hand.
"use strict";

for (const box of document.querySelectorAll(".selfcheck")) {
  const kind = box.dataset.kind;
  const button = box.querySelector(".selfcheck-button");
  const verdict = box.querySelector(".selfcheck-verdict");
  const field = box.querySelector("input[type=number]");
  const options = [...box.querySelectorAll(".selfcheck-option")];
  const sure = box.querySelector(".selfcheck-sure");
  const slider = sure?.querySelector("input");

  const say = (state, word, ...reasons) => {
    const lead = document.createElement("p");
    lead.innerHTML = `<strong>${word}</strong>`;
    verdict.dataset.state = state;
    verdict.replaceChildren(lead, ...reasons);
    verdict.dispatchEvent(new Event("selfcheck", { bubbles: true }));
    if (state !== "none") keep(state === "right");
  };

  // The first answer and the last one; how sure one was belongs to the first.
  const keep = (right) => {
    const old = window.courseRecord?.all()[box.id];
    const asked = box.querySelector("legend").cloneNode(true);
    asked.querySelector(".selfcheck-kicker").remove();
    const entry = { asked: asked.textContent.trim(), first: old?.first ?? right, last: right };
    if (slider) entry.sure = old?.sure ?? slider.valueAsNumber;
    const record = window.courseRecord;
    if (record && !record.put(box.id, entry)) {
      const note = document.createElement("p");
      note.textContent = record.LOST;
      verdict.append(note);
    }
    if (sure) sure.hidden = true;
  };

  // A copy of a reason; the names of things in it stay with the original.
  const reasonOf = (option) => {
    const copy = option.querySelector(".selfcheck-reason").cloneNode(true);
    for (const named of copy.querySelectorAll("[id]")) named.removeAttribute("id");
    return copy;
  };

  const checkNumber = () => {
    const given = field.valueAsNumber;
    if (Number.isNaN(given)) return say("none", "Write a number first.");
    const near = (target) =>
      Math.abs(given - Number(target)) <= Number(box.dataset.tolerance) + 1e-9;
    const right = near(box.dataset.answer);
    const listed = (worth) => options.find((o) => o.dataset.worth === worth);
    if (right) {
      const why = listed("right");
      say("right", "Right.", ...(why ? [reasonOf(why)] : []));
    } else {
      const known = options.find(
        (o) => !["else", "right"].includes(o.dataset.worth) && near(o.dataset.worth),
      );
      say("wrong", "Not yet.", reasonOf(known ?? listed("else")));
    }
    box.classList.add("is-checked");
  };

  const checkChoice = () => {
    const chosen = options.filter((o) => o.querySelector("input").checked);
    if (!chosen.length) return say("none", "Choose an answer first.");
    const isRight = (o) => o.dataset.right === "true";
    const missed = options.filter((o) => isRight(o) && !chosen.includes(o)).length;
    const right = chosen.every(isRight);
    const word = !right ? "Not yet." : missed ? "Right so far, but not all." : "Right.";
    say(right && !missed ? "right" : "wrong", word, ...chosen.map(reasonOf));
    box.classList.add("is-checked");
  };

  const check = kind === "number" ? checkNumber : checkChoice;
  box.classList.add("is-live");
  button.hidden = false;
  const before = window.courseRecord?.all()[box.id];
  if (slider && !before) {
    sure.hidden = false;
    slider.addEventListener("input", () => {
      const said = `${slider.value} %`;
      slider.nextElementSibling.textContent = said;
      slider.setAttribute("aria-valuetext", said);
    });
  }
  if (before) {
    const note = document.createElement("p");
    note.textContent = `You answered this before: ${before.last ? "right" : "not yet right"}.`;
    verdict.append(note);
  }
  button.addEventListener("click", check);
  field?.addEventListener("keydown", (event) => {
    if (event.key === "Enter") check();
  });
  box.addEventListener("input", () => {
    verdict.replaceChildren();
    delete verdict.dataset.state;
  });
}
