/** A learner's page: taking part, the path and why, practice graded at once, progress, what is kept. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { say } from "../../js/shared/parts.js";
import { Plot } from "../../js/shared/plot.js";
import { Goal, WhatIf } from "./goal.js";
import { dayLabel, Graph, List, Month, Views } from "./path.js";
import { Practice } from "./practice.js";
import { Reading, Recommended, Shelves } from "./reading.js";
import { About } from "./skill.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

function Join({ me, act }) {
  const [name, setName] = useState("");
  const [consent, setConsent] = useState(false);
  const [minor, setMinor] = useState(true);
  const go = (e) => (e.preventDefault(), act("take_part", { name, consent, is_minor: minor }));
  return html`<form class="card" data-testid="join" onSubmit=${go}><h3>${t("education.join")}</h3><p style="margin: 0">${t("education.consent_hint")}</p><p style="margin: 0">${t(me.may_leave ? "education.consent_leaves" : "education.consent_stays")}</p>
    <label>${t("education.name")} <input required maxlength="80" value=${name} onInput=${(e) => setName(e.target.value)} /></label>
    <label><input type="checkbox" checked=${consent} onChange=${(e) => setConsent(e.target.checked)} /> ${t("education.consent")}</label>
    <label><input type="checkbox" checked=${minor} onChange=${(e) => setMinor(e.target.checked)} /> ${t("education.minor")}</label>
    <button class="button" type="submit" disabled=${!consent}>${t("education.join")}</button></form>`;
}

function Route({ me, path, query, act, read, practise }) {
  const [view, setView] = useState("list");
  const [chosen, setChosen] = useState("");
  const [skill, setSkill] = useState(null);
  const choose = (id) => (setChosen(id), query("skill", { skill: id }).then(setSkill, tell));
  const tabs = ["list", "graph", "month"].map((id) => ({ id, label: t(`education.view_${id}`) }));
  return html`<section style="display: grid; gap: 10px"><div class="head"><h3>${t("education.path")}</h3><${Views} tabs=${tabs} now=${view} choose=${setView} label=${t("education.path")} /></div>
    ${path.warnings.map((w) => html`<p key=${w} class="nothing" style="margin: 0">${w}</p>`)}
    ${path.done_on && html`<p class="nothing" style="margin: 0">${t("education.done_on", { day: dayLabel(path.done_on) })}</p>`}
    <${WhatIf} key=${JSON.stringify(me.goal)} me=${me} query=${query} act=${act} />
    ${view === "list" && html`<${List} path=${path} read=${read} />`}
    ${view === "graph" && html`<${Graph} nodes=${path.nodes} chosen=${chosen} choose=${choose} label=${t("education.graph_label")} />`}
    ${view === "month" && html`<${Month} path=${path} choose=${choose} />`}
    ${view !== "list" && skill && html`<${About} skill=${skill}><${Recommended} skill=${skill.id} query=${query} read=${read} />
      <div class="chips"><button class="button small" type="button" onClick=${() => practise(skill.id)}>${t("education.practise_this")}</button></div><//>`}</section>`;
}

function Progress({ progress }) {
  if (!progress.days.length) return html`<p class="nothing">${t("education.no_answers")}</p>`;
  const x = progress.days.map((d) => Date.parse(d.day) / 1000);
  return html`<section><h3>${t("education.progress")}</h3>
    <${Plot} label=${t("education.by_day")} x=${x} isTime range=${[0, 100]} xLabel=${t("education.day")} series=${[{ label: t("education.share"), values: progress.days.map((d) => (100 * d.right) / d.n) }]} />
    <div class="scroll-x"><table><thead><tr><th scope="col">${t("education.skill")}</th><th scope="col" class="numeric">${t("education.known")}</th></tr></thead><tbody>${progress.skills.map((s) => html`<tr key=${s.id}><td>${s.name}<br /><small>${s.words}${s.due && ` ${t("education.review_due", { day: s.due })}`}</small></td>
      <td class="numeric">${s.answers < s.least ? t("education.few_short", { n: s.answers }) : html`${percent(s.chance)}<br /><small>${percent(s.low)}–${percent(s.high)}</small>`}</td></tr>`)}</tbody></table></div></section>`;
}

/** @param {{version: number, query: Function, command: Function, download: Function}} props */
export default function Learning({ version, query, command, download }) {
  const [shown, setShown] = useState(null);
  const [reading, setReading] = useState("");
  const [only, setOnly] = useState("");
  const load = async () => {
    const me = await query("me");
    setShown(me.joined ? { me, path: await query("path"), progress: await query("progress") } : { me });
  };
  const again = () => load().catch(tell);
  const act = (name, args = {}) => command(name, args).then(() => again().then(() => true), (problem) => (tell(problem), false));
  useEffect(() => void again(), [version]);
  if (!shown) return html`<div class="skeleton short" aria-busy="true"></div>`;
  if (!shown.me.joined) return html`<div class="panel"><h2>${shown.me.title}</h2><${Join} me=${shown.me} act=${act} /></div>`;
  const { me, path, progress } = shown;
  const goal = me.goal.skills.map((id) => me.skills.find((s) => s.id === id)?.name).join(" · ");
  const practise = (id) => (setOnly(id), scrollTo({ top: 0 }));
  return html`<div class="panel edu" style="grid-template-columns: minmax(0, 1fr)"><div class="head"><h2>${me.title}</h2><p>${t("education.goal_line", { skill: goal, day: me.goal.due, minutes: me.goal.minutes_per_day })} · ${me.signed.by ? t("education.signed", { by: me.signed.by }) : t("education.not_signed")}</p></div>
    <details open=${!me.has_goal}><summary>${t(me.has_goal ? "education.change_goal" : "education.choose_goal")}</summary><${Goal} key=${JSON.stringify(me.goal)} me=${me} act=${act} /></details>
    <${Practice} key=${JSON.stringify(me.goal)} skill=${only} path=${path} query=${query} command=${command} onDone=${again} leave=${() => setOnly("")} />
    <${Route} me=${me} path=${path} query=${query} act=${act} read=${setReading} practise=${practise} /><${Shelves} query=${query} read=${setReading} version=${version} /><${Progress} progress=${progress} />
    ${reading && html`<${Reading} id=${reading} query=${query} act=${act} close=${() => setReading("")} />`}
    <div class="chips"><button class="button small quiet" type="button" onClick=${() => download("calendar", {}, "path.ics").catch(tell)}>${t("education.calendar")}</button>
      <button class="button small quiet" type="button" onClick=${() => download("deck", {}, "my-reviews.apkg").catch(() => say(t("education.deck_none"), true))}>${t("education.deck")}</button>
      <button class="button small quiet" type="button" onClick=${() => download("export", {}, "my-learning.json").catch(tell)}>${t("education.export")}</button>
      <button class="button small quiet" type="button" onClick=${() => confirm(t("education.leave_sure")) && act("leave")}>${t("education.leave")}</button></div>
    <p class="nothing" style="margin: 0">${t(me.may_leave ? "education.consent_leaves" : "education.consent_stays")}</p></div>`;
}
