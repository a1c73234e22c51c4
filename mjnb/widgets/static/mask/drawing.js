/** What is seen on the stage: canvas, picture and mask below, what is being done above. */
import { TINT } from "./raster.js";
import { pictureScale, toScreen } from "./view.js";

const SHADE = 0.5; // how much of the tint lies over the picture
const LIGHT = "rgba(255, 255, 255, 0.95)";
const AROUND = [[1.5, 0], [-1.5, 0], [0, 1.5], [0, -1.5]];
const DARK = "rgba(0, 0, 0, 0.75)";

/** Make a canvas as sharp as the screen, measured in CSS pixels. */
function cleared(canvas, view) {
  const dots = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(view.width * dots), Math.round(view.height * dots)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.setTransform(dots, 0, 0, dots, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  return context;
}

/** Where the picture lies on the screen: x, y, width, height. */
function placeOf(view, sheet) {
  const [across, down] = pictureScale(view, sheet);
  return [...toScreen(view, sheet, [0, 0]), across * sheet.size[0], down * sheet.size[1]];
}

/** Draw canvas, picture and mask. @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} spare to work on */
export function drawPicture(canvas, spare, view, sheet) {
  const context = cleared(canvas, view);
  const place = placeOf(view, sheet);
  const [width, height] = sheet.frame.canvas.map((side) => side * view.scale);
  hatch(context, view.left, view.top, width, height);
  context.clearRect(...place);
  context.imageSmoothingEnabled = view.scale < 3;
  context.imageSmoothingQuality = "high";
  if (sheet.image) context.drawImage(sheet.image, ...place);
  drawMask(context, spare, view, sheet, place);
  edge(context, view.left, view.top, width, height);
}

/** The part of the canvas without picture: it is painted anew whatever the mask says. */
function hatch(context, x, y, width, height) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.globalAlpha = 0.12;
  context.fillStyle = TINT;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 0.5;
  context.strokeStyle = TINT;
  context.lineWidth = 1.5;
  context.beginPath();
  const first = Math.max(-height, -x - height);
  for (let at = first - (first % 10); at < Math.min(width, context.canvas.width); at += 10) {
    context.moveTo(x + at, y + height);
    context.lineTo(x + at + height, y);
  }
  context.stroke();
  context.restore();
}

function edge(context, x, y, width, height) {
  context.strokeStyle = "rgba(128, 128, 128, 0.9)";
  context.lineWidth = 1;
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/** The mask as a tint with a light rim, so that it is seen on a picture of its own colour too. */
function drawMask(context, spare, view, sheet, place) {
  const rim = cleared(spare, view);
  const [left, top, ...size] = place;
  rim.imageSmoothingEnabled = view.scale < 1;
  for (const [x, y] of AROUND) rim.drawImage(sheet.raster.canvas, left + x, top + y, ...size);
  rim.globalCompositeOperation = "source-in";
  rim.fillStyle = LIGHT;
  rim.fillRect(0, 0, view.width, view.height);
  rim.globalCompositeOperation = "destination-out";
  rim.drawImage(sheet.raster.canvas, ...place);
  rim.globalCompositeOperation = "source-over";
  context.save();
  context.beginPath();
  context.rect(...place);
  context.clip();
  context.globalAlpha = SHADE;
  context.imageSmoothingEnabled = view.scale < 1;
  context.drawImage(sheet.raster.canvas, ...place);
  context.globalAlpha = 1;
  context.drawImage(spare, 0, 0, view.width, view.height);
  context.restore();
}

/**
 * Draw what is being done: the outline begun, the brush, the cross-hair.
 * @param {{outline: {corners: number[][], closed: boolean}, brush: number[] | null, size: number, hair: number[] | null}} seen
 */
export function drawGuides(canvas, view, sheet, seen) {
  const context = cleared(canvas, view);
  const corners = seen.outline.corners.map((corner) => toScreen(view, sheet, corner));
  if (corners.length) twice(context, () => trace(context, corners, seen.outline.closed));
  if (!seen.outline.closed) corners.slice(0, -1).forEach((corner, i) => knob(context, corner, i === 0));
  if (seen.brush) {
    const [across, down] = pictureScale(view, sheet);
    const [x, y] = toScreen(view, sheet, seen.brush);
    const radii = [across, down].map((scale) => Math.max(1, (seen.size * scale) / 2));
    twice(context, () => context.ellipse(x, y, radii[0], radii[1], 0, 0, 2 * Math.PI));
  }
  if (seen.hair) hairs(context, toScreen(view, sheet, seen.hair));
}

/** A dark line under a light one is seen on any picture. */
function twice(context, path) {
  for (const [width, colour] of [[3, DARK], [1.25, LIGHT]]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    path();
    context.stroke();
  }
}

function trace(context, corners, closed) {
  corners.forEach((corner) => context.lineTo(...corner));
  if (closed) context.closePath();
}

function knob(context, [x, y], first) {
  context.fillStyle = LIGHT;
  context.strokeStyle = DARK;
  context.lineWidth = 1;
  context.beginPath();
  context.arc(x, y, first ? 5 : 3, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

function hairs(context, [x, y]) {
  twice(context, () => {
    for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * across, y + 4 * down);
      context.lineTo(x + 14 * across, y + 14 * down);
    }
  });
}
