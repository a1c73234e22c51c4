/** What every widget does so that a notebook leaves its keys and its focus alone. */

const SOON_MS = 300;

/**
 * Keep the notebook's own keys away: there "a", "c", "x" or "0 0" are commands. It looks for its mark from the focused
 * element upwards, but for a match of its own first; so the focused element itself must bear the mark.
 *
 * A notebook that makes another cell the active one takes the focus to that cell, at once and away from what was just
 * focused inside it; the next key would then be a command for the cell. So the focus is taken back, once.
 *
 * @param {HTMLElement} root The widget.
 */
export function keepKeys(root) {
  let entered = -Infinity;
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.addEventListener("focusin", (event) => {
    event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    if (!root.contains(event.relatedTarget) && !event.relatedTarget?.contains(root)) entered = performance.now();
  });
  root.addEventListener("focusout", (event) => {
    const taken = event.relatedTarget?.contains(root) && performance.now() - entered < SOON_MS;
    if (!taken) return;
    entered = -Infinity;
    setTimeout(() => event.target.focus({ preventScroll: true }));
  });
}
