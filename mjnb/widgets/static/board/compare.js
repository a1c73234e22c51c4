/** Two pictures, A and B: under one divider or side by side, zoomed and moved together. */

import { el, iconButton, isField, within, write } from "./dom.js";
import { askLarge, bestPicture } from "./store.js";
import { differsLine, nameOf } from "./words.js";
import { dragging, lensStyle, listenZoom, makeLens, zoomButtons, zoomKey } from "./zoom.js";

/** Make the comparison of a board; `open` shows two tiles. */
export function makeCompare(board) {
  const two = { a: null, b: null, at: 50, beside: false, last: null, lens: makeLens() };
  const compare = {
    flip() {
      two.beside = !two.beside;
      two.lens.fit();
      compare.update();
    },
    turn() {
      [two.a, two.b] = [two.b, two.a];
      compare.update();
    },
    open: (one, other) => openTwo(board, two, nodes, compare, one, other),
    update: () => compare.node.open && showTwo(board, two, nodes),
  };
  const nodes = compareNodes(two, compare);
  compare.node = nodes.dialog;
  listenTwo(board, two, nodes, compare);
  return compare;
}

function compareNodes(two, compare) {
  const sides = { a: sideNode("A"), b: sideNode("B") };
  const divider = el("div", {
    class: "mjb-divider",
    role: "slider",
    tabindex: "0",
    "aria-label": "Divider between A and B",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  const stage = el("div", { class: "mjb-stage mjb-two" }, sides.b.node, sides.a.node, divider);
  const caption = el("p", { class: "mjb-caption", "aria-live": "polite" });
  const mode = el("button", { class: "mjb-button", on: { click: compare.flip } });
  const swap = el("button", { class: "mjb-button", text: "Swap A and B (x)", on: { click: compare.turn } });
  const pickers = { a: pickerNode("A"), b: pickerNode("B") };
  const close = iconButton("✕", "Close", () => dialog.close(), "Close (Esc)");
  const row = el(
    "div",
    { class: "mjb-toolrow" },
    pickers.a.node,
    pickers.b.node,
    mode,
    swap,
    el("span", { class: "mjb-spring" }),
    ...zoomButtons(two.lens, stage),
    close,
  );
  const dialog = el(
    "dialog",
    { class: "mjb-box mjb-comparison", "aria-label": "Comparison of two pictures" },
    stage,
    el("div", { class: "mjb-foot" }, caption, row),
  );
  return { sides, divider, stage, caption, mode, pickers, dialog };
}

function listenTwo(board, two, { sides, divider, stage, pickers, dialog }, compare) {
  const put = (value) => {
    two.at = within(value, 0, 100);
    showDivider(two, sides, divider);
  };
  two.lens.shows.add((lens) => Object.values(sides).forEach(({ image }) => (image.style.transform = lensStyle(lens))));
  listenZoom(stage, two.lens, (node) => node === divider);
  divider.addEventListener("pointerdown", (event) => {
    if (event.button === 0) dragging(divider, event, (dx) => put(two.at + (100 * dx) / stage.clientWidth));
  });
  divider.addEventListener("keydown", (event) => dividerKey(event, two, put));
  for (const side of ["a", "b"]) {
    pickers[side].select.addEventListener("change", (event) => {
      two[side].picture = Number(event.target.value);
      compare.update();
    });
  }
  dialog.addEventListener("close", () => board.back(two.last));
  dialog.addEventListener("keydown", (event) => {
    if (isField(event.target) || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    if (zoomKey(event, two.lens, stage)) event.preventDefault();
    else if (event.key === "x") compare.turn();
    else if (event.key === "v") compare.flip();
  });
}

function openTwo(board, two, { dialog, divider }, compare, one, other) {
  const picture = board.view().picture ?? 0;
  Object.assign(two, { a: { id: one, picture }, b: { id: other, picture }, at: 50, last: other });
  two.lens.fit();
  if (!dialog.open) dialog.showModal();
  compare.update();
  (two.beside ? dialog : divider).focus();
}

function sideNode(letter) {
  const image = el("img", { class: "mjb-large", alt: "", draggable: "false" });
  const name = el("span", { class: "mjb-sidename" }, el("b", { text: letter }), " ", el("span", {}));
  return {
    node: el("div", { class: "mjb-side", "data-side": letter.toLowerCase() }, image, name),
    image,
    name: name.lastChild,
  };
}

function pickerNode(letter) {
  const select = el("select", { "aria-label": `Picture of ${letter}` });
  return { node: el("label", { class: "mjb-picker" }, `${letter} picture `, select), select };
}

function showTwo(board, two, { sides, divider, stage, caption, mode, pickers }) {
  const columns = board.columns();
  const tiles = [two.a, two.b].map(({ id }) => board.store.tiles.get(id));
  if (tiles.includes(undefined)) return;
  ["a", "b"].forEach((side, index) => showSide(board, two[side], sides[side], pickers[side], tiles[index]));
  const line = differsLine(tiles[0], tiles[1], columns);
  write(caption, line ? `B differs from A in ${line}` : "A and B differ in nothing that was designed");
  write(mode, two.beside ? "Divider (v)" : "Side by side (v)");
  stage.classList.toggle("mjb-beside", two.beside);
  divider.hidden = two.beside;
  showDivider(two, sides, divider);
}

function showSide(board, { id, picture }, { image, name }, { node, select }, tile) {
  const index = Math.min(picture, Math.max(0, tile.count - 1));
  askLarge(board.store, id, index);
  const { url } = bestPicture(board.store, id, index);
  if (url && image.getAttribute("src") !== url) image.src = url;
  image.hidden = !url;
  const text = nameOf(tile, board.columns());
  image.alt = `${text}, picture ${index}`;
  image.style.aspectRatio = `${tile.aspect[0]} / ${tile.aspect[1]}`;
  write(name, text);
  if (select.options.length !== tile.count)
    select.replaceChildren(
      ...Array.from({ length: tile.count }, (_, at) => el("option", { value: at, text: String(at) })),
    );
  select.value = String(index);
  node.hidden = tile.count < 2;
}

function showDivider({ at, beside }, sides, divider) {
  sides.a.node.style.clipPath = beside ? "none" : `inset(0 ${100 - at}% 0 0)`;
  divider.style.left = `${at}%`;
  divider.setAttribute("aria-valuenow", String(Math.round(at)));
  divider.setAttribute("aria-valuetext", `${Math.round(at)} % A`);
}

function dividerKey(event, { at }, put) {
  const steps = {
    ArrowLeft: at - 2,
    ArrowRight: at + 2,
    ArrowDown: at - 2,
    ArrowUp: at + 2,
    PageDown: at - 10,
    PageUp: at + 10,
    Home: 0,
    End: 100,
  };
  if (event.shiftKey || !(event.key in steps)) return;
  put(steps[event.key]);
  event.preventDefault();
}
