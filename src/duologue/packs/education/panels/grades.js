/** A teacher's homework page: what waits and why, signing one or many after a check, another key, new homework. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { Dialog, say } from "../../js/shared/parts.js";
import { Criteria, fromLines, Marked, toLines, Traits } from "./rubric.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

const share = (criteria, met) => criteria.reduce((sum, c) => sum + (met[c.id] ? c.points : 0), 0) / Math.max(1e-9, criteria.reduce((sum, c) => sum + c.points, 0));

function Waiting({ one, act }) {
  const [score, setScore] = useState(Math.round(one.score * 100));
  const [remark, setRemark] = useState("");
  const [met, setMet] = useState(Object.fromEntries(one.criteria.map((c) => [c.id, c.is_met])));
  const [traits, setTraits] = useState(Object.fromEntries(one.traits.map((x) => [x.id, x.score === null ? "" : Math.round(100 * x.score)])));
  const isAppeal = one.kind === "appeal";
  const scored = Object.entries(traits).filter(([, v]) => v !== "").map(([id, v]) => [id, Math.min(100, Math.max(0, Number(v) || 0)) / 100]);
  const rate = (id, v) => {
    const next = { ...traits, [id]: v };
    const all = Object.values(next).filter((x) => x !== "").map(Number);
    setTraits(next);
    if (all.length) setScore(Math.round(all.reduce((a, b) => a + b, 0) / all.length));
  };
  const value = Math.min(100, Math.max(0, Number(score) || 0)) / 100;
  const flip = (id) => {
    const next = { ...met, [id]: !met[id] };
    setMet(next);
    setScore(Math.round(100 * share(one.criteria, next)));
  };
  const send = (e) => {
    e.preventDefault();
    act(isAppeal ? "answer_appeal" : "sign_one", { score: value, remark, met: one.criteria.length ? met : null, ...(isAppeal ? { appeal_id: one.appeal_id } : { submission_id: one.id, seen_at: one.at, traits: scored.length ? Object.fromEntries(scored) : null }) });
  };
  return html`<li class="card" data-testid="waiting"><p style="margin: 0"><strong>${one.name}</strong> · <small>${one.title}</small><br />${one.question}</p>
    <${Marked} text=${one.answer} criteria=${one.criteria.map((c) => ({ ...c, is_met: met[c.id] }))} />
    <p style="margin: 0"><small>${one.key && html`${t("education.key")}: ${one.key} · `}${one.reading && html`${t("education.read_as", { reading: one.reading })} · `}${one.confidence > 0 && t("education.confidence", { p: percent(one.confidence) })}</small></p>
    <p style="margin: 0"><span class="badge">${t(isAppeal ? "education.appeal" : "education.why")}</span> ${one.reason}</p>
    ${one.criteria.length > 0 && html`<${Criteria} criteria=${one.criteria} met=${met} flip=${flip} />`}
    ${one.counted && html`<p style="margin: 0"><small>${t("education.counted", { ...one.counted, different: percent(one.counted.different) })}</small></p>`}
    ${one.traits.length > 0 && !isAppeal && html`<${Traits} traits=${one.traits} given=${traits} change=${rate} />`}
    <form class="fields" onSubmit=${send}><label>${t("education.score")} % <input type="number" min="0" max="100" style="inline-size: 5em" value=${score} onInput=${(e) => setScore(e.target.value)} /></label>
      <label style="flex: 1 1 10em">${t("education.remark")} <input type="text" value=${remark} required=${isAppeal} onInput=${(e) => setRemark(e.target.value)} /></label>
      <button class="button small" type="submit">${t(isAppeal ? "education.decide" : "education.sign_grade")}</button></form></li>`;
}

function Check({ check, act, close }) {
  const [wrong, setWrong] = useState([]);
  const flip = (id) => setWrong(wrong.includes(id) ? wrong.filter((x) => x !== id) : [...wrong, id]);
  const sign = () => act("sign_bulk", { check_id: check.id, wrong }).then((done) => done && (say(t(`education.check_${done.result}`, { n: done.signed }), done.result !== "signed"), close()));
  return html`<${Dialog} title=${t("education.check_title", { n: check.n })} onClose=${close}><p>${t("education.check_hint")}</p>
    <ul data-testid="check" style="list-style: none; padding: 0">${check.shown.map((s) => html`<li key=${s.id} class="card" style="margin-block-end: 10px"><p>${s.question}<br /><strong>${s.answer}</strong> → ${percent(s.score)}<br /><small>${s.key ? `${t("education.key")}: ${s.key}` : s.criteria.map((c) => c.text).join(" · ")}</small></p>
      <label><input type="checkbox" checked=${wrong.includes(s.id)} onChange=${() => flip(s.id)} /> ${t("education.is_wrong")}</label></li>`)}</ul>
    <div class="chips"><button class="button" type="button" onClick=${sign}>${t("education.sign_all", { n: check.n })}</button></div><//>`;
}

function Key({ homework, item, act }) {
  const [key, setKey] = useState(item.key);
  const [accept, setAccept] = useState(item.accept.join(" | "));
  const [lines, setLines] = useState(toLines(item.rubric));
  const isWords = ["short", "essay"].includes(item.type);
  const change = isWords ? { rubric: fromLines(lines) } : { key, accept: accept.split("|").map((a) => a.trim()).filter(Boolean) };
  const send = (e) => (e.preventDefault(), act("change_key", { homework_id: homework, item: item.id, ...change }));
  return html`<form class="fields" style="margin-block: 8px" onSubmit=${send}><span style="flex-basis: 100%">${item.text}</span>${isWords
    ? html`<label style="flex: 1 1 100%">${t("education.rubric")} <textarea rows="3" value=${lines} placeholder=${t("education.rubric_hint")} onInput=${(e) => setLines(e.target.value)}></textarea><small>${t("education.rubric_hint")}</small></label>`
    : item.type === "program" ? html`<label style="flex: 1 1 100%">${t("education.tests")} <textarea rows="3" class="code" value=${key} onInput=${(e) => setKey(e.target.value)}></textarea></label>` : html`<label>${t("education.key")} <input type="text" value=${key} onInput=${(e) => setKey(e.target.value)} /></label>
    <label>${t("education.accept")} <input type="text" value=${accept} placeholder="a | b" onInput=${(e) => setAccept(e.target.value)} /></label>`}
    <button class="button small quiet" type="submit" disabled=${isWords ? !lines.trim() : !key.trim()}>${t("education.grade_again")}</button></form>`;
}

function Given({ h, size, act, begin }) {
  return html`<section class="card" data-testid="given"><h3>${h.title}</h3><p class="nothing">${t("education.due_on", { day: h.due })} · ${t("education.handed_in_by", { n: h.people, of: size })}</p>
    <p>${t("education.counts", { new: h.new, bulk: h.bulk, single: h.single, signed: h.signed })}</p>
    ${h.bulk > 0 && html`<button class="button" type="button" data-testid="begin" onClick=${() => begin(h.id)}>${t("education.sign_sure", { n: h.bulk })}</button>`}
    <details><summary>${t("education.keys")}</summary>${h.items.map((i) => html`<${Key} key=${i.id} homework=${h.id} item=${i} act=${act} />`)}</details></section>`;
}

/** A question of the teacher's own. */
function Own({ add }) {
  const [text, setText] = useState("");
  const [type, setType] = useState("short");
  const [key, setKey] = useState("");
  const [options, setOptions] = useState("");
  const isWords = ["short", "essay"].includes(type);
  const lines = Object.fromEntries(options.split("\n").map((x) => x.trim()).filter(Boolean).slice(0, 8).map((x, i) => ["ABCDEFGH"[i], x]));
  const own = () => (isWords ? { text, type, rubric: fromLines(key) } : type === "program" ? { text, type, tests: key } : type === "choice" ? { text, type, key, options: lines } : { text, type, key });
  const send = (e) => (e.preventDefault(), add(own()), setText(""), setKey(""), setOptions(""));
  const hint = isWords ? "rubric_hint" : { program: "tests_hint", choice: "choice_hint" }[type];
  return html`<details data-testid="own"><summary>${t("education.own")}</summary><form class="fields" onSubmit=${send}><label style="flex: 1 1 100%">${t("education.question")} <textarea rows="2" required value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
    <label>${t("education.type")} <select value=${type} onChange=${(e) => setType(e.target.value)}>${["short", "math", "choice", "ordering", "blanks", "program", "essay"].map((k) => html`<option key=${k} value=${k}>${t(`education.type_${k}`)}</option>`)}</select></label>
    ${type === "choice" && html`<label style="flex: 1 1 16em">${t("education.options")} <textarea rows="3" required value=${options} onInput=${(e) => setOptions(e.target.value)}></textarea></label>`}
    <label style="flex: 1 1 16em">${t(isWords ? "education.rubric" : type === "program" ? "education.tests" : "education.key")} <textarea rows="2" class=${type === "program" ? "code" : ""} required=${type !== "essay"} value=${key} onInput=${(e) => setKey(e.target.value)}></textarea>${hint && html`<small>${t(`education.${hint}`)}</small>`}</label>
    <button class="button small quiet" type="submit" disabled=${!text.trim()}>${t("education.add_question")}</button></form></details>`;
}

