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
    save: function () {
      const context = window.dash_clientside.callback_context;
      const trigger = context.triggered[0];
      const titles = context.outputs_list.map(() => window.dash_clientside.no_update);
      if (!trigger || !trigger.value) return titles;
      const id = JSON.parse(trigger.prop_id.replace(/\.n_clicks$/, ""));
      const holder = document.getElementById(JSON.stringify({ name: id.name, type: "figure" }));
      const graph = holder && holder.querySelector(".js-plotly-plot");
      if (graph && window.Plotly) {
        window.Plotly.downloadImage(graph, {
          format: id.as, filename: id.name, width: graph.clientWidth, height: graph.clientHeight, scale: id.as === "png" ? 2 : 1,
        });
      }
      return titles;
    },
  },
});

/* The address always holds the state: the server writes it into the link to the other language. */
(function () {
  const follow = function () {
    const other = document.getElementById("other-language");
    const at = other && other.href.indexOf("#");
    if (other && at > 0 && other.href.slice(at) !== window.location.hash) {
      window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search + other.href.slice(at));
    }
    const language = document.querySelector("main[lang]");
    if (language) document.documentElement.lang = language.lang;
  };
  new MutationObserver(follow).observe(document.documentElement, {
    subtree: true, childList: true, attributes: true, attributeFilter: ["href"],
  });
})();
