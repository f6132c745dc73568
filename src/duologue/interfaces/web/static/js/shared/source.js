/** A cited passage in its place: the quoted words marked, its neighbours around it, faint. */
import { html, useEffect, useRef, useState } from "./html.js";
import { Drawer, explain } from "./parts.js";
import { Icon } from "./icons.js";
import { markQuote } from "./quote.js";
import { get } from "./api.js";
import { parse } from "./trusted.js";
import { t } from "./i18n.js";

/** @param {{ citation: any, path: string, onClose: () => void }} props `path`: where to fetch the passage */
export function Source({ citation, path, onClose }) {
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  useEffect(() => {
    setFound(null);
    setProblem(null);
    get(path).then(setFound, setProblem);
  }, [path]);
  return html`<${Drawer} title=${t("cite.source")} onClose=${onClose}>
    <div class="source" data-testid="source">
      <p class="source-title"><${Icon} name="book" /><span>
        <strong>${found?.document.title ?? citation.title}</strong>
        ${(found?.passage.heading ?? citation.heading) && html`<small>${found?.passage.heading ?? citation.heading}</small>`}
      </span></p>
      ${problem && html`<p class="empty">${problem.status === 404 ? t("cite.gone") : explain(problem)}</p>`}
      ${!found && !problem && html`<div class="skeleton"></div><div class="skeleton short"></div><div class="skeleton"></div>`}
      ${found && html`
        ${found.before && html`<${Passage} of=${found.before.html} className="around" />`}
        <${Passage} of=${found.passage.html} quote=${citation.quote} className="cited" />
        ${found.after && html`<${Passage} of=${found.after.html} className="around" />`}
        ${found.document.uri && html`<p class="uri">${/^https?:\/\//.test(found.document.uri)
          ? html`<a href=${found.document.uri} target="_blank" rel="noopener noreferrer nofollow">${found.document.uri}</a>`
          : found.document.uri}</p>`}`}
    </div>
  </${Drawer}>`;
}

function Passage({ of, quote = "", className }) {
  const ref = useRef(null);
  useEffect(() => {
    ref.current.replaceChildren(parse(of));
    const mark = quote && markQuote(ref.current, quote);
    if (mark) mark.scrollIntoView({ block: "center" });
  }, [of, quote]);
  return html`<div class="passage body ${className}" ref=${ref}></div>`;
}
