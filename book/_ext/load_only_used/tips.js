// Fetches what explains a term where it stands and what copies code, once the pointer
// or the keyboard has touched the page: nothing of it shows before.
"use strict";

{
  const files = document.currentScript.dataset.files.split(" ");
  const touches = ["pointerover", "focusin"];

  const fetchTips = () => {
    for (const touch of touches) removeEventListener(touch, fetchTips);
    const scripts = files.map((file) => {
      const script = document.createElement("script");
      script.src = file;
      script.async = false; // in their order
      return script;
    });
    scripts.at(-1).onload = () => {
      // The page's tips wait for an event that may have passed.
      if (document.readyState === "complete") window.onload?.();
      for (const link of [...document.querySelectorAll("a:hover"), document.activeElement]) {
        link._tippy?.show();
      }
    };
    document.head.append(...scripts);
  };

  for (const touch of touches) addEventListener(touch, fetchTips);
}
