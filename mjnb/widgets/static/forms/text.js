/** Text with a counter, and a line of text that stands for any value. */
import { make, unset } from "./dom.js";

const PAUSE_MS = 150;

/** Send what is typed after a short pause, and at once when the field is left. */
function typing(node, read, set) {
  let timer = 0;
  let sent;
  const send = () => {
    clearTimeout(timer);
    const value = read();
    if (value === sent) return;
    sent = value;
    set(value);
  };
  node.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE_MS);
  });
  node.addEventListener("change", send);
  return (value) => {
    if (value === sent && document.activeElement === node) return;
    sent = value;
    node.value = value ?? "";
  };
}

export function makeText({ spec, body, reading, help, id, get, set }) {
  const area = make("textarea", "mjnb-area", body);
  Object.assign(area, { id, rows: 3, spellcheck: true, placeholder: spec.required ? "" : "left out" });
  area.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  const count = () => {
    const length = [...area.value.trim()].length; // characters as the API counts them, not UTF-16 units
    reading.textContent = `${length} / ${spec.limit}`;
    reading.classList.toggle("mjnb-over", length > spec.limit);
  };
  const show = typing(area, () => area.value || null, set);
  area.addEventListener("input", count);
  return () => {
    show(get());
    count();
  };
}

export function makeLine({ spec, body, help, id, get, set }) {
  const box = make("input", "mjnb-line-box", body);
  Object.assign(box, { id, type: "text", autocomplete: "off", placeholder: spec.required ? "" : unset(spec) });
  box.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  const show = typing(box, () => box.value || null, set);
  return () => show(get());
}
