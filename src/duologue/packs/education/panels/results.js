/** What a class has got in one piece of homework: a learner a row, a question a column; a cell opens the answer, signed ones too. */
import { html, useEffect, useRef, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { Waiting } from "./sign.js";
import { tell } from "./why.js";

const SIGNS = { none: "–", new: "…", bulk: "○", single: "?" };

/** @param {{homework: {id: string, title: string}, version: number, query: Function, act: Function, download: Function, close: Function}} props */
export function Results({ homework, version, query, act, download, close }) {
  const [shown, setShown] = useState(null);
  const [one, setOne] = useState(null);
  const place = useRef(null);
  const load = () => query("results", { homework_id: homework.id }).then(setShown, tell);
  useEffect(() => void load(), [homework.id, version]);
  useEffect(() => (setOne(null), place.current?.scrollIntoView({ block: "nearest" })), [homework.id]);
  const open = (id) => query("answer", { submission_id: id }).then(setOne, tell);
  const word = (c) => (c.score === null ? SIGNS[c.state] : percent(c.score));
  const missing = (shown?.rows ?? []).filter((r) => r.cells.every((c) => !c.id)).length;
  return html`<section class="card" data-testid="results" aria-label=${t("education.results")} ref=${place}><div class="head"><h3>${t("education.results")}: ${homework.title}</h3></div>
    ${!shown && html`<div class="skeleton short" aria-busy="true"></div>`}
    ${shown && !one && html`<p class="nothing" style="margin: 0">${t("education.results_hint", { n: missing, of: shown.rows.length })}</p>
      <div class="scroll-x"><table class="results"><thead><tr><th scope="col">${t("education.name")}</th>${shown.items.map((i, k) => html`<th key=${i.id} scope="col" class="numeric" title=${i.text}>${k + 1}</th>`)}<th scope="col" class="numeric">${t("education.sum")}</th></tr></thead>
      <tbody>${shown.rows.map((r, k) => html`<tr key=${k}><th scope="row">${r.name}${r.is_late && html` <small>${t("education.is_late")}</small>`}</th>${r.cells.map((c, i) => html`<td key=${i} class="numeric">${c.id
        ? html`<button class="link" type="button" aria-label=${t("education.answer_of", { name: r.name, n: i + 1, score: word(c) })} onClick=${() => open(c.id)}>${word(c)}</button>`
        : html`<span class="nothing">–</span>`}</td>`)}<td class="numeric">${r.signed > 0 && html`<span style="white-space: nowrap">${r.sum} <small>/ ${r.cells.length}</small></span>`}</td></tr>`)}</tbody></table></div>`}
    ${one && html`<ul style="list-style: none; padding: 0; margin: 0"><${Waiting} key=${one.id + one.at} one=${one} act=${act} after=${() => (setOne(null), load())} /></ul>`}
    <div class="chips">${one ? html`<button class="button small quiet" type="button" onClick=${() => setOne(null)}>${t("education.back_to_results")}</button>`
      : html`<button class="button small quiet" type="button" onClick=${() => download("results_file", { homework_id: homework.id }, "grades.csv").catch(tell)}>${t("education.results_file")}</button>`}
      <button class="button small quiet" type="button" onClick=${close}>${t("action.close")}</button></div></section>`;
}
