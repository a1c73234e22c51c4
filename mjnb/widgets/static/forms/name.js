/** The id of an earlier task: chosen from the ledger's latest, or typed. */
import { make } from "./dom.js";
import { makeLine } from "./text.js";

export function makeName(place) {
  const { model, body, spec, get, set } = place;
  const select = make("select", "mjnb-select", body);
  select.setAttribute("aria-label", `${spec.label}: choose from the ledger`);
  select.addEventListener("focus", () => model.send("ledger"));
  select.addEventListener("change", () => { if (select.value) set(select.value); });
  const showLine = makeLine(place);
  let shown = "";
  return () => {
    const options = model.get("options");
    const now = JSON.stringify(options);
    if (now !== shown) fill(select, options);
    shown = now;
    select.value = options.some((one) => one.value === get()) ? get() : "";
    showLine();
  };
}

function fill(select, options) {
  select.replaceChildren();
  const first = options.length ? "choose a task of the ledger…" : "no finished tasks in the ledger yet";
  make("option", "", select, first).value = "";
  options.forEach((one) => { make("option", "", select, one.label).value = one.value; });
}
