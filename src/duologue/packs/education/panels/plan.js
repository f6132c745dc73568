/** One learner's plan on the teacher's page: keep a step on its day, move it, take it away, add one, undo, sign. */
import { html, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { dayLabel, Graph, Month, Views } from "./path.js";
import { About } from "./skill.js";

function Step({ s, today, due, act }) {
  const [day, setDay] = useState(s.day);
  const named = `${t(`education.kind_${s.kind}`)} ${s.name}`;
  const button = (key, run, disabled = false) => html`<button class="link" type="button" disabled=${disabled} aria-label=${`${t(`education.${key}`)}: ${named}`} onClick=${run}>${t(`education.${key}`)}</button>`;
  return html`<tr><td>${dayLabel(s.day)}</td><td><span class="kind ${s.kind}">${t(`education.kind_${s.kind}`)}</span>${s.is_fixed && html` <span role="img" aria-label=${t("education.fixed")} title=${t("education.fixed")}>★</span>`}</td>
    <td>${s.title || s.name}<br /><small>${s.why}</small></td><td class="numeric">${t("education.minutes", { n: s.minutes })}</td>
    <td><div class="tools">${s.kind !== "diagnose" && !s.is_fixed && html`${button("lock", () => act("lock", s, s.day))}
      <input type="date" aria-label=${`${t("education.move_to")}: ${named}`} min=${today} max=${due} value=${day} onInput=${(e) => setDay(e.target.value)} />${button("move_to", () => act("move", s, day), !day || day === s.day)}`}
      ${button("remove", () => act("remove", s))}</div></td></tr>`;
}

function Add({ one, skills, act }) {
  const [skill, setSkill] = useState(skills[0].id);
  const [kind, setKind] = useState("practice");
  const [day, setDay] = useState(one.today);
  const [minutes, setMinutes] = useState(10);
  const send = (e) => (e.preventDefault(), act("edit", { person_id: one.person_id, action: "add", skill, kind, day, minutes: Number(minutes) }));
  return html`<form class="fields" data-testid="add-step" onSubmit=${send}><label>${t("education.skill")} <select value=${skill} onChange=${(e) => setSkill(e.target.value)}>${skills.map((s) => html`<option key=${s.id} value=${s.id}>${s.name}</option>`)}</select></label>
    <label>${t("education.kind")} <select value=${kind} onChange=${(e) => setKind(e.target.value)}>${["lesson", "practice", "review"].map((k) => html`<option key=${k} value=${k}>${t(`education.kind_${k}`)}</option>`)}</select></label>
    <label>${t("education.day")} <input type="date" required min=${one.today} max=${one.goal.due} value=${day} onInput=${(e) => setDay(e.target.value)} /></label>
    <label>${t("education.minutes_word")} <input type="number" min="2" max="240" style="inline-size: 5.5em" value=${minutes} onInput=${(e) => setMinutes(e.target.value)} /></label>
    <button class="button small quiet" type="submit">${t("education.add_step")}</button></form>`;
}

/** @param {{one: object, skills: object[], groups: string[], skill: object | null, about: Function, act: Function, close: Function}} props */
export function Plan({ one, skills, groups, skill, about, act, close }) {
  const [view, setView] = useState("list");
  const [group, setGroup] = useState(one.group);
  const [isAll, setAll] = useState(false);
  const change = (action, s, day = "") => act("edit", { person_id: one.person_id, action, skill: s.skill, kind: s.kind, day, minutes: s.minutes });
  const tabs = ["list", "graph", "month"].map((id) => ({ id, label: t(`education.view_${id}`) }));
  const goal = one.goal.skills.map((id) => skills.find((s) => s.id === id)?.name).join(" · ");
  const steps = isAll ? one.steps : one.steps.slice(0, 10);
  return html`<section class="card" data-testid="learner"><div class="head"><h3>${one.name}</h3><p>${t("education.goal_line", { skill: goal, day: one.goal.due, minutes: one.goal.minutes_per_day })}</p>
      <${Views} tabs=${tabs} now=${view} choose=${setView} label=${t("education.plan_of", { name: one.name })} /><button class="link" type="button" onClick=${close}>${t("action.close")}</button></div>
    ${one.warnings.map((w) => html`<p key=${w} class="nothing" style="margin: 0">${w}</p>`)}
    ${view === "list" && html`<div class="scroll-x"><table class="steps"><tbody>${steps.map((s) => html`<${Step} key=${s.id + s.day} s=${s} today=${one.today} due=${one.goal.due} act=${change} />`)}</tbody></table></div>
      ${one.steps.length > 10 && html`<button class="link" type="button" style="justify-self: start" aria-expanded=${isAll} onClick=${() => setAll(!isAll)}>${t(isAll ? "education.fewer_days" : "education.all_steps", { n: one.steps.length })}</button>`}
      <${Add} one=${one} skills=${skills} act=${act} />`}
    ${view === "graph" && html`<${Graph} nodes=${one.nodes} chosen=${skill?.id ?? ""} choose=${about} label=${t("education.graph_label")} />`}
    ${view === "month" && html`<${Month} path=${one} choose=${about} />`}
    ${skill && html`<${About} skill=${skill} />`}
    ${one.edits.length > 0 && html`<ul class="evidence" aria-label=${t("education.decided")}>${one.edits.map((e) => html`<li key=${e.id}>${t(`education.did_${e.action}`)} · ${e.kind && `${t(`education.kind_${e.kind}`)} · `}${e.name} ${e.day} <small>${e.by}</small> <button class="link" type="button" onClick=${() => act("undo", { edit_id: e.id })}>${t("education.undo")}</button></li>`)}</ul>`}
    <div class="fields">${one.is_signed ? html`<span class="badge good">${t("education.signed", { by: one.signed.by })}</span>` : html`<button class="button" type="button" data-testid="sign" onClick=${() => act("sign", { person_id: one.person_id })}>${t("education.sign")}</button>`}
      <form class="fields" onSubmit=${(e) => (e.preventDefault(), act("put_in_group", { person_id: one.person_id, group }))}><label>${t("education.group")} <input type="text" list="groups" maxlength="40" style="inline-size: 8em" value=${group} onInput=${(e) => setGroup(e.target.value)} /></label>
        <datalist id="groups">${groups.map((g) => html`<option key=${g} value=${g}></option>`)}</datalist>${group !== one.group && html`<button class="button small quiet" type="submit">${t("education.put_in_group")}</button>`}</form></div></section>`;
}
