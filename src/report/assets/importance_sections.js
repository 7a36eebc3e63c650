// What the objective depends on.

const MOST_OPERATORS = 30;

function addParameters(document) {
  const { parameters } = document;
  const section = addSection("parameters", "Importance of choices",
    "The share of the variance of the objective that each finite choice explains alone (fANOVA over bagged regression trees). " +
    `Bars: mean over trees; lines: 95 % of the trees. From ${plural(parameters.trials, "evaluated trial")}. ` +
    "Shares say what the search saw: it did not try all combinations equally often.");
  if (parameters.missing) return setNoChart(section, "Not computed: " + parameters.missing + ".");
  const rows = parameters.items.slice(0, MOST_OPERATORS), sort = rows.map((row) => row.name);
  const y = { field: "name", type: "nominal", title: null, sort };
  const x = { field: "share", type: "quantitative", title: "share of the variance", axis: { format: ".0%" }, scale: { domainMin: 0 } };
  addChart(section, "Importance of choices", {
    height: rowsHeight(rows.length, 30),
    data: { values: rows },
    layer: [
      { mark: { type: "bar", color: "#93b4e8", height: 16, cornerRadiusEnd: 2 }, encoding: { y, x, tooltip: ["name", "share", "low", "high"].map((field) => ({ field })) } },
      { mark: { type: "rule", color: INK, strokeWidth: 1.5 }, encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" } } },
    ],
  }, rows.length);
  add(section, makeTable([{ title: "choice" }, { title: "option" }, { title: "trials", number: true }, { title: "mean objective", number: true }, { title: "95 % interval", number: true }],
    rows.flatMap((row) => row.options.map((option, i) => [i === 0 ? row.name : "", option.option, option.trials, formatValue(option.mean),
      isNumber(option.half_width) ? formatInterval(option.mean - option.half_width, option.mean + option.half_width, 5) : DASH]))));
}

function addOperators(document) {
  const { operators, study } = document, [objective] = study.objectives;
  const section = addSection("operators", "Importance of primitives",
    `How ${objective.metric} of trials that have a primitive differs from that of trials without it (${objective.maximize ? "positive" : "negative"} is better), with 95 % bootstrap intervals, ` +
    `from ${plural(operators.trials, "evaluated trial")}. Trials of one lineage are alike and primitives come together: this says what goes with what, not why.`);
  if (operators.missing) return setNoChart(section, "Not computed: " + operators.missing + ".");
  const judge = ({ low, high }) => (low <= 0 && high >= 0 ? "unclear" : (high < 0) === !objective.maximize ? "better" : "worse");
  const rows = operators.items.filter((item) => isNumber(item.effect)).slice(0, MOST_OPERATORS).map((item) => ({ ...item, verdict: judge(item) }));
  if (rows.length) {
    const y = { field: "name", type: "nominal", title: null, sort: rows.map((row) => row.name) };
    const x = { field: "effect", type: "quantitative", title: "with it minus without it, in " + objective.metric };
    const color = { field: "verdict", type: "nominal", title: null, scale: { domain: ["better", "worse", "unclear"], range: [GOOD, BAD, QUIET] } };
    addChart(section, "Effect of primitives", {
      height: rowsHeight(rows.length, 24),
      data: { values: rows },
      layer: [
        { data: { values: [{}] }, mark: { type: "rule", color: "#cbd5e1" }, encoding: { x: { datum: 0 } } },
        { mark: { type: "rule", strokeWidth: 2 }, encoding: { y, x: { ...x, field: "low" }, x2: { field: "high" }, color } },
        { mark: { type: "point", filled: true, size: 60, opacity: 1 }, encoding: { y, x, color, tooltip: ["name", "with", "without", "effect", "low", "high"].map((field) => ({ field })) } },
      ],
    }, rows.length);
  } else setNoChart(section, "No primitive is in some trials and missing in others often enough.");
  add(section, makeTable([{ title: "primitive" }, { title: "with", number: true }, { title: "without", number: true }, { title: "effect of presence", number: true },
    { title: "95 % interval", number: true }, { title: "for one more in a layer", number: true }, { title: "95 % interval", number: true }],
  operators.items.map((item) => [item.name, item.with, item.without, formatSigned(item.effect), formatInterval(item.low, item.high, 3),
    formatSigned(item.slope), formatInterval(item.slope_low, item.slope_high, 3)])));
}
