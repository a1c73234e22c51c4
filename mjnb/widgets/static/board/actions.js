/** What can be done with tiles, each with its price on the button. */

import { el, plural, popup, refill, write } from "./dom.js";
import { fitting, reasonAgainst, totalText } from "./offers.js";
import { isLate, isResting, sendDeed } from "./waiting.js";

const MOST_UNASKED = 8; // more tasks at once are asked for again
const NO_SESSION = "Nothing can be made from here: this board has no session.";
const NO_TILE = "not possible here: it needs a finished tile with pictures.";

/**
 * Make the buttons for what can be done. `update` shows them for some tiles; a button stays the same node as long as
 * there is such an offer, so that nothing goes away under a pointer while a run is live.
 *
 * @param {object} board
 * @param {string} align where menus open
 */
export function makeActions(board, align = "left") {
  const buttons = el("span", { class: "mjb-deeds" });
  const why = el("span", { class: "mjb-aside mjb-against" });
  const late = el("span", { class: "mjb-aside mjb-late", role: "status" });
  const area = { board, align, buttons, controls: [], shape: "", about: "" };
  const update = (ids, picture) => {
    const offers = (board.model.get("offers") ?? []).filter((offer) => offer.many || ids.length === 1);
    showControls(area, offers, ids, picture);
    write(why, board.model.get("offers")?.length ? reasonAgainst(board, ids) : NO_SESSION);
    write(late, isLate(board.store, ids) ? "sent; waiting for the kernel" : "");
  };
  return { nodes: [buttons, why, late], update, withdraw: () => withdrawAll(area) };
}

/** Close every menu and take every question back. */
const withdrawAll = ({ controls }) => controls.forEach((control) => control.withdraw());

/** Show offers; an open menu or question keeps what it was opened with, unless that is about other tiles now. */
function showControls(area, offers, ids, picture) {
  const about = JSON.stringify([ids, picture]);
  if (about !== area.about) withdrawAll(area);
  area.about = about;
  const shape = JSON.stringify(
    offers.map(({ deed, label, choices }) => [deed, label, (choices ?? []).map(nameOfChoice)]),
  );
  if (shape !== area.shape && !area.controls.some((control) => control.isOpen())) {
    area.shape = shape;
    area.controls = offers.map((offer) => makeControl(area.board, offer, area.align));
    refill(
      area.buttons,
      area.controls.map((control) => control.node),
    );
  }
  for (const control of area.controls) {
    const offer = offers.find(({ deed }) => deed === control.deed);
    if (offer && !control.isOpen()) control.show(offer, ids, picture);
    control.rest();
  }
}

const nameOfChoice = ({ value, label }) => [value, label];

/** One offer: a button with a price, or with a menu of choices, each with its own. */
function makeControl(board, offer, align) {
  const control = { board, deed: offer.deed, offer, fit: [], picture: null, items: [] };
  const many = (offer.choices ?? []).length > 1;
  const made = many ? menuControl(control, align) : plainControl(control);
  return Object.assign(control, made, { rest: () => control.items.forEach((item) => item.rest()) });
}

function plainControl(control) {
  const item = makeItem(control, 0, "mjb-button mjb-deed", "span");
  control.items = [item];
  const show = (...given) => {
    aim(control, item.button, ...given);
    item.show();
  };
  return { node: item.box, show, isOpen: item.isAsking, withdraw: item.withdraw };
}

function menuControl(control, align) {
  const button = el("button", { class: "mjb-button mjb-deed", text: `${control.offer.label} ▾` });
  const fill = (close) => {
    control.items = control.offer.choices.map((_, at) => makeItem(control, at, "mjb-item", "div", close));
    control.items.forEach((item) => item.show());
    return control.items.map((item) => item.box);
  };
  const menu = popup(button, fill, align, () => control.board.changed());
  const show = (...given) => aim(control, button, ...given);
  return { node: menu.node, show, isOpen: () => !menu.panel.hidden, withdraw: menu.close };
}

/** Point a control at tiles; where it is good for none, its button says why. */
function aim(control, button, offer, ids, picture) {
  const fit = fitting(control.board, offer, ids, picture);
  Object.assign(control, { offer, picture, fit });
  button.title = fit.length ? offer.help : `${offer.help} — ${reasonAgainst(control.board, ids) || NO_TILE}`;
  button.disabled = !fit.length;
}

/** A button that does a deed at once; `control` says with what. */
function makeItem(control, at, css, tag, close) {
  const label = el("span", {});
  const price = el("span", { class: "mjb-price" });
  const button = el("button", { class: css }, label, " ", price);
  const box = el(tag, { class: "mjb-deedbox" }, button);
  const item = { control, at, button, box, close };
  item.isAsking = () => !button.isConnected && box.isConnected;
  item.withdraw = () => withdrawItem(item);
  item.show = () => showItem(item, label, price);
  item.rest = () => button.setAttribute("aria-disabled", String(isResting(control.board.store, deedOf(item))));
  button.addEventListener("click", () => pressItem(item));
  item.rest();
  return item;
}

/** Take a question back, if there is one; the focus does not go with it. */
function withdrawItem({ button, box, isAsking }) {
  if (!isAsking()) return;
  const had = box.contains(document.activeElement);
  box.replaceChildren(button);
  if (had) button.focus();
}

const choiceOf = ({ control, at }) => control.offer.choices?.[at] ?? null;

/** What a press would send. */
function deedOf(item) {
  const { offer, fit, picture } = item.control;
  const each = offer.each === "picture" ? (picture ?? 0) : null;
  return { deed: offer.deed, ids: fit, picture: each, choice: choiceOf(item)?.value ?? null };
}

function showItem(item, label, price) {
  const { board, offer, fit } = item.control;
  const choice = choiceOf(item);
  const alone = (offer.choices ?? []).length < 2;
  write(label, alone ? (choice ? offer.label : `${offer.label}…`) : choice.label);
  write(price, choice ? totalText(board, offer, choice, fit) : "");
  price.hidden = !price.textContent;
}

/** One press sends; for many tasks it asks once more, in place. */
function pressItem(item) {
  const { board, fit } = item.control;
  if (isResting(board.store, deedOf(item))) return;
  if (fit.length > MOST_UNASKED && choiceOf(item)) askAgain(item);
  else sendItem(item);
}

function askAgain(item) {
  const { board, offer, fit } = item.control;
  const price = totalText(board, offer, choiceOf(item), fit).replace(` for ${fit.length}`, "");
  const question = el("span", {
    class: "mjb-ask",
    role: "alert",
    text: `${offer.label} ${plural(fit.length, "tile")} for ${price}?`,
  });
  const yes = el("button", { class: "mjb-button mjb-deed", text: "Yes" });
  const no = el("button", { class: "mjb-button", text: "No" });
  yes.addEventListener("click", () => {
    item.withdraw();
    sendItem(item);
  });
  no.addEventListener("click", () => {
    item.withdraw();
    board.changed();
  });
  item.box.replaceChildren(question, yes, no);
  no.focus();
}

function sendItem(item) {
  const { board } = item.control;
  if (!sendDeed(board.store, deedOf(item))) return;
  item.rest();
  item.close?.();
  if (!choiceOf(item)) board.leave();
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
