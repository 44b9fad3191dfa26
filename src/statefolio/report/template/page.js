"use strict";
(function () {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const encoded = byId("encoded").textContent.trim().split("\n");
  const chooser = byId("asset");
  const plot = byId("asset-figure");
  const quiet = {
    responsive: true,
    displaylogo: false,
    displayModeBar: "hover",
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: { format: "svg" },
  };
  const STEPS = 4094, MISSING = 0xffff, HALF_BAND = 1.959963984540054;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const shown = new Map(); // the light figure of each place
  let drawn = 0, printing = false;
  const loadings = chooser !== null; // a page without a model has only chapters

  // Decodes the base64 text of a zlib stream to bytes.
  async function inflate(text) {
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  // Decodes one asset's series; encoding.py describes the format.
  async function decode(position) {
    const buffer = await inflate(encoded[position]);
    const nFactors = data.factors.length, nSeries = data.other ? 3 : 2, nDates = data.dates.length;
    const count = nFactors * nSeries * nDates, head = 8 * nFactors;
    const view = new DataView(buffer), planes = new Uint8Array(buffer, head);
    return data.factors.map((factor, k) => {
      const low = view.getFloat32(8 * k, true), high = view.getFloat32(8 * k + 4, true), span = high - low;
      const read = (series, bottom, width) => {
        const values = new Array(nDates), start = (k * nSeries + series) * nDates;
        for (let t = 0, code = 0; t < nDates; t++) {
          code = (code + planes[start + t] + 256 * planes[count + start + t]) & 0xffff;
          values[t] = code === MISSING ? null : bottom + (code / STEPS) * width;
        }
        return values;
      };
      return {
        range: [low, high],
        mean: read(0, low - span, 3 * span),
        error: read(1, 0, 2 * span),
        other: data.other ? read(2, low - span, 3 * span) : null,
      };
    });
  }

  // Returns the traces of one panel in the order of loadings_figures.py.
  function traceValues(series) {
    const edge = (sign) => series.mean.map((m, t) => (m === null ? null : m + sign * HALF_BAND * series.error[t]));
    const band = [edge(-1), edge(1)];
    return data.other ? [...band, series.other, series.mean] : [...band, series.mean];
  }

  // Copies a part of a figure in the colours of the page; paper is light.
  function coloured(part) {
    if (typeof part === "string") return (dark.matches && !printing && data.dark[part]) || part;
    if (Array.isArray(part)) return part.map(coloured);
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, coloured(value)]));
  }

  // Draws the figure of a place; what a reader zoomed into stays until the place gets another figure.
  function draw(place, size = {}) {
    const { figure, number } = shown.get(place), { data: traces, layout } = coloured(figure);
    return window.Plotly.react(place, traces, { ...layout, ...size, uirevision: number }, quiet);
  }

  function show(place, figure) {
    shown.set(place, { figure, number: (shown.get(place)?.number ?? 0) + 1 });
    return draw(place);
  }

  function drawAsset(series) {
    const skeleton = data.figures[window.innerWidth < 760 ? "asset_narrow" : "asset_wide"];
    const figure = structuredClone(skeleton);
    const values = series.flatMap(traceValues);
    figure.data.forEach((trace, i) => { trace.x = data.dates; trace.y = values[i]; });
    series.forEach((one, k) => { figure.layout["yaxis" + (k ? k + 1 : "")].range = one.range; });
    plot.querySelectorAll(".waiting").forEach((note) => note.remove());
    plot.style.minHeight = figure.layout.height + "px";
    return show(plot, figure);
  }

  function row(cells, tag, names) {
    const line = document.createElement("tr");
    cells.forEach((text, i) => {
      const cell = document.createElement(tag);
      cell.textContent = text;
      if (i) cell.className = "num";
      if (tag === "td") cell.dataset.label = names[i];
      line.append(cell);
    });
    return line;
  }

  // Formats a number with as many decimals as its standard error supports.
  function figures(value, error) {
    if (value === null) return "\u2013";
    const decimals = error > 0 ? 1 - Math.floor(Math.log10(3 * error)) : 2;
    return value.toFixed(Math.min(6, Math.max(0, decimals))).replace("-", "\u2212");
  }

  function showToday(series) {
    const table = document.createElement("table"), head = document.createElement("thead");
    const body = document.createElement("tbody");
    const names = ["Factor", "Loading", "95 % band", ...(data.other ? [data.other] : [])];
    table.className = "cards";
    head.append(row(names, "th", names));
    series.forEach((one, k) => {
      const last = one.mean.length - 1, mean = one.mean[last], error = one.error[last];
      const text = (value) => figures(value, error);
      const half = HALF_BAND * error;
      const band = mean === null ? "\u2013" : text(mean - half) + " to " + text(mean + half);
      body.append(row([data.labels[k], text(mean), band, ...(data.other ? [text(one.other[last])] : [])], "td", names));
    });
    table.append(head, body);
    byId("asset-today").replaceChildren(table);
  }

  function showFacts(position) {
    const list = document.createElement("dl");
    list.className = "facts";
    data.facts.forEach(([name, values]) => {
      const term = document.createElement("dt"), value = document.createElement("dd");
      term.textContent = name;
      value.textContent = values[position];
      list.append(term, value);
    });
    byId("asset-facts").replaceChildren(list);
  }

  async function choose(position, remember) {
    const turn = ++drawn;
    chooser.value = String(position);
    showFacts(position);
    const series = await decode(position);
    if (turn !== drawn) return; // another asset has been chosen since
    showToday(series);
    await drawAsset(series);
    plot.dataset.asset = data.assets[position];
    if (remember) history.replaceState(null, "", "#asset=" + encodeURIComponent(data.assets[position]));
  }

  function fromHash() {
    const wanted = /^#asset=(.*)$/.exec(location.hash);
    const position = wanted ? data.assets.indexOf(decodeURIComponent(wanted[1])) : -1;
    return position >= 0 ? position : 0;
  }

  function find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return -1;
    const starts = data.assets.findIndex((name) => name.toLowerCase().startsWith(wanted));
    return starts >= 0 ? starts : data.assets.findIndex((name) => name.toLowerCase().includes(wanted));
  }

  function listen() {
    const n = data.assets.length, now = () => Number(chooser.value);
    chooser.addEventListener("change", () => choose(now(), true));
    byId("previous").addEventListener("click", () => choose((now() + n - 1) % n, true));
    byId("next").addEventListener("click", () => choose((now() + 1) % n, true));
    byId("find").addEventListener("input", (event) => {
      const position = find(event.target.value);
      if (position >= 0) choose(position, true);
    });
    window.addEventListener("hashchange", () => {
      if (!location.hash || location.hash.startsWith("#asset=")) choose(fromHash(), false);
    });
    const narrow = window.matchMedia("(max-width: 759px)");
    narrow.addEventListener("change", () => choose(now(), false));
  }

  function goTo(event) {
    const position = data.assets.indexOf(event.points[0].y);
    if (position < 0) return;
    choose(position, true);
    byId("one").scrollIntoView();
  }

  async function drawOthers() {
    for (const place of document.querySelectorAll("[data-figure]")) {
      await new Promise((resume) => setTimeout(resume, 0)); // keeps the page responsive
      const figure = data.figures[place.dataset.figure];
      await show(place, figure);
      if (loadings && figure.data[0] && figure.data[0].type === "heatmap") place.on("plotly_click", goTo);
    }
    document.body.dataset.ready = "yes";
  }

  // Draws figures for the width of a sheet of paper before printing, a little lower, and for the screen afterwards.
  function listenToPrinting() {
    const PAPER_HEIGHT = 0.66;
    window.addEventListener("beforeprint", () => {
      printing = true;
      document.body.classList.add("printing");
      for (const [place, { figure }] of shown) {
        draw(place, { width: place.clientWidth, height: PAPER_HEIGHT * figure.layout.height });
      }
    });
    window.addEventListener("afterprint", () => {
      printing = false;
      document.body.classList.remove("printing");
      for (const place of shown.keys()) draw(place, { autosize: true });
    });
  }

  async function start() {
    if (!("DecompressionStream" in window)) throw new Error("this page needs a browser from 2023 or later");
    const script = document.createElement("script");
    script.textContent = new TextDecoder().decode(await inflate(byId("plotly").textContent.trim()));
    document.head.append(script);
    if (loadings) {
      listen();
      await choose(fromHash(), false);
    }
    await drawOthers();
    listenToPrinting();
    dark.addEventListener("change", () => [...shown.keys()].forEach((place) => draw(place)));
  }

  start().catch((error) => {
    const note = document.createElement("p");
    note.className = "trouble";
    note.textContent = "The figures cannot be drawn: " + error.message + ".";
    if (loadings) plot.replaceChildren(note);
    else document.querySelector("main").prepend(note);
  });
})();
