/** Colours for a column: steps of one ramp for numbers, a mark and a colour for each text; never a colour alone. */

import { numberText } from "./dom.js";
import { isMeasured, valueText } from "./words.js";

// Seven steps of even lightness from dark to light, told apart by the colour-blind too.
const RAMP = ["#38276d", "#404e88", "#3b738f", "#309690", "#45b97f", "#94d34f", "#f4e030"];
const KINDS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8a8a8a"];
const MARKS = ["●", "▲", "■", "◆", "○", "△", "□", "◇"];

/**
 * Make the key of a column's colours over the tiles shown.
 *
 * @returns {{of: (tile: object) => {color: string, mark: string, text: string} | null, legend: object[], name: string} | null}
 */
export function makeScale(column, tiles) {
  if (!column) return null;
  return isMeasured(column) ? rampScale(column, tiles) : markScale(column, tiles);
}

const measure = (column, tile) => (column.kind === "stars" ? tile.stars : tile.numbers[column.name]);

function rampScale(column, tiles) {
  const values = tiles.map((tile) => measure(column, tile)).filter((value) => Number.isFinite(value));
  const [low, high] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  const step = (value) => (high > low ? Math.min(6, Math.floor((7 * (value - low)) / (high - low))) : 3);
  const of = (tile) => {
    const value = measure(column, tile);
    if (!Number.isFinite(value)) return null;
    return { color: RAMP[step(value)], mark: "", text: numberText(column.kind, value) };
  };
  const ends = values.length ? [low, high].map((value) => numberText(column.kind, value)) : [];
  return { of, name: column.label, ramp: values.length ? RAMP : [], ends, legend: [] };
}

function markScale(column, tiles) {
  const given = column.values.length ? column.values : [];
  const known = (tile) => column.kind === "state" || column.name in tile.labels;
  const found = new Set(tiles.filter(known).map((tile) => valueText(tile, column)));
  const texts = [...given.filter((text) => found.has(text)), ...[...found].filter((text) => !given.includes(text))];
  const entry = (text) => {
    const at = texts.indexOf(text);
    // After the eighth, the marks move on by one against the colours, so that pairs stay distinct.
    return { color: KINDS[at % 8], mark: MARKS[(at + Math.floor(at / 8)) % 8], text };
  };
  return {
    of: (tile) => (known(tile) ? entry(valueText(tile, column)) : null),
    name: column.label,
    legend: texts.slice(0, 24).map(entry),
    ramp: [],
    ends: [],
  };
}
