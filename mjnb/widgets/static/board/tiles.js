/** The board's surface: one scroll box, heads that stick, and only those tiles in the document that are in sight. */

import { el, throttled, within, write } from "./dom.js";
import { fillTile, makeTileNode } from "./tile.js";
import { brief, isMeasured, valueText } from "./words.js";

const MARGIN = 240; // px beyond the edge that are drawn too
const SEE_MS = 200;

/** Make the surface of a board; `update` draws it anew, `reveal` brings a tile into sight. */
export function makeSurface(board) {
  const surface = { ...surfaceNodes(), nodes: new Map(), seen: "", drawn: null };
  let due = 0;
  const draw = () => {
    due = 0;
    drawTiles(board, surface);
  };
  surface.see = throttled(() => tellSeen(board, surface), SEE_MS);
  surface.draw = () => (due ||= requestAnimationFrame(draw));
  surface.node.addEventListener("scroll", surface.draw, { passive: true });
  surface.update = () => {
    drawFixed(board, surface);
    drawTiles(board, surface);
  };
  surface.reveal = (id) => reveal(board, surface, id);
  surface.stop = () => {
    surface.see.stop();
    cancelAnimationFrame(due);
  };
  return surface;
}

function surfaceNodes() {
  const corner = el("div", { class: "mjb-corner" });
  const strip = el("div", { class: "mjb-heads" }, corner);
  const rowHeads = el("div", { class: "mjb-rowheads" });
  const marks = el("div", { class: "mjb-marks" });
  const list = el("div", { class: "mjb-list", role: "listbox", "aria-multiselectable": "true", "aria-label": "Tiles" });
  const empty = el("p", { class: "mjb-empty", hidden: true });
  const sizer = el("div", { class: "mjb-sizer" }, strip, rowHeads, marks, list);
  return { corner, strip, rowHeads, marks, list, empty, sizer, node: el("div", { class: "mjb-scroll" }, sizer, empty) };
}

/** What a tile looks like beyond its own data. */
function lookOf(board, tile, position, view, selected) {
  const { scale, sortColumn } = board;
  const sortText =
    sortColumn && sortColumn.name !== view.color && board.plan.gallery ? valueText(tile, sortColumn) : "";
  return {
    picture: view.picture,
    selected: selected.has(tile.id),
    color: scale?.of(tile) ?? null,
    colorName: scale?.name ?? "",
    sortText,
    starsTold: [view.color, sortText && view.sort].some((name) => name && board.column(name)?.kind === "stars"),
    mixed: board.mixed,
    position: position + 1,
    total: board.plan.order.length,
  };
}

function inSight({ cells }, box, keep) {
  const [top, bottom] = [box.scrollTop - MARGIN, box.scrollTop + box.clientHeight + MARGIN];
  const [left, right] = [box.scrollLeft - MARGIN, box.scrollLeft + box.clientWidth + MARGIN];
  const seen = (cell) => cell.y < bottom && cell.y + cell.h + 60 > top && cell.x < right && cell.x + cell.w > left;
  const found = [];
  cells.forEach((cell, position) => (seen(cell) || cell.id === keep) && found.push([cell, position]));
  return found;
}

function drawTiles(board, surface) {
  const { nodes, list, node } = surface;
  if (!board.plan || !node.clientWidth) return;
  const focus = board.focusCell();
  const shown = inSight(board.plan, node, focus?.id);
  const ids = new Set(shown.map(([cell]) => cell.id));
  const held = document.activeElement?.closest?.(".mjb-tile");
  const inside = list.contains(held ?? null);
  for (const [id, made] of nodes) {
    if (ids.has(id)) continue;
    made.node.remove();
    nodes.delete(id);
  }
  fillShown(board, nodes, shown);
  inOrder(
    list,
    shown.map(([cell]) => nodes.get(cell.id).node),
  );
  for (const [id, made] of nodes) made.node.tabIndex = id === focus?.id ? 0 : -1;
  if (inside && document.activeElement !== held) nodes.get(focus?.id)?.node.focus({ preventScroll: true });
  surface.see();
}

/** Fill the tiles in sight; those that were there when the board was last arranged are as they should be. */
function fillShown(board, nodes, shown) {
  const [view, selected] = [board.view(), board.selected()];
  for (const [cell, position] of shown) {
    if (!nodes.has(cell.id)) nodes.set(cell.id, makeTileNode(cell.id));
    const made = nodes.get(cell.id);
    if (made.planned === board.planned) continue;
    made.planned = board.planned;
    const tile = board.store.tiles.get(cell.id);
    fillTile(made, cell, board, tile, lookOf(board, tile, position, view, selected));
  }
}

/** Bring nodes into their order in the document, which is that of a screen reader; few are out of it. */
function inOrder(list, wanted) {
  let next = list.firstChild;
  for (const node of wanted) {
    if (node === next) next = next.nextSibling;
    else list.insertBefore(node, next);
  }
}

