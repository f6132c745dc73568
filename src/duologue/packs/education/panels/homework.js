/** A learner's homework: questions, how an answer is read before it is handed in, signed grades, appeals. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { say } from "../../js/shared/parts.js";
import { Options, Read, useReading } from "./answer.js";
import { Criteria, Traits } from "./rubric.js";
import { firstGuess, ScanButton, ScanLines } from "./scan.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

/** What is typed and not handed in outlives a reload: an essay takes an hour. It ends with the tab, and with handing in. */
const kept = {
  get: (key) => { try { return sessionStorage.getItem(key); } catch { return null; } },
  put: (key, text) => { try { text === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, text); } catch { /* a browser without it */ } },
};

function Graded({ answer, act }) {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const send = (e) => (e.preventDefault(), act("appeal", { submission_id: answer.id, text }).then((ok) => ok && (setOpen(false), setText(""))));
  const isFinal = answer.appeal?.is_open || answer.score >= 1;
  return html`<div data-testid="graded"><p><strong>${percent(answer.score)}</strong> ${answer.feedback} <span style="white-space: pre-wrap">${answer.remark}</span> <small>${t("education.signed", { by: answer.by })}</small></p>
    ${answer.criteria?.length > 0 && html`<${Criteria} criteria=${answer.criteria} met=${Object.fromEntries(answer.criteria.map((c) => [c.id, c.is_met]))} />`}
    ${answer.traits?.length > 0 && html`<${Traits} traits=${answer.traits} />`}
    ${answer.appeal && html`<p data-testid="appeal"><small>${t("education.you_appealed")}</small> <span style="white-space: pre-wrap">${answer.appeal.text}</span><br /><span class="nothing">${answer.appeal.is_open ? t("education.appeal_waits") : t("education.appeal_done", { p: percent(answer.appeal.was ?? 0) })}</span></p>`}
    ${!isFinal && !isOpen && html`<button class="button small quiet" type="button" onClick=${() => setOpen(true)}>${t("education.appeal")}</button>`}
    ${isOpen && html`<form onSubmit=${send}><label>${t("education.appeal_why")} <textarea required rows="2" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
      <div class="chips"><button class="button small" type="submit" disabled=${!text.trim()}>${t("education.appeal")}</button></div></form>`}</div>`;
}

