/** One tile: its pictures or what is to be said instead, and the line under it. */

import { el, ring, write } from "./dom.js";
import { ageOf, isMoving } from "./store.js";
import { nameOf, stateText } from "./words.js";

/** Make the nodes of a tile; they are filled by `fillTile`. */
export function makeTileNode(id) {
  const frame = el("div", { class: "mjb-frame", "aria-hidden": "true" });
  const spoken = el("span", { class: "mjb-spoken" });
  const strip = el("div", { class: "mjb-strip", hidden: true });
  const pick = el("span", { class: "mjb-pick", "aria-hidden": "true", title: "Select (Space)" });
  const under = el("div", { class: "mjb-under", "aria-hidden": "true" });
  const label = el("div", { class: "mjb-label", "aria-hidden": "true" });
  const node = el(
    "div",
    { class: "mjb-tile", role: "option", tabindex: "-1", "data-id": id },
    spoken,
    frame,
    strip,
    pick,
    label,
    under,
  );
  return { id, node, spoken, frame, strip, under, label, drawn: "", filled: "", planned: -1 };
}

/** Put a tile at its place and say what it is; only what has changed is touched. */
export function fillTile(nodes, cell, board, tile, look) {
  placeTile(nodes, cell);
  const { store } = board;
  const version = store.versions.get(tile.id) ?? 0;
  const filled = `${version} ${look.picture} ${cell.w}×${cell.h}`;
  if (filled !== nodes.filled) fillFrame(nodes, cell, store, tile, look.picture);
  nodes.filled = filled;
  const drawn = `${version} ${JSON.stringify(look)} ${cell.label} ${cell.index}/${cell.ids.length} ${board.named}`;
  if (drawn === nodes.drawn) return;
  nodes.drawn = drawn;
  fillUnder(nodes, cell, tile, look);
  describe(nodes, cell, board, tile, look);
}

function placeTile({ node, frame }, { x, y, w, h }) {
  node.style.transform = `translate(${x}px, ${y}px)`;
  node.style.width = `${w}px`;
  frame.style.height = `${h}px`;
}

function describe({ node, spoken, label }, cell, board, tile, look) {
  const pictures = (board.store.urls.get(tile.id) ?? []).filter(Boolean).length;
  const said = [nameOf(tile, board.columns()), stateText(tile, pictures)];
  if (look.color) said.push(`${look.colorName} ${look.color.text}`);
  said.push(...(tile.texts ?? []));
  if (tile.stars) said.push(`${tile.stars} of 5 stars`);
  if (tile.before) said.push("paid before");
  if (cell.ids.length > 1) said.push(`${cell.index + 1} of ${cell.ids.length} here`);
  write(spoken, said.join("; "));
  node.setAttribute("aria-selected", String(look.selected));
  node.setAttribute("aria-posinset", String(look.position));
  node.setAttribute("aria-setsize", String(look.total));
  node.classList.toggle("mjb-selected", look.selected);
  write(label, cell.label);
  label.title = cell.label;
  label.hidden = !cell.label;
}

function fillFrame({ node, frame, filled }, cell, store, tile, picture) {
  const urls = store.urls.get(tile.id) ?? [];
  const wanted = wantedPictures(tile, picture);
  const have = wanted.filter((index) => urls[index]);
  node.dataset.state = tile.state || "queued";
  node.classList.toggle("mjb-done", have.length > 0);
  if (!have.length) {
    frame.replaceChildren(insteadOf(store, tile, cell));
    frame.style.gridTemplateColumns = "1fr";
    return;
  }
  frame.style.gridTemplateColumns = wanted.length > 1 ? "1fr 1fr" : "1fr";
  // Pictures that come while one looks fade in; those of a tile that is scrolled to are there.
  frame.classList.toggle("mjb-new", filled !== "" && !frame.querySelector("img"));
  const old = new Map([...frame.querySelectorAll("img")].map((img) => [img.src, img]));
  frame.replaceChildren(...wanted.map((index) => thumb(urls[index], index, old)));
  if (isMoving(tile)) frame.append(clipMark(have.length));
}

/** What stands where there is no picture: a text, a clip without a still one, one that is coming, or the state. */
function insteadOf(store, tile, cell) {
  if (tile.texts?.length) return wordsNode(tile.texts);
  if (tile.state !== "success" || tile.word) return sayState(store, tile, cell);
  return isMoving(tile) ? clipMark(tile.count) : comingNode();
}

/** An answer in words, each clamped. */
function wordsNode(texts) {
  const each = texts.map((text) => el("span", { class: "mjb-answer", text }));
  return el("span", { class: texts.length > 1 ? "mjb-answers" : "mjb-answers mjb-one", dir: "auto" }, ...each);
}

/** The mark over a still picture that stands for a clip. */
const clipMark = (count) => el("span", { class: "mjb-clip", text: count > 1 ? `▶ ${count} clips` : "▶ clip" });

function thumb(url, index, old) {
  if (!url) return el("span", { class: "mjb-coming" });
  return old.get(url) ?? el("img", { src: url, alt: "", draggable: "false", "data-picture": index, decoding: "async" });
}

/** The indices of the pictures of a tile that a view shows. */
function wantedPictures(tile, picture) {
  const count = Math.max(1, tile.count);
  if (picture === null || count === 1) return [...Array(Math.min(4, count)).keys()];
  return [Math.min(picture, count - 1)];
}

const comingNode = () => el("span", { class: "mjb-coming" });

/** A state as a mark and a word, with its reason. */
export function sayState(store, tile, { w, h }) {
  const running = tile.state === "pending" || tile.state === "processing";
  const small = w < 88 || h < 60;
  const mark = running
    ? ring(tile.span, ageOf(store, tile), tile.progress)
    : el("span", { class: "mjb-mark", text: tile.mark || "○", "aria-hidden": "true" });
  const told = tile.progress !== null && tile.progress !== undefined;
  const word = el("span", { class: "mjb-word", text: `${tile.word || "queued"}${told ? ` ${tile.progress} %` : ""}` });
  const note = tile.note && !small ? el("span", { class: "mjb-note", text: tile.note }) : null;
  return el(
    "span",
    { class: "mjb-says", title: tile.note || null },
    el("span", { class: "mjb-state" }, mark, word),
    note,
  );
}

function fillUnder({ node, strip, under }, cell, tile, look) {
  strip.hidden = !look.color;
  if (look.color) strip.style.background = look.color.color;
  const parts = [];
  if (tile.before) parts.push(el("span", { text: "✓", title: "paid before" }));
  if (look.mixed && tile.simulated) parts.push(el("span", { text: "simulated" }));
  for (const text of [look.color && `${look.color.mark} ${look.color.text}`.trim(), look.sortText]) {
    if (text) parts.push(el("span", { class: "mjb-value", text, title: text }));
  }
  if (tile.stars && !look.starsTold)
    parts.push(el("span", { class: "mjb-stars", text: "★".repeat(tile.stars), title: `${tile.stars} of 5 stars` }));
  if (cell.ids.length > 1) parts.push(turnNode(cell));
  under.replaceChildren(...parts);
}

/** "1 of 3", with marks that step through what stands in one place; keys do the same with [ and ]. */
function turnNode(cell) {
  const step = (by, text) =>
    el("span", {
      class: "mjb-step",
      "data-turn": by,
      text,
      title: by < 0 ? "The one before ( [ )" : "The next one ( ] )",
    });
  return el("span", { class: "mjb-turns" }, step(-1, "‹"), `${cell.index + 1} of ${cell.ids.length}`, step(1, "›"));
}
