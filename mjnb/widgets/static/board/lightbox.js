/** One picture, large, with all that is known of it; arrows walk along the axes of the board. */

import { makeDetails } from "./details.js";
import { el, isField, write } from "./dom.js";
import { makeLines } from "./head.js";
import { answersNode, clipNode, showClip } from "./answers.js";
import { askLarge, bestPicture, isMoving, rate } from "./store.js";
import { sayState } from "./tile.js";
import { nameOf } from "./words.js";
import { lensStyle, listenZoom, makeLens, zoomButtons, zoomKey } from "./zoom.js";

const PATIENCE_MS = 1500;
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

/** Make the lightbox of a board; `open` shows a tile, `update` what has changed of it. */
export function makeLightbox(board) {
  const box = { id: null, picture: 0, from: null, lens: makeLens(), timer: 0 };
  const lightbox = {
    reference: () => referenceOf(board, box),
    go: (id, picture) => goTo(board, box, lightbox, id, picture),
    open: (id, picture) => openBox(board, box, nodes, lightbox, id, picture),
    update: () => showBox(board, box, nodes, lightbox),
    close: () => nodes.dialog.open && nodes.dialog.close(),
    stop: () => clearTimeout(box.timer),
  };
  const nodes = boxNodes(board, box, lightbox);
  lightbox.node = nodes.dialog;
  box.lens.shows.add((lens) => (nodes.image.style.transform = lensStyle(lens)));
  listenZoom(nodes.stage, box.lens);
  nodes.dialog.addEventListener("close", () => {
    lightbox.stop();
    showClip(nodes.clip, "", "");
    nodes.details.leave();
    board.back(box.id);
  });
  nodes.dialog.addEventListener("keydown", (event) => boxKey(event, board, box, nodes.stage, lightbox));
  return lightbox;
}

function boxNodes(board, box, lightbox) {
  const image = el("img", { class: "mjb-large", alt: "", draggable: "false" });
  const clip = clipNode();
  const answers = el("div", { class: "mjb-largetexts", hidden: true });
  const says = el("div", { class: "mjb-largesays" });
  const wait = el("div", { class: "mjb-wait", role: "status" });
  const stage = el(
    "div",
    { class: "mjb-stage", tabindex: "0", role: "group", "aria-label": "Picture; arrows walk over the board" },
    image,
    clip.node,
    answers,
    says,
    wait,
  );
  const fours = el("div", { class: "mjb-fours", role: "group", "aria-label": "Pictures of this tile" });
  const tools = el(
    "div",
    { class: "mjb-toolrow" },
    fours,
    el("span", { class: "mjb-spring" }),
    el("span", { class: "mjb-zooms" }, ...zoomButtons(box.lens, stage)),
  );
  const lines = makeLines(board);
  const details = makeDetails(board, {
    open: (id) => lightbox.go(id, null),
    compare: () => board.compare(lightbox.reference()?.tile.id, box.id),
    close: lightbox.close,
  });
  const right = el("div", { class: "mjb-right" }, lines.node, details.node);
  const dialog = el(
    "dialog",
    { class: "mjb-box", "aria-label": "Tile" },
    el("div", { class: "mjb-left" }, stage, tools),
    right,
  );
  return { image, clip, answers, says, wait, stage, tools, fours, lines, details, dialog };
}

function openBox(board, box, { dialog, stage, details }, lightbox, id, picture) {
  Object.assign(box, { id, from: null, picture: 0 });
  box.lens.fit();
  if (!dialog.open) dialog.showModal();
  lightbox.go(id, picture ?? board.view().picture ?? 0);
  details.node.scrollTop = 0;
  stage.focus();
}

function goTo(board, box, lightbox, id, picture) {
  if (id === null || id === undefined || !board.store.tiles.has(id)) return;
  if (id !== box.id) box.from = box.id;
  const { count } = board.store.tiles.get(id);
  Object.assign(box, { id, picture: Math.min(picture ?? box.picture, Math.max(0, count - 1)) });
  board.focusOn(id);
  lightbox.update();
}

function showBox(board, box, nodes, lightbox) {
  const tile = board.store.tiles.get(box.id);
  if (!nodes.dialog.open) return;
  if (!tile) return nodes.dialog.close();
  askLarge(board.store, box.id, box.picture);
  nodes.dialog.setAttribute("aria-label", nameOf(tile, board.columns()));
  showPicture(board, box, nodes, tile);
  showFours(board, box, nodes.fours, tile, (picture) => lightbox.go(tile.id, picture));
  nodes.details.show(tile, box.picture, lightbox.reference());
  nodes.lines.update();
  showWait(board, box, nodes.wait, lightbox.update);
}

