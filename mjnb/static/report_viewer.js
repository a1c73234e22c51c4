// 4 of 5. The viewer: one task large, beside a pinned one if there is one.

const large = { task: null, picture: -1, pinned: null, from: null };

/** Open the viewer on a task; `picture` is 0-3, or -1 for what the grid shows. */
function enlarge(task, picture) {
  large.task = task;
  large.picture = clamp(task, picture < 0 ? chosen.picture : picture);
  large.from = document.activeElement;
  drawViewer();
  if (!$("viewer").open) $("viewer").showModal();
  $("viewer-close").focus();
}

const clamp = (task, picture) => Math.min(picture, task.pictures.length - 1);

function go(task) {
  if (!task) return;
  large.task = task;
  drawViewer();
}

/** Move to a neighbour in the grid; a task that is not in the grid (it came from the table) moves along the table. */
function move(down, right) {
  const place = view.places.get(large.task);
  go(place ? neighbour(place, down, right) : data.tasks[data.tasks.indexOf(large.task) + down + right]);
}

function pick(picture) {
  large.picture = clamp(large.task, picture);
  drawViewer();
}

function pin() {
  const same = large.pinned?.task === large.task && large.pinned.picture === large.picture;
  large.pinned = same ? null : { task: large.task, picture: large.picture };
  drawViewer();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (ARROWS[event.key]) move(...ARROWS[event.key]);
  else if (/^[0-4]$/.test(key)) pick(Number(key) - 1);
  else if (key === "p") pin();
  else return;
  event.preventDefault();
}

function drawViewer() {
  const { task, pinned } = large;
  const apart = pinned && (pinned.task !== task || pinned.picture !== large.picture);
  $("viewer-title").textContent = called(task);
  $("stage").classList.toggle("pair", Boolean(apart));
  $("stage").replaceChildren(
    ...(apart
      ? [plate(pinned.task, pinned.picture, "A, pinned"), plate(task, large.picture, "B")]
      : [plate(task, large.picture, pinned ? "A, pinned: move on to compare" : "")]),
  );
  $("viewer-tools").replaceChildren(...tools());
  $("facts").replaceChildren(...[apart && differences(pinned.task, task), facts(task)].filter(Boolean));
}

/** A task's pictures, large: all of them as a block, or one. */
function plate(task, picture, mark) {
  const ids = picture >= 0 ? [task.pictures[clamp(task, picture)]] : task.pictures;
  const alt = (index) => `${called(task)}, picture ${(picture >= 0 ? picture : index) + 1}`;
  const block = el(
    "div",
    { class: ids.length > 1 ? "plate many" : "plate" },
    ids.length
      ? ids.map((id, index) => pictureOf(id, alt(index)))
      : task.texts.length
        ? wordsOf(task)
        : emptyTile(task),
  );
  block.classList.toggle("telling", !ids.length && task.texts.length > 0);
  const across = ids.length > 1 ? 2 : 1;
  const down = Math.ceil(ids.length / across) || 1;
  block.style.setProperty("--ratio", (shapeOf(task) * across) / down);
  block.style.setProperty(
    "--most",
    `${Math.round(data.picture_px * Math.min(1, shapeOf(task)) * (across > 1 ? 2.4 : 2))}px`,
  );
  const caption = [
    mark,
    mark && called(task),
    task.clips && "the still picture of a clip, which is no part of this page",
    picture >= 0 &&
      task.pictures.length > 1 &&
      `${task.clips ? "clip" : "picture"} ${clamp(task, picture) + 1} of ${task.pictures.length}`,
    task.simulated && "simulated",
  ];
  return el("figure", { class: "frame" }, block, el("figcaption", {}, caption.filter(Boolean).join(" · ")));
}

function tools() {
  const { task } = large;
  const button = (mark, word, action, pressed = null) =>
    el("button", { type: "button", "aria-label": word, title: word, "aria-pressed": pressed, onclick: action }, mark);
  const one = (index) =>
    button(
      index < 0 ? "all" : String(index + 1),
      index < 0 ? "All pictures (0)" : `Picture ${index + 1} (${index + 1})`,
      () => pick(index),
      String(large.picture === index),
    );
  const pinned = large.pinned?.task === task && large.pinned.picture === large.picture;
  return [
    el(
      "span",
      { class: "group" },
      button("←", "Left", () => move(0, -1)),
      button("→", "Right", () => move(0, 1)),
      button("↑", "Up", () => move(-1, 0)),
      button("↓", "Down", () => move(1, 0)),
    ),
    task.pictures.length > 1
      ? el(
          "span",
          { class: "group" },
          [...Array(task.pictures.length + 1).keys()].map((index) => one(index - 1)),
        )
      : "",
    el(
      "span",
      { class: "group" },
      button(pinned ? "Unpin" : "Pin", "Pin to compare (P)", pin, String(Boolean(pinned))),
    ),
  ].filter(Boolean);
}

const valueOf = (task, column) => write(data.columns[column].kind, task.values[column]);

/** The fields in which two tasks differ: what was asked for, and how it turned out. */
function differences(one, other) {
  const apart = data.columns
    .map((_, column) => column)
    .filter((column) => data.columns[column].compared && valueOf(one, column) !== valueOf(other, column));
  const row = (column) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, data.columns[column].label),
      el("td", {}, valueOf(one, column)),
      el("td", {}, valueOf(other, column)),
    );
  const head = el(
    "tr",
    {},
    el("th", { scope: "col" }, "differs in"),
    el("th", { scope: "col" }, "A"),
    el("th", { scope: "col" }, "B"),
  );
  if (!apart.length) return el("p", { class: "same" }, "A and B differ in nothing that is written down.");
  return el("table", { class: "differs" }, el("thead", {}, head), el("tbody", {}, apart.map(row)));
}

function facts(task) {
  const said = data.columns
    .map((_, column) => column)
    .filter((column) => task.values[column] != null && task.values[column] !== "–");
  const entry = (column) => [
    el("dt", {}, data.columns[column].label),
    el("dd", { dir: "auto" }, data.columns[column].name === "state" ? stateOf(task) : valueOf(task, column)),
  ];
  return el("dl", {}, said.flatMap(entry));
}

/** Back in the grid, the focus is where the reader has walked to. */
function closed() {
  if (large.from?.closest(".grid") && document.contains(tiles.get(large.task))) focusTile(large.task);
}
