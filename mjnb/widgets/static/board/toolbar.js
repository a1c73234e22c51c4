/** What arranges the board: rows, columns and panels, order and colour, pictures, size, filter, hidden values, sliders. */

import { el, freshId, iconButton, plural, popup, write } from "./dom.js";
import { isAxis } from "./words.js";

const ROLES = [
  ["rows", "Rows"],
  ["cols", "Columns"],
  ["facet", "Panels"],
];
const PICTURES = [
  ["", "all four"],
  ["0", "0"],
  ["1", "1"],
  ["2", "2"],
  ["3", "3"],
];

/** Make the toolbar; `update` shows the view as it is now. */
export function makeToolbar(board, { onFull, onHelp }) {
  const parts = { ...makeParts(board), made: new Map() };
  const full = el("button", {
    class: "mjb-button",
    text: "Full screen",
    title: "Full screen (f)",
    on: { click: onFull },
  });
  full.setAttribute("aria-pressed", "false");
  const tools = el("div", { class: "mjb-group mjb-corners" }, full, iconButton("?", "Keys", onHelp, "Keys (?)"));
  const fields = toolRow(parts);
  const fold = foldButton(fields);
  const node = el("div", { class: "mjb-bars" }, fold, fields, parts.filter.why, parts.sliders, parts.legend);
  return { node, tools, full, update: () => showTools(board, parts) };
}

function makeParts(board) {
  const turn = () => board.setView({ descending: !board.view().descending });
  const swap = () => board.setView({ rows: board.view().cols, cols: board.view().rows });
  return {
    roles: ROLES.map(([name, label]) => roleSelect(board, name, label)),
    swap: iconButton("⇄", "Swap rows and columns", swap),
    order: choice("Order", (value) => board.setView({ sort: value })),
    down: iconButton("↓", "Descending", turn, "Largest or last first"),
    color: choice("Colour", (value) => board.setView({ color: value })),
    picture: choice("Pictures", (value) => board.setView({ picture: value === "" ? null : Number(value) })),
    size: sizeField(board),
    filter: filterField(board),
    values: valuesMenu(board),
    sliders: el("div", { class: "mjb-sliders" }),
    legend: el("div", { class: "mjb-legend" }),
  };
}

function toolRow({ roles, swap, order, down, color, picture, size, filter, values }) {
  const group = (...nodes) => el("div", { class: "mjb-group" }, ...nodes);
  const [rows, cols, facet] = roles.map((role) => role.node);
  const nodes = [group(rows, swap, cols), facet, group(order.node, down), color.node, picture.node, size.node];
  return el(
    "div",
    { class: "mjb-tools", role: "group", "aria-label": "Arrangement" },
    ...nodes,
    filter.node,
    values.node,
  );
}

/** Where there is little room, the tools are folded away behind this. */
function foldButton(fields) {
  fields.id = freshId();
  const node = el("button", { class: "mjb-button mjb-fold", text: "Arrange ▾", "aria-expanded": "false" });
  node.setAttribute("aria-controls", fields.id);
  node.addEventListener("click", () => {
    const open = fields.classList.toggle("mjb-open");
    node.setAttribute("aria-expanded", String(open));
  });
  return node;
}

function field(label, ...nodes) {
  return el("label", { class: "mjb-field" }, el("span", { class: "mjb-name", text: label }), ...nodes);
}

/** A select that keeps its options until they change. */
function choice(label, chosen) {
  const select = el("select", {});
  select.addEventListener("change", () => chosen(select.value));
  const fill = (options, value) => {
    const now = JSON.stringify(options);
    if (select.dataset.now !== now)
      select.replaceChildren(...options.map(([key, text]) => el("option", { value: key, text })));
    select.dataset.now = now;
    if (select.value !== value) select.value = value;
  };
  return { node: field(label, select), select, fill };
}

/** Choosing what another role has trades places with it. */
function roleSelect(board, name, label) {
  return choice(label, (value) => {
    const view = board.view();
    const other = ROLES.map(([role]) => role).find((role) => role !== name && value && view[role] === value);
    board.setView({ [name]: value, ...(other ? { [other]: view[name] } : {}) });
  });
}

function sizeField(board) {
  const input = el("input", { type: "range", min: 64, max: 512, step: 4 });
  input.addEventListener("input", () => board.setView({ size: Number(input.value) }));
  return { node: field("Size", input), input };
}

function filterField(board) {
  const why = el("p", { class: "mjb-why", id: freshId(), role: "status" });
  const count = el("span", { class: "mjb-filtered" });
  const input = el("input", {
    type: "search",
    placeholder: "words, state=failed",
    spellcheck: "false",
    "aria-describedby": why.id,
  });
  input.addEventListener("input", () => board.setView({ where: input.value }));
  const node = field("Filter", input);
  node.classList.add("mjb-filter");
  node.firstChild.append(count);
  return { node, input, why, count };
}

/** Checkboxes for every value of every axis. */
function valuesMenu(board) {
  const button = el("button", { class: "mjb-button", text: "Values" });
  const menu = popup(button, () => {
    const columns = board.columns().filter((column) => isAxis(column) && column.values.length > 1);
    if (!columns.length) return [el("p", { text: "Nothing varies here." })];
    const all = el("button", { class: "mjb-quiet", text: "Show all" });
    all.addEventListener("click", () => {
      board.setView({ hide: {} });
      menu.refresh();
    });
    return [el("div", { class: "mjb-checks" }, ...columns.map((column) => checks(board, column))), all];
  });
  return {
    node: el("div", { class: "mjb-field" }, el("span", { class: "mjb-name", text: "Show" }), menu.node),
    button,
  };
}

