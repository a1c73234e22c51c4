/**
 * The buttons under a picture or a task: one for a mode with one way, a fold for a mode with several; what the task does not
 * offer at all is listed apart, with the reason.
 *
 * @typedef {{name: string, group: string, label: string, per: boolean, opens: boolean, price: string, reasons: string[],
 *   usual: boolean}} Action
 */
import { make, press } from "./dom.js";

/** Whether an action can be done with none of the pictures. */
export function isRefused(action) {
  return action.reasons.length > 0 && action.reasons.every(Boolean);
}

export function makeActions(model, row, actions, index, what) {
  const rare = actions.filter((one) => !one.usual);
  const isWorthIt = grouped(rare).size > 1; // a menu of one would only be in the way
  for (const [name, some] of grouped(isWorthIt ? actions.filter((one) => one.usual) : actions)) {
    if (some.length === 1) makeAction(model, row, some[0], index, what, some[0].name);
    else makeFold(model, row, name, some.map((one) => [one, one.label]), index, what);
  }
  if (isWorthIt) makeFold(model, row, "more", rare.map((one) => [one, one.name]), index, what);
}

function grouped(actions) {
  const groups = new Map();
  actions.forEach((one) => groups.set(one.group, [...(groups.get(one.group) ?? []), one]));
  return groups;
}

function makeFold(model, row, name, actions, index, what) {
  const fold = make("details", "mjnb-menu", row);
  const summary = make("summary", "mjnb-press", fold, name);
  summary.setAttribute("aria-label", `${name} ${what} ${index}`);
  const menu = make("div", "mjnb-menu-items", fold);
  const shut = () => {
    fold.open = false;
    summary.focus();
  };
  actions.forEach(([one, text]) => makeAction(model, menu, one, index, what, text).addEventListener("click", shut));
  fold.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  fold.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !fold.contains(event.relatedTarget)) fold.open = false;
  });
}

function makeAction(model, row, action, index, what, text) {
  const where = action.per ? ` ${what} ${index}` : "";
  const why = action.reasons[action.per ? index : 0] ?? "";
  const button = press(row, text, tip(action, where, why), () => {
    if (!why && (action.opens || !model.get("busy"))) model.send({ press: action.name, index });
  });
  if (where) make("span", "mjnb-spoken", button, where);
  if (why) {
    button.setAttribute("aria-disabled", "true");
    make("span", "mjnb-spoken", button, `: not here. ${why}`);
  } else if (!action.opens) {
    button.append(" ");
    make("span", "mjnb-price", button, action.price);
    button.dataset.pays = "";
  }
  return button;
}

function tip(action, where, why) {
  if (why) return `Not here: ${why}`;
  if (action.opens) return `Open a form for ${action.group}${where && " with this"}; nothing is sent yet`;
  return `${action.name}${where} · ${action.price}`;
}

/** List what this task does not offer, the reasons once each. */
export function makeRefused(root, actions) {
  const refused = actions.filter(isRefused);
  if (!refused.length) return;
  const fold = make("details", "mjnb-refused", root);
  const plain = (one) => one.name.replace("…", "");
  const isWhole = (group) => actions.every((one) => one.group !== group || isRefused(one));
  const names = refused.map((one) => (isWhole(one.group) ? one.group : plain(one)));
  make("summary", "", fold, `Not offered here: ${[...new Set(names)].join(", ")}`);
  const list = make("ul", "", fold);
  const reasons = new Map();
  refused.forEach((one) => reasons.set(one.reasons[0], [...(reasons.get(one.reasons[0]) ?? []), plain(one)]));
  for (const [why, some] of reasons) {
    const item = make("li", "", list);
    make("span", "mjnb-refused-names", item, `${some.join(", ")}: `);
    make("span", "", item, why);
  }
}
