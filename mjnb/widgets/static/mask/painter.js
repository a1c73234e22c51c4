/**
 * The mask painter. `sheet.js` is what is painted on and lives with the model; this is one view of it.
 *
 * The parts of a view share a hub: the sheet, the view, the chosen tool, the brush's size, and what buttons and keys do.
 */
import { keepKeys } from "../shared/keys.js";
import { TOOLS, createFoot, createOptions, createToolbar } from "./bars.js";
import { isPlain } from "./frame.js";
import { clamp, make } from "./nodes.js";
import { createSheet } from "./sheet.js";
import { createStage } from "./stage.js";
import { boxCorners, ellipseCorners, freehand, mover, polygon, spanned } from "./tools.js";
import { createView, pictureScale } from "./view.js";

const NEAR = 10; // CSS pixels that count as the same place
const FREEHAND = ["brush", "eraser"];
const ANEW_MS = 3000; // within which a display has been drawn anew
const LEFT_MS = 1000; // after which hands that have gone elsewhere have left
let helps = 0;

/** One widget. */
function painter() {
  /** @type {ReturnType<typeof createSheet> | null} */
  let made = null;
  return {
    initialize({ model }) {
      made = createSheet(model);
      return made.close;
    },
    render({ model, el }) {
      made ??= createSheet(model);
      return render(made.sheet, el, model);
    },
  };
}

/** @param {import("./sheet.js").Sheet} sheet @param {HTMLElement} el @param {any} model */
function render(sheet, el, model) {
  const root = make("div", "mjnb-mask", el);
  const hub = createHub(sheet);
  const showTools = createToolbar(hub, root);
  const showOptions = createOptions(hub, root);
  hub.stage = createStage(hub, root);
  const showFoot = createFoot(hub, root);

  hub.said = showFoot;
  hub.show = () => {
    if (sheet.raster) hub.begin();
    root.classList.toggle("mjnb-mask-waiting", !sheet.raster);
    showTools();
    showOptions();
    showFoot();
    hub.stage.cursor();
    hub.stage.draw();
  };
  root.addEventListener("keydown", (event) => onKey(hub, event));
  keepKeys(root);
  const stay = whenLeft(root, () => !hub.isBegun() && model.send({ kind: "left" }));
  const onMessage = (content) => content.kind === "anew" && outlast(hub, root);
  model.on("msg:custom", onMessage);
  const quiet = sheet.listen(hub.show);
  hub.show();
  return () => {
    quiet();
    stay();
    model.off("msg:custom", onMessage);
    hub.stage.close();
    root.remove();
  };
}

/** Call once neither focus nor pointer has been in a view for a moment; call what comes back when the view ends. */
function whenLeft(root, left) {
  let timer = 0;
  const look = () => !root.matches(":focus-within, :hover") && left();
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, LEFT_MS);
  };
  for (const event of ["focusout", "pointerleave"]) root.addEventListener(event, later);
  return () => clearTimeout(timer);
}

/** A front end is about to draw a display anew: keep its place, so that nothing below jumps, and how it looks. */
function outlast(hub, root) {
  const { sheet, view, name, brush } = hub;
  sheet.look = { view: view.part(), name, brush };
  const place = root.closest(".jp-OutputArea-child");
  if (!place) return;
  place.style.minHeight = `${place.offsetHeight}px`;
  setTimeout(() => (place.style.minHeight = ""), ANEW_MS);
}

