/** One lens over a picture, or over two that move together: zoomed by wheel and keys, moved by dragging. */

import { iconButton, within } from "./dom.js";

const MOST = 12;

/** Make a lens: a scale and a shift in px from the middle; `shows` are told when it changes. */
export function makeLens() {
  const lens = { scale: 1, x: 0, y: 0, shows: new Set() };
  lens.tell = () => lens.shows.forEach((show) => show(lens));
  lens.fit = () => {
    Object.assign(lens, { scale: 1, x: 0, y: 0 });
    lens.tell();
  };
  return lens;
}

/** The style that shows a picture through a lens. */
export const lensStyle = ({ scale, x, y }) => `translate(${x}px, ${y}px) scale(${scale})`;

/** Zoom by a factor, about a point given from the middle of the stage. */
function zoomBy(lens, factor, [px, py] = [0, 0], box = null) {
  const scale = within(lens.scale * factor, 1, MOST);
  const grow = scale / lens.scale;
  Object.assign(lens, { scale, x: px - (px - lens.x) * grow, y: py - (py - lens.y) * grow });
  hold(lens, box);
  lens.tell();
}

function moveBy(lens, dx, dy, box = null) {
  lens.x += dx;
  lens.y += dy;
  hold(lens, box);
  lens.tell();
}

/** Keep the picture within reach. */
function hold(lens, box) {
  const [w, h] = box ? [box.clientWidth, box.clientHeight] : [1e4, 1e4];
  const [mostX, mostY] = [((lens.scale - 1) * w) / 2, ((lens.scale - 1) * h) / 2];
  lens.x = within(lens.x, -mostX, mostX);
  lens.y = within(lens.y, -mostY, mostY);
}

/** Let a stage be zoomed by the wheel and by a double click, and moved by dragging; `ignore` says what is no part of it. */
export function listenZoom(stage, lens, ignore = () => false) {
  const about = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  };
  const wheel = (event) => {
    event.preventDefault();
    zoomBy(lens, Math.exp(-within(event.deltaY, -240, 240) / 300), about(event), stage);
  };
  stage.addEventListener("wheel", wheel, { passive: false });
  stage.addEventListener("dblclick", (event) => {
    if (ignore(event.target)) return;
    if (lens.scale > 1) lens.fit();
    else zoomBy(lens, 2.5, about(event), stage);
  });
  stage.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && lens.scale > 1 && !ignore(event.target))
      dragging(stage, event, (dx, dy) => moveBy(lens, dx, dy, stage));
  });
}

/** Follow a pointer until it is let go. */
export function dragging(node, begun, moved) {
  let [x, y] = [begun.clientX, begun.clientY];
  node.setPointerCapture(begun.pointerId);
  const move = (event) => {
    moved(event.clientX - x, event.clientY - y, event);
    [x, y] = [event.clientX, event.clientY];
  };
  const end = () => {
    node.removeEventListener("pointermove", move);
    node.removeEventListener("pointerup", end);
    node.removeEventListener("pointercancel", end);
  };
  node.addEventListener("pointermove", move);
  node.addEventListener("pointerup", end);
  node.addEventListener("pointercancel", end);
}

/** Smaller, larger, fit. */
export function zoomButtons(lens, stage) {
  return [
    iconButton("−", "Smaller (-)", () => zoomBy(lens, 0.8, [0, 0], stage)),
    iconButton("+", "Larger (+)", () => zoomBy(lens, 1.25, [0, 0], stage)),
    iconButton("⤢", "Fit (z)", lens.fit),
  ];
}

const KEYS = { "+": 1.25, "=": 1.25, "-": 0.8, "−": 0.8 };
const PANS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };

/** Zoom by + and −, fit or enlarge by z, move by Shift and arrows; tells whether the key was one of these. */
export function zoomKey(event, lens, stage) {
  if (event.key in KEYS) zoomBy(lens, KEYS[event.key], [0, 0], stage);
  else if (event.key === "z" && lens.scale > 1) lens.fit();
  else if (event.key === "z") zoomBy(lens, 2.5, [0, 0], stage);
  else if (event.shiftKey && event.key in PANS) moveBy(lens, ...PANS[event.key], stage);
  else return false;
  return true;
}
