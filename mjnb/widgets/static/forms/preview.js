/** What will be sent, folded away until it is wanted: a few texts to look at and to copy. */
import { follow, make, makeRoot, press } from "./dom.js";

const QUIET_MS = 4000; // without the keyboard and the pointer, until nobody counts as being there
const LOOK_MS = 500;

function renderPreview({ model, el }) {
  const root = makeRoot(el, "mjnb-preview");
  const fold = make("details", "mjnb-fold", root);
  make("summary", "", fold, "What will be sent");
  const inside = make("div", "mjnb-texts", fold);
  const draw = () => {
    if (inside.contains(document.activeElement)) document.activeElement.closest("details")?.firstChild.focus();
    inside.replaceChildren();
    const texts = Object.entries(model.get("texts"));
    if (!texts.length) make("div", "mjnb-help", inside, "Nothing yet: something is missing or wrong above.");
    texts.forEach(([name, text]) => makeCopy(inside, name, text));
  };
  const stops = [follow(model, ["texts"], draw), watch(model, root)];
  return () => stops.forEach((stop) => stop());
}

/** Tell whether somebody uses the form that this belongs to, and that nobody does only after some seconds. */
function watch(model, root) {
  let isUsed = false;
  let until = 0;
  const tell = (now) => {
    if (now === isUsed) return;
    isUsed = now;
    model.set("watched", now);
    model.save_changes();
  };
  const look = () => {
    if (used(root)) until = performance.now() + QUIET_MS;
    tell(performance.now() < until);
  };
  const events = ["focusin", "pointerover", "pointerdown", "keydown"];
  events.forEach((name) => document.addEventListener(name, look, true));
  const timer = setInterval(look, LOOK_MS);
  return () => {
    clearInterval(timer);
    events.forEach((name) => document.removeEventListener(name, look, true));
    tell(false);
  };
}

/** The keyboard or the pointer is in there, something is unfolded, or a picture is looked at in large. */
function used(root) {
  if (!root.isConnected) return false;
  const form = outermost(root);
  return form.contains(document.activeElement) || form.matches(":hover") || Boolean(form.querySelector("details[open]"))
    || Boolean(document.querySelector("dialog.mjnb-large[open]"));
}

function outermost(node) {
  const outer = node.parentElement?.closest(".mjnb-form, .mjnb-studio");
  return outer ? outermost(outer) : node;
}

function makeCopy(parent, name, text) {
  const head = make("div", "mjnb-field-head", parent);
  make("div", "mjnb-label", head, name);
  const button = press(head, "Copy", `Copy the ${name} text`, () => copy(area, button));
  button.setAttribute("aria-label", `Copy ${name}`);
  const area = make("textarea", "mjnb-code", parent);
  Object.assign(area, { readOnly: true, value: text, rows: Math.min(16, text.split("\n").reduce((sum, line) => sum + Math.ceil((line.length + 1) / 90), 0)) });
  area.setAttribute("aria-label", name);
  area.addEventListener("focus", () => area.select());
}

/** Copy by the clipboard; where a page may not, the text is selected and Ctrl+C does it. */
async function copy(area, button) {
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

export default { render: renderPreview };
