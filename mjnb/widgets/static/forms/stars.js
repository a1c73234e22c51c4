/** Zero to five stars as a group of radio buttons; pressing the given number again takes them back. */
import { make, unique } from "./dom.js";

export function makeStars(model, parent, most) {
  const group = make("span", "mjnb-stars", parent);
  group.setAttribute("role", "radiogroup");
  group.setAttribute("aria-label", "stars");
  const name = unique("stars");
  const radios = Array.from({ length: most }, (_, i) => {
    const label = make("label", "mjnb-star", group);
    const radio = make("input", "", label);
    Object.assign(radio, { type: "radio", name });
    radio.setAttribute("aria-label", `${i + 1} of ${most} stars`);
    const mark = make("span", "", label);
    mark.setAttribute("aria-hidden", "true");
    radio.addEventListener("change", () => model.send({ stars: i + 1 }));
    radio.addEventListener("click", () => { if (model.get("stars") === i + 1) model.send({ stars: 0 }); });
    return { radio, mark };
  });
  return () => radios.forEach(({ radio, mark }, i) => {
    mark.textContent = i < model.get("stars") ? "★" : "☆";
    radio.checked = model.get("stars") === i + 1;
  });
}
