/** The bar that lies over the board's foot while tiles are selected: rate, compare, act on all of them at once. */

import { makeActions, starsNode } from "./actions.js";
import { el, plural, refill, write } from "./dom.js";
import { rate } from "./store.js";

const INDICES = [0, 1, 2, 3];

/** Make the bar; `update` shows what is selected now. */
export function makeSelection(board) {
  const count = el("span", { class: "mjb-count", role: "status" });
  const clear = el("button", { class: "mjb-quiet", text: "Clear", title: "Clear the selection (Esc)" });
  clear.addEventListener("click", () => {
    board.select([]);
    board.back(null);
  });
  const stars = el("span", {});
  const picker = el(
    "select",
    { "aria-label": "Picture to act on" },
    ...INDICES.map((index) => el("option", { value: index, text: `picture ${index}` })),
  );
  const compare = el("button", {
    class: "mjb-button",
    text: "Compare (c)",
    on: { click: () => board.compare(...board.selected()) },
  });
  const actions = makeActions(board);
  const hint = el("code", {
    class: "mjb-hint",
    text: "board.selection",
    title: "The selected tiles as a frame, in Python",
  });
  const node = el(
    "div",
    { class: "mjb-selection", role: "region", "aria-label": "Selection", hidden: true },
    count,
    clear,
    stars,
    compare,
    picker,
    ...actions.nodes,
    hint,
  );
  const parts = { node, count, stars, picker, compare, actions };
  picker.addEventListener("change", () => showSelection(board, parts));
  return { node, update: () => showSelection(board, parts) };
}

function showSelection(board, { node, count, stars, picker, compare, actions }) {
  const ids = [...board.selected()].filter((id) => board.store.tiles.has(id));
  node.hidden = !ids.length;
  if (!ids.length) return actions.withdraw();
  write(count, `${plural(ids.length, "tile")} selected`);
  compare.hidden = ids.length !== 2;
  const offers = board.model.get("offers") ?? [];
  const view = board.view();
  picker.hidden =
    view.picture !== null || !offers.some((offer) => offer.each === "picture" && (offer.many || ids.length === 1));
  const picture = view.picture ?? Number(picker.value);
  const tiles = ids.map((id) => board.store.tiles.get(id));
  const same = tiles.every((tile) => tile.stars === tiles[0].stars) ? tiles[0].stars : 0;
  actions.update(ids, picture);
  const now = JSON.stringify([ids, same]);
  if (node.dataset.now === now) return;
  node.dataset.now = now;
  refill(stars, [starsNode(same, (given) => rate(board.store, ids, given))]);
}
