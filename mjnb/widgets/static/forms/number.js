/** A number: a slider with the documented bands under it, and a box in step with it; a box alone where the range is too long to slide over. */
import { make, press, unset } from "./dom.js";

const STEPS = 1000; // of the slider's own scale
const LETTER = 0.05; // of the track for each letter of a band's name, so that it has room
const LINE = 60; // characters

/** Where a value stands on the track (0 to 1), and which value stands at a place. */
export function makeScale(/** @type {import("./field.js").Spec} */ spec) {
  const bands = spec.bands?.length ? spec.bands : [{ low: spec.low, high: spec.high }];
  const edges = [...bands.map((band) => band.low), spec.high];
  const widths = edges.slice(1).map((edge, i) => Math.max((edge - edges[i]) / (spec.high - spec.low || 1), (bands[i].name ?? "").length * LETTER));
  const total = widths.reduce((sum, width) => sum + width, 0);
  const shares = widths.map((width) => width / total);
  const starts = shares.map((_, i) => shares.slice(0, i).reduce((sum, share) => sum + share, 0));
  const snap = (value) => {
    const stepped = spec.low + Math.round((value - spec.low) / spec.step) * spec.step;
    return Math.min(spec.high, Math.max(spec.low, Number(stepped.toFixed(6)))); // 0.1 + 0.2 is 0.3
  };
  return {
    shares,
    place(value) {
      const i = Math.max(0, edges.slice(0, -1).findLastIndex((edge) => value >= edge));
      return starts[i] + (shares[i] * (value - edges[i])) / (edges[i + 1] - edges[i] || 1);
    },
    value(place) {
      const i = Math.max(0, starts.findLastIndex((start) => place >= start));
      return snap(edges[i] + ((place - starts[i]) / shares[i]) * (edges[i + 1] - edges[i]));
    },
    snap,
  };
}

export function makeNumber(/** @type {import("./field.js").Place} */ place) {
  const { spec, body, reading, help, get, set } = place;
  const row = make("div", "mjnb-number", body);
  const slider = spec.slides ? makeSlider(place, row) : null;
  const box = makeBox(place, row, slider !== null);
  const reset = spec.required ? null : press(reading.parentElement, "×", `Back to: ${unset(spec)}`, () => set(null));
  reset?.setAttribute("aria-label", `${spec.label}: back to ${unset(spec)}`);
  reset?.classList.add("mjnb-reset");
  help.classList.toggle("mjnb-long", (spec.bands ?? []).some((band) => helpOf(spec, band).length > LINE));
  return () => {
    const value = get();
    const held = value ?? spec.fallback ?? spec.low;
    const isNumber = typeof held === "number";
    const band = bandOf(spec, value, held);
    reading.textContent = read(spec, value, band);
    help.textContent = helpOf(spec, band);
    slider?.show(isNumber ? held : spec.low, value === null, reading.textContent);
    if (document.activeElement !== box || String(value ?? "") !== box.value) box.value = value ?? "";
    if (reset) reset.hidden = value === null;
  };
}

/** Whether nobody knows what holds. */
const isOpen = (spec, value) => value === null && spec.fallback === null && !spec.required;

const bandOf = (spec, value, held) =>
  isOpen(spec, value) ? undefined : spec.bands?.find((one) => held >= one.low && held <= one.high);

function read(spec, value, band) {
  if (isOpen(spec, value)) return spec.default === "none" ? "" : `default: ${spec.default}`;
  const number = value ?? (spec.required ? "" : unset(spec));
  return [number, band?.name].filter((word) => word !== "" && word !== undefined).join(" · ");
}

/** What the field is for, and what its band does. */
const helpOf = (spec, band) => (band ? `${spec.help.replace(/\.$/, "")} · ${band.help}` : spec.help);

function makeBox({ spec, id, labelled, help, set }, row, hasSlider) {
  const box = make("input", "mjnb-box", row);
  if (!hasSlider) box.classList.add("mjnb-wide");
  Object.assign(box, { type: "number", min: spec.low, step: spec.step < 1 ? "any" : 1, placeholder: spec.required ? "" : String(spec.fallback ?? (hasSlider ? "–" : unset(spec))) });
  if (spec.high !== null) box.max = spec.high;
  if (hasSlider) box.setAttribute("aria-label", `${spec.label} as a number`);
  else box.id = id;
  box.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  box.addEventListener("input", () => set(box.value === "" ? null : Number(box.value)));
  return box;
}

function makeSlider(place, row) {
  const { spec, id, help, set } = place;
  const scale = makeScale(spec);
  const track = make("div", "mjnb-track", row);
  const range = make("input", "mjnb-range", track);
  Object.assign(range, { type: "range", min: 0, max: STEPS, step: "any", id });
  range.setAttribute("aria-describedby", help.id);
  const marks = makeMarks(spec, scale, track);
  let now = spec.low;
  range.addEventListener("input", () => set(scale.value(Number(range.value) / STEPS)));
  range.addEventListener("keydown", (event) => {
    const wanted = afterKey(event.key, now, spec);
    if (wanted === null) return;
    event.preventDefault();
    set(scale.snap(wanted));
  });
  const show = (value, isUnset, text) => {
    now = value;
    range.value = String(scale.place(value) * STEPS);
    range.setAttribute("aria-valuetext", text || String(value));
    track.classList.toggle("mjnb-unset", isUnset);
    const isKnown = !isUnset || spec.fallback !== null;
    marks.forEach((mark, i) => mark.classList.toggle("mjnb-now", isKnown && spec.bands.findIndex((b) => value >= b.low && value <= b.high) === i));
  };
  return { show };
}

function makeMarks(spec, scale, track) {
  if (!spec.bands?.length) return [];
  const row = make("div", "mjnb-marks", track);
  row.setAttribute("aria-hidden", "true"); // the slider itself says its band
  return spec.bands.map((band, i) => {
    const mark = make("span", "mjnb-mark", row, band.name);
    mark.style.width = `${100 * scale.shares[i]}%`;
    mark.title = `${band.low} to ${band.high}, ${band.name}: ${band.help}`;
    return mark;
  });
}

function afterKey(key, now, spec) {
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
  if (key === "Home") return spec.low;
  if (key === "End") return spec.high;
  return key in steps ? now + steps[key] * spec.step : null;
}
