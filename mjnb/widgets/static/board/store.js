/**
 * What belongs to the model, not to a view of it: the tiles, their pictures, and who wants to know when they change.
 *
 * @typedef {{id: number, labels: Record<string, string>, numbers: Record<string, number>, state: string, mark: string,
 *   word: string, note: string, before: boolean, since: number | null, span: number, aspect: [number, number],
 *   count: number, parent: number | null, said: string, prompt: string, task: string, simulated: boolean,
 *   stars: number, kind?: "pictures" | "clips" | "texts", texts?: string[], progress?: number | null, can?: false,
 *   why?: string}} Tile
 */

import { receiveDone } from "./waiting.js";

const MOST_LARGE = 24; // large pictures that are kept, the last ones looked at

/** Make the store of a model; it asks for everything and keeps what comes. */
export function makeStore(model) {
  const store = {
    model,
    /** @type {Map<number, Tile>} */
    tiles: new Map(),
    /** Object URLs of thumbnails, by tile; one a picture. @type {Map<number, string[]>} */
    urls: new Map(),
    /** What cannot be done, by key, deed and choice ("" for all of them). @type {Map<string, Record<string, any>>} */
    bars: new Map(),
    /** The key of each tile. @type {Map<number, string>} */
    barred: new Map(),
    /** Large pictures, and clips, by "tile:picture". @type {Map<string, {url?: string, clip?: boolean, problem?: string}>} */
    large: new Map(),
    /** When a large picture was asked for, in ms. @type {Map<string, number>} */
    asked: new Map(),
    /** How often a tile has changed. @type {Map<number, number>} */
    versions: new Map(),
    /** Deeds that were sent, by token: see waiting.js. @type {Map<string, object>} */
    waiting: new Map(),
    factsAt: performance.now(),
    listeners: new Set(),
  };
  model.on("msg:custom", (message, buffers) => receive(store, message, buffers ?? []));
  model.on("change:facts", () => (store.factsAt = performance.now()));
  model.send({ kind: "ready" });
  return store;
}

/** Give the pictures back; the model is gone. */
export function emptyStore(store) {
  store.urls.forEach((urls) => urls.forEach(dropUrl));
  store.large.forEach((one) => dropUrl(one.url));
  store.urls.clear();
  store.large.clear();
}

const dropUrl = (url) => url && URL.revokeObjectURL(url);
const urlOf = (data, type = "") => URL.createObjectURL(new Blob([data], { type }));
const tell = (store, what) => store.listeners.forEach((listener) => listener(what));

function receive(store, message, buffers) {
  if (message.kind === "tiles") receiveTiles(store, message);
  else if (message.kind === "pictures") receivePictures(store, message.of, buffers);
  else if (message.kind === "large") receiveLarge(store, message, buffers);
  else if (message.kind === "done") receiveDone(store, message.token);
  else return;
  tell(store, message.kind);
}

function receiveTiles(store, { tiles, all, bars = {}, barred = [] }) {
  if (all) forgetOthers(store, new Set(tiles.map((tile) => tile.id)));
  Object.entries(bars).forEach(([key, bar]) => store.bars.set(key, bar));
  barred.forEach(([id, key]) => store.barred.set(id, key));
  for (const tile of tiles) {
    store.tiles.set(tile.id, tile);
    touch(store, tile.id);
  }
}

function forgetOthers(store, ids) {
  for (const id of [...store.tiles.keys()]) {
    if (ids.has(id)) continue;
    store.tiles.delete(id);
    store.urls.get(id)?.forEach(dropUrl);
    store.urls.delete(id);
  }
}

function receivePictures(store, of, buffers) {
  of.forEach(({ id, picture }, index) => {
    const urls = store.urls.get(id) ?? [];
    dropUrl(urls[picture]);
    urls[picture] = urlOf(buffers[index]);
    store.urls.set(id, urls);
    touch(store, id);
  });
}

function receiveLarge(store, { id, picture, problem, clip }, buffers) {
  const key = `${id}:${picture}`;
  dropUrl(store.large.get(key)?.url);
  store.large.delete(key);
  store.large.set(key, problem ? { problem } : { url: urlOf(buffers[0], clip), clip: Boolean(clip) });
  store.asked.delete(key);
  const [oldest] = store.large.keys();
  if (store.large.size <= MOST_LARGE) return;
  dropUrl(store.large.get(oldest).url);
  store.large.delete(oldest);
}

/** Note that a tile looks different now. */
function touch(store, id) {
  store.versions.set(id, (store.versions.get(id) ?? 0) + 1);
}

/** Whether a tile has clips, or will. */
export const isMoving = (tile) => tile?.kind === "clips";

/** Ask for a large picture, or a clip, once. */
export function askLarge(store, id, picture) {
  const key = `${id}:${picture}`;
  const tile = store.tiles.get(id);
  const is = isMoving(tile) ? tile.state === "success" && !tile.word : store.urls.get(id)?.[picture];
  if (store.large.has(key) || store.asked.has(key) || !is) return;
  store.asked.set(key, performance.now());
  store.model.send({ kind: "large", id, picture });
}

/** The best there is of a picture now: its address, whether it is the large one, what is wrong; and its clip, if it moves. */
export function bestPicture(store, id, picture) {
  const large = store.large.get(`${id}:${picture}`);
  const thumb = store.urls.get(id)?.[picture] ?? "";
  const still = large?.clip ? thumb : (large?.url ?? thumb);
  return {
    url: still,
    large: still !== thumb,
    clip: large?.clip ? large.url : "",
    problem: large?.problem ?? "",
  };
}

/** Rate tiles: seen at once, stored by Python. */
export function rate(store, ids, stars) {
  for (const id of ids) {
    const tile = store.tiles.get(id);
    if (!tile) continue;
    store.tiles.set(id, { ...tile, stars });
    touch(store, id);
  }
  store.model.send({ kind: "star", ids, stars });
  tell(store, "tiles");
}

/** Real seconds that have gone by since a tile was sent. */
export function ageOf(store, tile) {
  const facts = store.model.get("facts");
  if (tile.since === null) return 0;
  return ((facts.now ?? 0) - tile.since) / (facts.pace || 1) + (performance.now() - store.factsAt) / 1000;
}
