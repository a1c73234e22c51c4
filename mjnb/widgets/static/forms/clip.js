/** A clip of a task: its poster with a mark, and once somebody presses play the film itself, whose bytes come then. */
import { make } from "./dom.js";

/**
 * @param {{sizes: number[][], clips: string[]}} facts
 * @returns {HTMLElement} The frame, which `show` of the result fills with the poster.
 */
export function makeClip(model, cell, facts, kept, index) {
  const [width, height] = facts.sizes[index];
  const stage = make("div", "mjnb-clip", cell);
  const frame = make("button", "mjnb-picture-frame mjnb-clip-frame", stage);
  frame.type = "button";
  frame.setAttribute("aria-label", `play clip ${index}`);
  frame.style.aspectRatio = width > 1 ? `${width} / ${height}` : "16 / 9";
  make("span", "mjnb-play", frame, "▶").setAttribute("aria-hidden", "true");
  make("div", "mjnb-clip-facts", cell, `clip ${index} · ${facts.clips[index]}`);
  frame.addEventListener("click", () => {
    stage.dataset.wanted = "true";
    if (kept.clips.has(index)) play(stage, frame, kept, index);
    else model.send({ clip: index });
  });
  return frame;
}

/** Put the film in the place of its poster, for whoever has pressed play. */
export function playWanted(root, kept) {
  root.querySelectorAll(".mjnb-clip").forEach((stage, index) => {
    const frame = stage.querySelector(".mjnb-clip-frame");
    if (stage.dataset.wanted && kept.clips.has(index) && !stage.querySelector("video")) play(stage, frame, kept, index);
  });
}

function play(stage, frame, kept, index) {
  const video = make("video", "mjnb-film", stage);
  Object.assign(video, { controls: true, playsInline: true, muted: true, poster: kept.thumbs[index] ?? "" });
  video.setAttribute("aria-label", `clip ${index}`);
  video.style.aspectRatio = frame.style.aspectRatio;
  video.addEventListener("loadedmetadata", () => {
    if (video.videoWidth) video.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  });
  video.src = kept.clips.get(index);
  frame.hidden = true;
  video.focus({ preventScroll: true });
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isStill) video.play().catch(() => {}); // it was asked for; where a page may not, its own button does it
}
