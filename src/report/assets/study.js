// The page of one study.

function studyCards(document) {
  const { study, verification, winner, trials } = document, [objective] = study.objectives;
  const cards = [makeCard("Best " + objective.metric, formatValue(study.value), study.best === null ? "no trial was evaluated" : `trial ${study.best}, ${objective.maximize ? "maximised" : "minimised"}`)];
  if (verification && verification.verdict) {
    const [low, high] = verification.interval_95 || [];
    cards.push(makeCard("Verified", verification.verdict, isNumber(verification.difference) ? `${formatSigned(verification.difference)}, 95 % ${formatInterval(low, high, 3)}` : "", true));
  } else cards.push(makeCard("Verified", "not yet", "the value is of one training", true));
  cards.push(makeCard("Trials", study.trials.toLocaleString("en-US"), Object.entries(study.states).map(([state, count]) => count.toLocaleString("en-US") + " " + state).join(", ")));
  cards.push(makeCard("Evaluation", formatSeconds(study.seconds), study.finished ? "finished" : "unfinished"));
  const cost = winner && (winner.scores.find((score) => score.name === "flops_per_token"));
  const params = winner && winner.scores.find((score) => score.name === "params");
  if (params) cards.push(makeCard("Winner's parameters", formatCount(params.value), cost ? formatCount(cost.value) + " FLOPs a token" : ""));
  return cards;
}

function valueText(value) {
  return value === null ? DASH : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Leaves of a document as [dotted key, value]. */
function leaves(value, prefix = "") {
  if (value === null || typeof value !== "object" || !Object.keys(value).length) return [[prefix, valueText(value)]];
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object")) return [[prefix, value.map(valueText).join(", ")]];
  return Object.entries(value).flatMap(([key, item]) => leaves(item, prefix ? prefix + "." + key : key));
}

function addSettings(document) {
  const section = addSection("configuration", "Configuration and environment");
  add(section, make("h3", null, "Configuration"), make("p", { class: "explain" }, "As resolved: every default is filled in."),
    makeTable([{ title: "key" }, { title: "value" }], leaves(document.config).map(([key, value]) => [make("code", null, key), value])),
    make("h3", null, "Environment"),
    makeTable([{ title: "fact" }, { title: "value" }], leaves(document.environment).map(([key, value]) => [make("code", null, key), value])),
    make("h3", null, "Breaks in the guarantee of the same answer"),
    document.breaks.length ? make("ul", null, document.breaks.map((text) => make("li", null, text))) : make("p", { class: "muted" }, "None are recorded."));
}

function addStudySections(document) {
  for (const part of [addHistory, addWinner, addVerification, addCosts, addLineage, addParameters, addOperators, addCurves, addHurdles, addOutcomes, addTrials, addSettings]) {
    part(document);
  }
}

function showStudy(document) {
  makeHead(document.study.name, document.study.folder, studyCards(document));
  addStudySections(document);
  makeFooter();
  drawCharts();
}
