/** What is done less often: one button, and behind it every way with its choices and their prices. */

import { el, popup } from "./dom.js";
import { barAgainst, isOfKind, payNote } from "./offers.js";

/** The button "More" and its panel. */
export function moreControl(control, align) {
  const button = el("button", {
    class: "mjb-button mjb-deed",
    text: "More ▾",
    title: "What else this gateway lets one do with a tile.",
  });
  const fill = (close) => {
    control.items = [];
    return [panelNode(control, close)];
  };
  const menu = popup(button, fill, align, () => control.board.changed());
  button.addEventListener("click", () => menu.panel.hidden || menu.panel.scrollIntoView({ block: "nearest" }));
  return { node: menu.node, show: () => {}, isOpen: () => !menu.panel.hidden, withdraw: menu.close };
}

/** Ways with several choices a line each, the others side by side below, and why some of them cannot be. */
function panelNode(control, close) {
  const ways = control.offers.filter((offer) => isOfKind(control.board, offer, control.ids));
  const note = payNote(control.board, ways);
  const made = ways.map((offer) => [offer, wayItems(control, offer, close, note.unknown)]);
  const several = made.filter(([offer]) => (offer.choices ?? []).length > 1);
  const single = made.filter(([offer]) => (offer.choices ?? []).length < 2);
  return el(
    "div",
    { class: "mjb-more" },
    ...several.map(([offer, items]) => wayNode(control, offer, items)),
    el("span", { class: "mjb-deeds" }, ...single.flatMap(([, items]) => items.map((item) => item.box))),
    ...single.map(([offer, items]) => whyNode(control, offer, items, `${offer.label}: `)),
    note.text && made.some(isPriced) ? el("div", { class: "mjb-aside", text: note.text }) : null,
  );
}

/** Whether one of a way's buttons can be pressed and has a price. */
const isPriced = ([{ choices = [] }, items]) =>
  items.some(({ at, fit }) => fit.length && choices[at] && !choices[at].form);

/** The buttons of one way, one a choice; a form takes one tile. */
function wayItems(control, offer, close, isUnpriced) {
  const choices = offer.choices ?? [];
  const able = choices.map((_, at) => at).filter((at) => !choices[at].form || control.ids.length === 1);
  const items = (choices.length ? able : [0]).map((at) =>
    control.makeItem(control, offer.deed, at, "mjb-button mjb-deed", "span", close, isUnpriced ? "none" : "short"),
  );
  items.forEach((item) => item.show());
  control.items.push(...items);
  return items;
}

function wayNode(control, offer, items) {
  return el(
    "div",
    { class: "mjb-way", role: "group", "aria-label": offer.label },
    el("span", { class: "mjb-wayname", text: offer.label, title: offer.help }),
    el("span", { class: "mjb-deeds" }, ...items.map((item) => item.box)),
    whyNode(control, offer, items),
  );
}

function whyNode({ board, ids }, offer, items, before = "") {
  const reason = items.some((item) => item.fit.length) ? "" : barAgainst(board, offer, ids, offer.choices?.[0] ?? {});
  return reason && el("span", { class: "mjb-aside mjb-whynot", text: `${before}${reason}`, title: reason });
}
