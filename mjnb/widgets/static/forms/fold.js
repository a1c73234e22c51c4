/** A button that unfolds what stands right below it: the style sheet hides that for as long as this says it is closed. */
import { follow, make, makeRoot } from "./dom.js";

function renderFold({ model, el }) {
  const root = makeRoot(el, "mjnb-fold-root");
  const button = make("button", "mjnb-fold-button", root);
  button.type = "button";
  make("span", "mjnb-fold-mark", button).setAttribute("aria-hidden", "true");
  const title = make("span", "mjnb-label", button);
  const detail = make("span", "mjnb-fold-detail", root);
  button.addEventListener("click", () => {
    model.set("is_open", !model.get("is_open"));
    model.save_changes();
  });
  return follow(model, ["title", "detail", "is_open"], () => {
    title.textContent = model.get("title");
    detail.textContent = model.get("detail");
    detail.hidden = model.get("is_open");
    button.setAttribute("aria-expanded", String(model.get("is_open")));
  });
}

export default { render: renderFold };
