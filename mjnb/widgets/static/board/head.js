/** The board's head: what was asked, how far it is, what all tiles share, and what went wrong. */

import { el, freshId, write } from "./dom.js";

/** Make the head; `update` writes the model's facts, troubles and notices into it. */
export function makeHead(board, tools) {
  const title = el("button", { class: "mjb-title", "aria-expanded": "false" });
  title.addEventListener("click", () => {
    const open = title.getAttribute("aria-expanded") !== "true";
    title.setAttribute("aria-expanded", String(open));
  });
  const text = el("span", { class: "mjb-progress", role: "status", id: freshId() });
  const simulated = el("span", {
    class: "mjb-sim",
    text: "simulated",
    title: "Drawn by mjnb’s simulator; no money was spent.",
  });
  const stop = stopButton(board);
  const good = el("div", { class: "mjb-good" });
  const bad = el("div", { class: "mjb-bad" });
  const bar = el(
    "div",
    { class: "mjb-bar", role: "progressbar", "aria-label": "tasks finished", "aria-valuemin": "0" },
    good,
    bad,
  );
  const held = el("dl", { class: "mjb-held" });
  const line = el("div", { class: "mjb-line" }, text, stop);
  const top = el("div", { class: "mjb-line mjb-topline" }, title, simulated, tools);
  const node = el("div", { class: "mjb-header" }, top, line, bar, held);
  const parts = { title, text, simulated, stop, good, bad, bar, held, line };
  return { node, update: () => showFacts(board, parts) };
}

function stopButton(board) {
  const title = "Send nothing more. What is done is kept; run again to go on.";
  const stop = el("button", { class: "mjb-quiet", text: "Stop", title });
  const said = el("span", { class: "mjb-aside", role: "status" });
  stop.addEventListener("click", () => {
    stop.disabled = true;
    said.textContent = "stopping…";
    board.model.send({ kind: "stop" });
  });
  return el("span", {}, stop, said);
}

function showFacts(board, { title, text, simulated, stop, good, bad, bar, held, line }) {
  const facts = board.model.get("facts") ?? {};
  write(title, facts.title ?? "");
  title.title = facts.title ?? "";
  title.hidden = !facts.title;
  write(text, [facts.text, facts.rest].filter(Boolean).join(" · "));
  simulated.hidden = !facts.simulated;
  stop.hidden = !facts.live || facts.ended;
  line.hidden = !text.textContent && stop.hidden;
  bar.hidden = !facts.total || !facts.text || (facts.ended && !facts.live);
  const total = Math.max(1, facts.total ?? 0);
  good.style.width = `${(100 * (facts.done ?? 0)) / total}%`;
  bad.style.width = `${(100 * (facts.bad ?? 0)) / total}%`;
  bar.setAttribute("aria-valuemax", String(total));
  bar.setAttribute("aria-valuenow", String((facts.done ?? 0) + (facts.bad ?? 0)));
  const now = JSON.stringify(facts.held ?? []);
  if (held.dataset.now === now) return;
  held.dataset.now = now;
  held.hidden = !(facts.held ?? []).length;
  held.replaceChildren(
    ...(facts.held ?? []).map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))),
  );
}

/** The lines of trouble and notice; several may be on the page, in the board and in what lies over it. */
export function makeLines(board) {
  const trouble = el("span", {});
  const dismiss = el("button", { class: "mjb-quiet", text: "Dismiss" });
  const alert = el(
    "div",
    { class: "mjb-trouble", role: "alert" },
    el("span", { class: "mjb-mark", text: "!", "aria-hidden": "true" }),
    trouble,
    dismiss,
  );
  const notice = el("div", { class: "mjb-notice", role: "status" });
  dismiss.addEventListener("click", () => {
    board.model.set("trouble", "");
    board.model.save_changes();
    board.changed();
  });
  const update = () => {
    write(trouble, board.model.get("trouble") ?? "");
    alert.classList.toggle("mjb-none", !trouble.textContent);
    dismiss.hidden = !trouble.textContent;
    write(notice, board.model.get("notice") ?? "");
    notice.classList.toggle("mjb-none", !notice.textContent);
  };
  return { node: el("div", { class: "mjb-lines" }, alert, notice), update };
}
