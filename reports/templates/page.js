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

  // On a phone: names beside the axis in several short lines, so that the figure keeps most of the width.
  const narrow = matchMedia("(max-width: 40rem)");
  const lines = (text) => {
    const found = [""];
    // Chinese has no spaces: it may break after any eight characters.
    for (const word of String(text).replace(/[\u4e00-\u9fff（）：，、]{8}(?=.)/g, "$& ").split(" ")) {
      const longer = (found[found.length - 1] + " " + word).trim();
      if (longer.length > (/[\u4e00-\u9fff]/.test(longer) ? 9 : 15) && found[found.length - 1]) found.push(word);
      else found[found.length - 1] = longer;
    }
    return found;
  };
  const folded = (text) => lines(text).join("<br>");
  const fold = (figure) => {
    const named = new Set();
    const each = (list) => list.map((name) => { named.add(name); return folded(name); });
    for (const trace of figure.data) {
      if (Array.isArray(trace.y) && trace.y.some((name) => typeof name === "string")) trace.y = each(trace.y);
    }
    for (const [key, axis] of Object.entries(figure.layout)) {
      if (!key.startsWith("yaxis")) continue;
      if (axis.categoryarray) axis.categoryarray = axis.categoryarray.map(folded);
      if (axis.ticktext) axis.ticktext = each(axis.ticktext);
      axis.tickfont = { ...axis.tickfont, size: 11 };
    }
    // Rows are equally high, so two neighbours of many lines decide.
    const counts = [...named].map((name) => lines(name).length);
    const row = 8 + 7 * Math.max(0, ...counts.map((count, at) => count + (counts[at + 1] || count)));
    const tall = 110 + row * counts.length;
    if (named.size) figure.layout.height = Math.max(figure.layout.height || 0, tall);
    return figure;
  };

  const draw = () => {
    const styles = getComputedStyle(root);
    for (const place of document.querySelectorAll("[data-figure]")) {
      const figure = painted(JSON.parse(document.getElementById(place.dataset.figure).textContent), styles);
      if (narrow.matches) fold(figure);
      place.style.minHeight = `${figure.layout.height || 256}px`;
      Plotly.react(place, figure.data, figure.layout, { displayModeBar: false, responsive: true });
    }
  };

  if (document.querySelector("[data-figure]")) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    narrow.addEventListener("change", draw);
  }

  // On a phone, a row of a table with many columns becomes a list: each cell needs the name of its column.
  for (const table of document.querySelectorAll(".scroll > table.plain")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    if (heads.length < 4 || table.querySelector("[colspan], [rowspan]")) continue;
    table.classList.add("stacked");
    for (const row of table.tBodies[0].rows) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, at) => {
        cell.dataset.label = heads[at] || "";
        cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      });
    }
    table.setAttribute("role", "table");
    table.tBodies[0].setAttribute("role", "rowgroup");
  }

  // On paper: light, with the commands that repeat each failure, the numbers of each figure and folded tables open.
  let opened = [];
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    opened = [...document.querySelectorAll(".finding details.curl:not([open]), .plot details:not([open]), details.fold:not([open])")];
    for (const part of opened) part.open = true;
    if (window.Plotly) draw();
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
    for (const part of opened) part.open = false;
    if (window.Plotly) draw();
  });

  // A link to a clause or a failure opens it even if it is folded.
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  const labels = root.lang.startsWith("zh")
    ? { copy: "复制", copied: "已复制", selected: "已选中" }
    : { copy: "Copy", copied: "Copied", selected: "Selected" };
  for (const block of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = labels.copy;
    button.setAttribute("aria-label", labels.copy + " " + block.dataset.copy);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = labels.copied;
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = labels.selected;
      }
      setTimeout(() => { button.textContent = labels.copy; }, 2000);
    });
    block.before(button);
  }
})();
