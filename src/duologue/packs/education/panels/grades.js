/** A teacher's homework page: what waits and why, signing one or many after a check, another key, new homework. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { say } from "../../js/shared/parts.js";
import { Results } from "./results.js";
import { fromLines, toLines } from "./rubric.js";
import { Check, Waiting } from "./sign.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

function Key({ homework, item, act }) {
  const [key, setKey] = useState(item.key);
  const [accept, setAccept] = useState(item.accept.join(" | "));
  const [lines, setLines] = useState(toLines(item.rubric));
  const isWords = ["short", "essay"].includes(item.type);
  const change = isWords ? { rubric: fromLines(lines) } : { key, accept: accept.split("|").map((a) => a.trim()).filter(Boolean) };
  const send = (e) => (e.preventDefault(), act("change_key", { homework_id: homework, item: item.id, ...change }).then((done) => done && say(t("education.again_n", { n: done.again }))));
  return html`<form class="fields" style="margin-block: 8px" onSubmit=${send}><span style="flex-basis: 100%">${item.text}</span>${isWords
    ? html`<label style="flex: 1 1 100%">${t("education.rubric")} <textarea rows="3" value=${lines} onInput=${(e) => setLines(e.target.value)}></textarea><small>${t("education.rubric_hint")}</small></label>`
    : item.type === "program" ? html`<label style="flex: 1 1 100%">${t("education.tests")} <textarea rows="3" class="code" value=${key} onInput=${(e) => setKey(e.target.value)}></textarea></label>` : html`<label>${t("education.key")} <input type="text" value=${key} onInput=${(e) => setKey(e.target.value)} /></label>
    <label>${t("education.accept")} <input type="text" value=${accept} placeholder="a | b" onInput=${(e) => setAccept(e.target.value)} /></label>`}
    <button class="button small quiet" type="submit" disabled=${isWords ? !lines.trim() : !key.trim()}>${t("education.grade_again")}</button></form>`;
}

function Given({ h, size, act, begin, look }) {
  const handed = h.new + h.bulk + h.single + h.signed;
  const [due, setDue] = useState(h.due);
  return html`<section class="card" data-testid="given"><h3>${h.title}</h3><p class="nothing">${t("education.due_on", { day: h.due })} · ${t("education.handed_in_by", { n: h.people, of: size })}</p>
    <p>${t("education.counts", { new: h.new, bulk: h.bulk, single: h.single, signed: h.signed })}</p>
    <div class="chips">${h.bulk > 0 && html`<button class="button" type="button" data-testid="begin" onClick=${() => begin(h.id)}>${t("education.sign_sure", { n: h.bulk })}</button>`}
      <button class="button quiet" type="button" data-testid="look" onClick=${() => look(h)}>${t("education.results")}</button></div>
    <details><summary>${t("education.keys")}</summary>${h.items.map((i) => html`<${Key} key=${i.id} homework=${h.id} item=${i} act=${act} />`)}</details>
    <details data-testid="change"><summary>${t("education.change_homework")}</summary><form class="fields" onSubmit=${(e) => (e.preventDefault(), act("change_due", { homework_id: h.id, due }))}><label>${t("education.due_day")} <input type="date" required value=${due} onInput=${(e) => setDue(e.target.value)} /></label>
      <button class="button small quiet" type="submit" disabled=${!due || due === h.due}>${t("education.change_due")}</button>
      ${!handed && html`<button class="button small quiet" type="button" onClick=${() => confirm(t("education.take_back_sure", { title: h.title })) && act("take_back", { homework_id: h.id })}>${t("education.take_back")}</button>`}</form></details></section>`;
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

/** @param {{version: number, query: Function, command: Function, download: Function}} props */
export default function Grades({ version, query, command, download }) {
  const [shown, setShown] = useState(null);
  const [only, setOnly] = useState("");
  const [check, setCheck] = useState(null);
  const [left, setLeft] = useState(null);
  const [looked, setLooked] = useState(null);
  const load = () => query("queue", { homework_id: only }).then(setShown, tell);
  const act = (name, args) => command(name, args).then((done) => load().then(() => done), (problem) => (tell(problem), null));
  const gradeAll = async () => {
    try {
      for (let round = await command("grade_some", {}); ; round = await command("grade_some", {})) {
        setLeft(round.left);
        if (!round.left || !round.done) break;
      }
    } finally {
      setLeft(null); // what was drafted stays drafted, whatever stopped the rest
      await load();
    }
  };
  useEffect(() => void load(), [version, only]);
  if (!shown) return html`<div class="skeleton" aria-busy="true"></div>`;
  const fresh = shown.homework.reduce((sum, h) => sum + h.new, 0);
  const waiting = shown.homework.filter((h) => h.single > 0 || h.id === only);
  const n = shown.waiting.length + shown.more;
  return html`<div class="panel edu" style="grid-template-columns: minmax(0, 1fr)">
    <${Assign} query=${query} act=${act} />
    ${(fresh > 0 || left !== null) && html`<div class="chips"><button class="button quiet" type="button" disabled=${left !== null} onClick=${() => gradeAll().catch(tell)}>${t("education.grade_all", { n: fresh })}</button>
      ${left !== null && html`<progress aria-label=${t("education.grade_all", { n: fresh })} max=${Math.max(fresh, left)} value=${Math.max(0, fresh - left)}></progress><span role="status">${t("education.n_of", { n: Math.max(0, fresh - left), of: Math.max(fresh, left) })}</span>`}</div>`}
    ${looked && html`<${Results} homework=${looked} version=${version} query=${query} act=${act} download=${download} close=${() => setLooked(null)} />`}
    <div class="columns"><section><h3>${t("education.homework")}</h3>${!shown.homework.length && html`<p class="nothing">${t("education.no_homework")}</p>`}
      ${shown.homework.map((h) => html`<${Given} key=${h.id} h=${h} size=${shown.class} act=${act} look=${setLooked} begin=${(id) => command("begin_check", { homework_id: id }).then(setCheck, tell)} />`)}</section>
    <section><div class="head"><h3>${t("education.waiting", { n })}</h3>${waiting.length > 1 && html`<select data-testid="only" aria-label=${t("education.homework")} style="inline-size: auto; max-inline-size: 100%" value=${only} onChange=${(e) => setOnly(e.target.value)}>
        <option value="">${t("education.all_homework")}</option>${waiting.map((h) => html`<option key=${h.id} value=${h.id}>${h.title}</option>`)}</select>`}</div>${!n && html`<p class="nothing">${t("education.nothing_waits")}</p>`}
      <ul style="list-style: none; padding: 0">${shown.waiting.map((w) => html`<${Waiting} key=${`${w.kind}${w.id}${w.at}${w.score}`} one=${w} act=${act} />`)}</ul>
      ${shown.more > 0 && html`<p class="nothing">${t("education.more_wait", { n: shown.more })}</p>`}</section></div>
    ${check && html`<${Check} check=${check} act=${act} close=${() => setCheck(null)} />`}</div>`;
}
