/** A teacher's homework page: what waits and why, signing one or many after a check, another key, new homework. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { Dialog, say, tell } from "../../js/shared/parts.js";

function Waiting({ one, act }) {
  const [score, setScore] = useState(Math.round(one.score * 100));
  const [remark, setRemark] = useState("");
  const isAppeal = one.kind === "appeal";
  const value = Math.min(100, Math.max(0, Number(score) || 0)) / 100;
  const send = (e) => {
    e.preventDefault();
    act(isAppeal ? "answer_appeal" : "sign_one", isAppeal ? { appeal_id: one.appeal_id, score: value, remark } : { submission_id: one.id, score: value, remark });
  };
  return html`<li class="card" data-testid="waiting"><p><strong>${one.name}</strong> · <small>${one.title}</small><br />${one.question}</p>
    <p style="white-space: pre-wrap; overflow-wrap: anywhere">${one.answer}</p>
    <p><small>${one.key && html`${t("education.key")}: ${one.key} · `}${one.reading && html`${t("education.read_as", { reading: one.reading })} · `}${one.confidence > 0 && t("education.confidence", { p: percent(one.confidence) })}</small></p>
    <p><span class="badge">${t(isAppeal ? "education.appeal" : "education.why")}</span> ${one.reason}</p>
    <form class="chips" onSubmit=${send}><label>${t("education.score")} <input type="number" min="0" max="100" style="inline-size: 5em" value=${score} onInput=${(e) => setScore(e.target.value)} /> %</label>
      <label>${t("education.remark")} <input type="text" value=${remark} required=${isAppeal} onInput=${(e) => setRemark(e.target.value)} /></label>
      <button class="button small" type="submit">${t(isAppeal ? "education.decide" : "education.sign_grade")}</button></form></li>`;
}

function Check({ check, act, close }) {
  const [wrong, setWrong] = useState([]);
  const flip = (id) => setWrong(wrong.includes(id) ? wrong.filter((x) => x !== id) : [...wrong, id]);
  const sign = () => act("sign_bulk", { check_id: check.id, wrong }).then((done) => done && (say(t(`education.check_${done.result}`, { n: done.signed }), done.result !== "signed"), close()));
  return html`<${Dialog} title=${t("education.check_title", { n: check.n })} onClose=${close}><p>${t("education.check_hint")}</p>
    <ul data-testid="check" style="list-style: none; padding: 0">${check.shown.map((s) => html`<li key=${s.id} class="card" style="margin-block-end: 10px"><p>${s.question}<br /><strong>${s.answer}</strong> → ${percent(s.score)}<br /><small>${t("education.key")}: ${s.key}</small></p>
      <label><input type="checkbox" checked=${wrong.includes(s.id)} onChange=${() => flip(s.id)} /> ${t("education.is_wrong")}</label></li>`)}</ul>
    <div class="chips"><button class="button" type="button" onClick=${sign}>${t("education.sign_all", { n: check.n })}</button></div><//>`;
}

function Key({ homework, item, act }) {
  const [key, setKey] = useState(item.key);
  const [accept, setAccept] = useState(item.accept.join(" | "));
  const send = (e) => (e.preventDefault(), act("change_key", { homework_id: homework, item: item.id, key, accept: accept.split("|").map((a) => a.trim()).filter(Boolean) }));
  return html`<form class="chips" onSubmit=${send}><span>${item.text}</span><label>${t("education.key")} <input type="text" value=${key} onInput=${(e) => setKey(e.target.value)} /></label>
    <label>${t("education.accept")} <input type="text" value=${accept} placeholder="a | b" onInput=${(e) => setAccept(e.target.value)} /></label>
    <button class="button small quiet" type="submit" disabled=${!key.trim()}>${t("education.grade_again")}</button></form>`;
}

function Given({ h, size, act, begin }) {
  return html`<section class="card" data-testid="given"><h3>${h.title}</h3><p class="nothing">${t("education.due_on", { day: h.due })} · ${t("education.handed_in_by", { n: h.people, of: size })}</p>
    <p>${t("education.counts", { new: h.new, bulk: h.bulk, single: h.single, signed: h.signed })}</p>
    ${h.bulk > 0 && html`<button class="button" type="button" data-testid="begin" onClick=${() => begin(h.id)}>${t("education.sign_sure", { n: h.bulk })}</button>`}
    <details><summary>${t("education.keys")}</summary>${h.items.map((i) => html`<${Key} key=${i.id} homework=${h.id} item=${i} act=${act} />`)}</details></section>`;
}

function Assign({ query, act }) {
  const [course, setCourse] = useState(null);
  const [title, setTitle] = useState("");
  const [due, setDue] = useState("");
  const [chosen, setChosen] = useState([]);
  const flip = (id) => setChosen(chosen.includes(id) ? chosen.filter((x) => x !== id) : [...chosen, id]);
  const open = (e) => e.target.open && !course && query("items").then(setCourse, tell);
  const send = (e) => (e.preventDefault(), act("assign", { title, due, items: chosen.map((id) => ({ id })) }).then((ok) => ok && (setTitle(""), setChosen([]))));
  return html`<details onToggle=${open} data-testid="assign"><summary>${t("education.assign")}</summary><form onSubmit=${send}>
    <div class="chips"><label>${t("education.title")} <input type="text" required value=${title} onInput=${(e) => setTitle(e.target.value)} /></label>
      <label>${t("education.due_day")} <input type="date" required value=${due} onInput=${(e) => setDue(e.target.value)} /></label>
      <button class="button" type="submit" disabled=${!chosen.length}>${t("education.assign_n", { n: chosen.length })}</button></div>
    ${course?.skills.map((s) => html`<details key=${s.id}><summary>${s.name}</summary>${s.items.map((i) => html`<p key=${i.id}><label><input type="checkbox" checked=${chosen.includes(i.id)} onChange=${() => flip(i.id)} /> ${i.text}</label></p>`)}</details>`)}</form></details>`;
}

/** @param {{version: number, query: Function, command: Function}} props */
export default function Grades({ version, query, command }) {
  const [shown, setShown] = useState(null);
  const [check, setCheck] = useState(null);
  const [left, setLeft] = useState(null);
  const load = () => query("queue").then(setShown, tell);
  const act = (name, args) => command(name, args).then((done) => load().then(() => done), (problem) => (tell(problem), null));
  const gradeAll = async () => {
    for (let round = await command("grade_some", {}); ; round = await command("grade_some", {})) {
      setLeft(round.left);
      if (!round.left || !round.done) break;
    }
    setLeft(null);
    await load();
  };
  useEffect(() => void load(), [version]);
  if (!shown) return html`<div class="skeleton" aria-busy="true"></div>`;
  const fresh = shown.homework.reduce((sum, h) => sum + h.new, 0);
  return html`<div class="panel" style="grid-template-columns: minmax(0, 1fr)">
    <${Assign} query=${query} act=${act} />
    ${fresh > 0 && html`<div class="chips"><button class="button quiet" type="button" disabled=${left !== null} onClick=${() => gradeAll().catch(tell)}>${t("education.grade_all", { n: fresh })}</button>
      ${left !== null && html`<progress max=${fresh} value=${fresh - left}></progress>`}</div>`}
    <div class="columns"><section><h3>${t("education.waiting", { n: shown.waiting.length })}</h3>${!shown.waiting.length && html`<p class="nothing">${t("education.nothing_waits")}</p>`}
      <ul style="list-style: none; padding: 0">${shown.waiting.map((w) => html`<${Waiting} key=${`${w.kind}${w.id}${w.score}`} one=${w} act=${act} />`)}</ul></section>
    <section><h3>${t("education.homework")}</h3>${!shown.homework.length && html`<p class="nothing">${t("education.no_homework")}</p>`}
      ${shown.homework.map((h) => html`<${Given} key=${h.id} h=${h} size=${shown.class} act=${act} begin=${(id) => command("begin_check", { homework_id: id }).then(setCheck, tell)} />`)}</section></div>
    ${check && html`<${Check} check=${check} act=${act} close=${() => setCheck(null)} />`}</div>`;
}
