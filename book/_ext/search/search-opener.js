// Fetches the search when a reader reaches its field: as scripts, in their order,
// which works from the file system too.
"use strict";

{
  const files = document.currentScript.dataset.files.split(" ");
  const dialog = document.getElementById("pst-search-dialog");
  dialog?.setAttribute("aria-label", "Search the book");

  const fetched = (file) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = file;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    });

  let loading;
  const open = (event) => {
    const form = event.target.closest?.("form.bd-search");
    if (!form) return;
    loading ??= files.reduce(
      (before, file) => before.then(() => fetched(file)),
      Promise.resolve()
    );
    loading.then(() => bookSearchField(form));
  };
  addEventListener("focusin", open);
  if (document.activeElement) open({ target: document.activeElement });

  // The page of results has its field on it.
  const field = document.querySelector("article form.bd-search input");
  if (field) {
    field.value = new URLSearchParams(location.search).get("q") ?? "";
    field.focus();
  }
}
