/** A finished task: what came before it, its pictures, clips or words, and what can be done with each. */
import { follow, make, makeRoot, press } from "./dom.js";
import { isRefused, makeActions, makeRefused } from "./actions.js";
import { makeAnswer } from "./answer.js";
import { makeClip, playWanted } from "./clip.js";
import { makeStars } from "./stars.js";
import { openLarge } from "./large.js";

function result() {
  /** Object URLs: thumbnails and, once looked at, large ones and clips. */
  const kept = { thumbs: [], large: new Map(), clips: new Map() };
  const link = (data, type = "") => (data?.byteLength ? URL.createObjectURL(new Blob([data], { type })) : "");
  return {
    initialize({ model }) {
      model.on("msg:custom", (message, buffers) => {
        if ("pictures" in message) kept.thumbs = buffers.map((data) => link(data));
        if ("large" in message) kept.large.set(message.large, link(buffers[0]));
        if ("clip" in message) kept.clips.set(message.clip, link(buffers[0], message.type));
      });
      model.send("ready");
      return () => [...kept.thumbs, ...kept.large.values(), ...kept.clips.values()].forEach((url) => URL.revokeObjectURL(url));
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
  const offered = facts.actions.filter((one) => !isRefused(one));
  const each = offered.filter((one) => one.per);
  makeAnswer(root, facts, (row, i) => makeActions(model, row, each, i, "text"));
  const frames = makePictures(model, root, facts, kept, each);
  const whole = offered.filter((one) => !one.per);
  if (whole.length) makeActions(model, make("div", "mjnb-actions mjnb-whole", root), whole, 0, "");
  makeRefused(root, facts.actions);
  const error = make("div", "mjnb-error", root);
  error.setAttribute("role", "alert");
  const fill = () => frames.forEach((frame, i) => show(frame, kept.thumbs[i]));
  const onMessage = (message) => {
    if ("pictures" in message) fill();
    if ("clip" in message) playWanted(root, kept);
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

function makePictures(model, root, facts, kept, actions) {
  if (!facts.sizes.length) return [];
  const grid = make("div", `mjnb-pictures mjnb-count-${Math.min(4, facts.sizes.length)}`, root);
  return facts.sizes.map((_, i) => {
    const cell = make("div", "mjnb-picture", grid);
    const isClip = Boolean(facts.clips[i]);
    const frame = isClip ? makeClip(model, cell, facts, kept, i) : makePicture(model, cell, facts, kept, i);
    makeActions(model, make("div", "mjnb-actions", cell), actions, i, isClip ? "clip" : "picture");
    return frame;
  });
}

function makePicture(model, cell, facts, kept, i) {
  const [width, height] = facts.sizes[i];
  const frame = make("button", "mjnb-picture-frame", cell);
  frame.type = "button";
  frame.setAttribute("aria-label", `picture ${i}, look at it in large`);
  frame.style.aspectRatio = `${width} / ${height}`;
  frame.addEventListener("click", () => openLarge(model, kept, facts, i));
  return frame;
}

function show(frame, url) {
  if (!url || frame.querySelector("img")) return;
  const img = document.createElement("img");
  img.alt = "";
  img.src = url;
  frame.prepend(img);
}

export default result;
