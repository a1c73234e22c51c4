/** Prompts as people read them: a flag stays on one line with its value, where that fits. */

const FLAG = /(?<=^|\s)--\p{L}[\w-]*(?:[ \u00a0](?!--)\S+)?/gu;

/** The nodes of a text; its words are as they were, so that they can be copied. @returns {(Node | string)[]} */
export function withFlags(text) {
  const nodes = [];
  let done = 0;
  for (const { 0: flag, index } of text.matchAll(FLAG)) {
    nodes.push(text.slice(done, index), flagNode(flag));
    done = index + flag.length;
  }
  return [...nodes, text.slice(done)];
}

/** It breaks inside only where a whole line is too short for it. */
function flagNode(text) {
  const node = document.createElement("span");
  node.textContent = text;
  Object.assign(node.style, { display: "inline-block", maxWidth: "100%" });
  return node;
}
