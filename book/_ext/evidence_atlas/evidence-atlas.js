// Filters the table of the evidence atlas (book/_ext/evidence_atlas/__init__.py).
// What is filtered by stands in the page's address: a link shows the same rows.
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
  const said = new Map(records.map((record) => [record, ` ${plain(record.textContent)}`]));
  const fields = [...form.querySelectorAll("[name]")];

  const fromAddress = () => {
    const given = new URLSearchParams(location.search);
    for (const field of fields) field.value = given.get(field.name) ?? "";
    for (const list of form.querySelectorAll("select")) {
      if (list.selectedIndex < 0) list.value = ""; // the address names no such choice
    }
  };
  const intoAddress = () => {
    const address = new URL(location);
    for (const { name, value } of fields) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  };

  const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const filter = () => {
    const wanted = Object.fromEntries(new FormData(form));
    // A term begins where a word does, and "IL-6" is one: "il" stands in "bacillus".
    const terms = wanted.words.trim().split(/\s+/).filter(Boolean).map(plain);
    const wholes = terms.map((term) => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(term)}`, "u"));
    let shown = 0;
    for (const record of records) {
      const fits =
        ["shows", "certainty", "kind"].every(
          (key) => !wanted[key] || record.dataset[key] === wanted[key],
        ) && wholes.every((whole) => whole.test(said.get(record)));
      record.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${records.length} rows`;
    intoAddress();
  };

  form.hidden = false;
  fromAddress();
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter)); // once the fields are empty
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
}
