/** Small helpers for widgets made of plain elements. */
import { keepKeys } from "../shared/keys.js";

/**
 * Make an element inside another.
 * @param {string} tag @param {string} name its class @param {Element} parent @param {string} [text]
 */
export function make(tag, name, parent, text = "") {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

/** Make a button that says what it does. */
export function press(parent, text, tip, onClick) {
  const node = make("button", "mjnb-press", parent, text);
  node.type = "button";
  if (tip) node.title = tip;
  node.addEventListener("click", onClick);
  return node;
}

/** Make the root of a view; what is typed in it is none of the notebook's shortcuts. */
export function makeRoot(el, name) {
  const root = make("div", `mjnb-form-part ${name}`, el);
  keepKeys(root);
  root.addEventListener("keydown", (event) => event.stopPropagation());
  return root;
}

/** A name that no other element of the page has. */
export function unique(word) {
  return `mjnb-${word}-${Math.random().toString(36).slice(2, 10)}`;
}

/** What an empty field means, in words: "default (fast)", "default" where nobody tells which, or "none". */
export function unset(spec) {
  if (spec.fallback !== null && spec.fallback !== undefined) return `default (${spec.default})`;
  return spec.default === "none" ? spec.default : "default";
}

/** Listen to some of a model's traits, call once now, and return how to stop. */
export function follow(model, names, call) {
  names.forEach((name) => model.on(`change:${name}`, call));
  call();
  return () => names.forEach((name) => model.off(`change:${name}`, call));
}
