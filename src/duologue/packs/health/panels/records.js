/** All consultations, and one record beside its transcript. */
import { html, useEffect, useMemo, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { reach } from "../../js/shared/packs.js";
import { tell } from "../../js/shared/parts.js";
import { RecordView } from "./note.js";

export const styles = ["health.css"];

function One({ id, version, onBack }) {
  const ways = useMemo(() => reach("health", "records", id, false), [id]);
  return html`<div class="clinic"><p><button class="link" type="button" onClick=${onBack}>← ${t("health.back")}</button></p>
    <${RecordView} ...${ways} version=${version} isWide=${true} /></div>`;
}

export default function Records({ query, version }) {
  const [patients, setPatients] = useState(null);
  const [id, setId] = useState(new URLSearchParams(location.search).get("open"));
  useEffect(() => void query("patients").then((r) => setPatients(r.patients), tell), [version]);
  const choose = (next) => {
    history.replaceState(null, "", next ? `?open=${next}` : location.pathname);
    setId(next);
  };
  if (id) return html`<${One} id=${id} version=${version} onBack=${() => choose(null)} />`;
  if (!patients) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic"><h3>${t("health.patients")}</h3>
    ${!patients.length && html`<p class="nothing">${t("health.none")}</p>`}
    <ul class="patients">${patients.map((p) => html`<li key=${p.id}><button type="button" data-testid="patient" onClick=${() => choose(p.id)}>
      <span class="grow"><strong>${p.subject || p.id.slice(-6)}</strong><br /><small>${p.mine ? t("health.mine") : t("health.not_mine")}</small></span>
      ${p.escalated && html`<span class="urgent">${t("health.flags")}</span>`}<span class="chip">${t(`health.${p.state}`)}</span></button></li>`)}</ul></div>`;
}
