/** A button that tells what stood on it when it was pressed, and keeps the keyboard while it cannot be pressed. */
import { follow, makeRoot, press } from "./dom.js";

function renderPress({ model, el }) {
  const root = makeRoot(el, "mjnb-press-root");
  const button = press(root, "", "", () => {
    if (!model.get("disabled")) model.send({ press: button.textContent });
  });
  button.classList.add("mjnb-primary");
  const stops = [
    follow(model, ["description", "tooltip", "disabled"], () => {
      button.textContent = model.get("description");
      button.title = model.get("tooltip");
      button.setAttribute("aria-disabled", String(model.get("disabled")));
    }),
    takeBack(model, button),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Take the keyboard when what had it in this form (Stop, say) has gone and left it nowhere. */
function takeBack(model, button) {
  let last = null;
  const note = (event) => { last = button.closest(".mjnb-form")?.contains(event.target) ? event.target : null; };
  const look = () => setTimeout(() => {
    const isGone = last && (!last.isConnected || last.offsetParent === null);
    if (isGone && document.activeElement === document.body) button.focus({ preventScroll: true });
  });
  document.addEventListener("focusin", note);
  model.on("change:disabled", look);
  return () => {
    document.removeEventListener("focusin", note);
    model.off("change:disabled", look);
  };
}

export default { render: renderPress };
