/** How tiles are called, and in what two of them differ. */

import { numberText } from "./dom.js";

const MEASURED = new Set(["number", "seconds", "money", "stars"]);

export const isMeasured = (column) => MEASURED.has(column.kind);
/** Columns whose labels can be told one by one: rows, columns, panels. */
export const isAxis = (column) => !isMeasured(column) && column.values.length > 0;
/** The label of a tile in a column; "–" is how nothing is written. */
export const labelOf = (tile, name) => tile.labels[name] ?? "–";

/** The labels of a column that some tile has, in natural order; what lacks it comes last. */
export function linesOf(column, tiles) {
  const found = new Set(tiles.map((tile) => labelOf(tile, column.name)));
  const known = column.values.filter((label) => found.has(label));
  return found.has("–") && !known.includes("–") ? [...known, "–"] : known;
}

/** What a tile has in a column, written out. */
export function valueText(tile, column) {
  if (column.kind === "stars") return numberText("stars", tile.stars);
  if (isMeasured(column)) return numberText(column.kind, tile.numbers[column.name]);
  if (column.kind === "state") return tile.labels[column.name] ?? (tile.word || tile.state || "queued");
  return brief(labelOf(tile, column.name));
}

/** A label without the long middle of the addresses in it: where from, and which file. */
export function brief(text) {
  return text.replace(/https?:\/\/([^\s/?#]+)[^\s]*?([^\s/?#]*)(?:[?#][^\s]*)?(?=\s|$)/g, (_, host, file) =>
    file && file !== host ? `${host}/…/${file}` : host,
  );
}

/** Name a tile by what varies, except some columns. */
export function nameOf(tile, columns, without = []) {
  if (tile.said) return brief(tile.said);
  const isTold = ({ kind, name }) => kind === "axis" || name === "gateway";
  const axes = columns.filter((column) => isTold(column) && column.values.length > 1);
  const parts = axes
    .filter((column) => !without.includes(column.name) && labelOf(tile, column.name) !== "–")
    .map((column) => `${column.label} ${brief(tile.labels[column.name])}`);
  return parts.join(", ") || tile.prompt || `${tile.labels.mode ?? "tile"} ${tile.id}`;
}

/** What is to be said of a tile's state: "4 pictures", or a word and its reason. */
export function stateText(tile, pictures) {
  if (tile.word) return tile.note ? `${tile.word}: ${tile.note}` : tile.word;
  if (tile.texts?.length) return tile.texts.length === 1 ? "a text" : `${tile.texts.length} texts`;
  if (tile.kind === "clips" && tile.state === "success") return tile.count === 1 ? "1 clip" : `${tile.count} clips`;
  if (pictures) return pictures === 1 ? "1 picture" : `${pictures} pictures`;
  return tile.state === "success" ? "pictures are coming" : tile.state || "queued";
}

/**
 * In what two tiles differ: by design first, then what was measured.
 *
 * @returns {{label: string, from: string, to: string, measured: boolean}[]}
 */
export function differences(one, other, columns) {
  const isOther = one.labels.mode !== other.labels.mode; // then what only one of them could have is no difference
  const found = columns
    .filter((column) => column.name !== "prompt")
    .map((column) => ({
      label: column.label,
      from: valueText(one, column),
      to: valueText(other, column),
      // What has too many values to stand side by side, as a date, was not designed either.
      measured: !isAxis(column) || column.kind === "state",
    }))
    .filter(({ from, to }) => from !== to && !(isOther && (from === "–" || to === "–")));
  // A prompt differs with the axes it is made of; it is told where it differs by itself.
  if (one.prompt !== other.prompt && found.every((difference) => difference.measured))
    found.unshift({ label: "prompt", from: one.prompt, to: other.prompt, measured: false });
  return found.sort((a, b) => Number(a.measured) - Number(b.measured));
}

/** The differences by design in one line. */
export function differsLine(one, other, columns) {
  const design = differences(one, other, columns).filter((difference) => !difference.measured);
  return design.map(({ label, from, to }) => `${label} ${from} → ${to}`).join(", ");
}

/** A tile's children, and those of all others, by parent. */
export function childrenOf(tiles, id) {
  return [...tiles.values()].filter((tile) => tile.parent === id);
}
