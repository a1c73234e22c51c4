/**
 * The picture's place on the canvas of the result. Whatever is asked for, the picture stays on the canvas.
 *
 * @typedef {{canvas: [number, number], place: [number, number, number, number]}} Frame
 *   canvas: width and height; place: x, y, width and height of the picture on it; whole pixels
 */
import { clamp } from "./nodes.js";

const LARGEST = 16384; // pixels a side

/** @param {[number, number]} size of the picture @returns {Frame} */
export function plainFrame(size) {
  return { canvas: [...size], place: [0, 0, ...size] };
}

/** Read the trait `[canvas width, height, x, y, width, height]`. @returns {Frame} */
export function frameOf(numbers, size) {
  if (numbers.length !== 6) return plainFrame(size);
  const [width, height, ...place] = numbers;
  return { canvas: [width, height], place: /** @type {[number, number, number, number]} */ (place) };
}

/** @param {Frame} frame @param {[number, number]} size @returns {number[]} */
export function numbersOf(frame, size) {
  return isPlain(frame, size) ? [] : [...frame.canvas, ...frame.place];
}

/** @param {Frame} frame @param {[number, number]} size */
export function isPlain(frame, size) {
  return [...frame.canvas, ...frame.place].every((value, i) => value === [...size, 0, 0, ...size][i]);
}

/** Change the canvas or the picture's offset on it, as far as the picture stays on it. @param {Frame} frame @returns {Frame} */
export function framed(frame, { width = frame.canvas[0], height = frame.canvas[1], x = frame.place[0], y = frame.place[1] }) {
  const [across, down] = [frame.place[2], frame.place[3]];
  const canvas = [Math.round(clamp(width, across, LARGEST)), Math.round(clamp(height, down, LARGEST))];
  const left = Math.round(clamp(x, 0, canvas[0] - across));
  const top = Math.round(clamp(y, 0, canvas[1] - down));
  return { canvas: /** @type {[number, number]} */ (canvas), place: [left, top, across, down] };
}

/** A canvas around the picture, which lies in its middle. @param {Frame} frame */
function around(frame, width, height) {
  const [across, down] = [frame.place[2], frame.place[3]];
  const canvas = [Math.max(across, Math.round(width)), Math.max(down, Math.round(height))];
  return framed(frame, { width: canvas[0], height: canvas[1], x: (canvas[0] - across) / 2, y: (canvas[1] - down) / 2 });
}

/** The least canvas of a shape that the picture fits on. @param {Frame} frame @param {number} shape width by height */
function shaped(frame, shape) {
  const [across, down] = [frame.place[2], frame.place[3]];
  return across / down > shape ? around(frame, across, across / shape) : around(frame, down * shape, down);
}

const SHAPES = ["16:9", "3:2", "4:3", "1:1", "3:4", "2:3", "9:16"];

/** What the list of canvases offers. @type {[string, (frame: Frame, size: [number, number]) => Frame][]} */
export const PRESETS = [
  ["The picture itself", (_, size) => plainFrame(size)],
  ["10 % more on each side", (frame) => around(frame, frame.place[2] * 1.2, frame.place[3] * 1.2)],
  ["25 % more on each side", (frame) => around(frame, frame.place[2] * 1.5, frame.place[3] * 1.5)],
  ["50 % more on each side", (frame) => around(frame, frame.place[2] * 2, frame.place[3] * 2)],
  ...SHAPES.map((name) => {
    const [width, height] = name.split(":").map(Number);
    return /** @type {[string, any]} */ ([`${name} around the picture`, (frame) => shaped(frame, width / height)]);
  }),
];
