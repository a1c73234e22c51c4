/**
 * The mask as pixels. Where it is opaque the picture is painted anew; the colour is only for looking at.
 *
 * The pixels are as many as the picture's, but at most 2048 on the long side; all coordinates that come in are the
 * picture's own. A mask that is not being drawn on has no half-transparent pixel.
 *
 * @typedef {[number, number]} Point in the picture's pixels
 * @typedef {Uint32Array} Runs where, row by row, painted and unpainted take turns; it begins with unpainted
 */

const LONGEST = 2048;
const RED = 0xff4b1fe0; // as the bytes of a pixel lie in memory: alpha, blue, green, red
export const TINT = "rgb(224, 31, 75)";

/** @param {number} width of the picture @param {number} height */
export function createRaster(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));

  /** Draw in the picture's own pixels, adding to the mask or taking away. */
  function drawing(erase, draw) {
    context.save();
    context.scale(canvas.width / width, canvas.height / height);
    context.globalCompositeOperation = erase ? "destination-out" : "source-over";
    context.fillStyle = context.strokeStyle = TINT;
    context.beginPath();
    draw();
    context.restore();
  }

  return {
    canvas,
    width,
    height,
    pixels: canvas.width * canvas.height,

    /** @param {Point} from @param {Point} to @param {number} size @param {boolean} erase */
    stroke(from, to, size, erase) {
      drawing(erase, () => {
        context.lineWidth = Math.max(size, width / canvas.width);
        context.lineCap = context.lineJoin = "round";
        context.moveTo(...from);
        context.lineTo(to[0] + 0.001, to[1]);
        context.stroke();
      });
    },

    /** @param {Point[]} corners */
    fill(corners) {
      drawing(false, () => {
        corners.forEach((corner) => context.lineTo(...corner));
        context.fill();
      });
    },

    /** Paint a black-and-white picture in place of what is there. @param {CanvasImageSource} picture */
    draw(picture) {
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const image = context.getImageData(0, 0, canvas.width, canvas.height);
      const pixels = new Uint32Array(image.data.buffer);
      pixels.forEach((pixel, i) => (pixels[i] = (pixel & 0xff) > 127 && pixel >>> 24 > 127 ? RED : 0));
      context.putImageData(image, 0, 0);
    },

    /** Make every pixel all or nothing, and tell what is painted. @returns {Runs} */
    settle() {
      const image = context.getImageData(0, 0, canvas.width, canvas.height);
      const runs = settled(new Uint32Array(image.data.buffer));
      context.putImageData(image, 0, 0);
      return runs;
    },

    /** @param {Runs} runs */
    load(runs) {
      context.putImageData(imageOf(runs, canvas, 0, RED), 0, 0);
    },
  };
}

/** Make pixels all or nothing in place. @param {Uint32Array} pixels @returns {Runs} */
function settled(pixels) {
  const found = [];
  let last = false;
  for (let i = 0; i < pixels.length; i++) {
    const painted = pixels[i] >>> 31 === 1; // at least half opaque
    pixels[i] = painted ? RED : 0;
    if (painted !== last) found.push(i);
    last = painted;
  }
  return Uint32Array.from(found);
}

/** @param {Runs} runs @param {HTMLCanvasElement} canvas @param {number} off @param {number} on */
function imageOf(runs, canvas, off, on) {
  const image = new ImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  if (off) pixels.fill(off);
  for (let i = 0; i < runs.length; i += 2) pixels.fill(on, runs[i], runs[i + 1] ?? pixels.length);
  return image;
}

/** Swap what is painted and what is not. @param {Runs} runs @returns {Runs} */
export function inverted(runs) {
  return runs[0] === 0 ? runs.slice(1) : Uint32Array.of(0, ...runs);
}

/** Count painted pixels. @param {Runs} runs @param {number} total */
export function counted(runs, total) {
  let sum = 0;
  for (let i = 0; i < runs.length; i += 2) sum += (runs[i + 1] ?? total) - runs[i];
  return sum;
}

/**
 * Write a mask as a PNG of the picture's own size, white on black.
 * @param {Runs} runs @param {ReturnType<typeof createRaster>} raster @returns {Promise<ArrayBuffer>}
 */
export async function pngOf(runs, raster) {
  const small = document.createElement("canvas");
  [small.width, small.height] = [raster.canvas.width, raster.canvas.height];
  small.getContext("2d")?.putImageData(imageOf(runs, small, 0xff000000, 0xffffffff), 0, 0);
  const whole = small.width === raster.width ? small : enlarged(small, raster.width, raster.height);
  const blob = await new Promise((done) => whole.toBlob(done, "image/png"));
  return /** @type {Blob} */ (blob).arrayBuffer();
}

function enlarged(small, width, height) {
  const large = document.createElement("canvas");
  [large.width, large.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (large.getContext("2d"));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, width, height);
  return large;
}
