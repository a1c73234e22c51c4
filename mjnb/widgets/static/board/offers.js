/** What an offer comes to for some tiles: which of them it is good for, why not the others, and at what price. */

import { priceText } from "./dom.js";

/** What is paid for: a task, however many tiles show it. */
export const paidFor = (tile) => tile.task || `tile ${tile.id}`;

/** The tiles of a selection that an offer is good for; of several that show the same task, one. */
export function fitting({ store }, offer, ids, picture) {
  const tiles = ids.map((id) => store.tiles.get(id)).filter((tile) => tile && isGoodFor(offer, tile, picture));
  if (offer.each === "tile") return tiles.map((tile) => tile.id);
  const seen = new Set();
  return tiles.filter((tile) => !seen.has(paidFor(tile)) && seen.add(paidFor(tile))).map((tile) => tile.id);
}

function isGoodFor({ each, modes }, tile, picture) {
  if (tile.can === false) return false;
  if (each !== "tile" && !(tile.state === "success" && tile.count > 0)) return false;
  if (modes?.length && tile.labels.mode && !modes.includes(tile.labels.mode)) return false;
  return each !== "picture" || picture === null || picture < tile.count;
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

/** A choice's price for some tiles in words: "$0.40", "at least $0.40"; the pretended one of the simulator says so. */
export function totalText(board, offer, choice, fit) {
  if (!fit.length)
    return choice.price_micro === null || offer.prices ? "" : withWord(board, priceText(choice.price_micro));
  const { micro, known, unknown } = costOf(offer, choice, fit);
  if (!known) return "price unknown";
  return withWord(board, unknown ? `at least ${priceText(micro)}` : priceText(micro), fit.length);
}

function withWord(board, price, count = 1) {
  const facts = board.model.get("facts") ?? {};
  const pays = facts.pays ?? (facts.simulated ? "simulated" : "");
  return [price, count > 1 && `for ${count}`, pays === "simulated" && "simulated"].filter(Boolean).join(" ");
}
