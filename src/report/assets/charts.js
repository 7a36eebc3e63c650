// Vega-Lite charts, drawn one after another so that the page stays alive meanwhile. When all are drawn, the mark "drawn"
// stands in the page's performance timeline and data-charts-drawn on its body.

const STATE_COLORS = { COMPLETE: "#2563eb", PRUNED: "#d97706", FAIL: "#dc2626", RUNNING: "#0d9488", WAITING: "#94a3b8" };
const STUDY_COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#334155", "#8c6d31"];
const ACCENT = "#1d4ed8", GOOD = "#15803d", BAD = "#b91c1c", QUIET = "#94a3b8", INK = "#0f172a";
const CHART_CONFIG = {
  background: null,
  font: "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Roboto, Helvetica, Arial, sans-serif",
  view: { stroke: null },
  axis: {
    gridColor: "#eef2f7", domainColor: "#cbd5e1", tickColor: "#cbd5e1", labelColor: "#475569", titleColor: "#475569",
    titleFontWeight: 500, labelFontSize: 11, titleFontSize: 12, titlePadding: 8, labelLimit: 220,
  },
  axisX: { tickCount: 10, labelOverlap: true, labelFlush: true },
  axisY: { tickCount: 6 },
  legend: { labelColor: "#475569", titleColor: "#475569", titleFontWeight: 500, labelFontSize: 11, orient: "top", symbolStrokeWidth: 2 },
  header: { labelColor: "#475569" },
};
/** Above so many marks a canvas, which is quicker; below them SVG, which prints sharper. */
const MOST_SVG_MARKS = 1500;

const chartQueue = [];
let chartsDrawn = 0;

function chartsAreThere() {
  return typeof window.vegaEmbed === "function";
}

/** The height of a chart of `count` rows: Vega-Lite's own steps do not go with a width that follows the page. */
const rowsHeight = (count, step) => Math.max(1, count) * step;

/** A place for a chart in `parent`; it is drawn by drawCharts. */
function addChart(parent, label, spec, marks) {
  const place = make("div", { class: "chart", role: "img", "aria-label": label });
  parent.append(place);
  chartQueue.push({ place, spec, marks });
  return place;
}

function setNoChart(parent, reason) {
  parent.append(make("div", { class: "chart empty" }, reason));
}

async function drawChart({ place, spec, marks }) {
  if (!chartsAreThere()) {
    place.classList.add("empty");
    place.textContent = "No chart: the chart library is not in this file.";
    return;
  }
  // A layer without data has no extent, of which Vega warns.
  if (spec.layer) spec = { ...spec, layer: spec.layer.filter((layer) => !layer.data || layer.data.values.length) };
  const whole = { width: "container", height: 300, autosize: { type: "fit-x", contains: "padding" }, ...spec, config: CHART_CONFIG };
  await window.vegaEmbed(place, whole, { mode: "vega-lite", actions: false, renderer: marks > MOST_SVG_MARKS ? "canvas" : "svg" });
  chartsDrawn += 1;
}

/** Draws what is queued. */
async function drawCharts() {
  while (chartQueue.length) {
    await drawChart(chartQueue.shift());
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  document.body.dataset.chartsDrawn = chartsDrawn;
  if (!performance.getEntriesByName("drawn").length) {
    performance.mark("drawn");
    document.body.dataset.drawnMs = Math.round(performance.getEntriesByName("drawn")[0].startTime);
  }
}

/** Draws another specification in the place of a chart. */
function redrawChart(place, spec, marks) {
  chartQueue.push({ place, spec, marks });
  drawCharts();
}

/** An axis range that holds all but the worst values, which are drawn at its edge. */
function robustDomain(values, maximize) {
  const finite = values.filter(isNumber);
  if (!finite.length) return [0, 1];
  let low = maximize ? quantile(finite, 0.05) : finite.reduce((a, b) => Math.min(a, b));
  let high = maximize ? finite.reduce((a, b) => Math.max(a, b)) : quantile(finite, 0.95);
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - margin, high + margin];
}

const robustScale = (values, maximize) => ({ domain: robustDomain(values, maximize), clamp: true, nice: false, zero: false });
