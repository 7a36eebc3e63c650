// The page of several studies side by side.

const studyColor = (studies) => ({
  field: "label", type: "nominal", title: null, sort: null, scale: { domain: studies.map((study) => study.label), range: studies.map((_, i) => STUDY_COLORS[i % STUDY_COLORS.length]) },
});

function addComparedHistory(document) {
  const { studies } = document, [objective] = studies[0].study.objectives;
  const section = addSection("history", "Best value so far", "Over trials, and over the wall clock of their evaluations added up.");
  const rows = studies.flatMap(({ label, history }) => history.best.map(([trial, value, seconds]) => ({ label, trial, value, minutes: seconds / 60 })));
  if (!rows.length) return setNoChart(section, "No study has an evaluated trial.");
  const y = { field: "value", type: "quantitative", title: objective.metric, scale: { zero: false, nice: true } };
  for (const [field, title] of [["trial", "trial"], ["minutes", "minutes of evaluation"]]) {
    addChart(section, "Best value so far over " + title, {
      height: 280, data: { values: rows }, mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
      encoding: { x: { field, type: "quantitative", title, scale: { nice: false } }, y, color: studyColor(studies), tooltip: ["label", "trial", "value"].map((name) => ({ field: name })) },
    }, rows.length);
  }
}

function addWinners(document) {
  const { studies } = document;
  const section = addSection("winners", "Winners", "The best trial of each study; its verified mean and interval are over fresh seeds.");
  const roleOf = ({ verification, winner }) =>
    (verification ? verification.roles : []).find((role) => isOfSearch(role) && winner && role.trial === winner.trial);
  const scoreOf = (winner, name) => winner && winner.scores.find((score) => shortMetric(score.name) === name);
  const shown = (score) => (score ? formatScore(score.value, score.unit) : DASH);
  const measured = studies.some(({ winner }) => scoreOf(winner, "latency_us"));
  const latency = (cell) => (measured ? [cell] : []);
  add(section, makeTable(
    [{ title: "study" }, { title: "objective" }, { title: "trials", number: true }, { title: "trial", number: true }, { title: "value", number: true }, { title: "verified mean", number: true },
      { title: "95 % interval", number: true }, { title: "verdict" }, { title: "params", number: true }, { title: "flops/token", number: true }, ...latency({ title: "latency", number: true }), { title: "evaluation", number: true }],
    studies.map((entry) => {
      const role = roleOf(entry), { winner, study } = entry;
      return [make("strong", null, entry.label), study.objectives[0].metric, study.trials, winner ? winner.trial : DASH, formatValue(study.value), formatValue(role ? role.mean : null),
        role ? formatInterval(role.low, role.high, 5) : DASH, entry.verification ? entry.verification.verdict : "not verified", shown(scoreOf(winner, "params")), shown(scoreOf(winner, "flops_per_token")),
        ...latency(shown(scoreOf(winner, "latency_us"))), formatSeconds(study.seconds)];
    })));
  add(section, make("h3", null, "Programs of the winners"));
  for (const { label, winner } of studies) {
    if (!winner) continue;
    section.append(make("details", null, make("summary", null, `${label}: trial ${winner.trial}, hash ${winner.hash}`),
      winner.programs.map((program) => [make("h3", null, program.title), make("pre", { class: "program" }, program.text)])));
  }
}

function addComparedVerification(document) {
  const { studies } = document;
  const section = addSection("verification", "Verification", "Diamonds are means over fresh seeds, lines their 95 % intervals by Student's t, circles single trainings.");
  const rows = [], runs = [];
  for (const { label, verification } of studies) {
    if (!verification) continue;
    const found = verificationRows(verification, (role) => label + ": " + roleName(role, verification), label);
    rows.push(...found.rows);
    runs.push(...found.runs);
  }
  if (!rows.length) return setNoChart(section, "None of these studies is verified.");
  addChart(section, "Verified values", {
    height: rowsHeight(rows.length, 40), layer: verificationLayers(rows, runs, studies[0].study.objectives[0].metric, { ...studyColor(studies), field: "group" }),
  }, runs.length);
}

function addComparedCosts(document) {
  const { studies } = document, [objective] = studies[0].study.objectives;
  const section = addSection("costs", "Cost against quality", "The Pareto front of each study (line) over its trials.");
  const metrics = [...new Set(studies.flatMap(({ costs }) => costs.map((cost) => cost.metric)))];
  if (!metrics.length) return setNoChart(section, "No cost varies in these studies.");
  const specOf = (metric) => {
    const points = studies.flatMap(({ label, trials, costs }) => {
      const cost = costs.find((entry) => entry.metric === metric);
      return cost ? costPoints(trials, cost).map((point) => ({ ...point, label })) : [];
    });
    const x = { field: "cost", type: "quantitative", title: metric, scale: { zero: false, padding: 10 }, axis: { format: "~s" } };
    const y = { field: "value", type: "quantitative", title: objective.metric, scale: robustScale(points.map((point) => point.value), objective.maximize) };
    const color = studyColor(studies), tooltip = ["label", "trial", "cost", "value"].map((field) => ({ field }));
    return [{
      height: 320, layer: [
        { data: { values: points }, mark: { type: "point", filled: true, size: points.length > 1000 ? 12 : 26, opacity: 0.35 }, encoding: { x, y, color, tooltip } },
        { data: { values: points.filter((point) => point.onFront) }, mark: { type: "line", interpolate: "step-after", strokeWidth: 2, point: { size: 40 } }, encoding: { x, y, color, tooltip } },
      ],
    }, points.length];
  };
  const select = make("select", { "aria-label": "cost", onchange: () => redrawChart(place, ...specOf(metrics[select.selectedIndex])) }, metrics.map((metric) => make("option", null, metric)));
  add(section, make("div", { class: "filters" }, make("label", null, "cost", select)));
  const place = addChart(section, "Cost against quality", ...specOf(metrics[0]));
}

