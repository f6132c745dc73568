/** Finds the quoted words in a passage as it is shown, and marks them. */

const HIDDEN = /[\s*_`#>|~\-\\]+/g; // blanks and Markdown's own signs differ between the source and what is shown

/** @param {Element} root @param {string} quote @returns {HTMLElement | null} the first mark */
export function markQuote(root, quote) {
  const nodes = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) nodes.push(node);
  const letters = [];
  for (const node of nodes) {
    for (let i = 0; i < node.data.length; i += 1) if (!node.data[i].match(HIDDEN)) letters.push([node, i]);
  }
  const text = letters.map(([node, i]) => node.data[i]).join("");
  const found = new Map();
  for (const piece of pieces(quote)) {
    const at = text.indexOf(piece);
    for (let i = at; at >= 0 && i < at + piece.length; i += 1) {
      const [node, place] = letters[i];
      const [from, to] = found.get(node) ?? [place, place];
      found.set(node, [Math.min(from, place), Math.max(to, place)]);
    }
    if (at >= 0 && piece === pieces(quote)[0]) break;
  }
  for (const [node, [from, to]] of found) wrap(node, from, to + 1);
  return root.querySelector("mark");
}

/** The quote whole; where that is not to be found, its sentences. */
function pieces(quote) {
  const strip = (text) => text.replace(HIDDEN, "");
  const sentences = quote.split(/(?<=[.!?。！？；;])\s*|\n+|…|\.\.\./).map(strip);
  return [strip(quote), ...sentences].filter((piece) => piece.length > 3);
}

function wrap(node, from, to) {
  const range = document.createRange();
  range.setStart(node, from);
  range.setEnd(node, to);
  range.surroundContents(document.createElement("mark"));
}