/** What a tile is compared with: where one came from, else the other one selected, else the board's first. */
function referenceOf(board, box) {
  const { tiles } = board.store;
  if (tiles.has(box.from) && box.from !== box.id) return { tile: tiles.get(box.from), called: "the one before" };
  const others = [...board.selected()].filter((id) => id !== box.id && tiles.has(id));
  if (others.length === 1) return { tile: tiles.get(others[0]), called: "the selected one" };
  const first = tiles.get(board.plan.order[0]);
  return first && first.id !== box.id ? { tile: first, called: "the first" } : null;
}

function showPicture(board, box, nodes, tile) {
  const { image, says } = nodes;
  const { url, large, clip, problem } = bestPicture(board.store, tile.id, box.picture);
  const texts = tile.texts ?? [];
  showAnswers(nodes, tile);
  nodes.tools.classList.toggle("mjb-still", isMoving(tile) || texts.length > 0);
  showClip(nodes.clip, clip, url, `${nameOf(tile, board.columns())}, clip ${box.picture}`);
  image.hidden = !url || Boolean(clip);
  if (url && image.getAttribute("src") !== url) image.src = url;
  image.alt = url ? `${nameOf(tile, board.columns())}, picture ${box.picture}` : "";
  image.classList.toggle("mjb-soft", Boolean(url) && !large);
  image.style.aspectRatio = `${tile.aspect[0]} / ${tile.aspect[1]}`;
  says.hidden = (Boolean(url || clip) || texts.length > 0) && !problem;
  if (says.hidden) return;
  if (problem) says.textContent = problem;
  else says.replaceChildren(sayState(board.store, tile, { w: 400, h: 400 }));
}

/** Write the words of an answer anew only where they have changed, so that what is being read or copied stays. */
function showAnswers({ answers }, { id, texts = [] }) {
  const now = JSON.stringify([id, texts]);
  answers.hidden = !texts.length;
  if (answers.dataset.now === now) return;
  answers.dataset.now = now;
  answers.replaceChildren(...(texts.length ? [answersNode(texts)] : []));
}

function showFours(board, box, fours, tile, pick) {
  const urls = board.store.urls.get(tile.id) ?? [];
  const now = JSON.stringify([tile.id, [...urls], box.picture]);
  if (fours.dataset.now === now) return;
  fours.dataset.now = now;
  const had = fours.contains(document.activeElement);
  fours.hidden = tile.count < 2 || !(urls.length || isMoving(tile));
  const thing = isMoving(tile) ? "Clip" : "Picture";
  const button = (url, index) => {
    const node = el("button", {
      class: "mjb-four",
      "aria-label": `${thing} ${index}`,
      title: `${thing} ${index} ( , and . )`,
      "aria-pressed": String(index === box.picture),
    });
    node.append(url ? el("img", { src: url, alt: "" }) : el("span", { text: String(index) }));
    node.addEventListener("click", () => pick(index));
    return node;
  };
  fours.replaceChildren(...Array.from({ length: tile.count }, (_, index) => button(urls[index], index)));
  if (had) fours.children[box.picture]?.focus();
}

/** Say that the kernel is busy, but only once it has been for a while. */
function showWait(board, box, wait, update) {
  clearTimeout(box.timer);
  const asked = board.store.asked.get(`${box.id}:${box.picture}`);
  const age = asked === undefined ? 0 : performance.now() - asked;
  write(wait, age > PATIENCE_MS ? "waiting for the kernel" : "");
  if (asked !== undefined && age <= PATIENCE_MS) box.timer = setTimeout(update, PATIENCE_MS - age + 20);
}

function boxKey(event, board, box, stage, { go, reference }) {
  if (isField(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const tile = board.store.tiles.get(box.id);
  if (!tile) return;
  const { key } = event;
  const panel = event.target.closest(".mjb-panel");
  if (panel && !event.shiftKey && (key in ARROWS || key.startsWith("Page"))) return;
  if (event.target.closest("button, video") && event.key === " ") return;
  if (event.key === " ") {
    const video = stage.querySelector("video[src]");
    if (video) (video.paused ? video.play() : Promise.resolve(video.pause()))?.catch(() => {});
    return event.preventDefault();
  }
  if (event.target.closest("video") && key in ARROWS) return;
  if (!isMoving(tile) && zoomKey(event, box.lens, stage)) return event.preventDefault();
  if (key in ARROWS) go(board.beside(box.id, ARROWS[key])?.id);
  else if (key === "PageDown" || key === "PageUp") go(board.aside(box.id, key === "PageDown" ? 1 : -1));
  else if (/^[,.[\]]$/.test(key))
    go(box.id, (box.picture + (key === "." || key === "]" ? 1 : tile.count - 1)) % tile.count);
  else if (/^[0-5]$/.test(key)) rate(board.store, [box.id], Number(key));
  else if (key === "s") board.toggleStar([box.id]);
  else if (key === "c") board.compare(reference()?.tile.id, box.id);
  else if (key === "?") board.help();
  else return;
  event.preventDefault();
}
