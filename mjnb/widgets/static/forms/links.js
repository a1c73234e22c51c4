/** A list of pictures: URLs that are typed, pictures of the ledger, and files where the gateway takes such. */
import { make, press } from "./dom.js";

const LOCAL = /^file:[0-9a-f]{64}\.(\w+)$/;

export function makeLinks(place) {
  const { model, spec, body, reading, help, labelled, id, get, set, kept } = place;
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
  makeWays(place, body);
  model.send("ready");
  return () => {
    const urls = get() ?? [];
    reading.textContent = urls.length ? `${urls.length} picture${urls.length > 1 ? "s" : ""}` : "";
    list.replaceChildren();
    const remove = (i) => {
      set(urls.filter((_, other) => other !== i));
      box.focus(); // the button that was pressed has gone
    };
    urls.forEach((url, i) => showLink(list, String(url), i, kept, () => remove(i)));
  };
}

function makeWays({ model, spec }, body) {
  const row = make("div", "mjnb-ways", body);
  const ledger = press(row, "From the ledger…", spec.ledger || spec.tip, () => model.send("ledger"));
  const upload = press(row, "Upload…", spec.upload || "Take a picture of this computer; it is handed over when the request is sent", () => file.click());
  const file = make("input", "", row);
  Object.assign(file, { type: "file", accept: "image/jpeg,image/png,image/webp", hidden: true, tabIndex: -1 });
  file.setAttribute("aria-label", `${spec.label}: file to upload`);
  file.addEventListener("change", () => handOver(model, file));
  for (const [node, why] of [[ledger, spec.ledger], [upload, spec.upload]]) {
    node.dataset.off = String(Boolean(why));
    node.disabled = Boolean(why);
  }
  for (const text of new Set([spec.upload, spec.ledger, spec.tip].filter(Boolean))) make("div", "mjnb-way", row, text);
}

/** Send the file's bytes to the kernel, which keeps them. */
async function handOver(model, file) {
  const [chosen] = file.files;
  if (!chosen) return;
  const data = await chosen.arrayBuffer();
  file.value = "";
  model.send({ file: chosen.name }, undefined, [data]);
}

function showLink(list, url, i, kept, remove) {
  const item = make("li", "mjnb-link", list);
  const frame = make("span", "mjnb-link-thumb", item);
  frame.dataset.url = url;
  showThumb(frame, kept);
  const local = LOCAL.exec(url);
  make("span", "mjnb-url", item, local ? `${local[1].toUpperCase()} of this computer` : url).title = url;
  const away = press(item, "×", "Take this picture away", remove);
  away.setAttribute("aria-label", `Remove picture ${i + 1}`);
}

export function showThumb(frame, kept) {
  const url = kept.thumbs.get(frame.dataset.url);
  if (!url || frame.firstChild) return;
  const img = make("img", "", frame);
  img.alt = "";
  img.src = url;
}
