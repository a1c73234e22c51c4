/**
 * Which part of the canvas is seen, and how large. Screen coordinates are CSS pixels from the stage's corner.
 */
import { clamp } from "./nodes.js";

const CLOSEST = 32; // CSS pixels for one of the picture
const MARGIN = 8;

/** @typedef {ReturnType<typeof createView>} View */

/** @param {object} [part] of an earlier view: where to begin */
export function createView(part = {}) {
  const view = {
    scale: 1,
    left: 0,
    top: 0,
    width: 1,
    height: 1,
    fitted: true,
    ...part,

    part: () => ({ scale: view.scale, left: view.left, top: view.top, fitted: view.fitted }),

    /** Show all of the canvas, in the middle. @param {[number, number]} canvas */
    fit(canvas) {
      const [across, down] = [view.width - 2 * MARGIN, view.height - 2 * MARGIN];
      view.scale = Math.min(Math.max(across, 1) / canvas[0], Math.max(down, 1) / canvas[1]);
      view.left = (view.width - canvas[0] * view.scale) / 2;
      view.top = (view.height - canvas[1] * view.scale) / 2;
      view.fitted = true;
    },

    /** Zoom by a factor so that what lies under a place of the screen stays there. */
    zoom(factor, canvas, [x, y] = [view.width / 2, view.height / 2]) {
      const least = Math.min(view.width / canvas[0], view.height / canvas[1], 1) / 4;
      const scale = clamp(view.scale * factor, least, CLOSEST);
      view.left = x - ((x - view.left) * scale) / view.scale;
      view.top = y - ((y - view.top) * scale) / view.scale;
      view.scale = scale;
      view.fitted = false;
      view.pan(0, 0, canvas);
    },

    /** Move what is seen; some of the canvas always stays in sight. */
    pan(x, y, canvas) {
      const [across, down] = [canvas[0] * view.scale, canvas[1] * view.scale];
      const [keepX, keepY] = [Math.min(across, 48), Math.min(down, 48)];
      view.left = clamp(view.left + x, keepX - across, view.width - keepX);
      view.top = clamp(view.top + y, keepY - down, view.height - keepY);
      if (x || y) view.fitted = false;
    },
  };
  return view;
}

/** CSS pixels for one pixel of the picture, across and down. */
export function pictureScale(view, sheet) {
  const [, , width, height] = sheet.frame.place;
  return [(view.scale * width) / sheet.size[0], (view.scale * height) / sheet.size[1]];
}

/** From the screen to the picture's pixels. @returns {[number, number]} */
export function toPicture(view, sheet, [x, y]) {
  const [across, down] = pictureScale(view, sheet);
  const [left, top] = sheet.frame.place;
  return [(x - view.left - left * view.scale) / across, (y - view.top - top * view.scale) / down];
}

/** From the picture's pixels to the screen. @returns {[number, number]} */
export function toScreen(view, sheet, [x, y]) {
  const [across, down] = pictureScale(view, sheet);
  const [left, top] = sheet.frame.place;
  return [view.left + left * view.scale + x * across, view.top + top * view.scale + y * down];
}