/** Tell Python which tiles are in sight and still lack pictures, so that theirs come first. */
function tellSeen(board, surface) {
  const { tiles, urls } = board.store;
  const ids = [...surface.nodes.keys()].filter((id) => {
    const tile = tiles.get(id);
    return tile?.state === "success" && (urls.get(id) ?? []).filter(Boolean).length < tile.count;
  });
  const now = ids.join();
  if (now && now !== surface.seen) board.model.send({ kind: "see", ids });
  surface.seen = now;
}

function at(node, x, y, w, h) {
  node.style.transform = `translate(${x}px, ${y}px)`;
  if (w !== undefined) node.style.width = `${w}px`;
  if (h !== undefined) node.style.height = `${h}px`;
  return node;
}

/** Draw what does not scroll away: heads, headings, places without a tile, the words of an empty board. */
function drawFixed(board, surface) {
  const { plan } = board;
  const { sizer, strip, rowHeads, marks, list, empty } = surface;
  if (surface.drawn === plan) return;
  surface.drawn = plan;
  sizer.style.width = `${plan.width}px`;
  sizer.style.height = `${plan.height}px`;
  strip.style.height = `${plan.headHeight}px`;
  strip.hidden = !plan.headHeight;
  rowHeads.style.height = `${Math.max(0, plan.gridBottom - plan.headHeight)}px`;
  rowHeads.style.width = `${plan.rowHead}px`;
  rowHeads.hidden = !plan.rowHead;
  drawCorner(surface, plan);
  strip.replaceChildren(surface.corner, ...plan.heads.map(headNode));
  rowHeads.replaceChildren(...plan.rowHeads.map((head) => rowHeadNode(head, plan.headHeight)));
  marks.replaceChildren(...plan.bands.map(bandNode), ...plan.holes.slice(0, 2000).map(holeNode));
  list.hidden = !plan.cells.length;
  empty.hidden = Boolean(plan.cells.length);
  write(empty, emptyWords(board));
}

/** The names of columns and rows: beside the heads where rows have heads too, else in the line above them. */
function drawCorner({ corner }, { corner: { rows, cols }, rowHead, headHeight }) {
  const axis = (name, way) => el("span", { text: name ? `${name} ${way}` : "", title: name, class: "mjb-axis" });
  corner.replaceChildren(axis(cols, "→"), ...(rowHead ? [axis(rows, "↓")] : []));
  corner.style.width = rowHead ? `${rowHead}px` : "";
  corner.style.height = rowHead ? `${headHeight}px` : "";
}

function headNode({ text, name, x, y, w, panel }) {
  const node = el("div", { class: panel ? "mjb-head mjb-panelhead" : "mjb-head", title: `${name} ${text}` });
  if (panel) node.append(el("span", { class: "mjb-axis", text: `${name} ` }));
  node.append(el("b", { text: brief(text) }));
  return at(node, x, y, w);
}

function rowHeadNode({ text, name, y, h, w }, headHeight) {
  return at(
    el("div", { class: "mjb-rowhead", title: `${name} ${text}` }, el("b", { text: brief(text) })),
    0,
    y - headHeight,
    w,
    h,
  );
}

function bandNode({ text, name, x, y, count }) {
  const node = el(
    "div",
    { class: "mjb-band" },
    name ? el("span", { class: "mjb-axis", text: `${name} ` }) : null,
    el("b", { text: brief(text) }),
  );
  if (count) node.append(el("span", { class: "mjb-axis", text: ` ${count}` }));
  return at(node, x, y);
}

const holeNode = ({ x, y, w, h }) => at(el("div", { class: "mjb-hole" }), x, y, w, h);

function emptyWords(board) {
  if (!board.store.tiles.size)
    return board.model.get("facts")?.live
      ? "The first tiles are on their way."
      : "Nothing here yet: this board has no tiles.";
  return "No tile passes: the filter or the hidden values leave none.";
}

function reveal(board, surface, id) {
  const cell = board.plan.byId.get(id);
  const box = surface.node;
  if (!cell) return;
  const { headHeight, rowHead } = board.plan;
  const below = cell.y + cell.h + 24 - box.clientHeight;
  box.scrollTop = within(box.scrollTop, below, Math.max(0, cell.y - headHeight - 4));
  box.scrollLeft = within(box.scrollLeft, cell.x + cell.w + 8 - box.clientWidth, Math.max(0, cell.x - rowHead - 4));
  drawTiles(board, surface);
}

/** The column that a gallery is sorted by, where its values are worth telling under each tile. */
export function toldColumn(column) {
  return column && (isMeasured(column) || column.kind === "state") ? column : null;
}

/** Whether some tiles are simulated and others are not. */
export function isMixed(tiles) {
  const [first, ...rest] = [...tiles.values()].map((tile) => tile.simulated);
  return rest.some((simulated) => simulated !== first);
}