function Assign({ query, act }) {
  const [course, setCourse] = useState(null);
  const [title, setTitle] = useState("");
  const [due, setDue] = useState("");
  const [chosen, setChosen] = useState([]);
  const [own, setOwn] = useState([]);
  const flip = (id) => setChosen(chosen.includes(id) ? chosen.filter((x) => x !== id) : [...chosen, id]);
  const items = [...chosen.map((id) => ({ id })), ...own.map((o, i) => ({ ...o, id: `own-${i + 1}` }))];
  const open = (e) => e.target.open && !course && query("items").then(setCourse, tell);
  const send = (e) => (e.preventDefault(), act("assign", { title, due, items }).then((ok) => ok && (setTitle(""), setChosen([]), setOwn([]))));
  return html`<details onToggle=${open} data-testid="assign"><summary>${t("education.assign")}</summary><form onSubmit=${send}>
    <div class="chips"><label>${t("education.title")} <input type="text" required value=${title} onInput=${(e) => setTitle(e.target.value)} /></label>
      <label>${t("education.due_day")} <input type="date" required value=${due} onInput=${(e) => setDue(e.target.value)} /></label>
      <button class="button" type="submit" disabled=${!items.length}>${t("education.assign_n", { n: items.length })}</button></div>
    ${own.map((o, i) => html`<p key=${i}>${o.text} <small>${t(`education.type_${o.type}`)}</small> <button class="link" type="button" onClick=${() => setOwn(own.filter((x) => x !== o))}>${t("education.remove")}</button></p>`)}
    ${course && html`<details data-testid="of-course"><summary>${t("education.of_course", { n: chosen.length })}</summary><div style="padding-inline-start: 16px">${course.skills.map((s) => html`<details key=${s.id}><summary>${s.name}</summary>${s.items.map((i) => html`<p key=${i.id}><label><input type="checkbox" checked=${chosen.includes(i.id)} onChange=${() => flip(i.id)} /> ${i.text}</label></p>`)}</details>`)}</div></details>`}</form><${Own} add=${(o) => setOwn([...own, o])} /></details>`;
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
  return html`<div class="panel edu" style="grid-template-columns: minmax(0, 1fr)">
    <${Assign} query=${query} act=${act} />
    ${fresh > 0 && html`<div class="chips"><button class="button quiet" type="button" disabled=${left !== null} onClick=${() => gradeAll().catch(tell)}>${t("education.grade_all", { n: fresh })}</button>
      ${left !== null && html`<progress aria-label=${t("education.grade_all", { n: fresh })} max=${fresh} value=${fresh - left}></progress><span role="status">${t("education.n_of", { n: fresh - left, of: fresh })}</span>`}</div>`}
    <div class="columns"><section><h3>${t("education.waiting", { n: shown.waiting.length })}</h3>${!shown.waiting.length && html`<p class="nothing">${t("education.nothing_waits")}</p>`}
      <ul style="list-style: none; padding: 0">${shown.waiting.map((w) => html`<${Waiting} key=${`${w.kind}${w.id}${w.at}${w.score}`} one=${w} act=${act} />`)}</ul></section>
    <section><h3>${t("education.homework")}</h3>${!shown.homework.length && html`<p class="nothing">${t("education.no_homework")}</p>`}
      ${shown.homework.map((h) => html`<${Given} key=${h.id} h=${h} size=${shown.class} act=${act} begin=${(id) => command("begin_check", { homework_id: id }).then(setCheck, tell)} />`)}</section></div>
    ${check && html`<${Check} check=${check} act=${act} close=${() => setCheck(null)} />`}</div>`;
}
