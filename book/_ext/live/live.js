// Live figures: the sliders of a page, and what they move.
//
// The page holds a picture, and the specification of the figure that can be moved.
// Vega, which draws it, weighs more than the page: it is fetched from the book itself
// when the reader first touches a slider, or comes near one on a fast line.
"use strict";

{
  const vegaSource = new URL("vega/vega.min.js", document.currentScript.src);

  let asked;
  const fetchVega = () => {
    asked ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = vegaSource;
      script.onload = () => done(window.vega);
      script.onerror = () => {
        asked = undefined; // the next touch tries again
        failed(new Error("Vega could not be loaded"));
      };
      document.head.append(script);
    });
    return asked;
  };

  // Where the sliders of a figure stand, in the page's address: a link shows what its
  // writer saw. A slider that is dragged moves often; browsers limit such changes.
  const fromAddress = (name) => {
    const values = new URLSearchParams(location.search).get(name)?.split(" ").map(Number);
    return values?.every(Number.isFinite) ? values : undefined;
  };
  const waiting = new Map();
  const intoAddress = (name, values) => {
    clearTimeout(waiting.get(name));
    const write = () => {
      const address = new URL(location);
      address.searchParams.set(name, values.join(" "));
      history.replaceState(history.state, "", address);
    };
    waiting.set(name, setTimeout(write, 300));
  };

  class LiveFigure {
    constructor(place) {
      this.place = place;
      this.inputs = [...place.querySelectorAll("input[type=range]")];
      this.picture = place.querySelector(".live-picture");
      this.says = place.querySelector(".live-says");
      place.querySelector(".live-controls").hidden = false;
      for (const input of this.inputs) {
        // Touched, a figure gets ready; moved, it shows what was chosen.
        for (const touch of ["pointerdown", "focus"]) {
          input.addEventListener(touch, () => this.wake(), { once: true });
        }
        input.addEventListener("input", () => this.moved(input));
      }
      this.takeUp(fromAddress(place.id) ?? window.courseRecord?.all()[place.id]?.values);
    }

    // Show, once it comes near, what a link says or this reader had chosen before.
    takeUp(values) {
      if (values?.length !== this.inputs.length) return;
      this.inputs.forEach((input, i) => (input.value = values[i]));
      const near = new IntersectionObserver(
        (seen) => {
          if (!seen.some((place) => place.isIntersecting)) return;
          near.disconnect();
          for (const input of this.inputs) this.moved(input);
        },
        { rootMargin: "25% 0px" },
      );
      near.observe(this.place);
    }

    // Return the view, which is made once.
    wake() {
      this.view ??= this.make().catch((error) => {
        this.view = undefined;
        this.says.textContent = `This figure cannot be moved here: ${error.message}.`;
        throw error;
      });
      return this.view;
    }

    async make() {
      const vega = await fetchVega();
      const text = this.place.querySelector("script[type='application/json']");
      this.spec = JSON.parse(text.textContent);
      const drawing = document.createElement("div");
      drawing.className = "live-drawing";
      const view = new vega.View(vega.parse(this.spec), {
        renderer: "svg",
        container: drawing,
        hover: false,
        logLevel: vega.Error,
      });
      this.set(view);
      view.width(Math.max(this.picture.clientWidth - 60, 200));
      await view.runAsync();
      this.picture.replaceChildren(drawing);
      await this.fit(view);
      let width = this.picture.clientWidth;
      new ResizeObserver(() => {
        if (this.picture.clientWidth === width) return;
        width = this.picture.clientWidth;
        this.fit(view);
      }).observe(this.picture);
      return view;
    }

    // Axes and labels take their room; what is left of the column is the chart's.
    async fit(view) {
      const drawn = this.picture.querySelector("svg").getAttribute("width");
      const around = Number(drawn) - view.width();
      const room = Math.min(this.picture.clientWidth, 640);
      await view.width(Math.max(room - around, 160)).runAsync();
    }

    set(view) {
      for (const input of this.inputs) view.signal(input.name, Number(input.value));
    }

    async moved(input) {
      const { unit, single, words } = input.dataset;
      const shown = words
        ? JSON.parse(words)[input.value - 1]
        : `${input.value} ${input.value === "1" ? single : unit}`.trim();
      input.setAttribute("aria-valuetext", shown);
      input.closest(".live-control").querySelector(".live-value").textContent = shown;
      const view = await this.wake();
      this.set(view);
      await view.runAsync();
      const [row] = view.data(this.spec.usermeta.said);
      const said = row ? row.said.replaceAll("\n", " ") : "";
      if (this.says.textContent !== said) this.says.textContent = said;
      const settings = this.inputs.map((one) => [one.name, Number(one.value)]);
      intoAddress(this.place.id, settings.map(([, value]) => value));
      const detail = { name: this.place.id, settings: Object.fromEntries(settings) };
      this.place.dispatchEvent(new CustomEvent("live", { bubbles: true, detail }));
    }
  }

  const places = document.querySelectorAll(".live");
  for (const place of places) new LiveFigure(place);

  // Only Chromium says how fast the line is; elsewhere the first touch fetches.
  const line = navigator.connection;
  if (line && line.effectiveType === "4g" && !line.saveData) {
    const near = new IntersectionObserver(
      (seen) => {
        if (!seen.some((place) => place.isIntersecting)) return;
        near.disconnect();
        fetchVega().catch(() => {});
      },
      { rootMargin: "25% 0px" },
    );
    for (const place of places) near.observe(place);
  }
}
