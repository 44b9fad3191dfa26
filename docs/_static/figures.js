// Draws the figures of a page when they come into view, in the colours of its theme. Data are JSON, packed with gzip.
(() => {
  const dark = () => document.documentElement.dataset.theme === "dark";
  const colours = () => dark()
    ? { ink: "#d6dde4", muted: "#a3afba", grid: "#343d46", paper: "rgba(0,0,0,0)" }
    : { ink: "#1d2833", muted: "#596672", grid: "#e8ecf0", paper: "rgba(0,0,0,0)" };

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  // The dark colour of each light one, as `statefolio.report.themed` replaces them.
  function recoloured(part) {
    if (typeof part === "string") return window.SF_DARK[part] || part;
    if (Array.isArray(part)) return part.map(recoloured);
    if (part && typeof part === "object") {
      return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, recoloured(value)]));
    }
    return part;
  }

  function shown(figure) {
    const copy = JSON.parse(JSON.stringify(figure));
    return dark() ? { data: recoloured(copy.data), layout: recoloured(copy.layout) } : copy;
  }

  function axes(layout) {
    return Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));
  }

  function themed(layout) {
    const { ink, muted, grid, paper } = colours();
    const changes = { "font.color": ink, paper_bgcolor: paper, plot_bgcolor: paper, "legend.bgcolor": paper };
    changes["hoverlabel.bgcolor"] = dark() ? "#22303c" : "#ffffff";
    changes["hoverlabel.font.color"] = ink;
    if (layout.title && layout.title.text) changes["title.font.color"] = ink;
    for (const axis of axes(layout)) {
      changes[`${axis}.gridcolor`] = grid;
      changes[`${axis}.linecolor`] = grid;
      changes[`${axis}.tickfont.color`] = muted;
      changes[`${axis}.title.font.color`] = muted;
    }
    (layout.annotations || []).forEach((note, number) => {
      if (!note.bgcolor) changes[`annotations[${number}].font.color`] = ink;
    });
    return changes;
  }

  async function draw(box) {
    const figure = await unpack(box.querySelector(".sf-figure-data").textContent);
    figure.layout = { ...figure.layout, autosize: true };
    delete figure.layout.width;
    box.figure = figure;
    const { data, layout } = shown(figure);
    const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };
    await Plotly.newPlot(box, data, layout, options);
    await Plotly.relayout(box, themed(layout));
    box.classList.add("sf-drawn");
  }

  function start() {
    const boxes = [...document.querySelectorAll(".sf-figure")];
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries.filter((one) => one.isIntersecting)) {
        watcher.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "600px" });
    boxes.forEach((box) => watcher.observe(box));
    addEventListener("beforeprint", () => boxes.filter((one) => !one.figure).forEach(draw));
    new MutationObserver(() => {
      for (const box of boxes.filter((one) => one.classList.contains("sf-drawn"))) {
        const { data, layout } = shown(box.figure);
        Plotly.react(box, data, layout).then(() => Plotly.relayout(box, themed(layout)));
      }
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
