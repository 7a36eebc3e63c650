// What was found: the winner, its verification, its lineage, its cost against its quality.

const signedClass = (value) => (!isNumber(value) || value === 0 ? "" : value > 0 ? "good" : "bad");

function addWinner(document) {
  const { winner } = document;
  const section = addSection("winner", "The winner");
  if (!winner) return setNoChart(section, "No trial was evaluated to its end, so there is none.");
  add(section, make("p", { class: "explain" }, `Trial ${winner.trial}, hash ${winner.hash}. Blue nodes have trained parameters` +
    (winner.ancestor !== winner.trial ? `; orange frames are nodes that its first ancestor, trial ${winner.ancestor}, does not have.` : ".")));
  const drawing = make("div", { class: "drawing" });
  if (winner.svg) {
    // As a document of its own, in which scripts do not run; dot wrote it from names of primitives and sizes.
    const parsed = new DOMParser().parseFromString(winner.svg, "image/svg+xml").documentElement;
    parsed.querySelectorAll("script").forEach((script) => script.remove());
    drawing.append(window.document.importNode(parsed, true));
  } else drawing.append(make("p", { class: "muted" }, "Not drawn: " + winner.no_drawing));
  const text = make("div", null, winner.programs.map((program) => [make("h3", null, program.title), make("pre", { class: "program" }, program.text)]));
  add(section, make("div", { class: "two" }, drawing, text), make("h3", null, "Figures"),
    makeTable([{ title: "figure" }, { title: "value", number: true }, { title: "spread", number: true }, { title: "how" }],
      winner.scores.map((score) => [score.name, formatScore(score.value, score.unit),
        isNumber(score.spread) ? "\u00b1 " + formatValue(score.spread, 3) : DASH, score.protocol])));
}

/** Rows of a chart of means with intervals and single values; `group` names the study in a comparison. */
function verificationLayers(rows, runs, metric, color) {
  const y = { field: "label", type: "nominal", title: null, sort: null, axis: { labelLimit: 260 } };
  const scale = { zero: false, nice: true, padding: 12 };
  return [
    { data: { values: rows }, mark: { type: "rule", strokeWidth: 2 },
      encoding: { y, x: { field: "low", type: "quantitative", title: metric, scale }, x2: { field: "high" }, color } },
    { data: { values: runs }, mark: { type: "point", size: 36, opacity: 0.55 },
      encoding: { y, x: { field: "value", type: "quantitative", scale }, color, tooltip: [{ field: "label" }, { field: "repeat" }, { field: "value" }] } },
    { data: { values: rows }, mark: { type: "point", filled: true, size: 90, shape: "diamond", opacity: 1 },
      encoding: { y, x: { field: "mean", type: "quantitative", scale }, color, tooltip: ["label", "mean", "low", "high"].map((field) => ({ field })) } },
  ];
}

/** {rows, runs} of a verification for verificationLayers. */
function verificationRows(verification, labelOf, group) {
  const rows = [], runs = [];
  for (const role of verification.roles) {
    const label = labelOf(role);
    if (isNumber(role.mean) && role.values.length) rows.push({ label, group, mean: role.mean, low: role.low ?? role.mean, high: role.high ?? role.mean });
    role.values.forEach((value, i) => runs.push({ label, group, repeat: i + 1, value }));
  }
  return { rows, runs };
}

/** Whether a role is one of the search's best trials, not a baseline. */
function isOfSearch(role) {
  return role.role !== "initial" && role.role !== "random";
}

/** The search's leader is called winner only where no other trial won over fresh seeds. */
function roleName(role, verification) {
  if (role.trial === null || role.trial === undefined || role.trial < 0) return role.role;
  const upset = isNumber(verification.winner) && role.role === "winner" && role.trial !== verification.winner;
  const won = isOfSearch(role) && role.trial === verification.winner && role.role !== "winner";
  return `${upset ? "leader" : won ? `winner, ${role.role}` : role.role} (${role.role === "random" ? "its " : ""}trial ${role.trial})`;
}

function verdictText(verification) {
  if (!verification.verdict) return "";
  const [low, high] = verification.interval_95 || [null, null];
  return verification.verdict + (isNumber(verification.difference)
    ? `: difference ${formatSigned(verification.difference)}, 95 % interval ${formatInterval(low, high, 3)}; positive is better` : "");
}

