/** The goal: what, by when, how many minutes on which days; and what would be if. Nothing is kept before it is sent. */
import { html, useState } from "../../js/shared/html.js";
import { locale, t } from "../../js/shared/i18n.js";
import { tell } from "./why.js";

const weekday = (i) => new Intl.DateTimeFormat(locale(), { weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, 1 + i)));

/** @param {{me: object, act: Function, onDone?: Function}} props */
export function Goal({ me, act, onDone = () => {} }) {
  const [skill, setSkill] = useState(me.goal.skills[0]);
  const [due, setDue] = useState(me.goal.due);
  const [minutes, setMinutes] = useState(me.goal.minutes_per_day);
  const [rest, setRest] = useState(me.goal.rest_days);
  const flip = (i) => setRest(rest.includes(i) ? rest.filter((x) => x !== i) : [...rest, i]);
  const send = (e) => (e.preventDefault(), act("set_goal", { skill, due, minutes_per_day: Number(minutes), rest_days: rest }).then((ok) => ok && onDone()));
  return html`<form data-testid="goal" onSubmit=${send}><div class="fields">
    <label>${t("education.goal_skill")} <select value=${skill} onChange=${(e) => setSkill(e.target.value)}>${me.skills.map((s) => html`<option key=${s.id} value=${s.id}>${s.name}</option>`)}</select></label>
    <label>${t("education.due_day")} <input type="date" required value=${due} onInput=${(e) => setDue(e.target.value)} /></label>
    <label>${t("education.minutes_day")} <input type="number" min="5" max="240" required style="inline-size: 6em" value=${minutes} onInput=${(e) => setMinutes(e.target.value)} /></label>
    <fieldset class="chips" style="border: 0; padding: 0; margin: 0"><legend style="font-size: var(--small)">${t("education.learn_on")}</legend>${[0, 1, 2, 3, 4, 5, 6].map((i) => html`<label key=${i} class="check"><input type="checkbox" checked=${!rest.includes(i)} onChange=${() => flip(i)} /> ${weekday(i)}</label>`)}</fieldset>
    <button class="button" type="submit">${t("education.set_goal")}</button></div></form>`;
}

const said = (one, word) => t(one.done_on ? "education.if_done" : "education.if_not", { word, day: one.done_on, due: one.goal.due, n: one.days, minutes: one.minutes });

/** @param {{me: object, query: Function, act: Function}} props */
export function WhatIf({ me, query, act }) {
  const [minutes, setMinutes] = useState(me.goal.minutes_per_day);
  const [due, setDue] = useState(me.goal.due);
  const [known, setKnown] = useState("");
  const [found, setFound] = useState(null);
  const look = (e) => (e?.preventDefault(), query("try_out", { minutes_per_day: Number(minutes), due, known }).then(setFound, tell));
  const take = () => act("set_goal", { skill: me.goal.skills[0], due, minutes_per_day: Number(minutes), rest_days: me.goal.rest_days }).then(() => setFound(null));
  return html`<details data-testid="what-if"><summary>${t("education.what_if")}</summary><form class="fields" onSubmit=${look}>
    <label>${t("education.minutes_day")}: ${minutes} <input type="range" min="5" max="120" step="5" value=${minutes} onInput=${(e) => setMinutes(e.target.value)} /></label>
    <label>${t("education.due_day")} <input type="date" value=${due} onInput=${(e) => setDue(e.target.value)} /></label>
    <label>${t("education.if_known")} <select value=${known} onChange=${(e) => setKnown(e.target.value)}><option value="">–</option>${me.skills.map((s) => html`<option key=${s.id} value=${s.id}>${s.name}</option>`)}</select></label>
    <button class="button small quiet" type="submit">${t("education.try_out")}</button></form>
    ${found && html`<div role="status" data-testid="if-found"><p>${said(found.now, t("education.if_now"))}<br /><strong>${said(found.then, t("education.if_then"))}</strong></p>
      ${!known && html`<button class="button small" type="button" onClick=${take}>${t("education.take_goal")}</button>`}</div>`}</details>`;
}
