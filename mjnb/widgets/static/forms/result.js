/**
 * A finished task: what came before it, its pictures, and what can be done with each.
 *
 * @typedef {{name: string, group: string, label: string, per: boolean, opens: boolean, price: string}} Action
 */
import { follow, make, makeRoot, press } from "./dom.js";
import { makeStars } from "./stars.js";
import { openLarge } from "./large.js";

function result() {
  /** Object URLs: thumbnails and, once looked at, large ones. */
  const kept = { thumbs: [], large: new Map() };
  const link = (data) => (data?.byteLength ? URL.createObjectURL(new Blob([data])) : "");
  return {
    initialize({ model }) {
      model.on("msg:custom", (message, buffers) => {
        if ("pictures" in message) kept.thumbs = buffers.map(link);
        if ("large" in message) kept.large.set(message.large, link(buffers[0]));
      });
      model.send("ready");
      return () => [...kept.thumbs, ...kept.large.values()].forEach((url) => URL.revokeObjectURL(url));
    },
    render: ({ model, el }) => renderResult(model, el, kept),
  };
}

function renderResult(model, el, kept) {
  const facts = model.get("facts");
  const root = makeRoot(el, "mjnb-result");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", facts.title);
  root.tabIndex = -1;
  makePath(model, root, facts);
  make("div", "mjnb-title", root, facts.title);
  const line = make("div", "mjnb-facts-line", root);
  make("span", "", line, facts.line);
  const stars = makeStars(model, line, facts.most_stars);
  const frames = makePictures(model, root, facts, kept);
  const whole = facts.actions.filter((one) => !one.per);
  if (whole.length) makeActions(model, make("div", "mjnb-actions", root), whole, 0);
  const error = make("div", "mjnb-error", root);
  error.setAttribute("role", "alert");
  const fill = () => frames.forEach((frame, i) => show(frame, kept.thumbs[i]));
  const onMessage = (message) => {
    if ("pictures" in message) fill();
    if ("focus" in message) reveal(root);
  };
  model.on("msg:custom", onMessage);
  fill();
  const stops = [
    follow(model, ["stars"], stars),
    follow(model, ["busy", "error"], () => {
      error.textContent = model.get("error");
      root.querySelectorAll("[data-pays]").forEach((node) => node.setAttribute("aria-disabled", String(model.get("busy"))));
    }),
  ];
  return () => {
    stops.forEach((stop) => stop());
    model.off("msg:custom", onMessage);
  };
}

function reveal(root) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  root.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  if (!document.activeElement?.matches("input, textarea, select")) root.focus({ preventScroll: true }); // nobody types
}

/** The way from the first request to this one; every step before it is a button. */
function makePath(model, root, facts) {
  if (facts.path.length < 2) return;
  const nav = make("nav", "mjnb-path", root);
  nav.setAttribute("aria-label", "where these pictures come from");
  facts.path.forEach((one, i) => {
    if (i) make("span", "mjnb-arrow", nav, "▸").setAttribute("aria-hidden", "true");
    if (i === facts.path.length - 1) make("span", "mjnb-here", nav, one.label).setAttribute("aria-current", "true");
    else press(nav, one.label, `Show ${one.id}`, () => model.send({ walk: one.id }));
  });
}

function makePictures(model, root, facts, kept) {
  const grid = make("div", `mjnb-pictures mjnb-count-${Math.min(4, facts.sizes.length)}`, root);
  const actions = facts.actions.filter((one) => one.per);
  return facts.sizes.map(([width, height], i) => {
    const cell = make("div", "mjnb-picture", grid);
    const frame = make("button", "mjnb-picture-frame", cell);
    frame.type = "button";
    frame.setAttribute("aria-label", `picture ${i}, look at it in large`);
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.addEventListener("click", () => openLarge(model, kept, facts, i));
    makeActions(model, make("div", "mjnb-actions", cell), actions, i);
    return frame;
  });
}

function show(frame, url) {
  if (!url || frame.querySelector("img")) return;
  const img = make("img", "", frame);
  img.alt = "";
  img.src = url;
}

/** One button for a mode with one way, a fold with buttons for a mode with several. */
function makeActions(model, row, actions, index) {
  const groups = Map.groupBy ? Map.groupBy(actions, (one) => one.group) : grouped(actions);
  for (const [name, some] of groups) {
    if (some.length === 1) makeAction(model, row, some[0], index, some[0].label);
    else makeFold(model, row, name, some, index);
  }
}

function grouped(actions) {
  const groups = new Map();
  actions.forEach((one) => groups.set(one.group, [...(groups.get(one.group) ?? []), one]));
  return groups;
}

function makeFold(model, row, name, actions, index) {
  const fold = make("details", "mjnb-menu", row);
  const summary = make("summary", "mjnb-press", fold, name);
  summary.setAttribute("aria-label", `${name} picture ${index}`);
  const menu = make("div", "mjnb-menu-items", fold);
  actions.forEach((one) => makeAction(model, menu, one, index, one.label).addEventListener("click", () => shut()));
  const shut = () => {
    fold.open = false;
    summary.focus();
  };
  fold.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  fold.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !fold.contains(event.relatedTarget)) fold.open = false;
  });
}

function makeAction(model, row, action, index, text) {
  const where = action.per ? ` picture ${index}` : "";
  const tip = action.opens ? `Open a form for ${action.group} with this picture; nothing is sent yet` : `${action.name}${where} · ${action.price}`;
  const button = press(row, text, tip, () => {
    if (action.opens || !model.get("busy")) model.send({ press: action.name, index });
  });
  if (where) make("span", "mjnb-spoken", button, where);
  if (!action.opens) {
    button.append(" ");
    make("span", "mjnb-price", button, action.price);
    button.dataset.pays = "";
  }
  return button;
}

export default result;
