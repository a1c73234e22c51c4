// 5 of 5. The numbers, the table of all tasks, the head of the page; then everything is drawn.

const sorting = { column: -1, up: true };
const columnsShown = new Set([...data.columns.keys()].filter((column) => data.columns[column].shown));

const NUMBERS = [
  ["n", "tasks"],
  ["ok", "ok"],
  ["failed", "failed"],
  ["median", "median"],
  ["mean", "mean"],
  ["p90", "p90"],
  ["max", "max"],
  ["spent", "spent"],
];
const numberText = (name, value) =>
  ["n", "ok", "failed"].includes(name) ? String(value) : name === "spent" ? usd(value) : seconds(value);

/** Whether a text may be broken anywhere, since it is wider than a column. */
const isWordy = (text) => text.length > 24;

/** One table an axis, with a bar for the median that is drawn to the longest one on the page. */
function statsTable(group, longest) {
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, group.axis),
    NUMBERS.map(([name, word]) => el("th", { scope: "col", class: name === "median" ? "num bars" : "num" }, word)),
  );
  const number = (row, name) =>
    el("td", { class: `num ${name === "failed" && row.failed ? "bad" : ""}` }, numberText(name, row[name]));
  const line = (row) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: isWordy(row.value) ? "wordy" : null }, row.value),
      NUMBERS.map(([name]) => (name === "median" ? barCell(row.median, longest) : number(row, name))),
    );
  return el("table", {}, el("thead", {}, head), el("tbody", {}, group.rows.map(line)));
}

function barCell(value, longest) {
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--part", value == null || !longest ? 0 : value / longest);
  return el("td", { class: "num bars" }, el("span", {}, bar, seconds(value)));
}

function drawStats() {
  const longest = Math.max(...data.stats.flatMap((group) => group.rows.map((row) => row.median ?? 0)));
  $("stats").replaceChildren(...data.stats.map((group) => el("div", { class: "scroll" }, statsTable(group, longest))));
}

/** Compare two values of a column: numbers as numbers, words as people sort them, nothing last. */
function compare(column, one, other) {
  const [a, b] = [one.values[column], other.values[column]];
  const none = (value) => value == null || value === "–";
  if (none(a) || none(b)) return none(a) - none(b);
  const order = typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return sorting.up ? order : -order;
}

function tasksShown() {
  const words = ($("filter")?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const text = (task) =>
    data.columns
      .map((_, column) => valueOf(task, column))
      .join(" ")
      .toLowerCase();
  const found = words.length
    ? data.tasks.filter((task) => words.every((word) => text(task).includes(word)))
    : [...data.tasks];
  return sorting.column < 0 ? found : found.sort((one, other) => compare(sorting.column, one, other));
}

function sortBy(column) {
  sorting.up = sorting.column === column ? !sorting.up : true;
  sorting.column = column;
  drawTable();
  $(`sort-${column}`).focus();
}

const isNumber = (column) => ["seconds", "usd", "number"].includes(data.columns[column].kind);

function tableHead(column) {
  const sorted = sorting.column === column;
  const button = el(
    "button",
    { type: "button", id: `sort-${column}`, class: "sort", onclick: () => sortBy(column) },
    data.columns[column].label,
    el("span", { "aria-hidden": "true" }, sorted ? (sorting.up ? " ↑" : " ↓") : ""),
  );
  return el(
    "th",
    {
      scope: "col",
      class: isNumber(column) ? "num" : null,
      "aria-sort": sorted ? (sorting.up ? "ascending" : "descending") : null,
    },
    button,
  );
}

function tableRow(task) {
  const thumb = (id, index) =>
    el(
      "button",
      {
        type: "button",
        class: "thumb",
        "aria-label": `Open picture ${index + 1} of ${called(task)}`,
        onclick: () => enlarge(task, index),
      },
      pictureOf(id, ""),
    );
  const kind = (column) =>
    [
      isNumber(column) ? "num" : data.columns[column].kind === "time" ? "when" : "text",
      valueOf(task, column) === "–" && "nil",
      isWordy(valueOf(task, column)) && "wordy",
    ]
      .filter(Boolean)
      .join(" ");
  const value = (column) =>
    el(
      "td",
      { class: kind(column), dir: "auto" },
      data.columns[column].name === "state" ? stateOf(task) : valueOf(task, column),
    );
  return el(
    "tr",
    {},
    el(
      "td",
      { class: "thumbs" },
      task.pictures.length || !task.texts.length ? el("span", {}, task.pictures.map(thumb)) : wordsOf(task),
      task.clips ? el("span", { class: "clips" }, `▶ ${answerOf(task)}`) : "",
    ),
    [...data.columns.keys()].filter((column) => columnsShown.has(column)).map(value),
  );
}

function drawTable() {
  const tasks = tasksShown();
  const heads = [...data.columns.keys()].filter((column) => columnsShown.has(column)).map(tableHead);
  $("table").replaceChildren(
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "pictures"), heads)),
      el("tbody", {}, tasks.map(tableRow)),
    ),
  );
  $("table").classList.toggle("long", tasks.length > 40);
  $("count").textContent =
    tasks.length === data.tasks.length
      ? plural(tasks.length, "task")
      : `${tasks.length} of ${plural(data.tasks.length, "task")}`;
}