function Question({ homework, item, number, tab, query, act, scanned }) {
  const key = `education ${tab} ${homework} ${item.id}`;
  const isSigned = item.answer?.state === "signed";
  const isAgain = item.answer?.state === "again";
  const isOver = isSigned || isAgain;
  const [text, show] = useState((isOver ? null : kept.get(key)) ?? item.answer?.text ?? "");
  const setText = (typed) => (show(typed), kept.put(key, typed === (item.answer?.text ?? "") ? null : typed));
  const where = { homework_id: homework, item: item.id };
  const isLine = !["short", "essay", "program", "choice", "choices"].includes(item.type);
  const read = useReading(isLine && !isOver ? text : "", (typed) => query("how_read", { ...where, text: typed }));
  const hasOptions = Object.keys(item.options).length > 0;
  const lines = scanned?.[item.id] ?? scanned?.[""];
  useEffect(() => {
    if (!isOver && !hasOptions && scanned?.[item.id]) setText(firstGuess(item.type, scanned[item.id]));
  }, [scanned]);
  const send = async (e) => {
    e.preventDefault();
    if (isLine && !(await read.check())) return;
    if (await act("hand_in", { ...where, text })) (kept.put(key, null), say(t("education.handed_in")));
  };
  const label = t("education.answer_to", { n: number });
  const input = ["short", "essay", "program"].includes(item.type)
    ? html`<textarea rows=${item.type === "program" ? 8 : 4} class=${item.type === "program" ? "code" : ""} spellcheck=${item.type !== "program"} aria-label=${label} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>`
    : html`<input type="text" aria-label=${label} value=${text} onInput=${(e) => setText(e.target.value)} />`;
  return html`<li data-testid="question" style="margin-block-end: 18px"><p style="white-space: pre-wrap"><strong>${number}.</strong> ${item.text}</p>
    ${isOver && html`<p style="white-space: pre-wrap; overflow-wrap: anywhere"><small>${t("education.you_wrote")}</small> <span class=${item.type === "program" ? "code" : ""}>${item.type === "program" && "\n"}${item.answer.shown}</span></p>`}
    ${isSigned && html`<${Graded} answer=${item.answer} act=${act} />`}
    ${isAgain && html`<p class="nothing" data-testid="again">${t("education.graded_again", { p: percent(item.answer.was ?? 0) })}</p>`}
    ${!isOver && html`<form onSubmit=${(e) => send(e).catch(tell)}>
      ${hasOptions && html`<${Options} item=${item} name=${`${homework}-${item.id}`} label=${label} text=${text} choose=${setText} />`}
      ${!hasOptions && input}
      ${!hasOptions && html`<${ScanLines} lines=${lines} onUse=${(line) => setText(["short", "essay", "program"].includes(item.type) && text.trim() ? `${text}\n${line}` : line)} />`}
      ${item.type === "ordering" && html`<small>${t("education.order_hint")}</small>`}${item.type === "blanks" && html`<small>${t("education.blanks_hint")}</small>`}
      <${Read} read=${read} />
      <div class="chips"><button class="button small" type="submit" disabled=${!text.trim() || text === item.answer?.text}>${t(item.answer ? "education.hand_in_again" : "education.hand_in")}</button>
        ${item.answer && text === item.answer.text && html`<small>${t("education.waits_for_teacher")}</small>`}${text.trim() && text !== (item.answer?.text ?? "") && html`<small>${t("education.kept_here")}</small>`}</div></form>`}</li>`;
}

/** How much is handed in, and what has been signed of it. */
function Tally({ items }) {
  const [given, signed] = [items.filter((i) => i.answer), items.filter((i) => i.answer?.state === "signed")];
  const sum = Math.round(100 * signed.reduce((all, i) => all + i.answer.score, 0)) / 100;
  return html`<span data-testid="tally">${t("education.handed_n", { n: given.length, of: items.length })}${signed.length > 0 && ` · ${t("education.got_n", { sum, of: signed.length })}`}</span>`;
}

/** @param {{version: number, query: Function, command: Function, send: Function}} props */
export default function Homework({ version, query, command, send }) {
  const [shown, setShown] = useState(null);
  const [scans, setScans] = useState({});
  const load = () => query("homework").then(setShown, tell);
  const act = (name, args) => command(name, args).then(() => load().then(() => true), (problem) => (tell(problem), false));
  useEffect(() => void load(), [version]);
  if (!shown) return html`<div class="skeleton" aria-busy="true"></div>`;
  if (!shown.homework.length) return html`<p class="nothing">${t("education.no_homework")}</p>`;
  return html`<div class="panel edu" style="grid-template-columns: minmax(0, 1fr)">${shown.homework.map((h) => html`<section class="card" key=${h.id} data-testid="homework"><h3>${h.title}</h3>
    <p class="nothing">${t(h.is_late ? "education.was_due" : "education.due_on", { day: h.due })} · <${Tally} items=${h.items} /></p>
    ${h.items.some((i) => !["signed", "again"].includes(i.answer?.state)) && html`<${ScanButton} homework=${h} send=${send} onRead=${(found) => (setScans({ ...scans, [h.id]: found }), say(t("education.scan_check")))} />`}
    <ol style="list-style: none; padding: 0">${h.items.map((i, k) => html`<${Question} key=${i.id} homework=${h.id} item=${i} number=${k + 1} tab=${shown.tab} query=${query} act=${act} scanned=${scans[h.id]} />`)}</ol></section>`)}</div>`;
}
