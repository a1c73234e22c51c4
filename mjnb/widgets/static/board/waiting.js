/**
 * Deeds that were sent: each carries a token, and rests until Python says that it has taken it, however late that is.
 * It belongs to the store, since every view of a model, and every button made anew, must rest with it.
 */

import { paidFor } from "./offers.js";

const AGAIN_MS = 1200; // and at least so long, so that a double click does not pay twice
const LATE_MS = 1500; // how long an answer may take before one is told of waiting

let sentDeeds = 0;

/** A name for one press that no other page gives; a page that was not loaded safely has no `randomUUID`. */
function freshToken() {
  sentDeeds += 1;
  const random = crypto.randomUUID?.() ?? [...crypto.getRandomValues(new Uint32Array(4))].join("-");
  return `${sentDeeds}-${random}`;
}

/** Send a deed, unless the same is still under way for one of these tiles; whether it was sent. */
export function sendDeed(store, { deed, ids, picture, choice, form }) {
  if (isResting(store, { deed, ids, picture, choice, form })) return false;
  const token = freshToken();
  const entry = {
    kind: kindOf(deed, picture, choice, form),
    tasks: tasksOf(store, ids),
    at: performance.now(),
    taken: false,
  };
  store.waiting.set(token, entry);
  store.model.send({ kind: "do", deed, ids, picture, choice, ...(form ? { form } : {}), token });
  const renew = () => {
    if (entry.taken) store.waiting.delete(token);
    store.listeners.forEach((listener) => listener("waiting"));
  };
  setTimeout(renew, AGAIN_MS);
  setTimeout(renew, LATE_MS);
  renew();
  return true;
}

/** Python has taken a deed, or refused it. */
export function receiveDone(store, token) {
  const entry = store.waiting.get(token);
  if (!entry) return;
  entry.taken = true;
  if (performance.now() - entry.at >= AGAIN_MS) store.waiting.delete(token);
}

/** Whether the same deed is under way for one of these tiles. */
export function isResting(store, { deed, ids, picture, choice, form }) {
  if (!store.waiting.size) return false;
  const kind = kindOf(deed, picture, choice, form);
  const tasks = tasksOf(store, ids);
  return [...store.waiting.values()].some((entry) => entry.kind === kind && overlap(entry.tasks, tasks));
}

/** Whether some deed with one of these tiles has been without an answer for long. */
export function isLate(store, ids) {
  if (!store.waiting.size) return false;
  const tasks = tasksOf(store, ids);
  const late = ({ taken, at }) => !taken && performance.now() - at >= LATE_MS - 20;
  return [...store.waiting.values()].some((entry) => late(entry) && overlap(entry.tasks, tasks));
}

const kindOf = (deed, picture, choice, form) => JSON.stringify([deed, picture, choice, Boolean(form)]);
const overlap = (some, others) => [...some].some((one) => others.has(one));

function tasksOf({ tiles }, ids) {
  return new Set(ids.map((id) => (tiles.has(id) ? paidFor(tiles.get(id)) : `tile ${id}`)));
}
