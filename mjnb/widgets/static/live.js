/**
 * A run, live. Words come as traits, pictures as messages of bytes, each once.
 * @typedef {{label: string, state: string, note: string}} Tile
 */

const MARKS = {
  failed: "✕ failed", refused: "✕ refused", unknown: "? unknown", pending: "○ queued",
  processing: "◐ running", submitting: "○ sending", stopped: "– not run", "": "○ queued",
};

function make(tag, name, parent) {
  const node = document.createElement(tag);
  node.className = name;
  parent.append(node);
  return node;
}

function render({ model, el }) {
  const root = make("div", "mjnb-live", el);
  const bar = make("div", "mjnb-bar", root);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "tasks finished");
  const good = make("div", "mjnb-good", bar);
  const bad = make("div", "mjnb-bad", bar);
  const text = make("div", "mjnb-text", root);
  text.setAttribute("role", "status");
  const grid = make("div", "mjnb-grid", root);
  /** @type {{frame: HTMLElement, mark: HTMLElement, words: HTMLElement, urls: string[]}[]} */
  const cells = [];

  function cell(index) {
    if (!cells[index]) {
      const tile = make("div", "mjnb-tile", grid);
      const frame = make("div", "mjnb-frame", tile);
      cells[index] = { frame, mark: make("span", "mjnb-mark", frame), words: make("div", "mjnb-label", tile), urls: [] };
    }
    return cells[index];
  }

  function showFacts() {
    const facts = model.get("facts");
    const total = Math.max(1, facts.total);
    good.style.width = `${(100 * facts.done) / total}%`;
    bad.style.width = `${(100 * (facts.failed + facts.unknown)) / total}%`;
    bar.setAttribute("aria-valuemax", String(total));
    bar.setAttribute("aria-valuenow", String(facts.done + facts.failed));
    text.textContent = facts.text;
  }

  function showTiles() {
    model.get("tiles").forEach((/** @type {Tile} */ tile, index) => {
      const { frame, mark, words } = cell(index);
      frame.dataset.state = tile.state;
      frame.title = tile.note;
      mark.textContent = MARKS[tile.state] ?? "";
      words.textContent = tile.label;
    });
  }

  function showPictures(message, buffers) {
    const { frame, urls } = cell(message.tile);
    urls.splice(0).forEach((url) => URL.revokeObjectURL(url));
    frame.querySelectorAll("img").forEach((img) => img.remove());
    for (const buffer of buffers) {
      const url = URL.createObjectURL(new Blob([buffer], { type: "image/webp" }));
      urls.push(url);
      const img = make("img", "", frame);
      img.alt = "";
      img.src = url;
    }
  }

  model.on("change:facts", showFacts);
  model.on("change:tiles", showTiles);
  model.on("msg:custom", showPictures);
  showFacts();
  showTiles();
  model.send("ready");
  return () => {
    model.off("change:facts", showFacts);
    model.off("change:tiles", showTiles);
    model.off("msg:custom", showPictures);
    cells.forEach(({ urls }) => urls.forEach((url) => URL.revokeObjectURL(url)));
  };
}

export default { render };
