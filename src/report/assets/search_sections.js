// How the search went: history, learning curves, hurdles, what ended trials.

/** Colours of the states that some row has. */
function stateColor(rows) {
  const states = Object.keys(STATE_COLORS).filter((state) => rows.some((row) => row.state === state));
  return { field: "state", type: "nominal", title: null, scale: { domain: states, range: states.map((state) => STATE_COLORS[state]) } };
}

function addHistory(document) {
  const { trials, history, study } = document, [objective] = study.objectives;
  const section = addSection("history", "History",
    "The best value so far (line) and every trial. A pruned trial stands at its last intermediate value, a failed one at the foot. " +
    "Values beyond the axis are drawn at its edge.");
  const rows = [], failed = [], values = [];
  trials.number.forEach((number, i) => {
    const value = isNumber(trials.values[i][0]) ? trials.values[i][0] : trials.last[i];
    const row = { trial: number, value, state: trials.state[i], change: trials.change[i], reason: trials.reason[i] };
    if (trials.state[i] === "FAIL" || !isNumber(value)) return failed.push(row);
    rows.push(row);
    values.push(value);
  });
  if (!rows.length && !failed.length) return setNoChart(section, "No trial has finished.");
  const scale = robustScale(values, objective.maximize);
  const x = { field: "trial", type: "quantitative", title: "trial", axis: { tickMinStep: 1, format: "d" }, scale: { nice: false } };
  const y = { field: "value", type: "quantitative", title: objective.metric, scale };
  const tooltip = ["trial", "state", "reason", "value", "change"].map((field) => ({ field }));
  const color = stateColor([...rows, ...failed]);
  const best = history.best.map(([trial, value]) => ({ trial, value }));
  addChart(section, "Best value so far and the value of every trial", {
    height: 320,
    layer: [
      { data: { values: rows }, mark: { type: "point", filled: true, size: rows.length > 1000 ? 14 : 34, opacity: rows.length > 1000 ? 0.4 : 0.65 },
        encoding: { x, y, color, tooltip } },
      { data: { values: failed }, mark: { type: "tick", orient: "vertical", thickness: 1.5, size: 12 },
        encoding: { x, y: { value: "height" }, color, tooltip } },
      { data: { values: best }, mark: { type: "line", interpolate: "step-after", color: INK, strokeWidth: 2 }, encoding: { x, y } },
    ],
  }, rows.length + failed.length);
}

function addCurves(document) {
  const { curves, winner } = document;
  const section = addSection("curves", "Learning curves",
    "Intermediate values of trials that trained themselves; the winner is the dark line. " +
    (curves.length < document.trials.number.length ? `Shown are ${curves.length} of ${document.trials.number.length} trials: the best and an even selection of those with intermediate values.` : ""));
  const rows = curves.flatMap(({ trial, state, points }) => points.map(([step, value]) => ({ trial, state, step, value })))
    .filter((row) => isNumber(row.value));
  if (!rows.length) return setNoChart(section, "No trial has intermediate values: set training.hurdles or training.eval_every.");
  const scale = robustScale(rows.map((row) => row.value), false);
  const x = { field: "step", type: "quantitative", title: "training step", scale: { nice: false, zero: false } };
  const y = { field: "value", type: "quantitative", title: "val_bpb", scale };
  const tooltip = ["trial", "state", "step", "value"].map((field) => ({ field }));
  const own = rows.filter((row) => winner && row.trial === winner.trial);
  addChart(section, "Learning curves", {
    height: 300,
    layer: [
      { data: { values: rows }, mark: { type: "line", strokeWidth: 1.2, opacity: 0.4, point: { size: 16, opacity: 0.5 } },
        encoding: { x, y, detail: { field: "trial" }, color: stateColor(rows), tooltip } },
      { data: { values: own }, mark: { type: "line", strokeWidth: 2.6, color: INK, point: { size: 40, color: INK } }, encoding: { x, y, tooltip } },
    ],
  }, rows.length);
}

function hurdleName({ hurdle, first_step: first, last_step: last }) {
  if (first === null) return "hurdle " + hurdle;
  return `hurdle ${hurdle}, ` + (first === last ? "step " + first : `steps ${first} to ${last}`);
}