function checks(board, column) {
  const hidden = new Set(board.view().hide[column.name] ?? []);
  const boxes = column.values.map((label) => {
    const input = el("input", { type: "checkbox" });
    input.checked = !hidden.has(label);
    input.addEventListener("change", () => hideValue(board, column.name, label, !input.checked));
    return el("label", { class: "mjb-check" }, input, el("span", { text: label, title: label }));
  });
  return el("fieldset", {}, el("legend", { text: column.label }), ...boxes);
}

function hideValue(board, name, label, hidden) {
  const { hide } = board.view();
  const others = (hide[name] ?? []).filter((other) => other !== label);
  const labels = hidden ? [...others, label] : others;
  const { [name]: _, ...rest } = hide;
  board.setView({ hide: labels.length ? { ...rest, [name]: labels } : rest });
}

function showTools(board, parts) {
  const view = board.view();
  const columns = board.columns();
  const axes = columns.filter(isAxis).map((column) => [column.name, column.label]);
  parts.roles.forEach(({ fill }, at) => fill([["", "–"], ...axes], view[ROLES[at][0]]));
  parts.swap.disabled = !view.rows && !view.cols;
  const all = columns.map((column) => [column.name, column.label]);
  parts.order.fill([["", "as planned"], ...all], view.sort);
  parts.down.setAttribute("aria-pressed", String(view.descending));
  write(parts.down, view.descending ? "↓" : "↑");
  parts.color.fill([["", "none"], ...all], view.color);
  parts.picture.fill(PICTURES, view.picture === null ? "" : String(view.picture));
  if (Number(parts.size.input.value) !== view.size) parts.size.input.value = view.size;
  if (parts.filter.input.value !== view.where) parts.filter.input.value = view.where;
  showFilter(board, parts.filter, view);
  const hidden = Object.values(view.hide).reduce((sum, labels) => sum + labels.length, 0);
  write(parts.values.button, hidden ? `Values (${hidden} hidden) ▾` : "Values ▾");
  showSliders(board, parts);
  showLegend(board, parts.legend);
}

function showFilter(board, { input, why, count }, view) {
  const { problem, shown } = board.plan;
  input.setAttribute("aria-invalid", String(Boolean(problem)));
  write(why, problem);
  write(count, view.where && !problem ? ` ${shown} of ${plural(board.store.tiles.size, "tile")}` : "");
}

function showSliders(board, { sliders, made }) {
  const wanted = board.plan.sliders;
  const now = wanted.map((slider) => slider.name).join("\n");
  if (sliders.dataset.now !== now) {
    made.clear();
    wanted.forEach((slider) => made.set(slider.name, makeSlider(board, slider.name)));
    sliders.replaceChildren(...[...made.values()].map((one) => one.node));
  }
  sliders.dataset.now = now;
  sliders.hidden = !wanted.length;
  wanted.forEach((slider) => made.get(slider.name).show(slider));
}

function makeSlider(board, name) {
  const label = el("span", { class: "mjb-name" });
  const said = el("output", { class: "mjb-said" });
  const input = el("input", { type: "range", min: 0, step: 1 });
  let stops = [];
  input.addEventListener("input", () => {
    const { [name]: _, ...rest } = board.view().at;
    const stop = stops[Number(input.value)];
    board.setView({ at: stop === null ? rest : { ...rest, [name]: stop } });
  });
  const show = (slider) => {
    stops = slider.all ? [null, ...slider.values] : slider.values;
    const text = slider.at ?? "all";
    write(label, slider.label);
    input.max = stops.length - 1;
    input.value = stops.indexOf(slider.at);
    input.setAttribute("aria-valuetext", text);
    write(said, text);
    said.style.minWidth = `${Math.min(16, Math.max(3, ...slider.values.map((value) => value.length)))}ch`;
    said.title = text;
  };
  return { node: el("label", { class: "mjb-slider" }, label, input, said), show };
}

function showLegend(board, legend) {
  const { scale } = board;
  legend.hidden = !scale;
  const now = JSON.stringify(scale ?? null);
  if (legend.dataset.now === now) return;
  legend.dataset.now = now;
  if (!scale) return legend.replaceChildren();
  const nodes = [el("span", { class: "mjb-name", text: scale.name })];
  if (scale.ramp.length) nodes.push(rampNode(scale));
  for (const { color, mark, text } of scale.legend) nodes.push(keyNode(color, mark, text));
  legend.replaceChildren(...nodes);
}

function rampNode({ ramp, ends }) {
  const steps = ramp.map((color) => {
    const step = el("span", { class: "mjb-swatch" });
    step.style.background = color;
    return step;
  });
  return el(
    "span",
    { class: "mjb-ramp" },
    el("span", { text: ends[0] }),
    el("span", { class: "mjb-swatches" }, ...steps),
    el("span", { text: ends[1] }),
  );
}

function keyNode(color, mark, text) {
  const swatch = el("span", { class: "mjb-swatch" });
  swatch.style.background = color;
  return el("span", { class: "mjb-key" }, swatch, el("span", { text: `${mark} ${text}` }));
}
