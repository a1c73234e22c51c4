/** What an offer comes to for some tiles: which of them it is good for, why not the others, and at what price. */

import { priceText } from "./dom.js";

/** What is paid for: a task, however many tiles show it. */
export const paidFor = (tile) => tile.task || `tile ${tile.id}`;

/** The tiles of a selection that an offer is good for, with one of its choices; of several that show the same task, one. */
export function fitting({ store }, offer, ids, picture, choice = null) {
  if (choice?.form && ids.length !== 1) return [];
  const tiles = ids
    .map((id) => store.tiles.get(id))
    .filter((tile) => tile && isGoodFor(offer, tile, picture) && !barOf(store, offer, tile, choice));
  if (offer.each === "tile") return tiles.map((tile) => tile.id);
  const seen = new Set();
  return tiles.filter((tile) => !seen.has(paidFor(tile)) && seen.add(paidFor(tile))).map((tile) => tile.id);
}

function isGoodFor({ each, modes, of = "any" }, tile, picture) {
  if (tile.can === false) return false;
  if (each !== "tile" && !(tile.state === "success" && tile.count > 0)) return false;
  if (of !== "any" && (tile.kind ?? "pictures") !== of) return false;
  if (modes?.length && tile.labels.mode && !modes.includes(tile.labels.mode)) return false;
  return each !== "picture" || picture === null || picture < tile.count;
}

/** Why a tile's own task does not offer something, with a choice or at all; "" where it does, or nobody has told. */
function barOf({ bars, barred }, { deed }, tile, choice) {
  const found = bars.get(barred.get(tile.id))?.[deed];
  return found?.[""] ?? (choice && !choice.form ? (found?.[choice.value ?? ""] ?? "") : "");
}

/** Why none of some tiles offers something, in a line: the first reason. */
export function barAgainst({ store }, offer, ids, choice) {
  const tiles = ids.map((id) => store.tiles.get(id)).filter(Boolean);
  const said = tiles.map((tile) => barOf(store, offer, tile, choice)).find(Boolean);
  if (said) return said;
  if (!isOfKind({ store }, offer, ids)) return `it is for ${offer.of}`;
  return tiles.map((tile) => offer.against?.[tile.labels.mode]).find(Boolean) ?? "";
}

/** Whether some tiles have what an offer is for: pictures, or clips. */
export function isOfKind({ store }, { of = "any" }, ids) {
  const kinds = ids.map((id) => store.tiles.get(id)?.kind ?? "pictures");
  return of === "any" || !kinds.length || kinds.includes(of);
}

/** Why nothing can be done with some of these tiles, in a line; "" where all can be used. */
export function reasonAgainst({ store }, ids) {
  const barred = ids.map((id) => store.tiles.get(id)).filter((tile) => tile?.can === false);
  if (!barred.length) return "";
  const why = [...new Set(barred.map((tile) => tile.why || "not with this session"))].join("; ");
  return barred.length < ids.length ? `${barred.length} of ${ids.length} left out: ${why}` : why;
}

/** What a choice costs for each tile, summed: millionths of a dollar, and how many tiles have no known price. */
function costOf(offer, choice, fit) {
  const own = offer.prices ?? {};
  const prices = fit.map((id) => (id in own ? own[id] : choice.price_micro));
  const known = prices.filter((price) => price !== null && price !== undefined);
  return {
    micro: known.reduce((sum, price) => sum + price, 0),
    known: known.length,
    unknown: prices.length - known.length,
  };
}

/**
 * A choice's price for some tiles in words: "$0.40", "at least $0.40"; the pretended one of the simulator says so, unless
 * that is said beside it (`short`; `none` where nobody knows any price).
 */
export function totalText(board, offer, choice, fit, way = "") {
  if (way === "none") return "";
  const said = way ? "" : pretended(board);
  const { micro, known, unknown } = costOf(offer, choice, fit);
  if (!known) return "price unknown";
  return withWord(unknown ? `at least ${priceText(micro)}` : priceText(micro), fit.length, said);
}

function pretended(board) {
  const facts = board.model.get("facts") ?? {};
  return (facts.pays ?? (facts.simulated ? "simulated" : "")) === "simulated" ? "simulated" : "";
}

const withWord = (price, count, said) => [price, count > 1 && `for ${count}`, said].filter(Boolean).join(" ");

/** What holds for all prices of some offers, said once: that they are pretended, or that nobody knows any. */
export function payNote(board, offers) {
  const choices = offers.flatMap((offer) => offer.choices ?? []).filter((choice) => !choice.form);
  const unknown = choices.length > 0 && choices.every(({ price_micro: price }) => (price ?? null) === null);
  if (unknown) return { unknown, text: pretended(board) ? "Prices unknown; simulated." : "Prices unknown." };
  return { unknown, text: choices.length && pretended(board) ? "Prices are simulated." : "" };
}