function addHurdles(document) {
  const section = addSection("hurdles", "Hurdles survived",
    "A hurdle stops a trial whose value is worse than the median of the trials that reached it before. Duplicates are not counted.");
  const { hurdles } = document;
  if (!hurdles.length) return setNoChart(section, "This study has no hurdles (training.hurdles.count is 0).");
  const rows = hurdles.flatMap((row) => [
    { hurdle: hurdleName(row), fate: "passed", trials: row.passed }, { hurdle: hurdleName(row), fate: "pruned here", trials: row.pruned }]);
  addChart(section, "Trials that passed each hurdle", {
    height: rowsHeight(hurdles.length, 34),
    data: { values: rows },
    mark: { type: "bar", cornerRadiusEnd: 2 },
    encoding: {
      y: { field: "hurdle", type: "nominal", title: null, sort: hurdles.map(hurdleName) },
      x: { field: "trials", type: "quantitative", title: "trials that reached the hurdle", stack: true, axis: { tickMinStep: 1 } },
      color: { field: "fate", type: "nominal", title: null, scale: { domain: ["passed", "pruned here"], range: [STATE_COLORS.COMPLETE, STATE_COLORS.PRUNED] } },
      order: { field: "fate" },
      tooltip: [{ field: "hurdle" }, { field: "fate" }, { field: "trials" }],
    },
  }, rows.length);
  add(section, makeTable(
    [{ title: "hurdle" }, { title: "reached", number: true }, { title: "passed", number: true }, { title: "pruned", number: true },
      { title: "survived", number: true }, { title: "median there", number: true }],
    hurdles.map((row) => [hurdleName(row), row.reached, row.passed, row.pruned,
      row.reached ? Math.round(100 * row.passed / row.reached) + " %" : DASH, formatValue(row.median)])));
}

function addOutcomes(document) {
  const { outcomes, trials } = document;
  const section = addSection("outcomes", "Why trials failed or were pruned", "How trials ended over the course of the search, and the reasons.");
  const bins = Math.min(40, trials.number.length), size = Math.max(1, Math.ceil(trials.number.length / (bins || 1)));
  const counts = new Map();
  trials.state.forEach((state, i) => {
    const key = Math.floor(i / size) + " " + state;
    counts.set(key, (counts.get(key) || 0) + 1);
  });
  const rows = [...counts].map(([key, count]) => {
    const [bin, state] = key.split(" ");
    return { first: bin * size, last: Math.min((Number(bin) + 1) * size, trials.number.length), state, trials: count };
  });
  if (!rows.length) return setNoChart(section, "There are no trials.");
  addChart(section, "States of trials over the search", {
    height: 180,
    data: { values: rows },
    mark: { type: "bar", binSpacing: 1 },
    encoding: {
      x: { field: "first", type: "quantitative", bin: { binned: true, step: size }, title: "trial" },
      x2: { field: "last" },
      y: { field: "trials", type: "quantitative", title: size === 1 ? "trial" : "trials in " + size, axis: { tickMinStep: 1 } },
      color: stateColor(rows), tooltip: [{ field: "state" }, { field: "first", title: "from trial" }, { field: "trials" }],
    },
  }, rows.length);
  if (outcomes.rows.length) {
    add(section, makeTable([{ title: "state" }, { title: "reason" }, { title: "trials", number: true }, { title: "examples" }],
      outcomes.rows.map((row) => [makeState(row.state), row.reason || DASH, row.trials,
        make("div", null, row.examples.map(({ trial, detail }) => make("div", { class: "caption" }, `trial ${trial}: ${detail}`)))])));
  } else add(section, make("p", { class: "muted" }, "Every trial was trained to its end."));
  const redrawn = Object.entries(outcomes.redrawn);
  if (redrawn.length) {
    add(section, make("h3", null, "Proposals thrown away before they became trials"),
      makeTable([{ title: "reason" }, { title: "proposals", number: true }], redrawn.map(([reason, count]) => [reason, count])));
  }
}

function addTrials(document) {
  const section = addSection("trials", "Trials",
    "Every trial. Click a heading to sort, a row for all its figures; nas show and nas replay take the trial's number.");
  section.append(new TrialsTable(document).element());
}
