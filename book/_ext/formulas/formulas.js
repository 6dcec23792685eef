// A formula that is wider than the screen scrolls: lets the keyboard reach it.
"use strict";

(() => {
  const reachWideFormulas = () => {
    for (const formula of document.querySelectorAll("div.math")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
      else formula.removeAttribute("tabindex");
    }
  };
  addEventListener("load", reachWideFormulas);
  addEventListener("resize", reachWideFormulas);
  document.addEventListener("toggle", reachWideFormulas, true); // unfolded
  document.addEventListener("selfcheck", reachWideFormulas); // a reason was shown
  document.addEventListener("predict", reachWideFormulas); // a cover was taken away
})();
