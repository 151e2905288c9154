"use strict";
// Draws the figures in the colours of the page, and gives the code blocks a button to copy them. The page can be read without this script.
(() => {
  const root = document.documentElement;

  const painted = (value, styles) => {
    if (typeof value === "string") {
      const name = /^var\((--[a-z0-9-]+)\)$/.exec(value);
      return name ? styles.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => painted(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, painted(item, styles)]));
    }
    return value;
  };

  const draw = () => {
    const styles = getComputedStyle(root);
    for (const place of document.querySelectorAll("[data-figure]")) {
      const figure = painted(JSON.parse(document.getElementById(place.dataset.figure).textContent), styles);
      Plotly.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    }
  };

  if (document.querySelector("[data-figure]")) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  // On paper: light, and with the commands that repeat each failure open.
  let opened = [];
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll(".finding details.curl:not([open])")];
    for (const part of opened) part.open = true;
    if (window.Plotly) draw();
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
    for (const part of opened) part.open = false;
    if (window.Plotly) draw();
  });

  // A link to a clause or a failure shows it even where it stands folded.
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  for (const block of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + block.dataset.copy);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    block.before(button);
  }
})();
