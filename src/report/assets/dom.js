// Elements are made from text nodes only: whatever a study's texts hold, none of it becomes markup.

/** An element with properties (class, attributes, on<event>) and children (nodes or texts; null is left out). */
function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  add(element, ...children);
  return element;
}

function add(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

function reportDocument() {
  return JSON.parse(document.getElementById("document").textContent);
}

let enclosing = null;

/** Calls `draw`, whose sections go into `parent` in place of the page and its table of contents. */
function drawWithin(parent, draw) {
  enclosing = parent;
  try {
    draw();
  } finally {
    enclosing = null;
  }
}

/** A section with its line in the table of contents. */
function addSection(id, title, explanation) {
  if (enclosing) {
    const part = make("div", { class: "part" }, make("h3", null, title), explanation ? make("p", { class: "explain" }, explanation) : null);
    enclosing.append(part);
    return part;
  }
  const section = make("section", { id }, make("h2", null, title), explanation ? make("p", { class: "explain" }, explanation) : null);
  const contents = document.getElementById("contents");
  if (!contents.firstChild) contents.append(make("ol"));
  contents.firstChild.append(make("li", null, make("a", { href: "#" + id }, title)));
  document.getElementById("main").append(section);
  return section;
}

/** columns: [{title, number: whether to align right}]; rows of cells (texts or nodes). */
function makeTable(columns, rows) {
  const kind = (i) => ({ class: columns[i].number ? "number" : "" });
  return make("div", { class: "table-wrap" },
    make("table", null,
      make("thead", null, make("tr", null, columns.map((column, i) => make("th", kind(i), column.title)))),
      make("tbody", null, rows.map((row) => make("tr", null, row.map((cell, i) => make("td", kind(i), cell)))))));
}

function makeState(state) {
  return make("span", { class: "state " + state }, state);
}

function makeCard(label, figure, note, isText) {
  return make("div", { class: "card" }, make("div", { class: "label" }, label),
    make("div", { class: "figure" + (isText ? " text" : "") }, figure), note ? make("div", { class: "note" }, note) : null);
}

function makeHead(title, subtitle, cards) {
  document.getElementById("head").append(make("div", { class: "inner" },
    make("h1", null, title), make("p", { class: "subtitle" }, subtitle), make("div", { class: "cards" }, cards),
    chartsAreThere() ? null : make("p", { class: "notice" },
      "There are no charts: this file was made without the chart library. `scripts/setup` installs it, and `nas report` says where it looked.")));
}

function makeFooter() {
  document.getElementById("main").append(make("footer", null,
    "Made by nas. This file holds its data and code, and fetches nothing. docs/report.md says how each figure is computed."));
}
