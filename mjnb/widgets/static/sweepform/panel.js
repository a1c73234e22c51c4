/**
 * A sweep's form. `spec` never changes, `entered` is what people entered, `reading` what it was understood as,
 * `outlook` what would come of it, `progress` how far a run is.
 */
import { keepKeys } from "../shared/keys.js";
import { attend } from "./attention.js";
import { fresh, make, write } from "./dom.js";
import { fieldRow } from "./fields.js";
import { codeBox, deeds, limits, verdict } from "./plan.js";

const PAUSE_MS = 80;

function render({ model, el }) {
  const spec = model.get("spec");
  const change = changer(model, () => show());
  const prompt = spec.prompt ? promptBox(spec, (text) => change({ prompt: text })) : null;
  const rows = spec.fields.map((field) =>
    [field.name, fieldRow(field, (value) => change({ fields: { ...change.entered().fields, [field.name]: value } }))]);
  const parts = {
    verdict: verdict(), limits: limits(spec, (name, value) => change({ [name]: value })),
    deeds: deeds((name, text) => { change.now(); model.send({ press: name, text }); }), code: codeBox(),
  };
  const rare = rareAxes(rows.filter((_, at) => spec.fields[at].rare));
  const common = rows.filter((_, at) => !spec.fields[at].rare).map(([, row]) => row.node);
  el.append(layOut(prompt, rare ? [...common, rare.node] : common, parts));
  const leave = attend(el, (watched) => {
    model.set("watched", watched);
    model.save_changes();
  });
  const show = () => {
    showAll(model, change.entered(), prompt, rows, parts);
    rare?.show(change.entered().fields, model.get("reading").errors ?? {});
  };
  model.on("change", show);
  show();
  return () => {
    change.now();
    leave();
    model.off("change", show);
  };
}

/**
 * Collect what is entered and hand it on after a short pause; `now()` does so at once. Until then the model has nothing of
 * it, but `entered()` has: the kernel's answer to what was handed on before puts the older text back into the model.
 */
function changer(model, show) {
  let [timer, waiting] = [0, {}];
  const entered = () => ({ ...model.get("entered"), ...waiting });
  const now = () => {
    clearTimeout(timer);
    if (!Object.keys(waiting).length) return;
    const all = entered();
    waiting = {};
    model.set("entered", all);
    model.save_changes();
  };
  const change = (changes) => {
    waiting = { ...waiting, ...changes };
    clearTimeout(timer);
    timer = setTimeout(now, PAUSE_MS);
    show();
  };
  return Object.assign(change, { now, entered });
}

function layOut(prompt, rows, parts) {
  const top = prompt ? [prompt.node] : [];
  const plan = make("section", "sf-plan", { "aria-label": "plan of the sweep" },
    parts.verdict.node, parts.deeds.node, parts.limits.node, parts.code.node);
  const fields = make("div", "sf-fields", {}, ...rows);
  const root = make("div", "mjnb-sweepform", {},
    ...top, make("div", "sf-columns", {}, fields, plan));
  root.addEventListener("keydown", (event) => event.stopPropagation());
  keepKeys(root);
  return root;
}

/** The fields that are seldom used, in a fold that opens by itself where something in it is set; null where there are none. */
function rareAxes(rows) {
  if (!rows.length) return null;
  const word = make("span", "", {});
  const fold = make("details", "sf-rare", {}, make("summary", "", {}, word), ...rows.map(([, row]) => row.node));
  const isSet = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(String(value ?? "").trim()));
  let before = 0;
  return {
    node: fold,
    show(fields, errors) {
      const used = rows.filter(([name]) => isSet(fields[name]) || errors[name]).length;
      write(word, `More axes (${rows.length}${used ? `, ${used} in use` : ""})`);
      if (used > before) fold.open = true;
      before = used;
    },
  };
}

function promptBox(spec, tell) {
  const id = fresh("prompt");
  const errorId = fresh("error");
  const input = make("textarea", "sf-input", {
    id, rows: 2, "aria-describedby": errorId, placeholder: "a lighthouse at {time: dawn, dusk}", spellcheck: "true",
  });
  const groups = make("div", "sf-groups", { role: "status" });
  const error = make("div", "sf-error", { role: "alert", id: errorId, hidden: "hidden" });
  input.addEventListener("input", () => tell(input.value));
  const node = make("div", "sf-prompt", {}, make("label", "sf-label", { for: id, title: spec.prompt }, "Prompt"), input, groups, error);
  return {
    node,
    show(text, reading) {
      if (input.value !== text) input.value = text;
      write(error, reading.errors?.prompt ?? "");
      input.setAttribute("aria-invalid", String(Boolean(reading.errors?.prompt)));
      groups.replaceChildren(...groupLines(reading.groups ?? []));
    },
  };
}

function groupLines(groups) {
  if (!groups.length) return [make("span", "sf-quiet", {}, "{dawn, dusk} asks for both; {time: dawn, dusk} names the axis.")];
  return groups.map((group) => make("span", "sf-group", {}, make("b", "", {}, `${group.name}: `), group.options.map((o) => o || "(nothing)").join(", ")));
}

function showAll(model, entered, prompt, rows, parts) {
  const [reading, outlook, progress] = ["reading", "outlook", "progress"].map((name) => model.get(name));
  const errors = reading.errors ?? {};
  prompt?.show(entered.prompt, reading);
  for (const [name, row] of rows) {
    row.show(entered.fields[name]);
    row.say(errors[name] ?? "", reading.values?.[name]);
  }
  parts.verdict.show(outlook, reading);
  parts.limits.show(entered, outlook, errors);
  parts.deeds.show(outlook, progress);
  parts.code.show(reading.code ?? "");
}

export default { render };
