/** A learner's page: taking part, the path and why, practice graded at once, progress, what is kept. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { tell } from "../../js/shared/parts.js";
import { Plot } from "../../js/shared/plot.js";

function Join({ act }) {
  const [name, setName] = useState("");
  const [consent, setConsent] = useState(false);
  const [minor, setMinor] = useState(true);
  const go = (e) => (e.preventDefault(), act("take_part", { name, consent, is_minor: minor }));
  return html`<form class="card" data-testid="join" onSubmit=${go}><h3>${t("education.join")}</h3><p>${t("education.consent_hint")}</p>
    <label>${t("education.name")} <input required maxlength="80" value=${name} onInput=${(e) => setName(e.target.value)} /></label>
    <label><input type="checkbox" checked=${consent} onChange=${(e) => setConsent(e.target.checked)} /> ${t("education.consent")}</label>
    <label><input type="checkbox" checked=${minor} onChange=${(e) => setMinor(e.target.checked)} /> ${t("education.minor")}</label>
    <button class="button" type="submit" disabled=${!consent}>${t("education.join")}</button></form>`;
}

function Tutor({ item, command }) {
  const [text, setText] = useState("");
  const [said, setSaid] = useState([]);
  const send = (e) => (e.preventDefault(), command("tutor", { item, text }).then((r) => (setSaid([...said, { text, reply: r.text }]), setText("")), tell));
  return html`<details data-testid="tutor"><summary>${t("education.tutor")}</summary><p class="nothing">${t("education.tutor_hint")}</p>
    ${said.map((s, i) => html`<p key=${i} style="white-space: pre-wrap"><small>${s.text}</small></p><p role="status">${s.reply}</p>`)}
    <form onSubmit=${send}><textarea rows="3" aria-label=${t("education.tutor")} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>
      <div class="chips"><button class="button small quiet" type="submit" disabled=${!text.trim()}>${t("education.tutor_ask")}</button></div></form></details>`;
}

function Practice({ query, command, onDone }) {
  const [item, setItem] = useState(undefined);
  const [text, setText] = useState("");
  const [hints, setHints] = useState([]);
  const [result, setResult] = useState(null);
  const next = () => query("practice").then((found) => (setItem(found), setText(""), setHints([]), setResult(null)), tell);
  useEffect(() => void next(), []);
  const hint = () => query("hint", { item: item.id, number: hints.length + 1 }).then((h) => setHints([...hints, h.hint]), tell);
  const send = (e) => (e.preventDefault(), command("answer", { item: item.id, text, hints: hints.length }).then((r) => (setResult(r), onDone()), tell));
  if (item === undefined) return html`<div class="skeleton short" aria-busy="true"></div>`;
  if (item === null) return html`<p class="nothing">${t("education.nothing_today")}</p>`;
  return html`<div class="card"><form data-testid="practice" onSubmit=${send}><h3>${t("education.practice")}</h3><small>${item.skill}${item.why && ` · ${item.why}`}</small><p>${item.text}</p>
    ${Object.entries(item.options).map(([k, v]) => html`<label key=${k}><input type="radio" name="option" checked=${text === k} onChange=${() => setText(k)} /> ${k}. ${v}</label>`)}
    ${!Object.keys(item.options).length && html`<input type="text" aria-label=${t("education.answer")} placeholder=${t("education.answer")} value=${text} onInput=${(e) => setText(e.target.value)} />`}
    ${hints.map((h, i) => html`<p key=${i}><small>${h}</small></p>`)}
    ${result && html`<p role="status" data-testid="result"><strong>${t(result.correct ? "education.right" : "education.wrong")}</strong> ${result.feedback} ${result.reading && html`<small>${t("education.read_as", { reading: result.reading })}</small>`}</p>`}
    ${result?.steps && html`<ol>${result.steps.map((s, i) => html`<li key=${i}>${s}</li>`)}</ol>`}
    <div class="chips">${!result?.correct && html`<button class="button" type="submit" disabled=${!text.trim()}>${t("education.check")}</button>`}
      ${!result?.correct && hints.length < item.hints && html`<button class="button quiet" type="button" onClick=${hint}>${t("education.hint")}</button>`}
      ${result && html`<button class="button quiet" type="button" onClick=${next}>${t("education.next")}</button>`}</div></form>
    <${Tutor} key=${item.id} item=${item.id} command=${command} /></div>`;
}

function Steps({ path }) {
  return html`<section><h3>${t("education.path")}</h3><p>${t("education.due", { day: path.goal.due, minutes: path.goal.minutes_per_day })}</p>
    ${path.warnings.map((w) => html`<p key=${w} class="nothing">${w}</p>`)}
    <div class="scroll-x"><table data-testid="path"><tbody>${path.steps.slice(0, 14).map((s) => html`<tr key=${s.id}><td>${s.day}</td>
      <td>${t(`education.kind_${s.kind}`)}${s.is_fixed ? " ★" : ""}</td><td>${s.title || s.name}<br /><small>${s.why}</small></td><td class="numeric">${t("education.minutes", { n: s.minutes })}</td></tr>`)}</tbody></table></div></section>`;
}

function Progress({ progress }) {
  if (!progress.days.length) return html`<p class="nothing">${t("education.no_answers")}</p>`;
  const x = progress.days.map((d) => Date.parse(d.day) / 1000);
  return html`<section><h3>${t("education.progress")}</h3>
    <${Plot} label=${t("education.by_day")} x=${x} isTime series=${[{ label: t("education.share"), values: progress.days.map((d) => d.right / d.n) }]} />
    <table><tbody>${progress.skills.map((s) => html`<tr key=${s.id}><td>${s.name}<br /><small>${s.words}</small></td><td class="numeric">${percent(s.chance)}</td></tr>`)}</tbody></table></section>`;
}

/** @param {{version: number, query: Function, command: Function, download: Function}} props */
export default function Learning({ version, query, command, download }) {
  const [shown, setShown] = useState(null);
  const load = async () => {
    const me = await query("me");
    setShown(me.joined ? { me, path: await query("path"), progress: await query("progress") } : { me });
  };
  const again = () => load().catch(tell);
  const act = (name, args = {}) => command(name, args).then(again, tell);
  useEffect(() => void again(), [version]);
  if (!shown) return html`<div class="skeleton short" aria-busy="true"></div>`;
  if (!shown.me.joined) return html`<div class="panel"><h2>${shown.me.title}</h2><${Join} act=${act} /></div>`;
  return html`<div class="panel" style="grid-template-columns: minmax(0, 1fr)"><h2>${shown.me.title}</h2><${Practice} query=${query} command=${command} onDone=${again} />
    <div class="columns"><${Steps} path=${shown.path} /><${Progress} progress=${shown.progress} /></div>
    <div class="chips"><button class="button small quiet" type="button" onClick=${() => download("calendar", {}, "path.ics").catch(tell)}>${t("education.calendar")}</button>
      <button class="button small quiet" type="button" onClick=${() => download("export", {}, "my-learning.json").catch(tell)}>${t("education.export")}</button>
      <button class="button small quiet" type="button" onClick=${() => confirm(t("education.leave_sure")) && act("leave")}>${t("education.leave")}</button></div></div>`;
}
