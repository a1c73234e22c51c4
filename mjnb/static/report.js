// 1 of 5. The data, what the reader has chosen, and words for numbers. The five files run as one module, in order.

const data = JSON.parse(document.getElementById("data").textContent);
const ROLES = ["rows", "cols", "facet"];
const STATES = {
  success: ["", "done", ""],
  failed: ["✕", "failed", ""],
  refused: ["⊘", "refused", "No task was made."],
  unknown: ["?", "unknown", "It may have been charged."],
  pending: ["○", "queued", ""],
  submitting: ["○", "submitting", ""],
  processing: ["◔", "running", ""],
};

/** What the reader has chosen; axes and values by their index, -1 for none (a role) or for all (`at`). */
const chosen = { ...data.roles, at: {}, hidden: data.axes.map(() => new Set()), picture: -1, size: 0, theme: "" };

const $ = (id) => document.getElementById(id);

/** Make an element. Text always becomes a text node, `on…` a listener, `true` an empty attribute. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== ""));
  return node;
}

function seconds(value) {
  if (value == null) return "–";
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Two to four decimals; a price that nobody knows is never zero. */
function usd(value) {
  if (value == null) return "unknown";
  const [whole, decimals] = value.toFixed(4).split(".");
  return `$${whole}.${decimals.replace(/0{1,2}$/, "")}`;
}

function time(value) {
  if (value == null) return "–";
  const moment = new Date(value * 1000);
  const two = (number) => String(number).padStart(2, "0");
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  return `${day} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

const WRITE = { seconds, usd, time };
const write = (kind, value) => (WRITE[kind] ?? String)(value);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** Name a task by the values that vary: `chaos 50, version v7`. */
function called(task) {
  const words = data.axes.map((axis, a) => [axis.label, axis.values[task.at[a]]]);
  const said = words.filter(([, value]) => value !== "–"); // a history has many fields that one task does not have
  return (said.length ? said : words).map((pair) => pair.join(" ")).join(", ") || "the only task";
}

/** A mark and a word, so that no state is told by colour alone. */
function stateOf(task) {
  const [mark, word] = STATES[task.state] ?? ["?", task.state];
  return el("span", { class: `state ${task.state}` }, mark && el("span", { "aria-hidden": "true" }, `${mark} `), word);
}

const reasonOf = (task) => [task.reason, STATES[task.state]?.[2]].filter(Boolean).join(" ");

/** How a task's answer is counted: as pictures, clips or texts. */
function answerOf(task) {
  if (task.clips) return plural(task.clips, "clip");
  return task.pictures.length ? plural(task.pictures.length, "picture") : plural(task.texts.length, "text");
}

/** An answer in words, one paragraph each. */
const wordsOf = (task) =>
  el(
    "span",
    { class: "words", dir: "auto" },
    task.texts.map((text) => el("span", { class: "answer" }, text)),
  );

/** One picture, or a word in its place. `size` is [width, height] in pixels. */
function pictureOf(id, alt) {
  const picture = data.pictures[id];
  if (!picture) return el("span", { class: "lost" }, "picture missing");
  const [width, height] = picture.size;
  return el("img", { src: picture.src, alt, width, height, decoding: "async", draggable: "false" });
}

/** Width over height of a task's pictures: their own, else what was asked for, else what its neighbours have. */
function shapeOf(task) {
  const picture =
    data.pictures[task.pictures.find((id) => data.pictures[id])] ??
    (task.shape ? { size: [task.shape, 1] } : data.pictures.find(Boolean));
  return picture ? picture.size[0] / picture.size[1] : 1;
}

/** What is chosen, as a URL fragment; only what differs from the page as it opens. */
function toHash() {
  const words = new URLSearchParams();
  for (const role of ROLES) if (chosen[role] !== data.roles[role]) words.set(role, data.axes[chosen[role]]?.name ?? "");
  for (const [a, value] of Object.entries(chosen.at)) words.set(`at.${data.axes[a].name}`, value);
  chosen.hidden.forEach((values, a) => values.size && words.set(`hide.${data.axes[a].name}`, [...values].join(" ")));
  if (chosen.picture >= 0) words.set("picture", chosen.picture + 1);
  if (chosen.size) words.set("size", chosen.size);
  if (chosen.theme) words.set("theme", chosen.theme);
  return words.toString();
}

/** Take from a fragment whatever makes sense; the rest is ignored. */
function fromHash(text) {
  const words = new URLSearchParams(text);
  const number = (word, low, high) =>
    /^-?\d+$/.test(words.get(word) ?? "") ? Math.min(high, Math.max(low, Number(words.get(word)))) : null;
  for (const role of ROLES) {
    chosen[role] = words.has(role) ? data.axes.findIndex((axis) => axis.name === words.get(role)) : data.roles[role];
  }
  ROLES.forEach(
    (role, index) => ROLES.slice(0, index).some((other) => chosen[other] === chosen[role]) && (chosen[role] = -1),
  );
  chosen.at = {};
  data.axes.forEach((axis, a) => {
    const value = number(`at.${axis.name}`, -1, axis.values.length - 1);
    if (value != null) chosen.at[a] = value;
    const gone = (words.get(`hide.${axis.name}`) ?? "")
      .split(" ")
      .filter((word) => /^\d+$/.test(word))
      .map(Number);
    chosen.hidden[a] = new Set(gone.length < axis.values.length ? gone : []);
  });
  chosen.picture = (number("picture", 0, 4) ?? 0) - 1;
  chosen.size = number("size", 0, SIZES.max) ?? 0;
  chosen.theme = ["light", "dark"].includes(words.get("theme")) ? words.get("theme") : "";
}

/** Keep the choice in the address; some viewers of local files forbid it, and the page works without. */
function remember() {
  try {
    history.replaceState(null, "", `#${toHash()}`);
  } catch {
    // a sandboxed frame: nothing to do
  }
}
