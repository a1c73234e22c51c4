/** The geometry of the two arrangements, a grid of rows × columns × panels and a gallery, and of the children below. */

import { isAxis, labelOf, linesOf, nameOf } from "./words.js";

const UNDER = 18; // the line below a picture: its tick, stars, value, "1 of 3"
const STRIP = 6; // the strip of colour above that line
const GAP = 4; // between tiles
const PANEL_GAP = 28;
const HEAD = 20; // one line of heads
const LABEL = 32; // two lines of a gallery tile's label
const LETTER = 6.8; // about the width of a letter of 13 px
const SECTION = 36; // a heading within the board

/** A tile's size, its long side given. */
function tileSize([w, h], size) {
  return w >= h ? { w: size, h: Math.round((size * h) / w) } : { w: Math.round((size * w) / h), h: size };
}

/** What a tile has below its picture, a gallery's label apart. */
const underOf = ({ color }) => UNDER + (color ? STRIP : 0);

/** The one that is seen of several in a place: finished ones first, then the latest. */
function byWorth(tiles) {
  const worth = (tile) => (tile.state === "success" ? 1e12 : 0) + tile.id;
  return [...tiles].sort((a, b) => worth(b) - worth(a));
}

function cellOf(tiles, key, turns, size, more) {
  const ordered = byWorth(tiles);
  const index = (turns.get(key) ?? 0) % ordered.length;
  const tile = ordered[index];
  return {
    id: tile.id,
    ids: ordered.map((one) => one.id),
    key,
    index,
    child: false,
    label: "",
    ...tileSize(tile.aspect, size),
    ...more,
  };
}

/** The lines of a part of the grid; one nameless line where it is not used. */
function linesIn(name, { byName, roots, view }) {
  if (!name) return [""];
  const lines = linesOf(byName.get(name), roots);
  return view.sort === name && view.descending ? lines.reverse() : lines;
}

const partOf = (name, { byName }) => (name && byName.has(name) && isAxis(byName.get(name)) ? name : "");

/** Lay the grid: panels side by side where they fit, else wrapped; heads apart from the tiles, so that they can stick. */
export function layGrid(context) {
  const { view, slice } = context;
  const names = [view.facet, view.rows, view.cols].map((name) => partOf(name, context));
  const [panels, rows, cols] = names.map((name) => linesIn(name, context));
  const places = new Map();
  for (const tile of slice) {
    const place = names.map((name) => (name ? labelOf(tile, name) : ""));
    const key = place.join("\u0000");
    if (!places.has(key)) places.set(key, { place, tiles: [] });
    places.get(key).tiles.push(tile);
  }
  const cells = new Map(
    [...places].map(([key, { place, tiles }]) => [key, cellOf(tiles, key, context.turns, context.size, { place })]),
  );
  const filled = panels.filter((panel) => [...cells.values()].some((cell) => cell.place[0] === panel));
  return placeGrid({ context, names, panels: filled, rows, cols, cells });
}

function placeGrid(grid) {
  const { context, names, rows, panels, cells } = grid;
  const [, rowName, colName] = names.map((name) => (name ? labelFor(name, context) : ""));
  const rowHead = rowName ? headWidth([...rows, `${rowName} ↓`, `${colName} →`]) : 0;
  const { perLine, slots } = foldPanels(grid, context.width - rowHead);
  const oneBand = panels.length <= perLine;
  const starts = slotStarts(slots, rowHead);
  const { heads, height: headHeight } = headStrip(grid, starts, slots, oneBand);
  const laid = { cells: [], holes: [], rowHeads: [], bands: [], heads, headHeight, rowHead };
  let y = headHeight;
  for (let first = 0; first < panels.length; first += perLine)
    y = layBand({ ...grid, laid, starts, slots, oneBand, rowHead }, panels.slice(first, first + perLine), y);
  const width = slots.length ? starts.at(-1) + wide(slots.at(-1)) : rowHead;
  const height = layChildren(context, laid, y, Math.max(context.width, width));
  const corner = { rows: rowName, cols: colName };
  return { ...laid, corner, panels, names, width, height, gridBottom: y, count: cells.size };
}

const wide = (widths) => widths.reduce((sum, w) => sum + w + GAP, -GAP);

/** How many panels stand side by side in some room, and the widths of the columns of each. */
function foldPanels(grid, room) {
  const at = grid.panels.map((_, index) => index);
  const single = columnWidths(grid, at);
  const total = single.reduce((sum, widths) => sum + wide(widths) + PANEL_GAP, -PANEL_GAP);
  if (total <= room) return { perLine: Math.max(1, at.length), slots: single };
  const most = Math.max(...single.map(wide));
  const perLine = Math.max(1, Math.floor((room + PANEL_GAP) / (most + PANEL_GAP)));
  if (perLine >= at.length) return { perLine, slots: single };
  return {
    perLine,
    slots: columnWidths(
      grid,
      at.map((index) => index % perLine),
    ),
  };
}

const labelFor = (name, { byName }) => byName.get(name)?.label ?? name;

function headWidth(texts) {
  const longest = Math.max(...texts.map((text) => text.length));
  return Math.round(Math.min(148, Math.max(44, longest * LETTER + 16)));
}

/** The width of each column, for each slot of panels that stand above each other. */
function columnWidths({ cells, panels, rows, cols, context }, slotOf) {
  const slots = [];
  panels.forEach((panel, at) => {
    const slot = (slots[slotOf[at]] ??= cols.map(() => 0));
    cols.forEach((col, c) => {
      for (const row of rows) slot[c] = Math.max(slot[c], cells.get([panel, row, col].join("\u0000"))?.w ?? 0);
    });
  });
  return slots.map((slot) => slot.map((w) => w || Math.round(context.size / 2)));
}

