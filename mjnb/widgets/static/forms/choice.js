/** One of a few words: a row of buttons where there are few, a list where there are many; shapes are drawn. */
import { make, unique, unset } from "./dom.js";

export const MOST_IN_A_ROW = 6;
const LONG = 40; // characters of a note
const BOX = 18; // px, the longer side of a drawn shape

/** The choices with the unset one first, where there is one. */
function offered(spec) {
  const none = { value: null, label: unset(spec), note: "" };
  return [...(spec.required ? [] : [none]), ...spec.choices.map((one) => ({ label: String(one.value), ...one }))];
}

export function makeChoice(place) {
  const { spec } = place;
  return spec.choices.length <= MOST_IN_A_ROW ? makeRow(place, () => {}) : makeList(place);
}

export function makeShape(place) {
  const { spec } = place;
  const drawRow = makeShapes(place);
  const drawFree = spec.free ? makeFree(place) : () => {};
  return () => {
    drawRow();
    drawFree();
  };
}

/** A box for a shape that is in no list, where the gateway takes such. */
function makeFree({ model, spec, body, id, help, get, set }) {
  const row = make("label", "mjnb-free", body, "or another shape");
  const box = make("input", "mjnb-box", row);
  Object.assign(box, { id: `${id}-free`, type: "text", placeholder: spec.free, autocomplete: "off", inputMode: "numeric" });
  box.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  box.addEventListener("change", () => set(box.value.trim() || null));
  return () => {
    const isListed = spec.choices.some((one) => one.value === get());
    row.hidden = Boolean(model.get("greyed")[spec.free]) && (isListed || get() === null);
    if (document.activeElement !== box) box.value = isListed ? "" : (get() ?? "");
  };
}

function makeShapes(place) {
  const { spec } = place;
  return makeRow(place, (label, one) => {
    const [width, height] = String(one.value ?? spec.fallback ?? "1:1").split(":").map(Number);
    const frame = document.createElement("span");
    frame.className = "mjnb-shape-frame";
    const box = make("span", "mjnb-shape", frame);
    box.style.width = `${BOX * Math.min(1, width / height)}px`;
    box.style.height = `${BOX * Math.min(1, height / width)}px`;
    label.prepend(frame);
  });
}

function makeRow(place, adorn) {
  const { model, spec, body, help, labelled, get, set } = place;
  body.setAttribute("role", "radiogroup");
  body.setAttribute("aria-labelledby", labelled);
  body.setAttribute("aria-describedby", help.id);
  const row = make("div", "mjnb-row", body);
  const name = unique("radio");
  const items = offered(spec).map((one) => {
    const label = make("label", "mjnb-toggle", row);
    const radio = make("input", "", label);
    Object.assign(radio, { type: "radio", name });
    make("span", "", label, one.label);
    adorn(label, one);
    radio.addEventListener("change", () => set(one.value));
    return { one, label, radio };
  });
  const notes = (value) => spec.choices.find((one) => one.value === value)?.note ?? "";
  return () => items.forEach(({ one, label, radio }) => {
    const why = model.get("greyed")[String(one.value)] ?? "";
    radio.checked = one.value === get();
    radio.dataset.off = String(Boolean(why));
    radio.disabled = Boolean(why) || Boolean(model.get("grey"));
    label.title = why || one.note;
    const said = one.value === null ? notes(spec.fallback) : one.note;
    label.classList.toggle("mjnb-off", Boolean(why));
    label.classList.toggle("mjnb-chosen", radio.checked);
    if (radio.checked) note(place, why || said);
  });
}

/** Say what the chosen word is for, after what the field is for; room is kept where that may take two lines. */
function note({ spec, help }, text) {
  help.textContent = text ? `${spec.help.replace(/\.$/, "")} · ${text}` : spec.help;
  help.classList.toggle("mjnb-long", spec.choices.some((one) => one.note.length > LONG));
}

function makeList(place) {
  const { model, spec, body, help, id, get, set } = place;
  const select = make("select", "mjnb-select", body);
  select.id = id;
  select.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  const choices = offered(spec);
  const items = choices.map((one) => make("option", "", select, one.label));
  select.addEventListener("change", () => set(choices[select.selectedIndex].value));
  return () => {
    choices.forEach((one, i) => {
      const why = model.get("greyed")[String(one.value)] ?? "";
      items[i].disabled = Boolean(why);
      items[i].textContent = [one.label, why ? `not here: ${why}` : one.note].filter(Boolean).join("  ·  ");
    });
    const chosen = choices.findIndex((one) => one.value === get());
    select.selectedIndex = chosen;
    const held = choices[chosen]?.value === null ? choices.find((one) => one.value === spec.fallback) : choices[chosen];
    note(place, held?.note ?? "");
  };
}

/** Choices in groups, each group with its name where there are several. */
export function makeTabs(place) {
  const update = makeRow(place, () => {});
  const row = place.body.querySelector(".mjnb-row");
  const names = [...new Set(place.spec.choices.map((one) => one.group))];
  if (names.length < 2) return update;
  const labels = [...row.children];
  row.className = "mjnb-tab-groups";
  names.forEach((name) => {
    make("span", "mjnb-tab-name", row, name);
    const tabs = make("div", "mjnb-row", row);
    tabs.append(...labels.filter((_, i) => place.spec.choices[i].group === name));
  });
  return update;
}
