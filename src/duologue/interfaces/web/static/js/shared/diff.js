/** What changed between two texts, word by word; Chinese is cut into words by the browser. Pure. */

const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter("zh", { granularity: "word" }) : null;
const MOST_CELLS = 4_000_000;

const cut = (text) => (segmenter ? Array.from(segmenter.segment(text), (s) => s.segment) : text.split(/(\s+)/));

/**
 * @param {string} before @param {string} after
 * @returns {{op: "same" | "gone" | "new", text: string}[]} joined `same` and `gone` is `before`, `same` and `new` is `after`
 */
export function diff(before, after) {
  const a = cut(before);
  const b = cut(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middleA = a.slice(head, a.length - tail);
  const middleB = b.slice(head, b.length - tail);
  const pieces = [["same", a.slice(0, head).join("")], ...middle(middleA, middleB), ["same", a.slice(a.length - tail).join("")]];
  const joined = [];
  for (const [op, text] of pieces) {
    if (!text) continue;
    if (joined.at(-1)?.op === op) joined.at(-1).text += text;
    else joined.push({ op, text });
  }
  return joined;
}

/** Longest common subsequence of two lists of words. */
function middle(a, b) {
  if (a.length * b.length > MOST_CELLS) return [["gone", a.join("")], ["new", b.join("")]];
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : skip;
    }
  }
  const out = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) out.push(["same", a[(j += 1, i++)]]);
    else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) out.push(["gone", a[i++]]);
    else out.push(["new", b[j++]]);
  }
  return out;
}
