/**
 * Where everything stands: pure geometry from tiles and view to placed cells. Pixels; x and y from the board's corner.
 *
 * @typedef {{id: number, ids: number[], key: string, index: number, x: number, y: number, w: number, h: number,
 *   place: string[], label: string, child: boolean}} Cell
 */

import { readFilter } from "./filter.js";
import { isAxis, isMeasured, labelOf, linesOf } from "./words.js";
import { layGallery, layGrid } from "./lay.js";

/** The whole of a view, what is not said filled in. */
export function wholeView(view) {
  const none = {
    rows: "",
    cols: "",
    facet: "",
    at: {},
    hide: {},
    picture: null,
    size: 148,
    sort: "",
    descending: false,
  };
  return {
    ...none,
    where: "",
    color: "",
    ...Object.fromEntries(Object.entries(view ?? {}).filter(([, v]) => v !== null)),
  };
}

/**
 * Arrange tiles.
 *
 * @param {{tiles: Map<number, object>, columns: object[], view: object, turns: Map<string, number>, width: number}} given
 *   `turns`: how far each place with several tiles was stepped on; `width`: what there is for the board
 */
export function arrange({ tiles, columns, view, turns, width }) {
  const filter = readFilter(view.where, columns);
  const pool = [...tiles.values()].filter((tile) => filter.test(tile) && !isHidden(tile, view.hide));
  const roots = pool.filter((tile) => tile.parent === null);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const gallery = isGallery(view, byName);
  const sliders = leftOver(columns, view, roots, gallery);
  const slice = roots.filter((tile) => sliders.every(({ name, at }) => at === null || labelOf(tile, name) === at));
  const inSlice = new Set(slice.map((tile) => tile.id));
  const children = pool.filter((tile) => tile.parent !== null && (shownAncestor(tile, tiles, inSlice) || view.where));
  const context = { view, columns, byName, roots, slice, children, turns, width, size: view.size };
  const laid = gallery ? layGallery(context, sorted(slice, view, byName)) : layGrid(context);
  const order = laid.cells.map((cell) => cell.id);
  return {
    ...laid,
    gallery,
    sliders,
    order,
    shown: slice.length + children.length,
    problem: filter.problem,
    byId: index(laid.cells),
  };
}

function index(cells) {
  return new Map(cells.flatMap((cell) => cell.ids.map((id) => [id, cell])));
}

const isHidden = (tile, hide) =>
  Object.entries(hide).some(([name, labels]) => name in tile.labels && labels.includes(tile.labels[name]));

/** Whether some tile that it was made from, however far back, is shown. */
function shownAncestor(tile, tiles, inSlice) {
  const seen = new Set();
  for (let at = tile; at?.parent !== null && at && !seen.has(at.id); at = tiles.get(at.parent)) {
    if (inSlice.has(at.parent) || !tiles.has(at.parent)) return true;
    seen.add(at.id);
  }
  return false;
}

/** A gallery has no places by axes; neither has what is sorted by something that is no line of the grid. */
function isGallery(view, byName) {
  const usable = (name) => name && byName.has(name) && isAxis(byName.get(name));
  if (!usable(view.rows) && !usable(view.cols)) return true;
  return Boolean(view.sort && byName.has(view.sort)) && ![view.rows, view.cols, view.facet].includes(view.sort);
}

/** The axes that play no other part, with where each stands; in a gallery `null` stands for all. */
function leftOver(columns, view, tiles, gallery) {
  const used = gallery ? [view.facet] : [view.rows, view.cols, view.facet];
  return columns
    .filter((column) => column.kind === "axis" && !used.includes(column.name))
    .map((column) => ({ name: column.name, label: column.label, values: linesOf(column, tiles) }))
    .filter(({ values }) => values.length > 1)
    .map((slider) => ({ ...slider, all: gallery, at: standing(slider, view.at[slider.name], gallery) }));
}

function standing({ values }, wanted, gallery) {
  if (values.includes(wanted)) return wanted;
  return gallery ? null : values[0];
}

function sorted(tiles, view, byName) {
  const column = byName.get(view.sort);
  const sign = view.descending ? -1 : 1;
  if (!column) return view.descending ? [...tiles].reverse() : tiles;
  const key = sortKey(column);
  const keyed = tiles.map((tile) => [key(tile), tile]);
  // What has no value comes last, whichever way.
  keyed.sort(([a], [b]) =>
    a === null || b === null ? Number(a === null) - Number(b === null) : sign * compareKeys(a, b),
  );
  return keyed.map(([, tile]) => tile);
}

const compareKeys = (a, b) =>
  typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));

function sortKey(column) {
  if (column.kind === "stars") return (tile) => tile.stars;
  if (isMeasured(column)) return (tile) => tile.numbers[column.name] ?? null;
  if (!column.values.length) return (tile) => tile.labels[column.name] ?? null;
  const rank = new Map(column.values.map((label, at) => [label, at]));
  return (tile) => rank.get(labelOf(tile, column.name)) ?? null;
}

/**
 * The cell next to another in a direction: in line with it first, else the nearest; in a gallery sideways runs on.
 *
 * @param {Cell[]} cells
 * @param {Cell} from
 * @param {"left" | "right" | "up" | "down"} way
 */
export function neighbourOf(cells, from, way, runsOn) {
  if (runsOn && (way === "left" || way === "right"))
    return cells[cells.indexOf(from) + (way === "right" ? 1 : -1)] ?? null;
  const sideways = way === "left" || way === "right";
  const sign = way === "right" || way === "down" ? 1 : -1;
  const along = (cell) => sign * (sideways ? middleX(cell) - middleX(from) : middleY(cell) - middleY(from));
  const across = (cell) => Math.abs(sideways ? middleY(cell) - middleY(from) : middleX(cell) - middleX(from));
  const limit = sideways ? from.h / 2 : Infinity;
  let best = null;
  for (const cell of cells) {
    if (along(cell) < 4 || across(cell) > limit) continue;
    const worth = sideways ? along(cell) : along(cell) + across(cell) * 3;
    if (!best || worth < best.worth) best = { worth, cell };
  }
  return best?.cell ?? null;
}

const middleX = (cell) => cell.x + cell.w / 2;
const middleY = (cell) => cell.y + cell.h / 2;

/** The cell at the same place in another panel. */
export function besidePanel(cells, from, panels, step) {
  const at = panels.indexOf(from.place[0]) + step;
  return (
    cells.find(
      (cell) => !cell.child && cell.place[0] === panels[at] && cell.key.endsWith(from.place.slice(1).join("\u0000")),
    ) ?? null
  );
}
