/** Buttons, the brush's size, the canvas' numbers: everything around the stage that is pressed. */
import { PRESETS } from "./frame.js";
import { clamp, make } from "./nodes.js";

/** Name, label, key. */
export const TOOLS = [
  ["brush", "Brush", "b"],
  ["eraser", "Eraser", "e"],
  ["polygon", "Polygon", "p"],
  ["rectangle", "Rectangle", "r"],
  ["ellipse", "Ellipse", "o"],
  ["hand", "Hand", "h"],
  ["canvas", "Canvas", "c"],
];
/** Name, what is written before it, label, where it is read. */
const NUMBERS = [
  ["width", "Canvas", "Canvas width", (frame) => frame.canvas[0]],
  ["height", "×", "Canvas height", (frame) => frame.canvas[1]],
  ["x", "Picture at", "Picture x", (frame) => frame.place[0]],
  ["y", ",", "Picture y", (frame) => frame.place[1]],
];

/** @param {string} label @param {string} [keys] as aria-keyshortcuts has them @param {string} [title] */
function button(parent, label, press, keys = "", title = "") {
  const shown = keys.replace("Control", "Ctrl").replaceAll("+", " + ").toUpperCase().replace("CTRL", "Ctrl").replace("SHIFT", "Shift");
  const node = make("button", "mjnb-mask-button", parent, { type: "button", title: `${title || label}${keys && ` (${shown})`}` }, label);
  if (keys) node.setAttribute("aria-keyshortcuts", keys);
  node.onclick = press;
  return node;
}

const group = (parent, label) => make("div", "mjnb-mask-group", parent, { role: "group", "aria-label": label });

/** The tools, and the way back. */
export function createToolbar(hub, parent) {
  const bar = make("div", "mjnb-mask-bar", parent);
  const tools = group(bar, "Tools");
  const nodes = TOOLS.map(([name, label, key]) => [name, button(tools, label, () => hub.choose(name), key)]);
  const history = group(bar, "Steps");
  const undo = button(history, "Undo", hub.undo, "Control+z");
  const redo = button(history, "Redo", hub.redo, "Control+Shift+z");
  const whole = group(bar, "Whole mask");
  button(whole, "Invert", hub.sheet.invert, "i", "Paint what is not painted, and only that");
  button(whole, "Clear", hub.sheet.clear, "", "Take the whole mask away");
  return function show() {
    nodes.forEach(([name, node]) => node.setAttribute("aria-pressed", String(name === hub.name)));
    undo.disabled = !hub.sheet.canUndo();
    redo.disabled = !hub.sheet.canRedo();
  };
}

/** What the chosen tool can be told. */
export function createOptions(hub, parent) {
  const row = make("div", "mjnb-mask-options", parent);
  const showBrush = brushOptions(hub, row);
  const showCanvas = canvasOptions(hub, row);
  const note = make("div", "mjnb-mask-note", row);
  return function show() {
    const kind = hub.isFreehand() ? "brush" : hub.name;
    row.dataset.kind = kind;
    note.textContent = { polygon: "Click corner by corner; click the first one to close.", hand: "Drag to move what is seen." }[kind]
      ?? (["rectangle", "ellipse"].includes(kind) ? "Drag from corner to corner." : "");
    showBrush(kind === "brush");
    showCanvas(kind === "canvas");
  };
}

function brushOptions(hub, row) {
  const box = make("label", "mjnb-mask-option", row, {}, "Size");
  const slider = /** @type {HTMLInputElement} */ (make("input", "", box, { type: "range", min: "0", max: "1000", step: "any" }));
  const said = make("span", "mjnb-mask-number", box);
  slider.title = "Size of brush and eraser ( [ and ] )";
  slider.oninput = () => hub.resize(sizeAt(Number(slider.value) / 1000, hub.largest()));
  return function show(seen) {
    box.hidden = !seen;
    slider.value = String(1000 * placeOfSize(hub.brush, hub.largest()));
    slider.setAttribute("aria-valuetext", `${hub.brush} pixels`);
    said.textContent = `${hub.brush} px`;
  };
}

/** Small sizes have as much room on the slider as large ones. */
const sizeAt = (share, largest) => Math.round(largest ** clamp(share, 0, 1));
const placeOfSize = (size, largest) => Math.log(size) / Math.log(largest);

function canvasOptions(hub, row) {
  const box = group(row, "Canvas");
  const pairs = [make("span", "mjnb-mask-small", box), make("span", "mjnb-mask-small", box)];
  const inputs = NUMBERS.map(([name, before, label, read], i) => {
    const pair = pairs[i >> 1];
    make("span", "", pair, { "aria-hidden": "true" }, before);
    const about = { type: "number", step: "1", min: "0", "aria-label": `${label}, pixels`, title: `${label}, pixels` };
    const input = /** @type {HTMLInputElement} */ (make("input", "", pair, about));
    input.onchange = () => {
      if (Number.isFinite(input.valueAsNumber)) hub.sheet.move({ [name]: input.valueAsNumber });
      else hub.show(); // an empty field goes back to what it was
    };
    return [input, read];
  });
  const select = /** @type {HTMLSelectElement} */ (make("select", "", box, { "aria-label": "Canvas preset" }));
  ["Preset …", ...PRESETS.map(([name]) => name)].forEach((name, i) => make("option", "", select, { value: String(i) }, name));
  select.onchange = () => {
    const preset = PRESETS[Number(select.value) - 1];
    if (preset) hub.sheet.place(preset[1](hub.sheet.frame, hub.sheet.size));
    select.value = "0";
  };
  return function show(seen) {
    box.hidden = !seen;
    inputs.forEach(([input, read]) => (input.value = String(read(hub.sheet.frame))));
  };
}

/** Zoom, and the line that says how things are. */
export function createFoot(hub, parent) {
  const foot = make("div", "mjnb-mask-foot", parent);
  const status = make("div", "mjnb-mask-status", foot, { role: "status" });
  const zooming = group(foot, "Zoom");
  button(zooming, "−", () => hub.zoom(1 / 1.25), "-", "Zoom out").setAttribute("aria-label", "Zoom out");
  const scale = make("span", "mjnb-mask-number mjnb-mask-scale", zooming);
  button(zooming, "+", () => hub.zoom(1.25), "+", "Zoom in").setAttribute("aria-label", "Zoom in");
  button(zooming, "Fit", hub.fit, "0", "Show all of it");
  const help = make("div", "mjnb-mask-help", parent, { id: hub.helpId });
  help.textContent =
    "Keys: B E P R O H C choose a tool · arrows move the cross-hair (Shift: 10 ×) · Enter or Space paints · [ ] brush size · " +
    "I inverts · Ctrl + Z undoes, Ctrl + Y redoes · + − 0 zoom · Ctrl + arrows or Space-drag pan";
  const alert = make("div", "mjnb-mask-alert", parent, { role: "alert" });
  return function show() {
    status.textContent = hub.status();
    scale.textContent = `${Math.round(100 * hub.view.scale)} %`;
    if (alert.textContent !== hub.sheet.error) alert.textContent = hub.sheet.error;
  };
}
