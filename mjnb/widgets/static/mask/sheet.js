/**
 * What is painted on: the picture, its mask, its place on the canvas, and the way back. It lives with the model, so that
 * all views of it show and undo the same.
 */
import { frameOf, framed, numbersOf, plainFrame } from "./frame.js";
import { counted, createRaster, inverted, pngOf } from "./raster.js";

const MOST_STEPS = 100;

/** @typedef {ReturnType<typeof createSheet>} Sheet */

/** @param {any} model */
export function createSheet(model) {
  const listeners = new Set();
  /** @type {{mask: Uint32Array, frame: import("./frame.js").Frame}[]} */
  let steps = [];
  let at = 0;
  let ticket = 0;
  let sentMask = null;
  let sentFrame = "";

  const sheet = {
    /** @type {HTMLImageElement | null} */ image: null,
    /** @type {ReturnType<typeof createRaster> | null} */ raster: null,
    /** @type {[number, number]} */ size: [0, 0],
    frame: plainFrame([1, 1]),
    error: "",
    coverage: 0,

    /** Be told of every change; call what comes back to be told no more. */
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed: () => listeners.forEach((listener) => listener()),
    canUndo: () => at > 0,
    canRedo: () => at < steps.length - 1,

    /** A stroke or a shape is complete: keep the step and hand the mask to Python. */
    commit() {
      keep({ mask: sheet.raster.settle(), frame: sheet.frame });
      sendMask();
    },
    /** Take back what is not complete. */
    restore() {
      sheet.raster.load(steps[at].mask);
      sheet.frame = steps[at].frame;
      sheet.changed();
    },
    undo: () => walk(-1),
    redo: () => walk(1),
    invert: () => replace(inverted(steps[at].mask)),
    clear: () => replace(new Uint32Array()),

    /** Show another place of the picture; it counts as a step when `kept`. */
    place(frame, kept = true) {
      sheet.frame = frame;
      if (!kept) return sheet.changed();
      keep({ mask: steps[at].mask, frame });
      sendFrame();
    },
    move: (change, kept = true) => sheet.place(framed(sheet.frame, change), kept),
  };

  function keep(step) {
    steps = [...steps.slice(0, at + 1), step].slice(-MOST_STEPS);
    at = steps.length - 1;
    tell();
  }

  function tell() {
    sheet.coverage = counted(steps[at].mask, sheet.raster.pixels) / sheet.raster.pixels;
    sheet.changed();
  }

  function replace(mask) {
    sheet.raster.load(mask);
    keep({ mask, frame: sheet.frame });
    sendMask();
  }

  function walk(by) {
    if (!steps[at + by]) return;
    const before = steps[at];
    at += by;
    sheet.raster.load(steps[at].mask);
    sheet.frame = steps[at].frame;
    tell();
    if (steps[at].mask !== before.mask) sendMask();
    if (steps[at].frame !== before.frame) sendFrame();
  }

  /** One message, and only for the last of several changes at once. */
  async function sendMask() {
    const mine = ++ticket;
    const { mask } = steps[at];
    const png = mask.length ? await pngOf(mask, sheet.raster) : new ArrayBuffer(0);
    if (mine !== ticket) return;
    sentMask = new DataView(png);
    model.set("mask_png", sentMask);
    model.save_changes();
  }

  function sendFrame() {
    const numbers = numbersOf(sheet.frame, sheet.size);
    sentFrame = String(numbers);
    model.set("frame", numbers);
    model.save_changes();
  }

  async function onMask() {
    const png = model.get("mask_png");
    if (png === sentMask || !sheet.raster) return;
    ticket += 1;
    const mine = ticket;
    const picture = await bitmap(png);
    if (mine !== ticket) return;
    picture ? sheet.raster.draw(picture) : sheet.raster.load(new Uint32Array());
    keep({ mask: sheet.raster.settle(), frame: sheet.frame });
  }

  function onFrame() {
    const numbers = model.get("frame");
    if (String(numbers) === sentFrame || !sheet.raster) return;
    sentFrame = String(numbers);
    sheet.frame = frameOf(numbers, sheet.size);
    keep({ mask: steps[at].mask, frame: sheet.frame });
  }

  /** Begin with the picture's size known; nothing before this is a step. */
  async function begin(size) {
    sheet.size = size;
    sheet.raster = createRaster(...size);
    sheet.frame = frameOf(model.get("frame"), size);
    sentFrame = String(model.get("frame"));
    const png = model.get("mask_png");
    const picture = await bitmap(png);
    if (picture) sheet.raster.draw(picture);
    steps = [{ mask: sheet.raster.settle(), frame: sheet.frame }];
    tell();
    if (png !== model.get("mask_png")) await onMask();
  }

  async function load() {
    const { image, release } = source(model);
    try {
      await image.decode();
      sheet.image = image;
    } catch {
      sheet.error = "The picture could not be loaded here. The mask can be painted all the same once its size is known.";
    }
    release();
    const known = model.get("size");
    const size = known.length === 2 ? known : [image.naturalWidth, image.naturalHeight];
    if (!size[0]) return sheet.changed();
    if (known.length !== 2) {
      model.set("size", size);
      model.save_changes();
    }
    await begin(size);
  }

  model.on("change:mask_png", onMask);
  model.on("change:frame", onFrame);
  load();
  return {
    sheet,
    close() {
      model.off("change:mask_png", onMask);
      model.off("change:frame", onFrame);
    },
  };
}

/** The picture's bytes, or its address, as an image under way. */
function source(model) {
  const image = new Image();
  const bytes = model.get("picture");
  const own = bytes?.byteLength ? URL.createObjectURL(new Blob([bytes])) : "";
  image.src = own || model.get("link");
  return { image, release: () => own && URL.revokeObjectURL(own) };
}

/** @param {DataView | undefined} png */
async function bitmap(png) {
  if (!png?.byteLength) return null;
  try {
    return await createImageBitmap(new Blob([png]));
  } catch {
    return null;
  }
}