function addValues(document) {
  const { studies } = document, [objective] = studies[0].study.objectives;
  const section = addSection("values", "Values of trials", "Every trial that was trained to its end; the tick is the median.");
  const rows = studies.flatMap(({ label, trials }) => trials.values.map((values, i) => ({ label, value: values[0], trial: trials.number[i] })).filter((row) => isNumber(row.value)));
  if (!rows.length) return setNoChart(section, "No study has an evaluated trial.");
  const y = { field: "label", type: "nominal", title: null, sort: null };
  const x = { field: "value", type: "quantitative", title: objective.metric, scale: robustScale(rows.map((row) => row.value), objective.maximize) };
  addChart(section, "Values of trials", {
    height: rowsHeight(studies.length, 44), data: { values: rows }, layer: [
      { mark: { type: "tick", thickness: 1, size: 20, opacity: 0.5 }, encoding: { y, x, color: { ...studyColor(studies), legend: null }, tooltip: ["label", "trial", "value"].map((field) => ({ field })) } },
      { mark: { type: "tick", thickness: 3, size: 30, color: INK }, encoding: { y, x: { ...x, aggregate: "median" } } },
    ],
  }, rows.length);
}

function addWinnersCurves(document) {
  const { studies } = document;
  const section = addSection("curves", "Learning curves of the winners", "Intermediate values of the best trial of each study.");
  const rows = studies.flatMap(({ label, winner, curves }) => curves.filter((curve) => winner && curve.trial === winner.trial)
    .flatMap((curve) => curve.points.map(([step, value]) => ({ label, step, value }))).filter((row) => isNumber(row.value)));
  if (!rows.length) return setNoChart(section, "No winner has intermediate values.");
  addChart(section, "Learning curves of the winners", {
    height: 280, data: { values: rows }, mark: { type: "line", strokeWidth: 2, point: { size: 36 } },
    encoding: {
      x: { field: "step", type: "quantitative", title: "training step", scale: { nice: false, zero: false } },
      y: { field: "value", type: "quantitative", title: "val_bpb", scale: robustScale(rows.map((row) => row.value), false) },
      color: studyColor(studies), tooltip: ["label", "step", "value"].map((field) => ({ field })),
    },
  }, rows.length);
}

function addComparedHurdles(document) {
  const { studies } = document;
  const section = addSection("hurdles", "Hurdles survived", "Of the trials of each study that reached a hurdle, how many passed it.");
  const rows = studies.flatMap(({ label, hurdles }) => hurdles.map((row) => [label, hurdleName(row), row.reached, row.passed, row.pruned,
    row.reached ? Math.round(100 * row.passed / row.reached) + " %" : DASH, formatValue(row.median)]));
  if (!rows.length) return setNoChart(section, "None of these studies has hurdles.");
  add(section, makeTable([{ title: "study" }, { title: "hurdle" }, { title: "reached", number: true }, { title: "passed", number: true }, { title: "pruned", number: true },
    { title: "survived", number: true }, { title: "median there", number: true }], rows));
}

/** The whole report of each study, drawn when it is opened. */
function addWholeReports(document) {
  const section = addSection("studies", "Each study", "All that its own report shows.");
  for (const entry of document.studies) {
    const place = make("div", { class: "whole" });
    const draw = () => {
      if (place.firstChild) return;
      drawWithin(place, () => addStudySections(entry));
      drawCharts();
    };
    section.append(make("details", { ontoggle: (event) => event.target.open && event.target.contains(place) && draw() },
      make("summary", null, make("strong", null, entry.label), `: ${plural(entry.study.trials, "trial")}, lineage, importance, hurdles, failures, configuration`), place));
  }
}

function addDifferences(document) {
  const section = addSection("configuration", "Differences of configuration and environment", "Keys whose values are not the same in all studies.");
  for (const [title, rows] of [["Configuration", document.config], ["Environment", document.environment]]) {
    add(section, make("h3", null, title), rows.length
      ? makeTable([{ title: "key" }, ...document.studies.map(({ label }) => ({ title: label }))], rows.map((row) => [make("code", null, row.key), ...row.values.map(valueText)]))
      : make("p", { class: "muted" }, "No difference."));
  }
}

function showComparison(document) {
  const { studies } = document;
  makeHead("Comparison of " + plural(studies.length, "study").replace(/ys$/, "ies"), studies.map(({ study }) => study.folder).join(", "),
    studies.map(({ label, study, verification }) => makeCard(label, formatValue(study.value), verification ? verification.verdict : "not verified")));
  if (!document.same_objective) {
    add(window.document.getElementById("main"), make("p", { class: "notice" }, "These studies do not have the same objective: their values cannot be compared, whatever stands beside each other here."));
  }
  for (const part of [addComparedHistory, addWinners, addComparedVerification, addValues, addComparedCosts, addWinnersCurves, addComparedHurdles, addDifferences, addWholeReports]) part(document);
  makeFooter();
  drawCharts();
}
