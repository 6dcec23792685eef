// Paper is white: a page of the dark scheme is printed in the light one.
"use strict";

(() => {
  const page = document.documentElement.dataset;
  let onScreen = null;

  const change = (toPaper) => {
    if (toPaper && onScreen === null) {
      onScreen = page.theme;
      page.theme = "light";
    } else if (!toPaper && onScreen !== null) {
      page.theme = onScreen;
      onScreen = null;
    }
  };

  matchMedia("print").addEventListener("change", (now) => change(now.matches));
  // Some browsers draw the sheet before they report the change.
  addEventListener("beforeprint", () => change(true));
  addEventListener("afterprint", () => change(false));
})();
