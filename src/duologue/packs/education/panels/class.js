/** A teacher's page: who needs help today, what each learner knows, items to look at, plans to sign. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { tell } from "../../js/shared/parts.js";

const heat = (known, seen) => `background: color-mix(in srgb, var(--accent) ${Math.round(known * 90)}%, transparent); opacity: ${seen ? 1 : 0.35}`;

function Heat({ shown, open }) {
  return html`<section><h3>${t("education.heat")}</h3><p class="nothing">${t("education.heat_hint")}</p><div class="scroll-x"><table data-testid="heat">
    <tbody>${shown.learners.map((l) => html`<tr key=${l.person_id}><th scope="row"><button class="link" type="button" onClick=${() => open(l.person_id)}>${l.name}</button></th>
      ${l.known.map((k, i) => html`<td key=${i} style=${`padding: 0; min-inline-size: 14px; ${heat(k, l.seen[i])}`} title=${`${shown.skills[i].name}: ${percent(k)} (${l.seen[i]})`}>
        <span class="sr">${percent(k)}</span></td>`)}</tr>`)}</tbody></table></div></section>`;
}

function One({ one, act }) {
  const remove = (s) => act("edit", { person_id: one.person_id, action: "remove", skill: s.skill, kind: s.kind === "diagnose" ? "practice" : s.kind });
  const lock = (s) => act("edit", { person_id: one.person_id, action: "lock", skill: s.skill, kind: s.kind, day: s.day, minutes: s.minutes });
  return html`<section class="card" data-testid="learner"><h3>${one.name}</h3><p>${t("education.due", { day: one.goal.due, minutes: one.goal.minutes_per_day })}</p>
    ${one.warnings.map((w) => html`<p key=${w} class="nothing">${w}</p>`)}
    <div class="scroll-x"><table><tbody>${one.steps.slice(0, 12).map((s) => html`<tr key=${s.id}><td>${s.day}</td><td>${t(`education.kind_${s.kind}`)}${s.is_fixed ? " ★" : ""}</td>
      <td>${s.name}<br /><small>${s.why}</small></td><td>${s.kind !== "diagnose" && html`<button class="link" type="button" onClick=${() => lock(s)}>${t("education.lock")}</button> `}
      ${s.kind !== "diagnose" && html`<button class="link" type="button" onClick=${() => remove(s)}>${t("education.remove")}</button>`}</td></tr>`)}</tbody></table></div>
    ${one.edits.map((e) => html`<p key=${e.id}><small>${t(`education.${e.action}`)} · ${e.name} ${e.day} · ${e.by}</small> <button class="link" type="button" onClick=${() => act("undo", { edit_id: e.id })}>${t("education.undo")}</button></p>`)}
    ${one.is_signed ? html`<p>${t("education.signed", { by: one.signed.by })}</p>` : html`<button class="button" type="button" data-testid="sign" onClick=${() => act("sign", { person_id: one.person_id })}>${t("education.sign")}</button>`}</section>`;
}

/** @param {{version: number, query: Function, command: Function}} props */
export default function Class({ version, query, command }) {
  const [shown, setShown] = useState(null);
  const [who, setWho] = useState("");
  const [one, setOne] = useState(null);
  const load = async () => {
    setShown(await query("overview"));
    setOne(who ? { ...(await query("learner", { person_id: who })), person_id: who } : null);
  };
  const act = (name, args) => command(name, args).then(() => load().catch(tell), tell);
  useEffect(() => void load().catch(tell), [version, who]);
  if (!shown) return html`<div class="skeleton" aria-busy="true"></div>`;
  if (!shown.learners.length) return html`<p class="nothing">${t("education.no_learners")}</p>`;
  return html`<div class="panel" style="grid-template-columns: minmax(0, 1fr)"><div class="columns"><section><h3>${t("education.help")}</h3>
      ${shown.help.map((h) => html`<p key=${h.person_id} data-testid="help"><button class="link" type="button" onClick=${() => setWho(h.person_id)}>${h.name}</button><br /><small>${h.reasons.join(" ")}</small></p>`)}</section>
    <section><h3>${t("education.to_sign", { n: shown.to_sign.length })}</h3><div class="chips">${shown.to_sign.map((l) => html`<button key=${l.person_id} class="button small quiet" type="button" onClick=${() => setWho(l.person_id)}>${l.name}</button>`)}</div></section></div>
    ${one && html`<${One} one=${one} act=${act} />`}
    <${Heat} shown=${shown} open=${setWho} />
    <section><h3>${t("education.items")}</h3><div class="scroll-x"><table><thead><tr><th>${t("education.item")}</th><th>${t("education.share")}</th><th>${t("education.apart")}</th><th></th></tr></thead>
      <tbody>${shown.items.map((i) => html`<tr key=${i.item}><td>${i.text}</td><td class="numeric">${percent(i.share)}</td><td class="numeric">${i.discrimination}</td><td>${i.remark && t(`education.remark_${i.remark}`)}</td></tr>`)}</tbody></table></div></section></div>`;
}
