/** Keys and mouse on the tiles: one tile has the focus, arrows walk, and what is pressed is opened or selected. */

import { el, isField } from "./dom.js";
import { rate } from "./store.js";

const ARROWS_TO = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** What the help sheet says. */
const KEYS_HELP = [
  ["Arrows, Home, End", "walk over the tiles (Ctrl: to the very first and last)"],
  ["Page up, Page down", "a screen up or down; in the large view: next panel, or next stop of the first slider"],
  ["Enter", "open large"],
  ["Space", "select; with Shift and arrows: extend"],
  ["Ctrl A", "select all that are shown"],
  ["Esc", "clear the selection, close what is open"],
  ["0 … 5", "give stars"],
  ["s", "one star, or none again"],
  ["[ ]", "step through several tiles in one place"],
  [", .", "step through the four pictures (large view); Space plays a clip"],
  ["+ − z", "zoom, fit (large view); Shift and arrows, or drag, to move"],
  ["c", "compare the two selected; in the large view: with the one before"],
  ["x v", "comparison: swap A and B, side by side"],
  ["f", "full screen"],
  ["?", "this sheet"],
];

/** Listen on the surface's tiles. */
export function listenKeys(board, surface) {
  const { list } = surface;
  list.addEventListener("keydown", (event) => onKey(event, board, surface));
  list.addEventListener("click", (event) => onClick(event, board));
  list.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // no text is selected
  list.addEventListener("focusin", (event) => {
    const id = idOf(event.target);
    if (id !== null) board.focusOn(id);
  });
}

function idOf(node) {
  const tile = node.closest?.(".mjb-tile");
  return tile ? Number(tile.dataset.id) : null;
}

function onClick(event, board) {
  const id = idOf(event.target);
  if (id === null) return;
  const { turn } = event.target.dataset;
  board.focusOn(id, true);
  if (turn) board.turn(id, Number(turn));
  else if (event.shiftKey) board.extend(id);
  else if (event.ctrlKey || event.metaKey || event.target.closest(".mjb-pick")) board.toggle(id);
  else if (!event.target.closest(".mjb-under")) board.open(id, pictureAt(event.target));
}

function pictureAt(node) {
  const { picture } = node.dataset;
  return picture === undefined ? null : Number(picture);
}

function onKey(event, board, surface) {
  const cell = board.focusCell();
  if (!cell || isField(event.target)) return;
  const ids = () => (board.selected().has(cell.id) ? [...board.selected()] : [cell.id]);
  if (walk(event, board, surface, cell)) return event.preventDefault();
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() === "a") board.select(board.plan.order);
    else return;
  } else if (event.key === "Enter") board.open(cell.id, null);
  else if (event.key === " ") board.toggle(cell.id);
  else if (event.key === "Escape" && board.selected().size) board.select([]);
  else if (/^[0-5]$/.test(event.key)) rate(board.store, ids(), Number(event.key));
  else if (event.key === "s") board.toggleStar(ids());
  else if (event.key === "[" || event.key === "]") board.turn(cell.id, event.key === "]" ? 1 : -1);
  else return;
  event.preventDefault();
}

/** Move the focus; with Shift the selection goes along. */
function walk(event, board, surface, cell) {
  const next = target(event, board, surface, cell);
  if (!next) return event.key in ARROWS_TO;
  if (event.shiftKey) board.extend(next.id);
  board.focusOn(next.id, true);
  return true;
}

function target({ key, ctrlKey, metaKey, altKey }, board, { node }, cell) {
  const { cells } = board.plan;
  if (altKey) return null;
  if (key in ARROWS_TO) return board.beside(cell.id, ARROWS_TO[key]);
  if (key === "Home" || key === "End") {
    const line =
      ctrlKey || metaKey
        ? cells
        : cells.filter((other) => Math.abs(other.y + other.h - cell.y - cell.h) < 2 || other.y === cell.y);
    return key === "Home" ? line[0] : line.at(-1);
  }
  if (key !== "PageDown" && key !== "PageUp") return null;
  const wanted = cell.y + (key === "PageDown" ? 1 : -1) * (node.clientHeight - cell.h);
  const away = (other) => Math.abs(other.y - wanted) * 2 + Math.abs(other.x - cell.x);
  return cells.reduce((best, other) => (away(other) < away(best) ? other : best), cell);
}

/** Keys that hold anywhere in the board, outside fields. */
export function onBoardKey(event, board) {
  if (event.defaultPrevented || isField(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("dialog")) return;
  if (event.key === "f") board.full();
  else if (event.key === "?") board.help();
  else if (event.key === "c" && board.selected().size === 2) board.compare(...board.selected());
  else if (event.key === "Escape" && board.leaveFull()) return event.preventDefault();
  else return;
  event.preventDefault();
}

/** The sheet that tells the keys. */
export function makeHelp(board) {
  const rows = KEYS_HELP.flatMap(([keys, what]) => [el("dt", { text: keys }), el("dd", { text: what })]);
  const close = el("button", { class: "mjb-button", text: "Close" });
  const dialog = el(
    "dialog",
    { class: "mjb-sheet", "aria-label": "Keys" },
    el("h2", { text: "Keys" }),
    el("dl", {}, ...rows),
    close,
  );
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => board.back(null));
  return { node: dialog, open: () => dialog.open || dialog.showModal() };
}
