/**
 * The fields of a mode, each taking nothing, one value or several.
 *
 * @typedef {{value: any, word: string, note: string, refused: string}} Option
 * @typedef {{low: number, high: number, name: string, help: string}} Band
 * @typedef {{name: string, label: string, kind: string, help: string, allowed: string, default: string,
 *   options?: Option[], low?: number, high?: number, bands?: Band[], quick?: {word: string, line: string, help: string}[]}} Field
 * @typedef {{node: HTMLElement, show: (entered: any) => void, say: (error: string, values: any) => void}} Row
 */
import { fresh, make, press, write } from "./dom.js";

/** Make the row of a field; `tell(entered)` is called with what was entered. @returns {Row} */
export function fieldRow(/** @type {Field} */ field, tell) {
  return field.kind === "options" ? optionsRow(field, tell) : numberRow(field, tell);
}

function errorLine(id) {
  return make("div", "sf-error", { role: "alert", id, hidden: "hidden" });
}

function fallback(field) {
  return make("span", "sf-quiet sf-default", {}, field.default ? `otherwise ${field.default}` : "needed");
}

function optionsRow(field, tell) {
  const error = errorLine(fresh("error"));
  const boxes = field.options.map((option) => optionBox(field, option));
  const unset = fallback(field);
  const set = make("div", "sf-set", {}, ...boxes.map((box) => box.node), unset);
  const node = make("fieldset", "sf-row", { title: field.help, "data-field": field.name },
    make("legend", "sf-label", {}, field.label), set, error);
  node.addEventListener("change", () => tell(boxes.filter((box) => box.input.checked).map((box) => box.value)));
  return {
    node,
    show(entered) {
      const chosen = (entered ?? []).map(String);
      boxes.forEach((box) => { box.input.checked = chosen.includes(String(box.value)); });
      unset.classList.toggle("sf-away", chosen.length > 0);
    },
    say: (text) => write(error, text),
  };
}

function optionBox(field, /** @type {Option} */ option) {
  const input = make("input", "", { type: "checkbox" });
  input.disabled = Boolean(option.refused);
  const label = make("label", "sf-option", { title: option.refused || option.note }, input, option.word);
  if (option.refused) label.append(make("span", "sf-unread", {}, ` – not taken: ${option.refused}`));
  label.classList.toggle("sf-refused", input.disabled);
  return { node: label, input, value: option.value };
}

function numberRow(field, tell) {
  const id = fresh("number");
  const errorId = fresh("error");
  const error = errorLine(errorId);
  const hint = `${field.allowed}; several as 0, 50, 100 or 0..100 step 25`;
  const input = make("input", "sf-input", {
    id, type: "text", autocomplete: "off", spellcheck: "false", title: hint, "aria-describedby": errorId,
    placeholder: field.default ? `otherwise ${field.default}` : "needed",
  });
  input.addEventListener("input", () => tell(input.value));
  const quick = (field.quick ?? []).map((one) => quickButton(field, one, input, tell));
  const track = field.bands?.length ? bandTrack(field) : null;
  const node = make("div", "sf-row", { title: field.help, "data-field": field.name },
    make("label", "sf-label", { for: id }, field.label),
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
  node.setAttribute("aria-label", `${field.label}: ${one.help}`);
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
