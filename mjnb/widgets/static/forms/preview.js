/** What will be sent, folded away until it is wanted: a few texts to look at and to copy. */
import { follow, make, makeRoot, press } from "./dom.js";

function renderPreview({ model, el }) {
  const root = makeRoot(el, "mjnb-preview");
  const fold = make("details", "mjnb-fold", root);
  make("summary", "", fold, "What will be sent");
  const inside = make("div", "mjnb-texts", fold);
  const draw = () => {
    inside.replaceChildren();
    const texts = Object.entries(model.get("texts"));
    if (!texts.length) make("div", "mjnb-help", inside, "Nothing yet: something is missing or wrong above.");
    texts.forEach(([name, text]) => makeCopy(inside, name, text));
  };
  const stops = [follow(model, ["texts"], draw), watch(model, root)];
  return () => stops.forEach((stop) => stop());
}

/** Tell whether the keyboard is anywhere in the form that this belongs to. */
function watch(model, root) {
  const look = () => setTimeout(() => {
    if (!root.isConnected || document.activeElement === document.body) return; // nobody has gone anywhere else
    const inside = outermost(root).contains(document.activeElement);
    if (inside === model.get("watched")) return;
    model.set("watched", inside);
    model.save_changes();
  });
  document.addEventListener("focusin", look);
  document.addEventListener("focusout", look);
  return () => {
    document.removeEventListener("focusin", look);
    document.removeEventListener("focusout", look);
  };
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
