/**
 * What a pointer or the cross-hair does. A tool is told of places in the picture's pixels:
 *
 * @typedef {object} Tool
 * @property {(at: Point) => void} down the pointer was pressed
 * @property {(at: Point) => void} move it, or the cross-hair, is there now
 * @property {(at: Point) => void} up it was let go
 * @property {(at: Point, key: string) => void} press Enter or Space at the cross-hair
 * @property {() => boolean} cancel leave off what was begun; false if nothing was
 * @property {() => boolean} back take back its last part; false if nothing was begun
 * @property {() => {corners: Point[], closed: boolean}} outline what is being drawn, to be shown
 * @property {() => string} hint what the next key does
 *
 * @typedef {import("./raster.js").Point} Point
 * @typedef {{size: () => number, near: () => number}} Pen brush size, and how near counts as the same place
 */

const NOTHING = { corners: /** @type {Point[]} */ ([]), closed: false };
const SIDES = 64;

/** Brush or eraser. @param {import("./sheet.js").Sheet} sheet @param {Pen} pen @returns {Tool} */
export function freehand(sheet, pen, erase) {
  let last = /** @type {Point | null} */ (null);
  const word = erase ? "eraser" : "brush";

  function touch(at) {
    sheet.raster.stroke(last ?? at, at, pen.size(), erase);
    last = at;
    sheet.changed();
  }

  function finish() {
    if (!last) return;
    last = null;
    sheet.commit();
  }

  return {
    down: touch,
    move: (at) => last && touch(at),
    up: finish,
    press: (at) => (last ? finish() : touch(at)),
    cancel() {
      if (!last) return false;
      last = null;
      sheet.restore();
      return true;
    },
    back: () => false,
    outline: () => NOTHING,
    hint: () => (last ? `arrow keys draw, Enter lifts the ${word}, Escape takes it back` : `Enter puts the ${word} down`),
  };
}

/** A shape between two places: a box or an ellipse. @returns {Tool} */
export function spanned(sheet, corners) {
  let from = /** @type {Point | null} */ (null);
  let to = /** @type {Point | null} */ (null);

  function begin(at) {
    from = to = at;
    sheet.changed();
  }

  function finish(at) {
    if (!from) return;
    const [start, end] = [from, at];
    from = to = null;
    const empty = Math.abs(start[0] - end[0]) < 1 || Math.abs(start[1] - end[1]) < 1;
    if (empty) return sheet.changed();
    sheet.raster.fill(corners(start, end));
    sheet.commit();
  }

  function leave() {
    if (!from) return false;
    from = to = null;
    sheet.changed();
    return true;
  }

  return {
    down: begin,
    move(at) {
      if (!from) return;
      to = at;
      sheet.changed();
    },
    up: finish,
    press: (at) => (from ? finish(at) : begin(at)),
    cancel: leave,
    back: leave,
    outline: () => (from && to ? { corners: corners(from, to), closed: true } : NOTHING),
    hint: () => (from ? "Enter sets the opposite corner, Escape leaves off" : "Enter sets the first corner"),
  };
}

/** @param {Point} a @param {Point} b @returns {Point[]} */
export function boxCorners([x0, y0], [x1, y1]) {
  const [left, right] = [Math.round(Math.min(x0, x1)), Math.round(Math.max(x0, x1))];
  const [top, bottom] = [Math.round(Math.min(y0, y1)), Math.round(Math.max(y0, y1))];
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

/** @param {Point} a @param {Point} b @returns {Point[]} */
export function ellipseCorners([x0, y0], [x1, y1]) {
  const turn = (i) => (2 * Math.PI * i) / SIDES;
  return Array.from({ length: SIDES }, (_, i) => [
    (x0 + x1 + (x1 - x0) * Math.cos(turn(i))) / 2,
    (y0 + y1 + (y1 - y0) * Math.sin(turn(i))) / 2,
  ]);
}

/** A polygon, corner by corner; it is closed at its first corner. @param {Pen} pen @returns {Tool} */
export function polygon(sheet, pen) {
  let corners = /** @type {Point[]} */ ([]);
  let next = /** @type {Point | null} */ (null);
  const near = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) <= pen.near();

  function leave() {
    if (!corners.length) return false;
    corners = [];
    sheet.changed();
    return true;
  }

  function finish() {
    const shape = corners;
    corners = [];
    sheet.raster.fill(shape);
    sheet.commit();
  }

  function add(at) {
    const again = corners.length > 2 && (near(at, corners[0]) || near(at, corners[corners.length - 1]));
    if (again) return finish();
    if (!corners.length || !near(at, corners[corners.length - 1])) corners.push(at);
    sheet.changed();
  }

  return {
    down: add,
    move(at) {
      next = at;
      if (corners.length) sheet.changed();
    },
    up() {},
    press: (at, key) => (key === "Enter" && corners.length > 2 ? finish() : add(at)),
    cancel: leave,
    back() {
      const begun = corners.pop() !== undefined;
      sheet.changed();
      return begun;
    },
    outline: () => (corners.length ? { corners: next ? [...corners, next] : corners, closed: false } : NOTHING),
    hint() {
      if (!corners.length) return "click, or Enter, sets the first corner";
      if (corners.length < 3) return `${corners.length} of at least 3 corners, Backspace takes one back, Escape leaves off`;
      return "Space sets a corner, Enter or the first corner closes it, Escape leaves off";
    },
  };
}

/** Drag the picture to its place on the canvas; it is told of places on the canvas. @returns {Tool} */
export function mover(sheet) {
  let start = /** @type {Point | null} */ (null);
  let origin = [0, 0];
  const offset = (at) => ({ x: origin[0] + at[0] - start[0], y: origin[1] + at[1] - start[1] });

  return {
    down(at) {
      start = at;
      origin = sheet.frame.place.slice(0, 2);
    },
    move: (at) => start && sheet.move(offset(at), false),
    up(at) {
      if (!start) return;
      const change = offset(at);
      start = null;
      if (sheet.frame.place[0] !== origin[0] || sheet.frame.place[1] !== origin[1]) sheet.move(change);
    },
    press() {},
    cancel() {
      if (!start) return false;
      start = null;
      sheet.restore();
      return true;
    },
    back: () => false,
    outline: () => NOTHING,
    hint: () => "drag, or arrow keys, move the picture on the canvas",
  };
}