function addVerification(document) {
  const { verification, study } = document;
  const section = addSection("verification", "Verification",
    "The best architectures trained again with fresh seeds beside the initial program. Diamonds are means, lines their 95 % intervals by Student's t, circles single trainings. " +
    "The value that won the search is the best of many and so too good; these are not.");
  if (!verification) return setNoChart(section, "Not verified: the winner's value is of one training with the search's own seed. `nas resume` runs what is missing.");
  const { rows, runs } = verificationRows(verification, (role) => roleName(role, verification), "");
  if (rows.length) {
    addChart(section, "Verified values with intervals", { height: rowsHeight(rows.length, 46), layer: verificationLayers(rows, runs, verification.metric || study.objectives[0].metric, { value: ACCENT }) }, runs.length);
  }
  add(section, make("p", null, make("strong", null, verdictText(verification))), makeTable(
    [{ title: "role" }, { title: "mean", number: true }, { title: "95 % interval", number: true }, { title: "deviation", number: true },
      { title: "P(best)", number: true }, { title: "failed", number: true }, { title: "values" }],
    verification.roles.map((role) => [roleName(role, verification), formatValue(role.mean), formatInterval(role.low, role.high, 6), formatValue(role.deviation, 3),
      formatValue(role.best_probability ?? null, 3), role.failed, role.values.map((value) => formatValue(value)).join(", ")])));
}

/** Lines of a diff with those far from any change left out. */
function makeDiff(lines) {
  const isNear = lines.map((_, i) => lines.slice(Math.max(0, i - 2), i + 3).some(([mark]) => mark !== " "));
  const shown = [];
  lines.forEach(([mark, text], i) => {
    if (isNear[i]) shown.push(make("span", { class: mark === "+" ? "added" : mark === "-" ? "removed" : "" }, mark + " " + text));
    else if (i === 0 || isNear[i - 1]) shown.push(make("span", { class: "skipped" }, "  \u2026"));
  });
  return make("pre", { class: "diff" }, shown);
}

function addLineage(document) {
  const { lineage, study } = document, [objective] = study.objectives;
  const section = addSection("lineage", "Lineage of the winner",
    "From the first ancestor to the winner by first parents: what each mutation changed, and what it paid (the change of the objective against the parent; positive is better). " +
    "In the differences a node that parent and child share keeps the parent's name; new nodes are called n1, n2, \u2026");
  if (!lineage.length) return setNoChart(section, "There is no winner.");
  const rows = lineage.filter((entry) => isNumber(entry.value)).map((entry) => ({
    trial: "trial " + entry.trial, value: entry.value, paid: formatSigned(entry.paid), change: entry.change }));
  if (rows.length > 1) {
    const x = { field: "trial", type: "ordinal", title: null, sort: null, axis: { labelAngle: 0, labelOverlap: true } };
    const y = { field: "value", type: "quantitative", title: objective.metric, scale: { zero: false, nice: true, padding: 16 } };
    addChart(section, "Objective along the lineage", {
      height: 220,
      data: { values: rows },
      layer: [
        { mark: { type: "line", color: ACCENT, point: { color: ACCENT, size: 60, filled: true } }, encoding: { x, y, tooltip: ["trial", "value", "paid", "change"].map((field) => ({ field })) } },
        { mark: { type: "text", dy: -13, fontSize: 11, color: "#475569" }, encoding: { x, y, text: { field: "paid" } } },
      ],
    }, rows.length);
  }
  for (const entry of lineage) {
    const differences = entry.differences.map((difference) => difference.lines
      ? [make("div", { class: "caption" }, difference.where), makeDiff(difference.lines)]
      : make("p", null, make("code", null, difference.where), ": " + difference.before + " \u2192 " + difference.after));
    section.append(make("div", { class: "step" },
      make("div", { class: "title" }, make("strong", null, "Trial " + entry.trial), makeState(entry.state), make("span", null, entry.change),
        make("span", null, objective.metric + " " + formatValue(entry.value)),
        entry.paid === null ? null : make("span", { class: signedClass(entry.paid) }, "paid " + formatSigned(entry.paid, 4)),
        entry.parents.length > 1 ? make("span", { class: "muted" }, "parents " + entry.parents.join(", ") + "; compared with the first") : null),
      differences));
  }
}

