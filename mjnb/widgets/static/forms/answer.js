/** An answer that is text: each of its texts with what can be done with it. */
import { withFlags } from "../shared/flags.js";
import { make, press } from "./dom.js";

export function makeAnswer(root, facts, makeButtons) {
  if (!facts.texts.length) return;
  const list = make(facts.texts.length > 1 ? "ol" : "ul", "mjnb-answer", root);
  list.setAttribute("aria-label", "the answer");
  facts.texts.forEach((text, i) => {
    const item = make("li", "", list);
    make("div", "mjnb-answer-text", item).append(...withFlags(text));
    const row = make("div", "mjnb-actions", item);
    makeButtons(row, i);
    const copy = press(row, "copy", "Copy this text", () => copyText(item.firstChild, text, copy));
    copy.setAttribute("aria-label", `copy text ${i}`);
  });
}

/** Copy by the clipboard; where a page may not, the text is selected and Ctrl+C does it. */
async function copyText(node, text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    getSelection().selectAllChildren(node);
    button.textContent = document.execCommand("copy") ? "copied" : "selected";
  }
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}
