/**
 * A run, live. Words come as traits, pictures as messages of bytes, each once; they are kept with the model, so that a
 * second view of it needs none again.
 *
 * @typedef {{label: string, picture: [number, number], frame: [number, number], tile: number, span: number}} Cell
 * @typedef {{state: string, mark: string, word: string, note: string, before: boolean, since: number | null,
 *   progress?: number | null, texts?: string[], clips?: string}} State
 * @typedef {{tile: HTMLElement, frame: HTMLElement, says: HTMLElement, label: HTMLElement, shown: string}} Nodes
 */

const RING = `<svg class="mjnb-ring" viewBox="0 0 24 24" aria-hidden="true">
  <circle cx="12" cy="12" r="9"/><circle class="mjnb-turn" cx="12" cy="12" r="9" pathLength="1"/></svg>`;

/** One widget: the pictures that have come, shared by its views. */
function widget() {
  /** Object URLs by cell. @type {Map<number, string[]>} */
  const pictures = new Map();
  return {
    initialize({ model }) {
      model.on("msg:custom", (message, buffers) => keep(pictures, message.pictures ?? [], buffers));
      model.send("ready");
      return () => pictures.forEach(forget);
    },
    render: ({ model, el }) => render(model, el, pictures),
  };
}

function keep(pictures, counts, buffers) {
  let next = 0;
  for (const [index, count] of counts) {
    forget(pictures.get(index));
    pictures.set(index, buffers.slice(next, next + count).map((data) => URL.createObjectURL(new Blob([data]))));
    next += count;
  }
}

function forget(urls) {
  urls?.forEach((url) => URL.revokeObjectURL(url));
}

function make(tag, name, parent) {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
}

function place(node, [width, height]) {
  node.style.width = `${width}px`;
  node.style.height = `${height}px`;
}

function render(model, el, pictures) {
  const root = make("div", "mjnb-live", el);
  const head = make("div", "mjnb-head", root);
  const text = make("div", "mjnb-text", head);
  text.setAttribute("role", "status");
  const stop = make("button", "mjnb-stop", head);
  const bar = make("div", "mjnb-bar", root);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "tasks finished");
  const good = make("div", "mjnb-good", bar);
  const bad = make("div", "mjnb-bad", bar);
  const grid = make("div", "mjnb-grid", root);
  const cells = model.get("cells").map((/** @type {Cell} */ cell) => tile(grid, cell));
  const rest = make("div", "mjnb-rest", grid);

  stop.type = "button";
  stop.textContent = "Stop";
  stop.title = "Send nothing more. What is done is kept; run the cell again to go on.";
  stop.onclick = () => {
    stop.disabled = true;
    stop.textContent = "Stopping…";
    model.send("stop");
  };

  function showFacts() {
    const facts = model.get("facts");
    const total = Math.max(1, facts.total);
    good.style.width = `${(100 * facts.done) / total}%`;
    bad.style.width = `${(100 * facts.bad) / total}%`;
    bar.setAttribute("aria-valuemax", String(total));
    bar.setAttribute("aria-valuenow", String(facts.done + facts.bad));
    text.textContent = text.title = facts.text;
    rest.textContent = facts.rest;
    stop.hidden = facts.ended;
  }

  function showStates() {
    const facts = model.get("facts");
    model.get("states").forEach((/** @type {State} */ state, index) => {
      const cell = model.get("cells")[index];
      const age = state.since === null ? 0 : (facts.now - state.since) / facts.pace;
      say(cells[index], cell, state, age);
    });
  }

  function showPictures(indices) {
    for (const index of indices) {
      fill(cells[index], model.get("cells")[index], pictures.get(index) ?? []);
    }
  }

  const onPictures = (message) => showPictures((message.pictures ?? []).map(([index]) => index));
  model.on("change:facts", showFacts);
  model.on("change:states", showStates);
  model.on("msg:custom", onPictures);
  showFacts();
  showStates();
  showPictures(pictures.keys());
  return () => {
    model.off("change:facts", showFacts);
    model.off("change:states", showStates);
    model.off("msg:custom", onPictures);
    if (model.get("facts").ended) model.send("gone");
  };
}

/** Make the place of one cell, of the size that its pictures will have. @returns {Nodes} */
function tile(grid, cell) {
  const node = make("div", "mjnb-tile", grid);
  node.style.width = `${cell.tile}px`;
  const frame = make("div", "mjnb-frame", node);
  place(frame, cell.frame);
  const says = make("div", "mjnb-says", frame);
  const label = make("div", "mjnb-label", node);
  label.textContent = cell.label;
  return { tile: node, frame, says, label, shown: "" };
}

/** Write a cell's state into its place; nothing is touched where nothing has changed. */
function say(nodes, cell, state, age) {
  const now = JSON.stringify(state);
  if (now === nodes.shown) return;
  nodes.shown = now;
  nodes.tile.dataset.state = state.state;
  nodes.label.textContent = (state.clips ? `▶ ${state.clips} · ` : "") + (state.before ? "✓ " : "") + cell.label;
  nodes.says.textContent = "";
  if (state.texts?.length) {
    state.texts.forEach((text) => (make("div", "mjnb-answer", nodes.says).textContent = text));
    return;
  }
  if (state.word === "running") {
    nodes.says.innerHTML = RING;
    nodes.says.style.setProperty("--mjnb-span", `${cell.span}s`);
    nodes.says.style.setProperty("--mjnb-age", `${-Math.max(0, age)}s`);
    follow(nodes.says.firstChild, state.progress);
  } else {
    make("span", "mjnb-mark", nodes.says).textContent = state.mark;
  }
  nodes.says.append(` ${state.word}${state.word === "running" && told(state.progress) ? ` ${state.progress} %` : ""}`);
  if (state.note) make("div", "mjnb-note", nodes.says).textContent = state.note;
}

const told = (progress) => progress !== null && progress !== undefined;

/** Have a ring follow what the gateway tells, where it does, instead of the usual time. */
function follow(ring, progress) {
  if (!told(progress)) return;
  const turn = ring.querySelector(".mjnb-turn");
  turn.style.animation = "none";
  turn.style.strokeDashoffset = String(1 - progress / 100);
}

function fill(nodes, cell, urls) {
  nodes.frame.querySelectorAll("img").forEach((img) => img.remove());
  urls.forEach((url, number) => {
    const img = make("img", "", nodes.frame);
    img.alt = `${cell.label}, picture ${number}`;
    img.src = url;
    place(img, cell.picture);
  });
}

export default widget;
