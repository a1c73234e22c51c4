/** A shelf of small pictures, each a button; pictures come as bytes once and are kept with the model. */
import { follow, make, makeRoot, press } from "./dom.js";

const PAUSE_MS = 200;

function shelf() {
  /** Object URLs by item. @type {Map<string, string>} */
  const urls = new Map();
  return {
    initialize({ model }) {
      model.on("msg:custom", (message, buffers) => {
        (message.pictures ?? []).forEach((id, i) => {
          if (!urls.has(id)) urls.set(id, URL.createObjectURL(new Blob([buffers[i]])));
        });
      });
      model.send("ready");
      return () => urls.forEach((url) => URL.revokeObjectURL(url));
    },
    render: ({ model, el }) => renderShelf(model, el, urls),
  };
}

function renderShelf(model, el, urls) {
  const root = makeRoot(el, "mjnb-shelf");
  make("div", "mjnb-label", root, model.get("title"));
  if (model.get("searchable")) makeSearch(model, root);
  const list = make("ul", "mjnb-items", root);
  list.setAttribute("aria-label", model.get("title"));
  const empty = make("div", "mjnb-help", root);
  const error = make("div", "mjnb-error", root);
  error.setAttribute("role", "alert");
  const more = press(root, "Show more", "Read further back in the ledger", () => model.send("more"));
  const draw = () => {
    const held = list.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    list.replaceChildren();
    model.get("items").forEach((item) => makeItem(model, list, item, urls));
    if (held) [...list.querySelectorAll("button")].find((one) => held.endsWith(one.dataset.key))?.focus({ preventScroll: true });
    empty.textContent = model.get("empty");
    error.textContent = model.get("error");
    more.hidden = !model.get("has_more");
  };
  const stop = follow(model, ["items", "empty", "error", "has_more"], draw);
  const onPictures = () => list.querySelectorAll("[data-id]").forEach((node) => picture(node, urls));
  model.on("msg:custom", onPictures);
  return () => {
    stop();
    model.off("msg:custom", onPictures);
  };
}

function makeSearch(model, root) {
  const box = make("input", "mjnb-line-box", root);
  Object.assign(box, { type: "search", placeholder: "filter by words, mode or id" });
  box.setAttribute("aria-label", "filter");
  let timer = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => model.send({ search: box.value }), PAUSE_MS);
  });
}

function makeItem(model, list, item, urls) {
  const node = make("li", "mjnb-item", list);
  const button = make("button", "", node);
  Object.assign(button, { type: "button", disabled: Boolean(item.reason), title: item.reason || item.title });
  button.dataset.key = item.id;
  const frame = make("span", "mjnb-thumb", button);
  frame.dataset.id = item.id;
  picture(frame, urls);
  if (item.mark) make("span", "mjnb-thumb-mark", frame, item.mark);
  const words = make("span", "mjnb-words", button);
  make("span", "mjnb-title", words, item.title);
  if (item.said) make("span", "mjnb-said-short", words, item.said);
  make("span", "mjnb-facts", words, item.facts);
  if (item.stars) make("span", "mjnb-facts", words, "★".repeat(item.stars)).setAttribute("aria-label", `${item.stars} stars`);
  button.addEventListener("click", () => model.send({ pick: item.id }));
  if (!item.fetch) return;
  const fetch = press(node, "Fetch", "Wait for this task and fetch its pictures; costs nothing", () => model.send({ fetch: item.id }));
  fetch.dataset.key = `fetch ${item.id}`;
  fetch.setAttribute("aria-label", `Fetch ${item.title}`);
}

function picture(frame, urls) {
  const url = urls.get(frame.dataset.id);
  if (!url || frame.querySelector("img")) return;
  const img = document.createElement("img");
  img.alt = "";
  img.src = url;
  frame.prepend(img);
}

export default shelf;
