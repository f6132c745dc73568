/** The evidence table of a review, sortable, its cells quotations; and the summary, whose every sentence cites a row. */
import { html, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { say, tell } from "../../js/shared/parts.js";

const FIELDS = ["P", "I", "C", "O", "R"];
const valueOf = (row, by) => (by === "year" ? (row.year ?? 0) : by === "number" ? row.number : by === "title" ? row.title : (row.quotes[by] ?? ""));

/** A cell; other words are kept only where they stand in the paper. */
function Cell({ row, field, act }) {
  const [text, setText] = useState(null);
  const words = row.quotes[field] ?? "";
  if (text === null)
    return html`<td><button type="button" class="cell" title=${t("health.quote_change")} onClick=${() => setText(words)}>${words ? `“${words}”` : "–"}</button></td>`;
  const save = (e) => {
    e.preventDefault();
    const quoted = text.trim();
    if (!row.abstract.includes(quoted) && !row.title.includes(quoted)) return say(t("health.not_verbatim"), true);
    return act("quote", { seq: row.seq, field, words: quoted }).then((ok) => ok && setText(null));
  };
  return html`<td><form onSubmit=${save}><textarea rows="3" aria-label=${t("health.quote_change")} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>
    <button class="button small" type="submit">${t("health.save")}</button><button class="button small quiet" type="button" onClick=${() => setText(null)}>${t("health.cancel")}</button></form></td>`;
}

function Title({ row, act }) {
  const [reason, setReason] = useState(null);
  const leave = (e) => (e.preventDefault(), act("decide", { seq: row.seq, include: false, stage: "full", reason }));
  return html`<td><strong>${row.title}</strong>${row.retracted && html` <span class="urgent">${t("health.retracted")}</span>`}<br />
    <small>${[row.authors.slice(0, 3).join("; "), row.journal, row.doi].filter(Boolean).join(" · ")}</small>
    ${reason === null
      ? html`<br /><button type="button" class="link" onClick=${() => setReason("")}>${t("health.leave_out")}</button>`
      : html`<form onSubmit=${leave}><input required aria-label=${t("health.why_out")} placeholder=${t("health.why_out")} value=${reason} onInput=${(e) => setReason(e.target.value)} />
          <button class="button small" type="submit">${t("health.leave_out")}</button></form>`}</td>`;
}

/** @param {{table: {rows: object[], summary: object[]}, reviewId: string, act: Function, download: Function}} props */
export function Evidence({ table, reviewId, act, download }) {
  const [by, setBy] = useState("number");
  const [isDown, setDown] = useState(false);
  const rows = [...table.rows].sort((a, b) => {
    const [x, y] = [valueOf(a, by), valueOf(b, by)];
    return (isDown ? -1 : 1) * (typeof x === "number" ? x - y : x.localeCompare(y));
  });
  const sort = (key) => (setDown(by === key && !isDown), setBy(key));
  const head = (key, label) => html`<th scope="col" aria-sort=${by === key ? (isDown ? "descending" : "ascending") : "none"}>
    <button type="button" class="link" onClick=${() => sort(key)}>${label}${by === key ? (isDown ? " ↓" : " ↑") : ""}</button></th>`;
  if (!rows.length) return html`<p class="nothing">${t("health.evidence_none")}</p>`;
  return html`<div class="status"><button class="button small quiet" type="button" onClick=${() => download("csv", { review_id: reviewId }, "evidence.csv").catch(tell)}>CSV</button>
      <button class="button small quiet" type="button" onClick=${() => download("ris", { review_id: reviewId }, "included.ris").catch(tell)}>RIS</button></div>
    <div class="wide"><table data-testid="evidence"><thead><tr>${head("number", "#")}${head("title", t("health.paper"))}${head("year", t("health.year"))}
      ${FIELDS.map((f) => head(f, t(`health.field_${f}`)))}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.seq} data-testid="evidence-row"><td id=${`row-${row.number}`}>${row.number}</td><${Title} row=${row} act=${act} /><td>${row.year ?? ""}</td>
        ${FIELDS.map((f) => html`<${Cell} key=${f} row=${row} field=${f} act=${act} />`)}</tr>`)}</tbody></table></div>
    <h4>${t("health.summary")}</h4><p class="nothing">${t("health.summary_hint")}</p>
    <ul data-testid="summary">${table.summary.map((s, i) => html`<li key=${i}>${s.text} ${s.cites.map((n) => html`<a key=${n} class="cite" href=${`#row-${n}`}>[${n}]</a>`)}</li>`)}</ul>`;
}
