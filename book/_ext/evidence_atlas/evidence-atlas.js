// Filters the table of the evidence atlas (book/_ext/evidence_atlas/__init__.py).
// Without this script the whole table is there, and its details fold out.
"use strict";

for (const form of document.querySelectorAll(".atlas-form")) {
  const records = [...document.querySelectorAll(`#${form.dataset.for} .atlas-record`)];
  const count = form.querySelector(".atlas-count");
  // Spelling is forgiven: case, accents, and hyphens for blanks.
  const plain = (text) =>
    text
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      .toLowerCase()
      .replace(/[\s‐-―-]+/g, " ");
  const said = new Map(records.map((record) => [record, plain(record.textContent)]));

  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    const words = plain(wanted.words).trim().split(" ").filter(Boolean);
    let shown = 0;
    for (const record of records) {
      const fits =
        ["shows", "certainty", "kind"].every(
          (key) => !wanted[key] || record.dataset[key] === wanted[key],
        ) && words.every((word) => said.get(record).includes(word));
      record.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${records.length} rows`;
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter)); // once the fields are empty
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
