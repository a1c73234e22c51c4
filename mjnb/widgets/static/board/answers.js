/** Answers that are no pictures: clips that are played, and words that are read and copied. */

import { withFlags } from "../shared/flags.js";
import { el } from "./dom.js";

/** A place for a clip; nothing is played before somebody says so. */
export function clipNode() {
  const video = el("video", { class: "mjb-largeclip", controls: true, loop: true, playsinline: true, preload: "auto" });
  video.muted = true;
  const node = el("div", { class: "mjb-cliparea", hidden: true }, video);
  const said = el("p", { class: "mjb-aside", role: "status", hidden: true, text: "This page cannot play the clip." });
  node.append(said);
  video.addEventListener("error", () => (said.hidden = !video.getAttribute("src")));
  return { node, video, said };
}

/** Show a clip, with its still picture until it is played; the same one goes on where it is. */
export function showClip({ node, video, said }, url, poster, name = "") {
  node.hidden = !url;
  if ((video.getAttribute("src") ?? "") === url) return;
  said.hidden = true;
  video.pause();
  video.setAttribute("aria-label", name);
  if (poster) video.poster = poster;
  else video.removeAttribute("poster");
  if (url) video.src = url;
  else video.removeAttribute("src");
  video.load();
}

/** All the words of an answer, each with a button that copies it. */
export function answersNode(texts) {
  const one = (text) => {
    const words = el("span", { class: "mjb-answertext", dir: "auto" }, ...withFlags(text));
    const copy = el("button", { class: "mjb-quiet", text: "Copy", "aria-label": `Copy: ${text.slice(0, 40)}` });
    copy.addEventListener("click", async () => (copy.textContent = (await copied(words)) ? "Copied" : "Press Ctrl+C"));
    return el("li", {}, words, copy);
  };
  return el("ol", { class: "mjb-answerlist" }, ...texts.map(one));
}

/** Copy the words of a node; where the page may not, select them for the keys. */
export async function copied(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(node);
    return false;
  }
}
