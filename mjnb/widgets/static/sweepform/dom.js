/** Small helpers to make elements; text from outside only ever becomes text. */

let ids = 0;

/** Make an element, give it attributes and children. @returns {HTMLElement} */
export function make(tag, name, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== "") node.setAttribute(key, String(value));
  }
  node.append(...children);
  return node;
}

/** An id that no other element of the page has. */
export function fresh(word) {
  ids += 1;
  return `mjnb-sf-${word}-${ids}`;
}

/** Write text where it differs, so that nothing is read aloud twice. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
  node.hidden = !text;
}

/** A button of plain words. */
export function press(text, help, call, name = "") {
  const node = make("button", `sf-press ${name}`.trim(), { type: "button", title: help }, text);
  node.addEventListener("click", call);
  return node;
}
