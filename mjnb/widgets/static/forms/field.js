/**
 * One field of a form: its label, what it takes, its help, and what is wrong with it.
 *
 * @typedef {{value: any, label?: string, note: string}} Option
 * @typedef {{kind: string, name: string, label: string, help: string, required: boolean, default: string, fallback: any,
 *   low?: number, high?: number | null, step?: number, bands?: {low: number, high: number, name: string, help: string}[],
 *   choices?: Option[], limit?: number, upload?: string, ledger?: string, tip?: string}} Spec
 * @typedef {{model: any, spec: Spec, body: HTMLElement, reading: HTMLElement, help: HTMLElement, id: string,
 *   labelled: string, kept?: {thumbs: Map<string, string>}, set: (value: any) => void, get: () => any}} Place
 */
import { follow, make, makeRoot, press, unique } from "./dom.js";
import { makeNumber } from "./number.js";
import { MOST_IN_A_ROW, makeChoice, makeShape, makeTabs } from "./choice.js";
import { makeLine, makeText } from "./text.js";
import { makeLinks, showThumb } from "./links.js";
import { makeName } from "./name.js";

const KINDS = {
  number: makeNumber,
  choice: makeChoice,
  tabs: makeTabs,
  shape: makeShape,
  text: makeText,
  line: makeLine,
  links: makeLinks,
  name: makeName,
  check: makeCheck,
  heading: () => () => {},
};

/** A field keeps the small pictures of what was chosen, as object URLs, however often it is drawn. */
function field() {
  const kept = { thumbs: new Map() };
  return {
    initialize({ model }) {
      model.on("msg:custom", (message, buffers) => {
        (message.thumbs ?? []).forEach((url, i) => {
          if (!kept.thumbs.has(url)) kept.thumbs.set(url, URL.createObjectURL(new Blob([buffers[i]])));
        });
      });
      return () => kept.thumbs.forEach((url) => URL.revokeObjectURL(url));
    },
    render: ({ model, el }) => renderField(model, el, kept),
  };
}

function renderField(model, el, kept) {
  const spec = model.get("spec");
  const root = makeRoot(el, `mjnb-field mjnb-kind-${spec.kind}`);
  const place = { ...lay(model, spec, root), kept };
  const update = KINDS[spec.kind](place);
  const error = make("div", "mjnb-error", root);
  error.id = `${place.id}-error`;
  error.setAttribute("role", "alert");
  const note = make("div", "mjnb-note", root);
  const stops = [
    follow(model, ["value", "options", "greyed"], update),
    follow(model, ["error", "note", "grey"], () => say(model, root, error, note)),
    follow(model, ["wanted"], () => come(model, root)),
  ];
  const onThumbs = () => root.querySelectorAll("[data-url]").forEach((frame) => showThumb(frame, kept));
  model.on("msg:custom", onThumbs);
  return () => {
    stops.forEach((stop) => stop());
    model.off("msg:custom", onThumbs);
  };
}

/** Make what every field has. @returns {Place} */
function lay(model, spec, root) {
  const id = unique(spec.name ?? "group");
  const head = make("div", "mjnb-field-head", root);
  const isList = spec.kind === "choice" && spec.choices.length > MOST_IN_A_ROW;
  const isGroup = !isList && ["choice", "tabs", "shape", "links", "heading"].includes(spec.kind);
  const label = make(isGroup ? "div" : "label", "mjnb-label", head, spec.kind === "check" ? "" : spec.label);
  label.id = `${id}-label`;
  if (!isGroup) label.htmlFor = id;
  if (spec.flag) make("span", "mjnb-flag", head, spec.flag);
  label.title = spec.allowed ? `${spec.name}: ${spec.allowed}` : spec.help;
  const reading = make("div", "mjnb-reading", head);
  const body = make("div", "mjnb-body", root);
  const help = make("div", "mjnb-help", root, spec.help);
  help.id = `${id}-help`;
  return {
    model, spec, body, reading, help, id, labelled: label.id,
    get: () => model.get("value"),
    set: (value) => {
      model.set("value", value);
      model.save_changes();
    },
  };
}

/** Take the keyboard if it is wanted here, as soon as the field is on the page. */
function come(model, root, tries = 40) {
  if (!model.get("wanted") || !tries) return;
  if (!root.isConnected) {
    setTimeout(() => come(model, root, tries - 1), 50);
    return;
  }
  model.set("wanted", false);
  model.save_changes();
  root.scrollIntoView({ block: "nearest" });
  root.querySelector(".mjnb-body :is(input, select, textarea, button):enabled")?.focus({ preventScroll: true });
}

function say(model, root, error, note) {
  const grey = model.get("grey");
  error.textContent = model.get("error");
  note.textContent = grey ? `Not here: ${grey}` : model.get("note");
  root.classList.toggle("mjnb-wrong", Boolean(model.get("error")));
  root.classList.toggle("mjnb-grey", Boolean(grey));
  root.querySelectorAll("input, select, textarea, .mjnb-body button").forEach((node) => {
    node.disabled = Boolean(grey) || node.dataset.off === "true";
    node.setAttribute("aria-invalid", String(Boolean(model.get("error"))));
  });
}

function makeCheck(/** @type {Place} */ { spec, body, id, help, get, set }) {
  const label = make("label", "mjnb-check", body);
  const box = make("input", "", label);
  box.type = "checkbox";
  box.id = id;
  box.setAttribute("aria-describedby", help.id);
  label.append(spec.label);
  box.addEventListener("change", () => set(box.checked));
  return () => { box.checked = get() === true; };
}

export default field;
