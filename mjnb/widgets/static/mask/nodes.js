/** Small helpers for the page. */

/**
 * Make an element inside another.
 * @param {string} tag @param {string} name its classes @param {HTMLElement | null} parent
 * @param {Record<string, string>} [attributes] @param {string} [text]
 */
export function make(tag, name, parent, attributes = {}, text = "") {
  const node = document.createElement(tag);
  node.className = name;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text) node.textContent = text;
  parent?.append(node);
  return node;
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
