/** Whether somebody is at a form, so that nothing is taken from under their hands. */

const LINGER_MS = 2000;
const EVENTS = ["focusin", "keydown", "pointerdown", "pointerover"];

/**
 * Call `tell(true)` when the keyboard or the pointer has come into a form, and `tell(false)` when both have been away
 * for a while; while any dialog is open, such as a picture shown large, nobody has gone.
 *
 * @param {HTMLElement} root A part of the form.
 * @param {(watched: boolean) => void} tell
 * @returns {() => void} Ends it.
 */
export function attend(root, tell) {
  let [watched, timer, last] = [false, 0, 0];
  const say = (now) => {
    if (now !== watched) tell((watched = now));
  };
  const look = () => {
    if (isUsed(root)) {
      last = performance.now();
      say(true);
    } else if (performance.now() - last >= LINGER_MS) say(false);
    clearTimeout(timer);
    if (watched) timer = setTimeout(look, LINGER_MS / 2);
  };
  for (const name of EVENTS) document.addEventListener(name, look, true);
  return () => {
    clearTimeout(timer);
    for (const name of EVENTS) document.removeEventListener(name, look, true);
    say(false);
  };
}

function isUsed(root) {
  if (!root.isConnected) return false;
  const form = root.closest(".mjnb-sweep") ?? root;
  return form.contains(document.activeElement) || form.matches(":hover") || document.querySelector("dialog[open]") !== null;
}