function createHub(sheet) {
  const view = createView(sheet.look?.view);
  let begun = "";
  const pen = { size: () => hub.brush, near: () => NEAR / pictureScale(view, sheet)[0] };
  const tools = {
    brush: freehand(sheet, pen, false),
    eraser: freehand(sheet, pen, true),
    polygon: polygon(sheet, pen),
    rectangle: spanned(sheet, boxCorners),
    ellipse: spanned(sheet, ellipseCorners),
    canvas: mover(sheet),
    hand: { ...mover(sheet), hint: () => "drag, or arrow keys, move what is seen", down() {}, move() {}, up() {} },
  };
  const hub = {
    sheet,
    view,
    name: sheet.look?.name ?? "brush",
    brush: 1,
    helpId: `mjnb-mask-help-${++helps}`,
    stage: /** @type {any} */ (null),
    show() {},
    said() {},
    tool: () => tools[hub.name],
    isFreehand: () => FREEHAND.includes(hub.name),
    largest: () => Math.max(8, Math.round(Math.max(...sheet.size) / 2)),

    /** Once the picture's size is known: reserve its place, take a fitting brush. */
    begin() {
      const [width, height] = sheet.size;
      if (begun === `${width}×${height}`) {
        if (view.fitted) view.fit(sheet.frame.canvas);
        return;
      }
      begun = `${width}×${height}`;
      hub.brush = sheet.look?.brush ?? Math.max(2, Math.round(Math.max(width, height) / 16));
      hub.stage.node.style.aspectRatio = String(clamp(width / height, 0.9, 2.4));
      hub.stage.measure();
    },
    choose(name) {
      hub.tool().cancel();
      hub.name = name;
      hub.show();
    },
    resize(size) {
      hub.brush = clamp(Math.round(size), 1, hub.largest());
      hub.show();
    },
    undo: () => !hub.tool().back() && (hub.tool().cancel() || sheet.undo()),
    redo: () => sheet.redo(),
    zoom: (factor) => hub.stage.zoom(factor),
    fit: () => hub.stage.fit(),
    status: () => status(hub),

    /** Whether a shape has been begun, which would be lost in a view drawn anew. */
    isBegun: () => hub.tool().outline().corners.length > 0,
  };
  return hub;
}

/** Say the sizes, how much is painted, where the cross-hair is, and what the next key does. */
function status(hub) {
  const { sheet } = hub;
  if (!sheet.raster) return sheet.error ? "" : "Loading the picture …";
  const times = ([width, height]) => `${width} × ${height}`;
  const hair = hub.stage.hair();
  const around = isPlain(sheet.frame, sheet.size) ? "" : ` on a canvas of ${times(sheet.frame.canvas)}`;
  const facts = [
    `${times(sheet.size)} px${around}`,
    `${percent(sheet.coverage)} painted anew`,
    hair ? `at ${hair[0]}, ${hair[1]}` : "",
    hub.tool().hint(),
  ];
  return facts.filter(Boolean).join(" · ");
}

function percent(share) {
  if (share > 0 && share < 0.001) return "under 0.1 %";
  return `${(100 * share).toFixed(share && share < 0.995 ? 1 : 0)} %`;
}

/** Keys belong to the painter while it has the focus; what is typed into a field belongs to the field. */
function onKey(hub, event) {
  event.stopPropagation();
  if (!hub.sheet.raster || event.altKey) return;
  const field = event.target.matches("input, select");
  const onStage = event.target === hub.stage.node;
  if (field && !(event.key === "Escape")) return;
  const command = event.ctrlKey || event.metaKey;
  const used = (onStage && hub.stage.onKey(event)) || (command ? commandKey(hub, event) : plainKey(hub, event));
  if (used) event.preventDefault();
}

function commandKey(hub, event) {
  const key = event.key.toLowerCase();
  if (key === "y" || (key === "z" && event.shiftKey)) hub.redo();
  else if (key === "z") hub.undo();
  else return false;
  return true;
}

function plainKey(hub, event) {
  const tool = TOOLS.find(([, , key]) => key === event.key.toLowerCase());
  const step = Math.max(1, Math.round(hub.brush / 6));
  const actions = {
    "[": () => hub.resize(hub.brush - step),
    "]": () => hub.resize(hub.brush + step),
    i: hub.sheet.invert,
    "+": () => hub.zoom(1.25),
    "=": () => hub.zoom(1.25),
    "-": () => hub.zoom(1 / 1.25),
    0: hub.fit,
    Escape: () => hub.tool().cancel(),
    Backspace: () => hub.tool().back(),
  };
  const action = tool ? () => hub.choose(tool[0]) : actions[event.key];
  action?.();
  return Boolean(action);
}

export default painter;
