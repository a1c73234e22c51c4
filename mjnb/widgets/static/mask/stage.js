/** The place where the picture is seen and painted on: pointer, wheel and cross-hair. */
import { drawGuides, drawPicture } from "./drawing.js";
import { clamp, make } from "./nodes.js";
import { pictureScale, toPicture, toScreen } from "./view.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN = 40; // CSS pixels an arrow key

/** @param {any} hub what the parts of one view share; see painter.js */
export function createStage(hub, parent) {
  const { sheet, view } = hub;
  const node = make("div", "mjnb-mask-stage", parent, {
    tabindex: "0",
    role: "application",
    "aria-roledescription": "painting area",
    "aria-label": "Picture to paint on",
    "aria-describedby": hub.helpId,
  });
  const below = /** @type {HTMLCanvasElement} */ (make("canvas", "", node, { "aria-hidden": "true" }));
  const above = /** @type {HTMLCanvasElement} */ (make("canvas", "", node, { "aria-hidden": "true" }));
  const spare = document.createElement("canvas");
  const pointers = new Map();
  let hover = /** @type {[number, number] | null} */ (null);
  let hair = /** @type {[number, number] | null} */ (null);
  let panning = false;
  let space = "";
  let frame = 0;

  function draw() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (!sheet.raster) return;
      drawPicture(below, spare, view, sheet);
      guides();
    });
  }

  function guides() {
    if (!sheet.raster) return;
    const at = hair ?? hover;
    const brush = hub.isFreehand() && !panning ? at : null;
    drawGuides(above, view, sheet, { outline: hub.tool().outline(), brush, size: hub.brush, hair: shownHair() });
  }

  /** The cross-hair is for tools that paint. */
  const shownHair = () => (["canvas", "hand"].includes(hub.name) ? null : hair);

  /** Measure the place; the picture is fitted anew unless somebody has zoomed. */
  function measure() {
    const { width, height } = node.getBoundingClientRect();
    if (!width || !height) return;
    [view.width, view.height] = [width, height];
    if (view.fitted) view.fit(sheet.frame.canvas);
    draw();
    hub.said();
  }

  const onScreen = (event) => {
    const box = node.getBoundingClientRect();
    return /** @type {[number, number]} */ ([event.clientX - box.left, event.clientY - box.top]);
  };
  /** The picture's place is measured on the canvas, everything else on the picture. */
  const placeOf = (screen) =>
    hub.name === "canvas"
      ? [(screen[0] - view.left) / view.scale, (screen[1] - view.top) / view.scale]
      : toPicture(view, sheet, screen);

  function onDown(event) {
    if (!sheet.raster || event.button > 1) return;
    event.preventDefault();
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, onScreen(event));
    if (pointers.size === 2) hub.tool().cancel();
    if (space) space = "panned";
    panning = event.button === 1 || space !== "" || hub.name === "hand" || pointers.size > 1;
    hair = null;
    if (!panning) hub.tool().down(placeOf(onScreen(event)));
    cursor();
  }

  function onMove(event) {
    if (!sheet.raster) return;
    const before = pointers.get(event.pointerId);
    const now = onScreen(event);
    hover = toPicture(view, sheet, now);
    if (before && panning) drag(event.pointerId, before, now);
    else for (const one of events(event)) hub.tool().move(placeOf(onScreen(one)));
    guides();
  }

  /** One pointer pans; two zoom as well. */
  function drag(id, before, now) {
    const other = [...pointers].find(([key]) => key !== id)?.[1];
    const share = other ? 0.5 : 1;
    view.pan((now[0] - before[0]) * share, (now[1] - before[1]) * share, sheet.frame.canvas);
    if (other) {
      const apart = (a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
      const middle = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
      view.zoom(apart(now) / apart(before), sheet.frame.canvas, middle);
    }
    pointers.set(id, now);
    draw();
    hub.said();
  }

  function onUp(event) {
    if (!pointers.delete(event.pointerId)) return;
    if (!panning) event.type === "pointerup" ? hub.tool().up(placeOf(onScreen(event))) : hub.tool().cancel();
    if (!pointers.size) panning = false;
    cursor();
    hub.said();
  }

  function onWheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-clamp(event.deltaY, -60, 60) / 200), onScreen(event));
  }

  function zoom(factor, at) {
    view.zoom(factor, sheet.frame.canvas, at);
    draw();
    hub.said();
  }

  function fit() {
    view.fit(sheet.frame.canvas);
    draw();
    hub.said();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key meant something here */
  function onKey(event) {
    const way = ARROWS[event.key];
    if (way) arrow(way, event);
    else if (event.key === " ") space ||= "held";
    else if (event.key === "Enter") press("Enter");
    else return false; // not for the stage
    return true;
  }

  function arrow(way, event) {
    if (event.ctrlKey || event.metaKey || hub.name === "hand") view.pan(-way[0] * PAN, -way[1] * PAN, sheet.frame.canvas);
    else if (hub.name === "canvas") nudge(way, event.shiftKey ? 10 : 1);
    else steer(way, event.shiftKey ? 10 : 1);
    draw();
    hub.said();
  }

  function nudge(way, times) {
    const [x, y] = sheet.frame.place;
    sheet.move({ x: x + way[0] * times, y: y + way[1] * times });
  }

  /** Move the cross-hair: by a pixel of the picture, or of the screen where that is more; it stays in sight. */
  function steer(way, times) {
    const step = Math.max(1, Math.round(1 / pictureScale(view, sheet)[0])) * times;
    const from = hair ?? [Math.round(sheet.size[0] / 2), Math.round(sheet.size[1] / 2)];
    hair = [clamp(from[0] + way[0] * step, 0, sheet.size[0]), clamp(from[1] + way[1] * step, 0, sheet.size[1])];
    const [x, y] = toScreen(view, sheet, hair);
    const [inX, inY] = [clamp(x, 16, view.width - 16), clamp(y, 16, view.height - 16)];
    if (inX !== x || inY !== y) view.pan(inX - x, inY - y, sheet.frame.canvas);
    hub.tool().move(hair);
  }

  function press(key) {
    hair ??= [Math.round(sheet.size[0] / 2), Math.round(sheet.size[1] / 2)];
    hub.tool().press(hair, key);
    guides();
    hub.said();
  }

  /** The space bar pans while the pointer is dragged; alone it is like Enter. */
  function onKeyUp(event) {
    if (event.key !== " ") return;
    const alone = space === "held";
    space = "";
    if (alone && event.target === node) press(" ");
  }

  function cursor() {
    const hand = panning ? "grabbing" : "grab";
    node.style.cursor = panning || hub.name === "hand" ? hand : { canvas: "move" }[hub.name] ?? "crosshair";
    guides();
  }

  node.addEventListener("pointerdown", onDown);
  node.addEventListener("pointermove", onMove);
  node.addEventListener("pointerup", onUp);
  node.addEventListener("pointercancel", onUp);
  node.addEventListener("pointerleave", () => {
    hover = null;
    guides();
  });
  node.addEventListener("wheel", onWheel, { passive: false });
  node.addEventListener("keyup", onKeyUp);
  node.addEventListener("blur", () => (space = ""));
  const watcher = new ResizeObserver(measure);
  watcher.observe(node);
  return {
    node,
    draw,
    measure,
    zoom: (factor) => zoom(factor),
    fit,
    onKey,
    cursor,
    guides,
    hair: shownHair,
    close() {
      watcher.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}

/** All the places that a pointer has passed since it was last told of. */
function events(event) {
  const passed = event.getCoalescedEvents?.() ?? [];
  return passed.length ? passed : [event];
}
