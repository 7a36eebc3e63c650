// All trials with filters and sorting. Only the rows in sight are in the page, so thousands cost nothing.

const ROW_HEIGHT = 30;  // as in style.css
const ROWS_BEYOND = 8;  // drawn above and below those in sight
const PRINTED_ROWS = 40;

/** Columns of the table: {title, width, number, get(row), show(row)}; get is what is sorted by. */
function trialColumns(document) {
  const trials = document.trials;
  const text = (title, width, column) => ({ title, width, get: (i) => column[i] });
  const number = (title, width, column, show) => ({
    title, width, number: true, get: (i) => column[i], show: (i) => show(column[i]),
  });
  const columns = [number("trial", 76, trials.number, String),
    { title: "state", width: 98, get: (i) => trials.state[i], show: (i) => makeState(trials.state[i]) },
    text("reason", 84, trials.reason)];
  document.study.objectives.forEach((objective, place) => columns.push(
    number(objective.metric, 92, trials.values.map((values) => values[place]), (value) => formatValue(value))));
  columns.push(number("last", 82, trials.last, (value) => formatValue(value, 5)));
  for (const [name, score] of Object.entries(trials.scores)) {
    const isCost = name === "params" || name === "flops_per_token" || name.startsWith("latency");
    if (isCost) columns.push({ ...number(shortMetric(name), 128, score.values, formatCount), hint: name + (score.unit ? ", " + score.unit : "") });
  }
  columns.push(text("parents", 86, trials.parents), text("change", 250, trials.change),
    number("seconds", 88, trials.seconds, (value) => formatValue(value, 3)), text("hash", 86, trials.hash));
  return columns;
}

class TrialsTable {
  constructor(document) {
    this.trials = document.trials;
    this.columns = trialColumns(document);
    this.search = this.trials.number.map((number, i) => [number, this.trials.state[i], this.trials.reason[i],
      this.trials.parents[i], this.trials.change[i], this.trials.origin[i], this.trials.hash[i]].join(" ").toLowerCase());
    this.filter = { text: "", states: new Set(this.trials.state), reason: "", low: NaN, high: NaN };
    this.sorted = { column: 0, descending: false };
    this.body = make("tbody");
    this.heads = this.columns.map((column, i) => make("th", {
      class: column.number ? "number" : "", style: "width:" + column.width + "px", title: column.hint || "sort by " + column.title,
      onclick: () => this.sortBy(i),
    }, column.title));
    this.scroller = make("div", { class: "rows", tabindex: "0", onscroll: () => this.drawRows() },
      make("table", { style: "min-width:" + this.columns.reduce((sum, column) => sum + column.width, 0) + "px" }, make("thead", null, make("tr", null, this.heads)), this.body));
    this.count = make("span", { class: "muted", role: "status" });
    this.detail = make("div", { class: "detail" });
    window.addEventListener("beforeprint", () => this.drawRows(true));
    window.addEventListener("afterprint", () => this.drawRows());
  }

  element() {
    this.update();
    return make("div", { class: "trials" }, this.filters(), this.scroller, this.detail);
  }

  filters() {
    const states = [...new Set(this.trials.state)];
    const reasons = [...new Set(this.trials.reason)].filter((reason) => reason).sort();
    const set = (change) => { Object.assign(this.filter, change); this.update(); };
    const bound = (name) => make("input", {
      type: "number", step: "any", "aria-label": name, oninput: (event) => set({ [name]: event.target.valueAsNumber }),
    });
    return make("div", { class: "filters" },
      make("input", { type: "search", placeholder: "number, change, parent, hash\u2026", "aria-label": "search trials",
        oninput: (event) => set({ text: event.target.value.trim().toLowerCase() }) }),
      states.map((state) => make("label", null, make("input", { type: "checkbox", checked: true, value: state,
        onchange: (event) => { this.filter.states[event.target.checked ? "add" : "delete"](state); this.update(); } }), makeState(state))),
      make("label", null, "reason", make("select", { "aria-label": "reason", onchange: (event) => set({ reason: event.target.value }) },
        make("option", { value: "" }, "any"), reasons.map((reason) => make("option", { value: reason }, reason)))),
      make("label", null, "value from", bound("low"), "to", bound("high")),
      make("button", { type: "button", onclick: () => this.download() }, "CSV"), this.count);
  }

