/**
 * What is painted on: the picture, its mask, its place on the canvas, and the way back. It lives with the model, so that
 * all views of it show and undo the same.
 *
 * Several pages may show one painter, each with a sheet of its own. What is changed here goes to Python with a new word
 * (`told`); Python shows all pages what it has then, and says the word again (`heard`). Until that is the latest word of
 * this page, what comes from Python is older than what is painted here and will be overwritten by it: it is passed over.
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
  let strokes = 0;
  let sent = 0; // the latest of the strokes that was
  let readings = 0;
  let word = ""; // the latest that Python has not heard yet
  let knownMask = new Uint8Array(); // as it stands in Python, as far as is known here
  let knownFrame = "";

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
    /** How a view was before a front end drew it anew; one that is made then begins so. */
    look: /** @type {{view: object, name: string, brush: number} | null} */ (null),
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
    const mine = ++strokes;
    const { mask } = steps[at];
    const png = mask.length ? await pngOf(mask, sheet.raster) : new ArrayBuffer(0);
    if (mine !== strokes) return;
    sent = mine;
    knownMask = new Uint8Array(png);
    send("mask_png", new DataView(png));
  }

  function sendFrame() {
    const numbers = numbersOf(sheet.frame, sheet.size);
    knownFrame = String(numbers);
    send("frame", numbers);
  }

  function send(name, value) {
    word = `${Math.random()}`;
    model.set(name, value);
    model.set("told", word);
    model.save_changes();
  }

  const isAhead = () => word !== "" || sent !== strokes;

  /** Show what Python has, as a step of its own, unless it is known here or about to be overwritten. */
  async function onTold() {
    if (model.get("heard") === word) word = "";
    if (!steps.length || isAhead()) return;
    const mine = ++readings;
    const [bytes, numbers] = [bytesOf(model.get("mask_png")), model.get("frame")];
    const [isNewMask, isNewFrame] = [!isSame(bytes, knownMask), String(numbers) !== knownFrame];
    if (!isNewMask && !isNewFrame) return;
    const picture = isNewMask && (await bitmap(bytes));
    if (mine !== readings || isAhead()) return;
    if (isNewMask) picture ? sheet.raster.draw(picture) : sheet.raster.load(new Uint32Array());
    if (isNewFrame) sheet.frame = frameOf(numbers, sheet.size);
    [knownMask, knownFrame] = [bytes, String(numbers)];
    keep({ mask: isNewMask ? sheet.raster.settle() : steps[at].mask, frame: sheet.frame });
  }

  /** Begin with the picture's size known; nothing before this is a step. */
  async function begin(size) {
    sheet.size = size;
    sheet.raster = createRaster(...size);
    sheet.frame = frameOf(model.get("frame"), size);
    knownFrame = String(model.get("frame"));
    knownMask = bytesOf(model.get("mask_png"));
    const picture = await bitmap(knownMask);
    if (picture) sheet.raster.draw(picture);
    steps = [{ mask: sheet.raster.settle(), frame: sheet.frame }];
    tell();
    await onTold();
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

  const events = ["change:mask_png", "change:frame", "change:heard"];
  events.forEach((event) => model.on(event, onTold));
  load();
  return {
    sheet,
    close() {
      events.forEach((event) => model.off(event, onTold));
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

/** @param {DataView | null | undefined} view */
const bytesOf = (view) =>
  view?.byteLength ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array();

const isSame = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** @param {Uint8Array} png */
async function bitmap(png) {
  if (!png.length) return null;
  try {
    return await createImageBitmap(new Blob([png]));
  } catch {
    return null;
  }
}