function slotStarts(slots, rowHead) {
  let x = rowHead;
  return slots.map((widths) => {
    const start = x;
    x += wide(widths) + PANEL_GAP;
    return start;
  });
}

function headStrip({ names, panels, cols, context }, starts, slots, oneBand) {
  const heads = [];
  const withPanels = Boolean(names[0]) && oneBand;
  // Without rows there is no room beside the heads: the columns' name has a line of its own above all of them.
  const lift = withPanels && names[2] && !names[1] ? HEAD : 0;
  starts.forEach((start, slot) => {
    if (withPanels) {
      const w = wide(slots[slot]);
      heads.push({ text: panels[slot], name: labelFor(names[0], context), x: start, y: lift, w, panel: true });
    }
    let x = start;
    cols.forEach((col, c) => {
      if (names[2])
        heads.push({
          text: col,
          name: labelFor(names[2], context),
          x,
          y: lift + HEAD,
          w: slots[slot][c],
          panel: false,
        });
      x += slots[slot][c] + GAP;
    });
  });
  // The columns' name stands in the line of the panels, the rows' name in that of the columns' values.
  const lines = names[2] ? 2 : names[1] || withPanels ? 1 : 0;
  const height = lines ? lift + lines * HEAD + 4 : 0;
  return { heads, height };
}

function layBand({ context, names, rows, cols, cells, laid, starts, slots, oneBand, rowHead }, panels, top) {
  let y = top;
  if (names[0] && !oneBand) {
    panels.forEach((panel, slot) => {
      laid.bands.push({ text: panel, name: labelFor(names[0], context), x: starts[slot], y: y + 8 });
    });
    y += SECTION;
  }
  for (const row of rows) {
    const line = panels.flatMap((panel) => cols.map((col) => cells.get([panel, row, col].join("\u0000"))));
    if (!line.some(Boolean)) continue;
    const h = Math.max(...line.map((cell) => cell?.h ?? 0));
    if (names[1]) laid.rowHeads.push({ text: row, name: labelFor(names[1], context), y, h, w: rowHead });
    panels.forEach((panel, slot) =>
      layLine({ laid, cells, cols, panel, row, y, h, x: starts[slot], widths: slots[slot] }),
    );
    y += h + underOf(context.view) + GAP;
  }
  return y + (oneBand ? 0 : 4);
}

function layLine({ laid, cells, cols, panel, row, y, h, x, widths }) {
  cols.forEach((col, c) => {
    const cell = cells.get([panel, row, col].join("\u0000"));
    if (cell) laid.cells.push({ ...cell, x, y });
    else laid.holes.push({ x, y, w: widths[c], h });
    x += widths[c] + GAP;
  });
}

/** Lay a gallery: tiles in lines, each with its own label; a heading for each panel. */
export function layGallery(context, tiles) {
  const laid = { cells: [], holes: [], rowHeads: [], bands: [] };
  const facet = partOf(context.view.facet, context);
  const panels = facet
    ? linesIn(facet, context).filter((panel) => tiles.some((tile) => labelOf(tile, facet) === panel))
    : [""];
  let y = 0;
  for (const panel of panels) {
    const own = facet ? tiles.filter((tile) => labelOf(tile, facet) === panel) : tiles;
    if (facet) {
      laid.bands.push({ text: panel, name: labelFor(facet, context), x: 0, y: y + 8 });
      y += SECTION;
    }
    const without = facet ? [facet] : [];
    y = flow(context, laid, own, y, { panel, child: false, name: (tile) => nameOf(tile, context.columns, without) });
  }
  const bottom = layChildren(context, laid, y, context.width);
  const corner = { rows: "", cols: "" };
  return {
    ...laid,
    heads: [],
    headHeight: 0,
    rowHead: 0,
    corner,
    panels,
    names: [facet, "", ""],
    width: context.width,
    height: bottom,
    gridBottom: y,
    count: tiles.length,
  };
}

/** Put tiles side by side, line under line, from `y` on; the y below them. */
function flow({ size, width, turns, view }, laid, tiles, y, { panel, child, name }) {
  let x = 0;
  let line = [];
  const end = () => {
    const h = Math.max(...line.map((cell) => cell.h));
    line.forEach((cell) => laid.cells.push({ ...cell, y: y + h - cell.h }));
    y += h + underOf(view) + LABEL + 8;
    [x, line] = [0, []];
  };
  for (const tile of tiles) {
    const key = `${child ? "child" : "tile"} ${tile.id}`;
    const cell = cellOf([tile], key, turns, size, { place: [panel, "", ""], child, label: name(tile) });
    if (x > 0 && x + Math.max(cell.w, 96) > width) end();
    line.push({ ...cell, x });
    x += Math.max(cell.w, 96) + 2 * GAP;
  }
  if (line.length) end();
  return y;
}

/** The section of what was made from tiles, parents in the order of the board. */
function layChildren(context, laid, y, width) {
  if (!context.children.length) return y;
  const rank = new Map(laid.cells.flatMap((cell, at) => cell.ids.map((id) => [id, at])));
  const worth = (tile) => rank.get(tile.parent) ?? 1e9;
  const children = [...context.children].sort((a, b) => worth(a) - worth(b) || a.id - b.id);
  laid.bands.push({ text: "Children", name: "", x: 0, y: y + 8, count: children.length });
  return flow({ ...context, width: Math.min(width, context.width) }, laid, children, y + SECTION, {
    panel: "children",
    child: true,
    name: (tile) => nameOf(tile, context.columns),
  });
}
