/**
 * The fields that a gateway does not take, folded away; a value that was set from Python is shown, and can be taken back.
 *
 * @typedef {{name: string, label: string, flag: string, help: string, reason: string, owners: string, value: string,
 *   error: string}} Row
 */
import { follow, make, makeRoot, press } from "./dom.js";

function renderAbsent({ model, el }) {
  const root = makeRoot(el, "mjnb-fold-whole");
  const head = make("div", "mjnb-fold-root", root);
  const button = make("button", "mjnb-fold-button", head);
  button.type = "button";
  make("span", "mjnb-fold-mark", button).setAttribute("aria-hidden", "true");
  make("span", "", button, model.get("title"));
  button.addEventListener("click", () => {
    model.set("is_open", !model.get("is_open"));
    model.save_changes();
  });
  const list = make("ul", "mjnb-absent", root);
  return follow(model, ["rows", "is_open"], () => {
    button.setAttribute("aria-expanded", String(model.get("is_open")));
    list.hidden = !model.get("is_open");
    if (list.contains(document.activeElement)) button.focus({ preventScroll: true }); // what had the keyboard goes
    list.replaceChildren();
    model.get("rows").forEach((row) => showAbsent(model, list, row));
  });
}

function showAbsent(model, list, /** @type {Row} */ row) {
  const item = make("li", "", list);
  const head = make("div", "mjnb-absent-head", item);
  head.title = `${row.help} ${row.reason}.`;
  make("span", "mjnb-absent-name", head, row.label);
  if (row.flag) make("span", "mjnb-flag", head, row.flag);
  make("span", "mjnb-absent-owners", head, `in ${row.owners}`);
  if (row.value) {
    const set = make("div", "mjnb-absent-set", item);
    make("span", "", set, `Set from Python: ${row.value}`);
    press(set, "Take back", `Leave ${row.label} out again`, () => model.send({ clear: row.name }))
      .setAttribute("aria-label", `Take back ${row.label}`);
  }
  if (row.error) make("div", "mjnb-error", item, row.error).setAttribute("role", "alert");
}

export default { render: renderAbsent };
