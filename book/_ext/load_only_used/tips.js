// Fetches what explains a term where it stands, what copies code and what names a
// button, once pointer or keyboard has touched the page: nothing of it shows before.
"use strict";

{
  const files = document.currentScript.dataset.files.split(" ");
  const touches = ["pointerover", "focusin", "scroll"];

  const fetchTips = () => {
    for (const touch of touches) removeEventListener(touch, fetchTips);
    const scripts = files.map((file) => {
      const script = document.createElement("script");
      script.src = file;
      script.async = false; // in their order
      return script;
    });
    scripts.at(-1).onload = () => {
      for (const link of [...document.querySelectorAll("a:hover"), document.activeElement]) {
        link._tippy?.show();
      }
    };
    document.head.append(...scripts);
  };

  for (const touch of touches) addEventListener(touch, fetchTips);
}
