/** One picture in large over the page: arrows go on, Escape goes back. */
import { make, press } from "./dom.js";

export function openLarge(model, kept, facts, first) {
  let index = first;
  const dialog = make("dialog", "mjnb-form-part mjnb-large", document.body);
  dialog.setAttribute("aria-label", facts.title);
  const img = make("img", "", dialog);
  const bar = make("div", "mjnb-large-bar", dialog);
  const says = make("span", "", bar);
  says.setAttribute("role", "status");
  const draw = () => {
    if (!kept.large.has(index)) model.send({ large: index });
    img.src = kept.large.get(index) || kept.thumbs[index] || "";
    img.alt = `${facts.title}, picture ${index}`;
    const [width, height] = facts.sizes[index];
    img.style.aspectRatio = `${width} / ${height}`;
    img.style.width = `min(92vw, ${(86 * width) / height}vh, ${Math.max(width, 512)}px)`;
    says.textContent = `picture ${index} · ${width} × ${height}`;
  };
  const go = (by) => {
    index = (index + by + facts.sizes.length) % facts.sizes.length;
    draw();
  };
  if (facts.sizes.length > 1) {
    press(bar, "◂", "Previous picture", () => go(-1)).setAttribute("aria-label", "Previous picture");
    press(bar, "▸", "Next picture", () => go(1)).setAttribute("aria-label", "Next picture");
  }
  press(bar, "Close", "Back (Escape)", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  model.on("msg:custom", draw);
  dialog.addEventListener("close", () => {
    model.off("msg:custom", draw);
    dialog.remove();
  });
  draw();
  dialog.showModal();
}
