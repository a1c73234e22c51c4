/**
 * The board: every picture of a run, a frame or the history in one view that can be arranged anew.
 * Pictures and tiles belong to the model and are shared by its views; what arranges them is the trait `view`.
 */

import { keepKeys } from "../shared/keys.js";
import { arrange, besidePanel, neighbourOf, wholeView } from "./arrange.js";
import { makeScale } from "./colors.js";
import { makeCompare } from "./compare.js";
import { el, within } from "./dom.js";
import { makeHead, makeLines } from "./head.js";
import { listenKeys, makeHelp, onBoardKey } from "./keys.js";
import { makeLightbox } from "./lightbox.js";
import { makeSelection } from "./selection.js";
import { emptyStore, makeStore, rate } from "./store.js";
import { isMixed, makeSurface, toldColumn } from "./tiles.js";
import { makeToolbar } from "./toolbar.js";

const TRAITS = ["columns", "view", "selected", "offers"];
const WORDS = ["facts", "trouble", "notice"];

/** What all modules of a view share: its model, what it shows, and what can be done with it. */
function makeBoard(model, store, root) {
  const board = { model, store, root, turns: new Map(), plan: null, planned: 0, named: "", focus: null, anchor: null };
  board.view = () => wholeView(model.get("view"));
  board.columns = () => model.get("columns") ?? [];
  board.column = (name) => board.columns().find((column) => column.name === name) ?? null;
  board.selected = () => new Set(model.get("selected") ?? []);
  board.setView = (changes) => {
    model.set("view", { ...board.view(), ...changes });
    model.save_changes();
    board.changed();
  };
  board.select = (ids) => {
    model.set("selected", [...ids]);
    model.save_changes();
    board.changed();
  };
  addSelecting(board);
  addWalking(board);
  return board;
}

function addSelecting(board) {
  board.toggle = (id) => {
    const selected = board.selected();
    if (!selected.delete(id)) selected.add(id);
    board.anchor = id;
    board.select(selected);
  };
  /** Select everything from where selecting began to here, in the order of the board. */
  board.extend = (id) => {
    const { order } = board.plan;
    const from = order.indexOf(board.anchor ?? board.focusCell()?.id ?? id);
    const to = order.indexOf(id);
    board.anchor = order[from] ?? id;
    const [low, high] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    board.select(order.slice(low, high + 1));
  };
  board.toggleStar = (ids) => {
    const starred = ids.every((id) => (board.store.tiles.get(id)?.stars ?? 0) > 0);
    rate(board.store, ids, starred ? 0 : 1);
  };
}

function addWalking(board) {
  board.focusCell = () => board.plan?.byId.get(board.focus) ?? board.plan?.cells[0] ?? null;
  board.focusOn = (id, really = false) => {
    board.focus = id;
    if (!really) return;
    board.surface.reveal(id);
    board.surface.nodes.get(board.focusCell()?.id)?.node.focus({ preventScroll: true });
  };
  board.beside = (id, way) => {
    const cell = board.plan.byId.get(id);
    return cell ? neighbourOf(board.plan.cells, cell, way, board.plan.gallery || cell.child) : null;
  };
  /** The tile at the same place of the next panel, or of the next stop of the first slider. */
  board.aside = (id, step) => {
    const cell = board.plan.byId.get(id);
    if (!cell || cell.child) return null;
    if (board.plan.panels.length > 1) return besidePanel(board.plan.cells, cell, board.plan.panels, step)?.id ?? null;
    const [slider] = board.plan.sliders;
    if (!slider || board.plan.gallery) return null;
    const stop = slider.values[within(slider.values.indexOf(slider.at) + step, 0, slider.values.length - 1)];
    board.setView({ at: { ...board.view().at, [slider.name]: stop } });
    board.update();
    return board.plan.cells.find((other) => other.key === cell.key)?.id ?? null;
  };
  board.turn = (id, step) => {
    const cell = board.plan.byId.get(id);
    if (!cell || cell.ids.length < 2) return;
    const index = (cell.index + step + cell.ids.length) % cell.ids.length;
    board.turns.set(cell.key, index);
    board.focus = cell.ids[index];
    board.update();
    board.focusOn(board.focus, true);
  };
}

