/** What can be done with tiles, each with its price on the button. */

import { el, plural, popup, priceText } from "./dom.js";

const MOST_UNASKED = 8; // more tasks at once are asked for again
const AGAIN_MS = 1200; // a button that was pressed rests, so that a double click does not pay twice

/**
 * Buttons for all offers on some tiles.
 *
 * @param {object} board
 * @param {number[]} ids
 * @param {number | null} picture which of a tile's pictures is meant
 * @param {string} align where menus open
 */
export function actionNodes(board, ids, picture, align = "left") {
  const offers = board.model.get("offers") ?? [];
  if (!offers.length)
    return [el("span", { class: "mjb-aside", text: "Nothing can be made from here: this board has no session." })];
  return offers
    .filter((offer) => offer.many || ids.length === 1)
    .map((offer) => offerNode(board, offer, ids, picture, align));
}

/** The tiles of a selection that an offer is good for: finished ones (but for what works on a request), each task once. */
function fitting(board, offer, ids, picture) {
  const finished = (tile) => offer.each === "tile" || (tile.state === "success" && tile.count > 0);
  const done = ids.map((id) => board.store.tiles.get(id)).filter((tile) => tile && finished(tile));
  const modes = offer.modes ?? [];
  const right = done.filter((tile) => !modes.length || !tile.labels.mode || modes.includes(tile.labels.mode));
  const able = right.filter((tile) => offer.each !== "picture" || picture === null || picture < tile.count);
  if (offer.each !== "task") return able.map((tile) => tile.id);
  const seen = new Set();
  return able
    .filter((tile) => !seen.has(tile.task || tile.id) && seen.add(tile.task || tile.id))
    .map((tile) => tile.id);
}

/** A price for some tasks: "$0.40", "$1.20 for 12"; the pretended one of the simulator says so. */
function priceFor(board, micro, count) {
  if (micro === null || micro === undefined) return "price unknown";
  const text = count > 1 ? `${priceText(micro * count)} for ${count}` : priceText(micro);
  return board.model.get("facts")?.simulated ? `${text} simulated` : text;
}

function offerNode(board, offer, ids, picture, align) {
  const fit = fitting(board, offer, ids, picture);
  const choices = offer.choices ?? [];
  if (choices.length > 1) return menuNode(board, offer, fit, picture, align);
  const [only] = choices;
  const button = el("button", { class: "mjb-button mjb-deed", title: helpFor(offer, fit) });
  button.append(...(only ? priced(offer.label, priceFor(board, only.price_micro, fit.length)) : [`${offer.label}…`]));
  button.disabled = !fit.length;
  const box = el("span", { class: "mjb-deedbox" }, button);
  button.addEventListener("click", () => press(board, { offer, choice: only ?? null, fit, picture, button, box }));
  return box;
}

const helpFor = (offer, fit) =>
  fit.length ? offer.help : `${offer.help} — not possible here: it needs a finished tile with pictures.`;

function priced(label, price) {
  return [el("span", { text: label }), " ", el("span", { class: "mjb-price", text: price })];
}

function menuNode(board, offer, fit, picture, align) {
  const button = el("button", { class: "mjb-button mjb-deed", text: `${offer.label} ▾`, title: helpFor(offer, fit) });
  button.disabled = !fit.length;
  const menu = popup(
    button,
    (close) =>
      offer.choices.map((choice) => {
        const item = el(
          "button",
          { class: "mjb-item" },
          ...priced(choice.label, priceFor(board, choice.price_micro, fit.length)),
        );
        const box = el("div", { class: "mjb-deedbox" }, item);
        item.addEventListener("click", () => press(board, { offer, choice, fit, picture, button: item, box, close }));
        return box;
      }),
    align,
  );
  return menu.node;
}

/** One press sends; for many tasks it asks once more, in place. */
function press(board, deed) {
  const { offer, choice, fit } = deed;
  if (fit.length > MOST_UNASKED && choice) return askAgain(board, deed);
  return send(board, deed, offer, choice, fit);
}

function askAgain(board, deed) {
  const { offer, choice, fit, box, button } = deed;
  const price = priceFor(board, choice.price_micro, fit.length).replace(/ for \d+/, "");
  const question = el("span", {
    class: "mjb-ask",
    role: "alert",
    text: `${offer.label} ${plural(fit.length, "tile")} for ${price}?`,
  });
  const yes = el("button", { class: "mjb-button mjb-deed", text: "Yes" });
  const no = el("button", { class: "mjb-button", text: "No" });
  const back = () => box.replaceChildren(button);
  yes.addEventListener("click", () => {
    back();
    send(board, deed, offer, choice, fit);
  });
  no.addEventListener("click", () => {
    back();
    button.focus();
  });
  box.replaceChildren(question, yes, no);
  no.focus();
}

function send(board, { picture, button, close }, offer, choice, fit) {
  const each = offer.each === "picture" ? (picture ?? 0) : null;
  board.model.send({ kind: "do", deed: offer.deed, ids: fit, picture: each, choice: choice?.value ?? null });
  button.disabled = true;
  setTimeout(() => (button.disabled = false), AGAIN_MS);
  close?.();
  if (!choice) board.leave();
}

/** Five stars that can be given and taken back. */
export function starsNode(current, give) {
  const buttons = [1, 2, 3, 4, 5].map((count) => {
    const on = count <= current;
    const button = el("button", {
      class: "mjb-star",
      text: on ? "★" : "☆",
      "aria-label": `${count} of 5 stars`,
      title: `${count} of 5 stars (${count})`,
      "aria-pressed": String(count === current),
    });
    button.addEventListener("click", () => give(count === current ? 0 : count));
    return button;
  });
  return el("span", { class: "mjb-rate", role: "group", "aria-label": "Stars" }, ...buttons);
}
