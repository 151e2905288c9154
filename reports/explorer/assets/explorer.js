/* What the explorer does in the browser itself: colours, the address, paired inputs, saving a figure. */
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  explorer: {
    theme: function (_redraw, current) {
      const dark = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
      return dark === current ? window.dash_clientside.no_update : dark;
    },
    address: function (state) {
      // The link is made by the server, which shows it in "other-language"; the address follows that.
      return state ? Date.now() : window.dash_clientside.no_update;
    },
    pair: function (number, slide) {
      const trigger = window.dash_clientside.callback_context.triggered[0];
      const none = window.dash_clientside.no_update;
      if (!trigger) return [none, none];
      const slid = trigger.prop_id.includes('"slide"');
      if (slid) return Number(slide) === Number(number) ? [none, none] : [Number(slide), none];
      return number === null || number === undefined ? [none, none] : [none, Number(number)];
    },
  },
});

/* Buttons and figures inside content that callbacks make: a click becomes the data of one store. Were they inputs of
   callbacks, callbacks would wait for content that they make themselves. */
const asked = function (about) {
  window.dash_clientside.set_props("asked", { data: Object.assign(about, { at: Date.now() }) });
};

const save = function (picture, format) {
  const graph = picture.querySelector(".js-plotly-plot");
  window.Plotly.downloadImage(graph, {
    format: format, filename: picture.dataset.figure, width: graph.clientWidth, height: graph.clientHeight,
    scale: format === "png" ? 2 : 1,
  });
};

document.addEventListener("click", function (event) {
  const button = event.target.closest && event.target.closest("button");
  if (!button) return;
  if (button.dataset.ask) asked(JSON.parse(button.dataset.ask));
  if (button.dataset.save) save(button.closest(".picture"), button.dataset.save);
});

/* Tables, built from their data: text only, whatever it says. */
const element = function (name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const cell = function (name, value, className) {
  const made = element(name, undefined, className);
  if (typeof value === "string") made.textContent = value;
  else if (value.ask) {
    const button = element("button", value.text, "link");
    button.type = "button";
    button.dataset.ask = JSON.stringify(value.ask);
    button.setAttribute("aria-label", value.label);
    made.append(button);
  } else {
    const both = element("span", undefined, "two");
    both.append(element("span", value.text, value.clear ? "clear" : ""), element("span", value.below, "interval"));
    made.append(both);
  }
  return made;
};
const fill = function (holder) {
  const data = JSON.parse(holder.dataset.table);
  const kind = (place) => (place >= data.numbers ? "number" : "");
  const table = element("table");
  if (data.caption) table.append(element("caption", data.caption));
  const head = element("tr");
  data.heads.forEach(function (text, place) {
    const made = element("th", text, kind(place));
    made.scope = "col";
    head.append(made);
  });
  table.append(element("thead"), element("tbody"));
  table.tHead.append(head);
  data.rows.forEach(function (row) {
    const line = element("tr");
    row.forEach(function (value, place) {
      const made = cell(place ? "td" : "th", value, kind(place));
      if (!place) made.scope = "row";
      line.append(made);
    });
    table.tBodies[0].append(line);
  });
  holder.replaceChildren(table);
};

/* The address always holds the state: the server writes it into the link to the other language. */
/* Dash gives radio buttons the role of options of a list, and dropdowns a hidden element that takes the focus. Both mislead
   screen readers; the native inputs inside and the labels say what is needed. */
const tidy = function () {
  document.querySelectorAll(".dash-options-list-option[role]").forEach(function (label) {
    const list = label.closest(".dash-radioitems, .dash-checklist, .dash-options-list");
    if (label.closest(".dash-dropdown-content")) return;
    label.removeAttribute("role");
    label.removeAttribute("aria-selected");
    if (list) list.removeAttribute("role");
  });
  document.querySelectorAll(".dash-options-list-option[aria-selected]:not([role])").forEach((label) => label.removeAttribute("aria-selected"));
  document.querySelectorAll('.dash-dropdown-focus-target[tabindex="0"]').forEach((target) => target.setAttribute("tabindex", "-1"));
};

const filled = new WeakMap();
const follow = function () {
  tidy();
  document.querySelectorAll("[data-table]").forEach(function (holder) {
    if (filled.get(holder) !== holder.dataset.table) {
      filled.set(holder, holder.dataset.table);
      fill(holder);
    }
  });
  const other = document.getElementById("other-language");
  const at = other ? other.href.indexOf("#") : -1;
  if (at > 0 && other.href.slice(at) !== window.location.hash) {
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search + other.href.slice(at));
  }
  const language = document.querySelector("main[lang]");
  if (language && document.documentElement.lang !== language.lang) document.documentElement.lang = language.lang;
  document.querySelectorAll('[data-clicks="yes"] .js-plotly-plot').forEach(function (graph) {
    if (graph.on && !graph.dataset.follows) {
      graph.dataset.follows = "yes";
      graph.on("plotly_click", function (event) {
        const point = event.points[0];
        const picture = graph.closest(".picture");
        asked({ what: "figure", name: picture.dataset.figure, point: { customdata: point.customdata, x: point.x } });
      });
    }
  });
};
new MutationObserver(follow).observe(document.documentElement, {
  subtree: true, childList: true, attributes: true, attributeFilter: ["href", "class", "data-table", "aria-selected", "tabindex"],
});
