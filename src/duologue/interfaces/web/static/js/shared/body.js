/** The text of a message: sanitised HTML whose markers [1] become buttons that open the source. */
import { html, useLayoutEffect, useRef } from "./html.js";
import { t } from "./i18n.js";
import { parse } from "./trusted.js";

const MARKER = /\[(\d{1,3})\]/g;

/**
 * @param {{ of: string, citations?: {number: number, title: string, heading: string}[], onCite?: (c: any) => void, lang?: string }} props
 */
export function Body({ of, citations = [], onCite, lang }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    const content = parse(of);
    cite(content, citations);
    ref.current.replaceChildren(content);
  }, [of, citations]);
  const onClick = (e) => {
    const chip = e.target.closest?.("button.cite");
    if (chip) onCite?.(citations.find((c) => String(c.number) === chip.dataset.number));
  };
  return html`<div class="body" ref=${ref} lang=${lang === "zh" ? "zh-CN" : lang} onClick=${onClick}></div>`;
}

/** Put buttons where the markers are. */
function cite(root, citations) {
  const known = new Map(citations.map((c) => [String(c.number), c]));
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) if (node.data.includes("[")) nodes.push(node);
  for (const node of nodes) {
    const parts = [];
    let at = 0;
    for (const match of node.data.matchAll(MARKER)) {
      const citation = known.get(match[1]);
      if (!citation) continue;
      parts.push(node.data.slice(at, match.index), button(citation));
      at = match.index + match[0].length;
    }
    if (parts.length) node.replaceWith(...parts, node.data.slice(at));
  }
}

function button(citation) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "cite";
  chip.dataset.number = citation.number;
  chip.textContent = citation.number;
  chip.title = [citation.title, citation.heading].filter(Boolean).join(" › ");
  chip.setAttribute("aria-label", t("cite.open", { n: citation.number, title: citation.title }));
  return chip;
}

/** Markdown's signs taken off, for an answer while it is written: what is stored comes as HTML. */
export const unmark = (text) => text.replace(/\*\*|__|^#{1,6} /gm, "").replace(/^(\s*)[-*] /gm, "$1• ");

/** Plain text with the same markers: an answer while it is written, a draft. */
export function Plain({ text, citations = [], onCite }) {
  const known = new Map(citations.map((c) => [String(c.number), c]));
  const parts = text.split(/\[(\d{1,3})\]/);
  return html`<div class="body plain">${parts.map((part, i) => {
    if (i % 2 === 0) return part;
    const citation = known.get(part);
    if (!citation) return html`<span class="cite faint">${part}</span>`;
    return html`<button type="button" class="cite" title=${citation.title} aria-label=${t("cite.open", { n: part, title: citation.title })}
      onClick=${() => onCite?.(citation)}>${part}</button>`;
  })}</div>`;
}

/** The sources below an answer. */
export const Sources = ({ citations, onCite }) => html`<ul class="sources" aria-label=${t("cite.sources")}>
  ${citations.map((c) => html`<li key=${c.number}><button type="button" class="source-chip" onClick=${() => onCite(c)} data-testid="citation">
    <span class="number">${c.number}</span><span class="title">${c.title}</span>
    ${c.heading && c.heading !== c.title && html`<span class="heading">${c.heading}</span>`}
  </button></li>`)}
</ul>`;