  accepts(i) {
    const { text, states, reason, low, high } = this.filter;
    const value = this.trials.values[i][0];
    return states.has(this.trials.state[i]) && (!reason || this.trials.reason[i] === reason) &&
      (!text || this.search[i].includes(text)) && (Number.isNaN(low) || (isNumber(value) && value >= low)) &&
      (Number.isNaN(high) || (isNumber(value) && value <= high));
  }

  sortBy(column) {
    this.sorted = { column, descending: this.sorted.column === column && !this.sorted.descending };
    this.update();
  }

  update() {
    const { column, descending } = this.sorted;
    const get = this.columns[column].get, sign = descending ? -1 : 1;
    const isEmpty = (value) => value === null || value === "";
    const compare = (a, b) => {
      const first = get(a), second = get(b);
      if (isEmpty(first) || isEmpty(second)) return isEmpty(first) - isEmpty(second) || a - b;  // empty ones last, both ways
      return (first < second ? -sign : first > second ? sign : 0) || a - b;
    };
    this.rows = this.trials.number.map((_, i) => i).filter((i) => this.accepts(i)).sort(compare);
    this.heads.forEach((head, i) => {
      head.classList.toggle("sorted", i === column);
      head.setAttribute("aria-sort", i !== column ? "none" : descending ? "descending" : "ascending");
      head.textContent = this.columns[i].title + (i === column ? (descending ? " \u2193" : " \u2191") : "");
    });
    this.count.textContent = this.rows.length.toLocaleString("en-US") + " of " + plural(this.trials.number.length, "trial");
    this.scroller.scrollTop = 0;
    this.drawRows();
  }

  drawRows(forPrint) {
    const first = forPrint ? 0 : Math.max(0, Math.floor(this.scroller.scrollTop / ROW_HEIGHT) - ROWS_BEYOND);
    const inSight = Math.ceil((this.scroller.clientHeight || 520) / ROW_HEIGHT);
    const end = Math.min(this.rows.length, forPrint ? PRINTED_ROWS : first + inSight + 2 * ROWS_BEYOND);
    const space = (rows) => make("tr", { class: "space", style: "height:" + rows * ROW_HEIGHT + "px" },
      make("td", { colspan: this.columns.length }));
    const shown = this.rows.slice(first, end).map((i) => this.makeRow(i));
    const left = this.rows.length - end;
    const after = !forPrint ? space(left) : left > 0 ? make("tr", null, make("td", { colspan: this.columns.length },
      plural(left, "more trial") + " not printed")) : null;
    this.body.replaceChildren(...[forPrint ? null : space(first), ...shown, after].filter((row) => row));
  }

  makeRow(i) {
    return make("tr", { class: "trial" + (i === this.chosen ? " chosen" : ""), onclick: () => this.choose(i) },
      this.columns.map((column) => make("td", { class: column.number ? "number" : "", title: column.number ? null : String(column.get(i) ?? "") },
        column.show ? column.show(i) : column.get(i) ?? "")));
  }

  choose(i) {
    this.chosen = i;
    this.drawRows();
    const trials = this.trials;
    const scores = Object.entries(trials.scores).filter(([, score]) => isNumber(score.values[i])).map(([name, score]) => [
      name, formatScore(score.values[i], score.unit), isNumber(score.spreads?.[i]) ? "\u00b1 " + formatValue(score.spreads[i], 3) : "", score.protocol]);
    this.detail.replaceChildren(make("h3", null, "Trial " + trials.number[i]),
      make("p", { class: "muted" }, trials.change[i] + (trials.parents[i] ? "; from trial " + trials.parents[i] : "") +
        (trials.duplicate_of[i] !== null ? "; the same architecture as trial " + trials.duplicate_of[i] + ", whose result it takes" : "")),
      makeTable([{ title: "figure" }, { title: "value", number: true }, { title: "spread" }, { title: "how" }], scores));
  }

  /** The shown rows as a file (RFC 4180). */
  download() {
    const quote = (value) => /[",\n]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value;
    const lines = [this.columns.map((column) => quote(column.title)), ...this.rows.map((i) => this.columns.map((column) => quote(String(column.get(i) ?? ""))))];
    const link = make("a", { download: "trials.csv", href: URL.createObjectURL(new Blob([lines.map((line) => line.join(",")).join("\r\n") + "\r\n"], { type: "text/csv" })) });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
