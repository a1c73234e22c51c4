/**
 * The fields of a mode, each taking nothing, one value or several.
 *
 * @typedef {{value: any, word: string, note: string}} Option
 * @typedef {{low: number, high: number, name: string, help: string}} Band
 * @typedef {{name: string, label: string, kind: string, help: string, allowed: string, default: string,
 *   flag?: string, rare?: boolean, options?: Option[], refused?: string, reason?: string, free?: string, low?: number, high?: number, bands?: Band[], quick?: {word: string, line: string, help: string}[]}} Field
 * @typedef {{node: HTMLElement, show: (entered: any) => void, say: (error: string, values: any) => void}} Row
 */
import { fresh, make, press, write } from "./dom.js";

/** Make the row of a field; `tell(entered)` is called with what was entered. @returns {Row} */
export function fieldRow(/** @type {Field} */ field, tell) {
  if (field.kind === "options") return optionsRow(field, tell);
  return field.kind === "lines" ? linesRow(field, tell) : numberRow(field, tell);
}

/** A field's name, and Midjourney's own word for it where that is another one. */
function named(field) {
  return field.flag ? [`${field.label} `, make("span", "sf-quiet sf-flag", {}, field.flag)] : [field.label];
}

function errorLine(id) {
  return make("div", "sf-error", { role: "alert", id, hidden: "hidden" });
}

function fallback(field) {
  return make("span", "sf-quiet sf-default", {}, field.default ? `otherwise ${field.default}` : "needed");
}

function optionsRow(field, tell) {
  const error = errorLine(fresh("error"));
  const boxes = field.options.map(optionBox);
  const unset = fallback(field);
  const ticked = () => boxes.filter((box) => box.input.checked).map((box) => box.value);
  const free = field.free ? freeBox(field, () => tell([...ticked(), ...free.values()])) : null;
  const set = make("div", "sf-set", {}, ...boxes.map((box) => box.node), ...(free ? [free.node] : []), unset, ...refusedNote(field));
  const node = make("fieldset", "sf-row", { title: field.help, "data-field": field.name },
    make("legend", "sf-label", {}, ...named(field)), set, error);
  node.addEventListener("change", (event) => event.target.type === "checkbox" && tell([...ticked(), ...(free?.values() ?? [])]));
  return {
    node,
    show(entered) {
      const chosen = (entered ?? []).map(String);
      const typed = free?.values() ?? [];
      boxes.forEach((box) => { box.input.checked = chosen.includes(String(box.value)) && !typed.includes(String(box.value)); });
      free?.show(chosen.filter((one) => typed.includes(one) || !boxes.some((box) => String(box.value) === one)));
      unset.classList.toggle("sf-away", chosen.length > 0);
    },
    say: (text) => write(error, text),
  };
}

/** Name the choices that this gateway does not take, with the reason behind them. */
function refusedNote(field) {
  return field.refused ? [make("span", "sf-quiet sf-others", { title: field.reason }, `not here: ${field.refused}`)] : [];
}

/** A line for values that stand in no list. */
function freeBox(field, tell) {
  const input = make("input", "sf-input sf-free", {
    type: "text", autocomplete: "off", spellcheck: "false", placeholder: field.free, "aria-label": `${field.label}: ${field.free}`,
  });
  input.addEventListener("input", tell);
  const values = () => input.value.split(/[\s,;]+/).filter(Boolean);
  return {
    node: input,
    values,
    show(others) {
      const same = [...values()].sort().join() === [...others].sort().join();
      if (!same && input !== input.getRootNode().activeElement) input.value = others.join(", ");
    },
  };
}

/** Words or codes: each line is a value. */
function linesRow(field, tell) {
  const [id, errorId] = [fresh("lines"), fresh("error")];
  const error = errorLine(errorId);
  const input = make("textarea", "sf-input sf-lines", {
    id, rows: 1, spellcheck: "false", "aria-describedby": errorId, title: `${field.allowed}; several as one a line`,
    placeholder: field.default ? `otherwise ${field.default}; one a line` : "needed; one a line",
  });
  const fit = () => { input.rows = Math.min(6, Math.max(1, input.value.split("\n").length)); };
  input.addEventListener("input", () => { fit(); tell(input.value); });
  const node = make("div", "sf-row", { title: field.help, "data-field": field.name },
    make("label", "sf-label", { for: id }, ...named(field)), make("div", "sf-set", {}, input), error);
  return {
    node,
    show(entered) {
      if (input.value !== (entered ?? "")) input.value = entered ?? "";
      fit();
    },
    say(text) {
      write(error, text);
      input.setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

function optionBox(/** @type {Option} */ option) {
  const input = make("input", "", { type: "checkbox" });
  return { node: make("label", "sf-option", { title: option.note }, input, option.word), input, value: option.value };
}

function numberRow(field, tell) {
  const id = fresh("number");
  const errorId = fresh("error");
  const error = errorLine(errorId);
  const hint = `${field.allowed}; several as 1, 2, 3 or ${field.low ?? 0}..${field.high ?? 100} step …`;
  const input = make("input", "sf-input", {
    id, type: "text", autocomplete: "off", spellcheck: "false", title: hint, "aria-describedby": errorId,
    placeholder: field.default ? `otherwise ${field.default}` : "needed",
  });
  input.addEventListener("input", () => tell(input.value));
  const quick = (field.quick ?? []).map((one) => quickButton(field, one, input, tell));
  const track = field.bands?.length ? bandTrack(field) : null;
  const node = make("div", "sf-row", { title: field.help, "data-field": field.name },
    make("label", "sf-label", { for: id }, ...named(field)),
    make("div", "sf-set sf-number", {}, input, make("div", "sf-quicks", {}, ...quick), ...(track ? [track.node] : [])), error);
  return {
    node,
    show(entered) {
      if (input.value !== (entered ?? "")) input.value = entered ?? "";
    },
    say(text, values) {
      write(error, text);
      input.setAttribute("aria-invalid", String(Boolean(text)));
      track?.show(values ?? []);
    },
  };
}

function quickButton(field, one, input, tell) {
  const node = press(one.word, one.help, () => {
    input.value = one.line;
    tell(one.line);
  }, "sf-link");
  node.setAttribute("aria-label", `${one.word}: ${field.label}, ${one.help}`);
  return node;
}

/** The bands of a range side by side, equally wide, with a dot for every value. */
function bandTrack(field) {
  const dots = make("div", "sf-dots", { "aria-hidden": "true" });
  const bands = field.bands.map((band) =>
    make("span", "sf-band", { title: `${band.low}–${band.high} ${band.name}: ${band.help}` }, band.name));
  const node = make("div", "sf-track", {}, dots, ...bands);
  return {
    node,
    show(values) {
      const list = [].concat(values ?? []);
      dots.replaceChildren(...list.map((value) => dot(place(field.bands, value))));
      bands.forEach((node, i) => node.classList.toggle("sf-met", list.some((v) => Math.floor(at(field.bands, v)) === i)));
    },
  };
}

function dot(share) {
  const node = make("span", "sf-dot");
  node.style.left = `${100 * share}%`;
  return node;
}

/** Where a value stands, counted in bands from the left. */
function at(bands, value) {
  const last = bands.findLastIndex((band) => value >= band.low);
  const i = Math.max(0, last);
  const { low, high } = bands[i];
  return Math.min(i + Math.max(0, value - low) / Math.max(1, high - low), i + 0.999);
}

function place(bands, value) {
  return at(bands, value) / bands.length;
}