function drawTableControls() {
  const toggle = (column) => (event) => {
    columnsShown[event.target.checked ? "add" : "delete"](column);
    drawTable();
  };
  const box = (column) =>
    el(
      "label",
      { class: "check" },
      el("input", { type: "checkbox", checked: columnsShown.has(column), onchange: toggle(column) }),
      el("span", {}, data.columns[column].label),
    );
  $("table-controls").replaceChildren(
    el(
      "label",
      { class: "field" },
      el("span", {}, "Filter"),
      el("input", { type: "search", id: "filter", placeholder: "any word", oninput: drawTable }),
    ),
    menu("columns", "Columns", el("fieldset", {}, el("legend", {}, "shown"), [...data.columns.keys()].map(box))),
    el("output", { id: "count", class: "count" }),
  );
}

/** The figures that a reader looks for first. Simulated money is never added to real money. */
function drawFigures() {
  const f = data.figures;
  const figure = (word, text, note = "") =>
    el("div", {}, el("dt", {}, word), el("dd", {}, text), note && el("dd", { class: "small" }, note));
  const rest = f.n - f.ok - f.failed - f.unknown;
  $("figures").replaceChildren(
    ...[
      figure("tasks", f.n),
      figure("ok", f.ok),
      figure("failed", f.failed),
      f.unknown ? figure("unknown", f.unknown, "may have been charged") : null,
      rest ? figure("unfinished", rest) : null,
      data.simulated === "all" ? null : figure("spent", usd(f.spent)),
      data.simulated === "none" ? null : figure("spent", usd(f.spent_simulated), "simulated, not real money"),
      figure("median time", seconds(f.median)),
      figure("pictures", f.pictures),
    ].filter(Boolean),
  );
}

function drawHead() {
  const chip = ([name, value]) => el("span", { class: "chip" }, el("span", {}, `${name} `), el("bdi", {}, value));
  $("held").replaceChildren(...data.held.map(chip));
  $("note").textContent = data.reduced
    ? `Pictures are reduced to ${data.picture_px} px so that this page stays small enough to send.`
    : `Pictures are shown with a long side of ${data.picture_px} px.`;
  $("foot").textContent =
    data.first == null
      ? "Made with mjnb."
      : `Made with mjnb. Tasks of ${time(data.first)}${time(data.last) === time(data.first) ? "" : ` to ${time(data.last)}`}.`;
  const word = { all: " simulated", some: " partly simulated" }[data.simulated];
  if (word) document.querySelectorAll("main h2").forEach((title) => title.append(el("span", { class: "sim" }, word)));
  const folded = $("title").scrollHeight > $("title").clientHeight + 4;
  $("unfold").hidden = !folded;
}

function unfold() {
  const whole = $("title").classList.toggle("whole");
  $("unfold").setAttribute("aria-expanded", whole);
  $("unfold").textContent = whole ? "Show less" : "Show all of it";
}

const isDark = () => (chosen.theme ? chosen.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

function drawTheme() {
  if (chosen.theme) document.documentElement.dataset.theme = chosen.theme;
  else delete document.documentElement.dataset.theme;
  $("theme").textContent = isDark() ? "◐ Light" : "◐ Dark";
  $("theme").setAttribute("aria-label", `Use ${isDark() ? "light" : "dark"} colours`);
}

function drawAll() {
  drawTheme();
  drawHead();
  if (!data.tasks.length) return void ($("nothing").hidden = false);
  for (const id of ["pictures", "numbers", "tasks"]) $(id).hidden = false;
  $("numbers").hidden = !data.stats.length;
  drawFigures();
  changed();
  drawStats();
  drawTableControls();
  drawTable();
}

$("unfold").addEventListener("click", unfold);
$("theme").addEventListener("click", () => {
  chosen.theme = isDark() ? "light" : "dark";
  drawTheme();
  remember();
});
$("grid").addEventListener("keydown", walk);
$("viewer").addEventListener("keydown", press);
$("viewer").addEventListener("close", closed);
$("viewer-close").addEventListener("click", () => $("viewer").close());
for (const id of ["controls", "table-controls"]) $(id).addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("pointerdown", (event) =>
  document.querySelectorAll("details.menu[open]").forEach((node) => node.contains(event.target) || (node.open = false)),
);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTheme);
addEventListener("resize", () => data.tasks.length && size());
addEventListener("hashchange", () => {
  fromHash(location.hash.slice(1));
  drawTheme();
  if (data.tasks.length) changed();
});
fromHash(location.hash.slice(1));
drawAll();
