/**
 * What the sweep would do, what limits it, the buttons, and the same in Python.
 *
 * @typedef {{text: string, enabled: boolean}} Button
 */
import { fresh, make, press, write } from "./dom.js";

const RETRIES = { transient: "if it may help", failed: "always", none: "never" };
const DEEDS = [
  ["run", "Send what is not paid yet."],
  ["stop", "Send nothing more. What is done is kept; tasks at the gateway go on there."],
  ["resume", "Go on where it was stopped. Nothing is paid for twice."],
  ["retry", "Ask anew for the cells that failed, and for nothing else."],
];

/** What is said about the plan. @returns {{node: HTMLElement, show: (outlook: any, reading: any) => void}} */
export function verdict() {
  const count = make("div", "sf-count");
  const facts = make("div", "sf-facts");
  const said = make("div", "sf-said", { role: "status" }, count, facts);
  const problem = make("div", "sf-error", { role: "alert", hidden: "hidden" });
  const notes = make("ul", "sf-notes", { "aria-label": "advice" });
  const left = make("details", "sf-left");
  const node = make("div", "sf-verdict", {}, said, problem, notes, left);
  return {
    node,
    show(outlook, reading) {
      write(count, outlook.count || reading.hint || "\u2007");
      write(facts, (outlook.facts ?? []).join(" · ") || "\u2007");
      write(problem, outlook.problem ?? "");
      notes.replaceChildren(...(outlook.notes ?? []).map((text) => make("li", "", {}, text)));
      notes.hidden = !outlook.notes?.length;
      showLeft(left, outlook);
    },
  };
}

function showLeft(left, outlook) {
  const listed = outlook.skipped ?? [];
  const more = outlook.skipped_more ? [`and ${outlook.skipped_more} more`] : [];
  left.hidden = listed.length === 0;
  const total = listed.length + (outlook.skipped_more ?? 0);
  left.replaceChildren(
    make("summary", "", {}, `${total} ${total === 1 ? "combination" : "combinations"} cannot be`),
    make("ul", "", {}, ...[...listed, ...more].map((text) => make("li", "", {}, text))),
  );
}

/** What limits the sweep: `tell(name, value)` is called with what was entered. */
export function limits(spec, tell) {
  const rows = {
    repeats: lineRow("Repeats", "How many equal tasks for each combination.", "numeric", (v) => tell("repeats", v)),
    take: lineRow("Take", "Which asking of the whole: 2 pays for the same cells anew.", "numeric", (v) => tell("take", v)),
    budget: lineRow(spec.paid ? "Budget, $" : "Budget, $ (optional)", "What the sweep may spend at most, however often it is started.",
      "decimal", (v) => tell("budget", v)),
    retry: choiceRow("Retry failed cells", "Which failed cells of earlier runs are sent, and paid for, again.", RETRIES, (v) => tell("retry", v)),
    skip: tickRow("Leave out combinations that cannot be", (v) => tell("skip", v)),
    partial: tickRow("Run what fits if the budget is too small", (v) => tell("partial", v)),
  };
  const node = make("div", "sf-limits", {}, ...Object.values(rows).map((row) => row.node));
  return {
    node,
    show(entered, outlook, errors) {
      for (const name of Object.keys(rows)) rows[name].show(entered[name], errors[name] ?? "");
      rows.budget.show(entered.budget ?? (spec.paid ? outlook.budget ?? "" : ""), errors.budget ?? "");
    },
  };
}

function lineRow(text, help, mode, tell) {
  const id = fresh("line");
  const input = make("input", "sf-input sf-short", { id, type: "text", inputmode: mode, autocomplete: "off", title: help });
  const error = make("div", "sf-error", { role: "alert", hidden: "hidden" });
  input.addEventListener("input", () => tell(input.value));
  return {
    node: make("div", "sf-limit", {}, make("label", "sf-label", { for: id, title: help }, text), input, error),
    show(value, problem) {
      if (input !== input.getRootNode().activeElement && input.value !== String(value ?? "")) input.value = value ?? "";
      input.setAttribute("aria-invalid", String(Boolean(problem)));
      write(error, problem);
    },
  };
}

function choiceRow(text, help, choices, tell) {
  const id = fresh("choice");
  const options = Object.entries(choices).map(([value, word]) => make("option", "", { value }, word));
  const select = make("select", "sf-input", { id, title: help }, ...options);
  select.addEventListener("change", () => tell(select.value));
  return {
    node: make("div", "sf-limit", {}, make("label", "sf-label", { for: id, title: help }, text), select),
    show(value) { select.value = value; },
  };
}

function tickRow(text, tell) {
  const input = make("input", "", { type: "checkbox" });
  input.addEventListener("change", () => tell(input.checked));
  return {
    node: make("label", "sf-option sf-tick", {}, input, text),
    show(value) { input.checked = Boolean(value); },
  };
}

/** The four buttons and the line that says how far a run is. */
export function deeds(send) {
  const buttons = Object.fromEntries(DEEDS.map(([name, help]) =>
    [name, press("", help, (event) => send(name, event.currentTarget.textContent), name === "run" || name === "resume" ? "sf-main" : "")]));
  const bar = make("div", "sf-bar", { role: "progressbar", "aria-label": "cells finished" }, make("div", "sf-good"), make("div", "sf-bad"));
  const text = make("div", "sf-progress", { role: "status" });
  const alert = make("div", "sf-error", { role: "alert", hidden: "hidden" });
  const node = make("div", "sf-deeds", {}, make("div", "sf-buttons", {}, ...Object.values(buttons)), bar, text, alert);
  return {
    node,
    show(outlook, progress) {
      for (const name of ["run", "resume", "retry"]) label(buttons[name], outlook[name], progress.busy);
      label(buttons.stop, { text: progress.stopping ? "Stopping…" : "Stop", enabled: progress.running && !progress.stopping }, false);
      showBar(bar, progress);
      write(text, progress.text || "Nothing has been sent.");
      text.title = text.textContent;
      write(alert, progress.alert ?? "");
    },
  };
}

function label(node, /** @type {Button | undefined} */ button, busy) {
  node.textContent = button?.text ?? "";
  node.disabled = busy || !button?.enabled;
}

function showBar(bar, progress) {
  const total = Math.max(1, progress.total ?? 1);
  bar.setAttribute("aria-valuemax", String(total));
  bar.setAttribute("aria-valuenow", String((progress.done ?? 0) + (progress.bad ?? 0)));
  bar.children[0].style.width = `${(100 * (progress.done ?? 0)) / total}%`;
  bar.children[1].style.width = `${(100 * (progress.bad ?? 0)) / total}%`;
}

/** The same in Python, to copy. */
export function codeBox() {
  const code = make("pre", "sf-code", { tabindex: "0", "aria-label": "the same in Python" });
  const copy = press("Copy", "Copy the lines.", async () => {
    write(copy, (await copied(code)) ? "Copied" : "Press Ctrl-C");
  }, "sf-link");
  const node = make("div", "sf-python", {}, make("div", "sf-codehead", {}, make("span", "sf-label", {}, "The same in Python"), copy), code);
  return {
    node,
    show(text) {
      if (code.textContent !== text) copy.textContent = "Copy";
      code.textContent = text;
      node.hidden = !text;
    },
  };
}

/** Select the text, and put it on the clipboard where the page may. @returns {Promise<boolean>} */
async function copied(code) {
  const range = document.createRange();
  range.selectNodeContents(code);
  getSelection()?.removeAllRanges();
  getSelection()?.addRange(range);
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    return document.execCommand?.("copy") ?? false;
  }
}
