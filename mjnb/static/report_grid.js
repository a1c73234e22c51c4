// 2 of 5. The grid: which task stands where, and how it is drawn.

const SIZES = { min: 64, max: 384, step: 8 };
const GLIDE = { duration: 180, easing: "cubic-bezier(.2, .7, .2, 1)" };
const view = { cells: new Map(), places: new Map(), rows: [0], cols: [0], facet: [0] };
const tiles = new Map(); // task -> its node, kept so that a picture is decoded once
const turns = new Map(); // cell -> which of its several tasks is shown

const visible = (a) => data.axes[a].values.map((_, value) => value).filter((value) => !chosen.hidden[a].has(value));
const lines = (role) => (chosen[role] < 0 ? [0] : visible(chosen[role]));
const keyOf = (facet, row, col) => `${facet} ${row} ${col}`;
const named = (a, value) => `${data.axes[a].label} ${data.axes[a].values[value]}`;

/** Which value of a left-over axis is shown; -1 means all of them, piled up. */
function placeOf(a) {
  const value = chosen.at[a] ?? (data.piled.includes(a) ? -1 : 0);
  return value < 0 || !chosen.hidden[a].has(value) ? value : visible(a)[0];
}

/** Tell whether the values of some axes already decide that of another, as a time of day decides its prompt. */
function settled(a, given) {
  const seen = new Map();
  return data.tasks.every((task) => {
    const key = given.map((b) => task.at[b]).join(" ");
    if (!seen.has(key)) seen.set(key, task.at[a]);
    return seen.get(key) === task.at[a];
  });
}

/** The axes that need a control of their own under the present roles. */
function leftOver() {
  const given = ROLES.map((role) => chosen[role]).filter((a) => a >= 0);
  return [...data.axes.keys()].filter((a) => {
    if (given.includes(a) || settled(a, given)) return false;
    if (placeOf(a) >= 0) given.push(a);
    return true;
  });
}

const best = (one, other) => (other.state === "success") - (one.state === "success") || other.created - one.created;

/** Put every task in its cell: the finished and newest first where several meet. */
function arrange() {
  const fixed = leftOver().filter((a) => placeOf(a) >= 0);
  const shown = data.tasks.filter(
    (task) =>
      task.at.every((value, a) => !chosen.hidden[a].has(value)) && fixed.every((a) => task.at[a] === placeOf(a)),
  );
  view.cells = new Map();
  view.places = new Map();
  for (const task of shown) {
    const [row, col, facet] = ROLES.map((role) => (chosen[role] < 0 ? 0 : task.at[chosen[role]]));
    const key = keyOf(facet, row, col);
    view.cells.set(key, [...(view.cells.get(key) ?? []), task]);
    view.places.set(task, [facet, row, col]);
  }
  view.cells.forEach((tasks) => tasks.sort(best));
  [view.rows, view.cols] = [lines("rows"), lines("cols")];
  const filled = new Set([...view.places.values()].map(([facet]) => facet));
  view.facet = lines("facet").filter((facet) => filled.has(facet));
}

/** The task that a cell shows at present. */
function shownAt(key) {
  const tasks = view.cells.get(key) ?? [];
  return tasks[(turns.get(key) ?? 0) % tasks.length];
}