/** Points {trial, cost, costLow, costHigh, value, onFront} of one cost. */
function costPoints(trials, { metric, front }) {
  const score = trials.scores[metric], chosen = new Set(front);
  return trials.number.flatMap((number, i) => {
    const value = trials.values[i][0], cost = score.values[i], spread = score.spreads?.[i];
    if (!isNumber(value) || !isNumber(cost) || trials.duplicate_of[i] !== null) return [];
    const half = isNumber(spread) ? spread : 0;
    return [{ trial: number, cost, costLow: cost - half, costHigh: cost + half, value, onFront: chosen.has(number), change: trials.change?.[i] }];
  });
}

function costSpec(document, cost) {
  const { trials, verification, study } = document, [objective] = study.objectives;
  const points = costPoints(trials, cost);
  const title = shortMetric(cost.metric) + (cost.unit ? " (" + cost.unit + ")" : "");
  const x = { field: "cost", type: "quantitative", title, scale: { zero: false, nice: true, padding: 10 }, axis: { format: "~s" } };
  const y = { field: "value", type: "quantitative", title: objective.metric, scale: robustScale(points.map((point) => point.value), objective.maximize) };
  const byTrial = new Map(points.map((point) => [point.trial, point]));
  const verified = (verification ? verification.roles : []).filter((role) => role.role !== "random" && byTrial.has(role.trial) && isNumber(role.low))
    .filter(() => (verification.metric || objective.metric) === objective.metric)
    .map((role) => ({ cost: byTrial.get(role.trial).cost, value: role.mean, low: role.low, high: role.high, role: role.role }));
  const front = points.filter((point) => point.onFront);
  const many = points.length > MOST_SVG_MARKS;
  return [{
    height: 340,
    layer: [
      { data: { values: many ? front : points }, mark: { type: "rule", color: QUIET, opacity: 0.6 }, encoding: { y, x: { ...x, field: "costLow" }, x2: { field: "costHigh" } } },
      { data: { values: points }, mark: { type: "point", filled: true, size: many ? 14 : 38, opacity: many ? 0.35 : 0.6, color: STATE_COLORS.COMPLETE },
        encoding: { x, y, tooltip: ["trial", "cost", "value", "change"].map((field) => ({ field })) } },
      { data: { values: front }, mark: { type: "line", interpolate: objective.maximize ? "step-after" : "step-after", color: "#d55e00", strokeWidth: 1.8 }, encoding: { x, y, order: { field: "cost", type: "quantitative" } } },
      { data: { values: front }, mark: { type: "point", size: 70, color: "#d55e00", strokeWidth: 1.8 }, encoding: { x, y, tooltip: ["trial", "cost", "value", "change"].map((field) => ({ field })) } },
      { data: { values: verified }, mark: { type: "rule", color: INK, strokeWidth: 2 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } } },
      { data: { values: verified }, mark: { type: "point", filled: true, shape: "diamond", size: 90, color: INK, opacity: 1 }, encoding: { x, y, tooltip: ["role", "value", "low", "high"].map((field) => ({ field })) } },
    ],
  }, points.length];
}

function addCosts(document) {
  const { costs, trials, study } = document;
  const section = addSection("costs", "Cost against quality",
    "Blue: trials. Orange: the Pareto front, the trials that no other beats in both. Horizontal lines: the spread of a measured cost. " +
    "Black: verified means with their 95 % intervals. Values beyond the axis are drawn at its edge.");
  if (!costs.length) return setNoChart(section, "No cost varies among the evaluated trials.");
  const front = make("div");
  const showFront = (cost) => {
    const score = trials.scores[cost.metric];
    front.replaceChildren(make("h3", null, "Pareto front of " + cost.metric + " and " + study.objectives[0].metric),
      makeTable([{ title: "trial", number: true }, { title: shortMetric(cost.metric), number: true }, { title: "spread", number: true }, { title: study.objectives[0].metric, number: true }, { title: "change" }],
        cost.front.map((number) => [number, formatScore(score.values[number], score.unit),
          isNumber(score.spreads?.[number]) ? "\u00b1 " + formatValue(score.spreads[number], 3) : DASH, formatValue(trials.values[number][0]), trials.change[number]])));
  };
  const select = make("select", { "aria-label": "cost", onchange: () => {
    const cost = costs[select.selectedIndex];
    redrawChart(place, ...costSpec(document, cost));
    showFront(cost);
  } }, costs.map((cost) => make("option", null, cost.metric)));
  add(section, make("div", { class: "filters" }, make("label", null, "cost", select)));
  const place = addChart(section, "Cost against quality", ...costSpec(document, costs[0]));
  section.append(front);
  showFront(costs[0]);
}
