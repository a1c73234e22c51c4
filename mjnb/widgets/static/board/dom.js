/** Small helpers for making nodes and for writing values; whatever comes from outside is only ever text. */

const SVG = "http://www.w3.org/2000/svg";
let made = 0;

/**
 * Make an element. `text` becomes its text, `on` its listeners, everything else an attribute (null and false: none).
 *
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null)} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.type = "button";
  for (const [name, value] of Object.entries(props)) put(node, name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

function put(node, name, value) {
  if (name === "text") node.textContent = value;
  else if (name === "on") Object.entries(value).forEach(([event, call]) => node.addEventListener(event, call));
  else if (value !== null && value !== undefined && value !== false)
    node.setAttribute(name, value === true ? "" : value);
}

/** A square button with a sign on it; `label` names it. */
export function iconButton(text, label, call, title = label) {
  return el("button", { class: "mjb-icon", text, title, "aria-label": label, on: { click: call } });
}

/** An id that no other element of the page has. */
export function freshId() {
  made += 1;
  return `mjb-${made}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Write a text only where it differs, so that screen readers do not say it again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A ring that fills within `span` seconds, `age` of which have gone; or as far as `progress` says, in percent. */
export function ring(span, age, progress = null) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "mjb-ring");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  for (const name of ["mjb-track", "mjb-turn"]) {
    const circle = document.createElementNS(SVG, "circle");
    circle.setAttribute("class", name);
    for (const [key, value] of [
      ["cx", 12],
      ["cy", 12],
      ["r", 9],
      ["pathLength", 1],
    ])
      circle.setAttribute(key, value);
    svg.append(circle);
  }
  if (progress !== null) {
    svg.lastChild.style.animation = "none";
    svg.lastChild.style.strokeDashoffset = String(1 - progress / 100);
  }
  svg.style.setProperty("--mjb-span", `${Math.max(0.1, span)}s`);
  svg.style.setProperty("--mjb-age", `${-Math.max(0, age)}s`);
  return svg;
}

/** Call at most once in `ms`, the last time included; `stop` forgets a call that is due. */
export function throttled(call, ms) {
  let timer = 0;
  let last = -Infinity;
  const run = () => {
    timer = 0;
    last = performance.now();
    call();
  };
  const ask = () => {
    if (!timer) timer = setTimeout(run, Math.max(0, last + ms - performance.now()));
  };
  ask.stop = () => clearTimeout(timer);
  return ask;
}

export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
export const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** Millionths of a dollar as money, with two to four decimals. */
export function priceText(micro) {
  return micro === null || micro === undefined ? "price unknown" : moneyText(micro / 1e6);
}

function moneyText(dollars) {
  const text = dollars.toFixed(4).replace(/0{1,2}$/, "");
  return `$${text}`;
}

function secondsText(seconds) {
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A measured number as people read it. */
export function numberText(kind, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (kind === "seconds") return secondsText(value);
  if (kind === "money") return moneyText(value);
  if (kind === "stars") return value ? "★".repeat(value) : "no stars";
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
}

/** Show a menu of nodes under a button; it closes by Escape and when the focus leaves, and then calls `closed`. */
export function popup(button, fill, align = "left", closed = null) {
  const panel = el("div", { class: "mjb-pop", "data-align": align, hidden: true, id: freshId() });
  const box = el("div", { class: "mjb-popbox" }, button, panel);
  const show = (open) => {
    if (!open && !panel.hidden) closed?.();
    panel.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) {
      panel.replaceChildren(...fill(() => close()));
      keepInside(panel, align);
    }
  };
  const close = () => {
    if (panel.hidden) return;
    const had = panel.contains(document.activeElement) || panel.getRootNode().activeElement === button;
    show(false);
    if (had) button.focus();
  };
  button.setAttribute("aria-controls", panel.id);
  show(false);
  button.addEventListener("click", () => show(panel.hidden));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    event.preventDefault();
    close();
  });
  box.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !box.contains(event.relatedTarget)) show(false);
  });
  panel.addEventListener("mousedown", (event) => event.stopPropagation());
  return { node: box, panel, close, refresh: () => panel.hidden || panel.replaceChildren(...fill(() => close())) };
}

/** Move a menu sideways where it would stand out of the window. */
function keepInside(panel, align) {
  panel.style.translate = "";
  const box = panel.getBoundingClientRect();
  const over = box.right - document.documentElement.clientWidth + 8;
  const under = 8 - box.left;
  if (align === "left" && over > 0) panel.style.translate = `${-over}px 0`;
  else if (under > 0) panel.style.translate = `${under}px 0`;
}

/** Whether keys typed here belong to a field and not to the board. */
export function isField(node) {
  return node instanceof Element && node.closest("input, select, textarea, [contenteditable]") !== null;
}

/** Put other nodes into one; the focus stays on what has the same name and words. */
export function refill(node, children) {
  const active = node.contains(document.activeElement) ? nameOfNode(document.activeElement) : null;
  node.replaceChildren(...children);
  if (active === null) return;
  const same = [...node.querySelectorAll("button, a, input, select")].find((one) => nameOfNode(one) === active);
  (same ?? node.closest("dialog, .mjb") ?? node).focus({ preventScroll: true });
}

const nameOfNode = (node) => node.getAttribute("aria-label") ?? node.textContent;
