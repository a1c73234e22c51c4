/** The panel beside a large picture: in what it differs, all that is known of it, what can be done, where it comes from. */

import { makeActions, starsNode } from "./actions.js";
import { copied } from "./answers.js";
import { el, iconButton, refill, write } from "./dom.js";
import { rate } from "./store.js";
import { childrenOf, differences, isMeasured, nameOf, stateText, valueText } from "./words.js";

/** Make the panel; `show` writes of a tile, a picture of it, and the tile it is compared with. */
export function makeDetails(board, { open, compare, close }) {
  const parts = {
    name: el("h2", { "aria-live": "polite" }),
    state: el("p", { class: "mjb-saystate" }),
    stars: el("div", {}),
    differs: el("section", { class: "mjb-differs" }),
    actions: el("section", { class: "mjb-actions", "aria-label": "Actions" }),
    family: el("section", { class: "mjb-family" }),
    facts: el("section", { class: "mjb-facts" }),
  };
  const actions = makeActions(board, "right");
  parts.actions.append(...actions.nodes);
  const { name, ...rest } = parts;
  const top = el("div", { class: "mjb-row mjb-top" }, name, iconButton("✕", "Close", close, "Close (Esc)"));
  const node = el("aside", { class: "mjb-panel", tabindex: "0", "aria-label": "Details" }, top, ...Object.values(rest));
  return {
    node,
    leave: actions.withdraw,
    show: (tile, picture, other) => showDetails(board, parts, tile, picture, other, { open, compare, actions }),
  };
}

function showDetails(board, parts, tile, picture, other, { open, compare, actions }) {
  const pictures = (board.store.urls.get(tile.id) ?? []).filter(Boolean).length;
  const said = [stateText(tile, pictures), tile.before && "paid before", tile.simulated && "simulated"];
  write(parts.name, nameOf(tile, board.columns()));
  write(parts.state, said.filter(Boolean).join(" · "));
  const give = (count) => rate(board.store, [tile.id], count);
  renew(parts.stars, [tile.id, tile.stars], () => [starsNode(tile.stars, give)]);
  renew(parts.differs, [tile, other?.tile, other?.called], () => differsNodes(board, tile, other, compare));
  actions.update([tile.id], picture);
  renew(parts.family, [tile, childrenOf(board.store.tiles, tile.id)], () => familyNodes(board, tile, open));
  renew(parts.facts, [tile, board.columns()], () => factNodes(board, tile));
}

/** Write anew only what has changed, so that nothing that is being used goes away. */
function renew(node, key, make) {
  const now = JSON.stringify(key);
  if (node.dataset.now === now) return;
  node.dataset.now = now;
  refill(node, make());
  node.hidden = !node.childNodes.length;
}

function differsNodes(board, tile, other, compare) {
  if (!other) return [];
  const found = differences(other.tile, tile, board.columns());
  const design = found.filter((one) => !one.measured);
  const measured = found.filter((one) => one.measured);
  const button = el("button", {
    class: "mjb-quiet",
    text: "Compare",
    title: "Look at both, A/B (c)",
    on: { click: compare },
  });
  const head = el("div", { class: "mjb-row" }, el("h3", { text: `Differs from ${other.called} in` }), button);
  const list = (some, name) =>
    el(
      "dl",
      { class: name },
      ...some.flatMap(({ label, from, to }) => [el("dt", { text: label }), changeNode(from, to)]),
    );
  if (!found.length) return [head, el("p", { class: "mjb-aside", text: "nothing that is known" })];
  return [
    head,
    ...(design.length ? [list(design, "mjb-changes")] : []),
    ...(measured.length ? [list(measured, "mjb-changes mjb-measured")] : []),
  ];
}

function changeNode(from, to) {
  return el(
    "dd",
    {},
    el("span", { class: "mjb-from", text: from }),
    el("span", { class: "mjb-arrow", text: " → " }),
    el("b", { text: to }),
  );
}

function familyNodes(board, tile, open) {
  const link = (id, text) => el("button", { class: "mjb-quiet mjb-link", text, on: { click: () => open(id) } });
  const parent = tile.parent === null ? null : board.store.tiles.get(tile.parent);
  const children = childrenOf(board.store.tiles, tile.id);
  const nodes = [];
  if (parent)
    nodes.push(el("h3", { text: "Made from" }), el("p", {}, link(parent.id, nameOf(parent, board.columns()))));
  if (children.length) {
    nodes.push(el("h3", { text: "Children" }));
    nodes.push(
      el(
        "ul",
        {},
        ...children.map((child) => el("li", {}, link(child.id, nameOf(child, board.columns())), wordNode(child))),
      ),
    );
  }
  return nodes;
}

const wordNode = (child) =>
  child.word ? el("span", { class: "mjb-aside", text: ` ${child.mark} ${child.word}` }) : "";

function factNodes(board, tile) {
  const columns = board.columns().filter((column) => column.name !== "prompt");
  const row = (label, value, number) => [
    el("dt", { text: label }),
    el("dd", { class: number ? "mjb-number" : "", text: value }),
  ];
  const told = columns.filter((column) => tile.parent === null || valueText(tile, column) !== "–");
  const rows = told.flatMap((column) => row(column.label, valueText(tile, column), isMeasured(column)));
  const nodes = [el("h3", { text: "All values" }), el("dl", {}, ...rows)];
  if (tile.task) nodes.at(-1).append(...row("task", tile.task, false));
  if (!tile.prompt) return nodes;
  const copy = el("button", { class: "mjb-quiet", text: "Copy", "aria-label": "Copy the prompt" });
  const prompt = el("p", { class: "mjb-prompt", text: tile.prompt });
  copy.addEventListener("click", async () => {
    copy.textContent = (await copied(prompt)) ? "Copied" : "Selected: press Ctrl+C";
  });
  return [...nodes, el("div", { class: "mjb-row" }, el("h3", { text: "Prompt" }), copy), prompt];
}