/** The task next to a cell in a direction, past empty cells; sideways it goes on in the next panel. */
function neighbour([facet, row, col], down, right) {
  const panels = view.facet.flatMap((f) => view.cols.map((c) => [f, c]));
  let [y, x] = [view.rows.indexOf(row), panels.findIndex(([f, c]) => f === facet && c === col)];
  while (view.rows[(y += down)] != null && panels[(x += right)]) {
    const task = shownAt(keyOf(panels[x][0], view.rows[y], panels[x][1]));
    if (task) return task;
  }
  return null;
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Arrow keys walk over the tiles; only one of them is in the order of tabs. */
function walk(event) {
  const task = event.target.closest(".tile")?.task;
  if (!task || !ARROWS[event.key]) return;
  event.preventDefault();
  const next = neighbour(view.places.get(task), ...ARROWS[event.key]);
  if (next) focusTile(next);
}

function focusTile(task) {
  for (const tile of tiles.values()) tile.tabIndex = -1;
  const tile = tiles.get(task);
  tile.tabIndex = 0;
  tile.focus();
  tile.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** A task's tile: its pictures, or a quiet placeholder with the word and the reason. */
function tileOf(task) {
  if (!tiles.has(task)) tiles.set(task, makeTile(task));
  const tile = tiles.get(task);
  const one = Math.min(chosen.picture, task.pictures.length - 1);
  [...tile.querySelectorAll(".four > *")].forEach((node, index) => (node.hidden = one >= 0 && index !== one));
  tile.classList.toggle("single", one >= 0 || task.pictures.length === 1);
  return tile;
}

function makeTile(task) {
  const has = task.pictures.length + task.texts.length > 0;
  const what = has
    ? [answerOf(task), ...task.texts].join(": ")
    : `${STATES[task.state]?.[1] ?? task.state} ${reasonOf(task)}`;
  const tile = el("button", {
    type: "button",
    class: "tile",
    tabindex: "-1",
    "aria-label": `${called(task)}: ${what}`,
  });
  tile.append(
    task.pictures.length
      ? el(
          "span",
          { class: "four" },
          task.pictures.map((id) => pictureOf(id, "")),
        )
      : has
        ? wordsOf(task)
        : emptyTile(task),
  );
  tile.classList.toggle("moving", task.clips > 0);
  tile.style.setProperty("--shape", shapeOf(task));
  tile.style.setProperty("--wide", Math.sqrt(shapeOf(task)));
  tile.task = task;
  tile.addEventListener("click", (event) =>
    enlarge(task, [...tile.querySelectorAll(".four > *")].indexOf(event.target)),
  );
  return tile;
}

function emptyTile(task) {
  const reason = task.state === "success" ? "It has no pictures here." : reasonOf(task);
  return el("span", { class: "empty", title: reason }, stateOf(task), el("span", { class: "reason" }, reason));
}

/** Under a tile: how long it took, whether it is simulated, and which of several it is. */
function underTile(key, task) {
  const count = view.cells.get(key).length;
  const turn = (step) => {
    turns.set(key, ((turns.get(key) ?? 0) + step + count) % count);
    drawGrid();
    $("grid").querySelector(`[data-key="${key}"] .turn[data-step="${step}"]`)?.focus();
  };
  const button = (step, mark, word) =>
    el(
      "button",
      { type: "button", class: "turn", "data-step": step, "aria-label": word, onclick: () => turn(step) },
      mark,
    );
  return el(
    "div",
    { class: "under" },
    el(
      "span",
      {},
      [task.clips && answerOf(task), task.cost_time_s != null && seconds(task.cost_time_s)].filter(Boolean).join(" · "),
      data.simulated === "some" && task.simulated ? el("span", { class: "sim" }, " simulated") : null,
    ),
    count > 1
      ? el(
          "span",
          { class: "turns" },
          button(-1, "‹", "Previous task of this cell"),
          `${((turns.get(key) ?? 0) % count) + 1} of ${count}`,
          button(1, "›", "Next task of this cell"),
        )
      : null,
  );
}

function cell(facet, row, col) {
  const key = keyOf(facet, row, col);
  const task = shownAt(key);
  if (!task) return el("td", { class: "none" }, el("span", { class: "hole" }, "no task"));
  return el("td", { "data-key": key }, tileOf(task), underTile(key, task));
}

/** A value in a header: pressing it hides its row, column or panel. */
function headerValue(a, value) {
  const text = data.axes[a].values[value];
  return el(
    "button",
    {
      type: "button",
      class: "value",
      title: `Hide ${named(a, value)}`,
      "aria-label": `${named(a, value)}: hide`,
      disabled: visible(a).length < 2,
      onclick: () => hide(a, value, true),
    },
    text,
  );
}

function panel(facet) {
  const [rows, cols, across] = ROLES.map((role) => chosen[role]);
  const table = el("table", { class: rows < 0 && cols < 0 ? "sheet bare" : "sheet" });
  if (across >= 0)
    table.append(
      el("caption", {}, el("span", { class: "axis" }, data.axes[across].label), " ", headerValue(across, facet)),
    );
  if (cols >= 0) table.append(el("thead", {}, columnNames(rows, cols), columnValues(rows, cols)));
  else if (rows >= 0)
    table.append(el("thead", {}, el("tr", {}, el("th", { class: "corner" }, data.axes[rows].label), el("td", {}))));
  const rowHead = (row) => (rows < 0 ? null : el("th", { scope: "row" }, headerValue(rows, row)));
  table.append(
    el(
      "tbody",
      {},
      view.rows.map((row) =>
        el(
          "tr",
          {},
          rowHead(row),
          view.cols.map((col) => cell(facet, row, col)),
        ),
      ),
    ),
  );
  return table;
}

function columnNames(rows, cols) {
  const corner = rows < 0 ? null : el("th", { class: "corner", rowspan: "2" }, data.axes[rows].label);
  return el(
    "tr",
    {},
    corner,
    el("th", { class: "axis", scope: "colgroup", colspan: view.cols.length }, data.axes[cols].label),
  );
}

const columnValues = (rows, cols) =>
  el(
    "tr",
    {},
    view.cols.map((col) => el("th", { scope: "col" }, headerValue(cols, col))),
  );

/** Draw the grid anew; tiles that stay glide to their new places. */
function drawGrid() {
  const grid = $("grid");
  const before = new Map([...grid.querySelectorAll(".tile")].map((tile) => [tile, tile.getBoundingClientRect()]));
  arrange();
  grid.replaceChildren(...view.facet.map(panel));
  if (!view.facet.length) grid.append(el("p", { class: "nothing" }, "No task has these values."));
  size();
  const shown = [...grid.querySelectorAll(".tile")];
  shown.forEach((tile, index) => (tile.tabIndex = index ? -1 : 0));
  if (before.size && before.size < 150 && matchMedia("(prefers-reduced-motion: no-preference)").matches)
    shown.forEach((tile) => glide(tile, before.get(tile)));
}

function glide(tile, from) {
  const to = tile.getBoundingClientRect();
  if (!from) tile.animate({ opacity: [0, 1] }, GLIDE);
  else if (from.x !== to.x || from.y !== to.y)
    tile.animate({ transform: [`translate(${from.x - to.x}px, ${from.y - to.y}px)`, "none"] }, GLIDE);
}

/** A tile size at which as many panels as possible stand side by side, and all rows of one fit in the window. */
function fitting() {
  const wide = Math.max(...data.tasks.map((task) => Math.sqrt(shapeOf(task))));
  const heads = Math.max(0, ...[...$("grid").querySelectorAll("tbody th")].map((head) => head.offsetWidth));
  const across = (panels) =>
    Math.floor((($("grid").clientWidth - 4 - 28 * (panels - 1)) / panels - heads) / view.cols.length - 8) / wide;
  const least = chosen.rows < 0 ? 150 : 120;
  const lines = view.facet.map((_, index) => Math.ceil(view.facet.length / (index + 1)));
  const beside = Math.max(across(lines.find((panels) => across(panels) >= least) ?? 1), 80);
  return Math.round(Math.min(beside, 320, Math.max(160, (innerHeight * 0.8) / view.rows.length - 20)));
}

function size() {
  const grid = $("grid");
  const now = chosen.size || fitting();
  grid.style.setProperty("--size", `${now}px`);
  $("size").value = now;
  grid.classList.remove("scrolls"); // a grid that fits scrolls with the page, its column names staying in sight
  grid.classList.toggle("scrolls", grid.scrollWidth > grid.clientWidth + 1);
}