/** Build a view into its element. */
function renderBoard({ model, el: place }, store) {
  const root = el("section", {
    class: "mjb",
    "aria-label": "Board",
    tabindex: "-1",
  });
  keepKeys(root);
  const board = makeBoard(model, store, root);
  const toolbar = makeToolbar(board, { onFull: () => board.full(), onHelp: () => board.help() });
  const head = makeHead(board, toolbar.tools);
  const lines = makeLines(board);
  const surface = makeSurface(board);
  const selection = makeSelection(board);
  const [box, compare, help] = [makeLightbox(board), makeCompare(board), makeHelp(board)];
  board.surface = surface;
  const parts = { head, lines, surface, toolbar, selection, box, compare };
  const area = el("div", { class: "mjb-area" }, surface.node, selection.node);
  root.append(head.node, lines.node, toolbar.node, area, box.node, compare.node, help.node);
  place.append(root);
  addUpdating(board, parts);
  addOpening(board, parts, help);
  addFull(board, toolbar.full);
  listenKeys(board, surface);
  listenRoot(board);
  return listenModel(board, parts);
}

function addUpdating(board, parts) {
  let due = 0;
  board.replan = () => {
    const view = board.view();
    const width = Math.max(160, parts.surface.node.clientWidth - 12);
    board.plan = arrange({ tiles: board.store.tiles, columns: board.columns(), view, turns: board.turns, width });
    board.planned += 1;
    board.named = board
      .columns()
      .map((column) => `${column.name} ${column.values.length}`)
      .join();
    const shown = board.plan.cells.map((cell) => board.store.tiles.get(cell.id));
    board.scale = makeScale(board.column(view.color), shown);
    board.sortColumn = toldColumn(board.column(view.sort));
    board.mixed = isMixed(board.store.tiles);
  };
  board.update = () => {
    cancelAnimationFrame(due);
    due = 0;
    board.root.style.setProperty(
      "--mjb-limit",
      `${Math.max(360, Math.round(0.8 * Math.min(innerHeight, screen.availHeight)))}px`,
    );
    board.replan();
    parts.toolbar.update();
    for (const part of [parts.head, parts.lines, parts.selection, parts.surface, parts.box, parts.compare])
      part.update();
  };
  /** Draw what changed, once before the next frame. */
  board.changed = () => (due ||= requestAnimationFrame(board.update));
  board.stop = () => cancelAnimationFrame(due);
}

function addOpening(board, { box, compare, surface }, help) {
  board.open = (id, picture) => box.open(id, picture);
  board.compare = (one, other) => {
    if (one === undefined || other === undefined || one === other) return;
    compare.open(one, other);
  };
  board.help = () => help.open();
  board.leave = () => box.close();
  /** Bring the focus back to the tiles when something that lay over them is closed. */
  board.back = (id) => {
    if (board.root.querySelector("dialog[open]")) return;
    if (id !== null) board.focus = id;
    const cell = board.focusCell();
    if (cell) board.focusOn(cell.id, true);
    surface.draw();
  };
}

/** Full screen: the browser's own where there is one, else over the whole page. */
function addFull(board, button) {
  const { root } = board;
  const show = () => {
    const full = document.fullscreenElement === root || root.classList.contains("mjb-over");
    root.classList.toggle("mjb-full", full);
    button.setAttribute("aria-pressed", String(full));
    board.changed();
  };
  board.leaveFull = () => {
    const was = root.classList.contains("mjb-full");
    if (document.fullscreenElement === root) document.exitFullscreen();
    root.classList.remove("mjb-over");
    show();
    return was;
  };
  board.full = async () => {
    if (board.leaveFull()) return;
    try {
      await root.requestFullscreen();
    } catch {
      root.classList.add("mjb-over");
    }
    show();
  };
  root.addEventListener("fullscreenchange", show);
}

/** No key leaves the board: a notebook would take it as a command. */
function listenRoot(board) {
  board.root.addEventListener("keydown", (event) => {
    onBoardKey(event, board);
    event.stopPropagation();
  });
}

/** Follow the model; the answer ends it. */
function listenModel(board, parts) {
  const { model, store } = board;
  const said = () => {
    parts.head.update();
    parts.lines.update();
    parts.selection.update();
    parts.box.update();
  };
  const changed = () => board.changed();
  const heard = () => board.changed();
  store.listeners.add(heard);
  TRAITS.forEach((name) => model.on(`change:${name}`, changed));
  WORDS.forEach((name) => model.on(`change:${name}`, said));
  const watch = new ResizeObserver(changed);
  watch.observe(parts.surface.node);
  board.update();
  return () => {
    store.listeners.delete(heard);
    TRAITS.forEach((name) => model.off(`change:${name}`, changed));
    WORDS.forEach((name) => model.off(`change:${name}`, said));
    watch.disconnect();
    [board, parts.surface, parts.box].forEach((part) => part.stop());
    board.root.remove();
  };
}

/** The widget, as anywidget wants it: one store a model, shared by its views. */
function boardWidget() {
  let store = null;
  return {
    initialize({ model }) {
      store = makeStore(model);
      return () => emptyStore(store);
    },
    render: (context) => renderBoard(context, (store ??= makeStore(context.model))),
  };
}

export default boardWidget;
