/** The queue of escalations: acknowledge, take over, close with an outcome. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { tell } from "../../js/shared/parts.js";

export const styles = ["health.css"];

/** The time, with its day where that is not today. */
function when(at) {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString() : date.toLocaleString();
}

function Row({ of, act }) {
  const [outcome, setOutcome] = useState(null);
  const waits = of.state === "raised" || of.state === "notified";
  return html`<article class="card" data-testid="escalation" data-state=${of.state}>
    <div class="status"><strong class=${of.level === 1 ? "urgent" : ""}>${of.titles.join(" · ")}</strong><span class="chip">${t(`health.level_${of.level}`)}</span>
      <span class="chip">${t(`health.${of.state}`)}</span></div>
    <small>${of.may_read ? of.subject || t("health.unnamed") : t("health.name_hidden")} · ${when(of.raised_at)} · ${t("health.pages", { n: of.pages })}${of.outcome && ` · ${of.outcome}`}</small>
    <div class="status">
      ${waits && html`<button class="button small" type="button" onClick=${() => act("acknowledge", { id: of.id })}>${t("health.acknowledge")}</button>`}
      ${(waits || of.state === "acknowledged") && html`<button class="button small" type="button" onClick=${() => act("take_over", { id: of.id })}>${t("health.take_over")}</button>`}
      ${!waits && of.state !== "closed" && outcome === null && html`<button class="button small quiet" type="button" onClick=${() => setOutcome("")}>${t("health.close")}</button>`}
      <a class="link" href=${`/packs/health/records?open=${of.conversation_id}`}>${t("health.open_record")}</a></div>
    ${outcome !== null && html`<form onSubmit=${(e) => (e.preventDefault(), act("close", { id: of.id, outcome }))}>
      <input aria-label=${t("health.outcome")} placeholder=${t("health.outcome")} value=${outcome} onInput=${(e) => setOutcome(e.target.value)} required />
      <button class="button small" type="submit">${t("health.close")}</button></form>`}</article>`;
}

export default function Queue({ query, command, version }) {
  const [rows, setRows] = useState(null);
  const load = () => query("queue").then((r) => setRows(r.escalations), tell);
  const act = (name, args) => command(name, args).then(load, tell);
  useEffect(() => void load(), [version]);
  if (!rows) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic"><h3>${t("health.escalations")}</h3>
    ${!rows.length && html`<p class="nothing">${t("health.queue_empty")}</p>`}
    ${rows.map((e) => html`<${Row} key=${e.id} of=${e} act=${act} />`)}</div>`;
}
