/**
 * The filter's little language: words that must all be found, `-word` that must not, and `column < value` with
 * `=`, `!=`, `<`, `<=`, `>`, `>=`; a value or a word with spaces stands in quotes.
 */

const TERM = /\s*(?:(-?)("[^"]*"|[^\s"=<>!]+)\s*(<=|>=|!=|=|<|>)\s*("[^"]*"|[^\s"]+)|(-?)("[^"]*"|[^\s"]+))/uy;
const FIXED = ["state", "stars", "prompt", "task", "said"];
const OPERATORS = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

const bare = (text) => text.replace(/^"|"$/g, "").toLowerCase();

/**
 * Read a filter.
 *
 * @param {string} text
 * @param {{name: string, label: string, kind: string}[]} columns
 * @returns {{test: (tile: object) => boolean, problem: string}} what is wrong with it, or ""; a wrong one lets all pass
 */
export function readFilter(text, columns) {
  const tests = [];
  TERM.lastIndex = 0;
  const source = text.trim();
  while (TERM.lastIndex < source.length) {
    const at = TERM.lastIndex;
    const match = TERM.exec(source);
    if (!match) return wrong(`“${source.slice(at).trim()}” cannot be read: a quote is open or a value is missing`);
    const found = match[3] ? comparison(match, columns) : words(match);
    if (found.problem) return wrong(found.problem);
    tests.push(found.test);
  }
  return { test: (tile) => tests.every((test) => test(tile)), problem: "" };
}

const wrong = (problem) => ({ test: () => true, problem });

function words([, , , , , minus, quoted]) {
  const word = bare(quoted);
  if (/[<>=]/.test(quoted) && !quoted.startsWith('"'))
    return { problem: `“${word}” needs a column on its left and a value on its right` };
  return { test: (tile) => haystack(tile).includes(word) === (minus === "") };
}

function haystack(tile) {
  const { prompt, state, word, note, said, labels } = tile;
  return [...Object.values(labels), prompt, state, word, note, said].join("\n").toLowerCase();
}

function comparison([, minus, name, sign, quoted], columns) {
  const key = columnNamed(bare(name), columns);
  if (key === null) return { problem: `there is no column “${bare(name)}”; ${offer(columns)}` };
  const value = bare(quoted);
  const number = Number(value.replace(/^\$|\s*s$/g, ""));
  const asNumber = value !== "" && Number.isFinite(number);
  if (/[<>]/.test(sign) && !asNumber) return { problem: `“${bare(name)} ${sign} ${value}” needs a number` };
  const test = (tile) => compare(tile, key, OPERATORS[sign], asNumber ? number : null, value);
  return { test: minus ? (tile) => !test(tile) : test };
}

function columnNamed(name, columns) {
  const found = columns.find((column) => [column.name, column.label].some((text) => text.toLowerCase() === name));
  return found?.name ?? (FIXED.includes(name) ? name : null);
}

const offer = (columns) => `columns: ${[...new Set([...columns.map((column) => column.name), ...FIXED])].join(", ")}`;

/** The value of a tile in a column: a number where there is one, else its text. */
function rawValue(tile, name) {
  if (name === "stars") return tile.stars;
  if (name in tile.numbers) return tile.numbers[name];
  if (name in tile.labels) return tile.labels[name];
  return FIXED.includes(name) ? tile[name] : undefined;
}

function compare(tile, key, operator, number, text) {
  const raw = rawValue(tile, key);
  if (raw === undefined || raw === null) return false;
  if (number !== null && raw !== "" && Number.isFinite(Number(raw))) return operator(Number(raw), number);
  if (operator !== OPERATORS["="] && operator !== OPERATORS["!="]) return false;
  const said = key === "state" && tile.word.toLowerCase() === text ? text : String(raw).toLowerCase();
  return operator(said, text);
}
