/** What can be done with tiles, each with its price on the button. */

import { el, plural, popup, refill, write } from "./dom.js";
import { moreControl } from "./more.js";
import { barAgainst, fitting, reasonAgainst, totalText } from "./offers.js";
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
  const slots = slotsOf(offers);
  const shape = JSON.stringify(
    slots.map((slot) => slot.map(({ deed, label, choices }) => [deed, label, (choices ?? []).map(nameOfChoice)])),
  );
  if (shape !== area.shape && !area.controls.some((control) => control.isOpen())) {
    area.shape = shape;
    area.controls = slots.map((slot) => makeControl(area.board, slot, area.align));
    refill(
      area.buttons,
      area.controls.map((control) => control.node),
    );
  }
  for (const control of area.controls) {
    const slot = slots.find(([first]) => first?.deed === control.offers[0].deed);
    if (slot && !control.isOpen()) control.show(slot, ids, picture);
    control.rest();
  }
}

/** What stands side by side: what is done most each by itself, the rest behind one button. @returns {object[][]} */
function slotsOf(offers) {
  const rest = offers.filter((offer) => offer.more);
  if (rest.length < 2) return offers.map((offer) => [offer]);
  return [...offers.filter((offer) => !offer.more).map((offer) => [offer]), rest];
}

const nameOfChoice = ({ value, label }) => [value, label];

/** The control of a slot: a button with a price, one with a menu of choices each with its own, or one for many offers. */
function makeControl(board, offers, align) {
  const control = { board, offers, ids: [], picture: null, items: [], makeItem };
  const [first] = offers;
  const made =
    offers.length > 1
      ? moreControl(control, align)
      : (first.choices ?? []).length > 1
        ? menuControl(control, align)
        : plainControl(control);
  const show = (...given) => {
    Object.assign(control, { offers: given[0], ids: given[1], picture: given[2] });
    made.show();
  };
  return Object.assign(control, made, { show, rest: () => control.items.forEach((item) => item.rest()) });
}

function plainControl(control) {
  const item = makeItem(control, control.offers[0].deed, 0, "mjb-button mjb-deed", "span");
  control.items = [item];
  return { node: item.box, show: item.show, isOpen: item.isAsking, withdraw: item.withdraw };
}

function menuControl(control, align) {
  const { deed, label } = control.offers[0];
  const button = el("button", { class: "mjb-button mjb-deed", text: `${label} ▾` });
  const fill = (close) => {
    const { choices } = control.offers[0];
    const able = choices.map((_, at) => at).filter((at) => !choices[at].form || control.ids.length === 1);
    control.items = able.map((at) => makeItem(control, deed, at, "mjb-item", "div", close));
    control.items.forEach((item) => item.show());
    return control.items.map((item) => item.box);
  };
  const menu = popup(button, fill, align, () => control.board.changed());
  const show = () => {
    const [offer] = control.offers;
    const able = offer.choices.some((choice) => fitOf(control, offer, choice).length);
    sayWhether(control, button, offer, able ? null : (offer.choices[0] ?? null));
  };
  return { node: menu.node, show, isOpen: () => !menu.panel.hidden, withdraw: menu.close };
}

const fitOf = ({ board, ids, picture }, offer, choice) => fitting(board, offer, ids, picture, choice);

/** Why a choice is good for none of the tiles. */
export function whyNot({ board, ids }, offer, choice) {
  return reasonAgainst(board, ids) || barAgainst(board, offer, ids, choice) || NO_TILE;
}

/** Let a button be pressed, or say on it why it cannot: `against` is the choice that cannot be made. */
function sayWhether(control, button, offer, against) {
  button.disabled = against !== null;
  button.title = against === null ? offer.help : `${offer.help} — ${whyNot(control, offer, against)}`;
}

/** A button that does a deed at once; `control` says with what tiles. `prices` is how they are told. */
function makeItem(control, deed, at, css, tag, close, prices = "") {
  const label = el("span", {});
  const price = el("span", { class: "mjb-price" });
  const button = el("button", { class: css }, label, " ", price);
  const box = el(tag, { class: "mjb-deedbox" }, button);
  const item = { control, deed, at, button, box, close, prices, fit: [] };
  item.isAsking = () => !button.isConnected && box.isConnected;
  item.withdraw = () => withdrawItem(item);
  item.show = () => showItem(item, label, price);
  item.rest = () => button.setAttribute("aria-disabled", String(isResting(control.board.store, deedOf(item))));
  button.addEventListener("click", () => pressItem(item));
  return item;
}

/** Take a question back, if there is one; the focus does not go with it. */
function withdrawItem({ button, box, isAsking }) {
  if (!isAsking()) return;
  const had = box.contains(document.activeElement);
  box.replaceChildren(button);
  if (had) button.focus();
}

const offerOf = ({ control, deed }) => control.offers.find((offer) => offer.deed === deed) ?? control.offers[0];
const choiceOf = (item) => offerOf(item).choices?.[item.at] ?? null;

/** What a press would send. */
function deedOf(item) {
  const { deed, each } = offerOf(item);
  const choice = choiceOf(item);
  const picture = each === "picture" ? (item.control.picture ?? 0) : null;
  const plain = { deed, ids: item.fit, picture, choice: choice?.value ?? null };
  return choice?.form ? { ...plain, form: true } : plain;
}

function showItem(item, label, price) {
  const { control } = item;
  const [offer, choice] = [offerOf(item), choiceOf(item)];
  item.fit = fitOf(control, offer, choice);
  const alone = (offer.choices ?? []).length < 2;
  write(label, alone ? (choice ? offer.label : `${offer.label}…`) : choice.label);
  const isPriced = choice && !choice.form && item.fit.length > 0;
  write(price, isPriced ? totalText(control.board, offer, choice, item.fit, item.prices) : "");
  price.hidden = !price.textContent;
  sayWhether(control, item.button, offer, item.fit.length ? null : (choice ?? {}));
  item.rest();
}

/** One press sends; for many tasks it asks once more, in place. */
function pressItem(item) {
  const { board } = item.control;
  if (isResting(board.store, deedOf(item))) return;
  if (item.fit.length > MOST_UNASKED && choiceOf(item)) askAgain(item);
  else sendItem(item);
}

function askAgain(item) {
  const { board } = item.control;
  const { fit } = item;
  const offer = offerOf(item);
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
  if (!choiceOf(item) || choiceOf(item).form) board.leave();
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
