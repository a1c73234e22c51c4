/** A list of picture URLs: typed, taken from the ledger, or uploaded where the gateway takes that. */
import { make, press } from "./dom.js";

export function makeLinks(place) {
  const { model, spec, body, reading, help, labelled, id, get, set } = place;
  body.setAttribute("role", "group");
  body.setAttribute("aria-labelledby", labelled);
  const list = make("ul", "mjnb-links", body);
  const add = (url) => set([...(spec.high === 1 ? [] : (get() ?? [])), url]);
  const row = make("div", "mjnb-number", body);
  const box = make("input", "mjnb-line-box", row);
  Object.assign(box, { type: "url", placeholder: "https://… .jpg", id });
  box.setAttribute("aria-label", `${spec.label}: URL to add`);
  box.setAttribute("aria-describedby", `${help.id} ${id}-error`);
  const take = () => {
    if (box.value.trim()) add(box.value.trim());
    box.value = "";
  };
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") take(); });
  box.addEventListener("change", take);
  press(row, "Add", "Add this URL", take);
  makeWays(place, body, add);
  return () => {
    const urls = get() ?? [];
    reading.textContent = urls.length ? `${urls.length} picture${urls.length > 1 ? "s" : ""}` : "";
    list.replaceChildren();
    const remove = (i) => {
      set(urls.filter((_, other) => other !== i));
      box.focus(); // the button that was pressed has gone
    };
    urls.forEach((url, i) => showLink(list, url, i, () => remove(i)));
  };
}

function makeWays({ model, spec }, body, add) {
  const row = make("div", "mjnb-ways", body);
  const ledger = press(row, "From the ledger…", spec.ledger || spec.tip, () => model.send("ledger"));
  const upload = press(row, "Upload…", spec.upload || "Take a picture from this computer", () => file.click());
  const file = make("input", "", row);
  Object.assign(file, { type: "file", accept: "image/jpeg,image/png,image/webp", hidden: true });
  file.addEventListener("change", () => readFile(file, add));
  for (const [node, why] of [[ledger, spec.ledger], [upload, spec.upload]]) {
    node.dataset.off = String(Boolean(why));
    node.disabled = Boolean(why);
  }
  for (const text of new Set([spec.upload, spec.ledger, spec.tip].filter(Boolean))) make("div", "mjnb-way", row, text);
}

function readFile(file, add) {
  const [chosen] = file.files;
  if (!chosen) return;
  const reader = new FileReader();
  reader.onload = () => add(String(reader.result));
  reader.readAsDataURL(chosen);
  file.value = "";
}

function showLink(list, url, i, remove) {
  const item = make("li", "mjnb-link", list);
  make("span", "mjnb-url", item, url).title = url;
  const away = press(item, "×", "Take this picture away", remove);
  away.setAttribute("aria-label", `Remove picture ${i + 1}`);
}
