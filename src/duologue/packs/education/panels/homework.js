/** A learner's homework: questions, how an answer is read before it is handed in, signed grades, appeals. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { say } from "../../js/shared/parts.js";
import { Options, Read, useReading } from "./answer.js";
import { Criteria, Traits } from "./rubric.js";
import { firstGuess, ScanButton, ScanLines } from "./scan.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

function Graded({ answer, act }) {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const send = (e) => (e.preventDefault(), act("appeal", { submission_id: answer.id, text }).then(() => setOpen(false)));
  return html`<div data-testid="graded"><p><strong>${percent(answer.score)}</strong> ${answer.feedback} ${answer.remark} <small>${t("education.signed", { by: answer.by })}</small></p>
    ${answer.criteria?.length > 0 && html`<${Criteria} criteria=${answer.criteria} met=${Object.fromEntries(answer.criteria.map((c) => [c.id, c.is_met]))} />`}
    ${answer.traits?.length > 0 && html`<${Traits} traits=${answer.traits} />`}
    ${answer.appeals && html`<p class="nothing">${t("education.appeal_waits")}</p>`}
    ${!answer.appeals && !isOpen && html`<button class="button small quiet" type="button" onClick=${() => setOpen(true)}>${t("education.appeal")}</button>`}
    ${isOpen && html`<form onSubmit=${send}><label>${t("education.appeal_why")} <textarea required rows="2" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
      <div class="chips"><button class="button small" type="submit" disabled=${!text.trim()}>${t("education.appeal")}</button></div></form>`}</div>`;
}

function Question({ homework, item, number, query, act, scanned }) {
  const [text, setText] = useState(item.answer?.text ?? "");
  const isSigned = item.answer?.state === "signed";
  const where = { homework_id: homework, item: item.id };
  const isLine = !["short", "essay", "program", "choice", "choices"].includes(item.type);
  const read = useReading(isLine && !isSigned ? text : "", (typed) => query("how_read", { ...where, text: typed }));
  const hasOptions = Object.keys(item.options).length > 0;
  const lines = scanned?.[item.id] ?? scanned?.[""];
  useEffect(() => {
    if (!isSigned && !hasOptions && scanned?.[item.id]) setText(firstGuess(item.type, scanned[item.id]));
  }, [scanned]);
  const send = async (e) => {
    e.preventDefault();
    if (isLine && !(await read.check())) return;
    if (await act("hand_in", { ...where, text })) say(t("education.handed_in"));
  };
  const label = t("education.answer_to", { n: number });
  const input = ["short", "essay", "program"].includes(item.type)
    ? html`<textarea rows=${item.type === "program" ? 8 : 4} class=${item.type === "program" ? "code" : ""} spellcheck=${item.type !== "program"} aria-label=${label} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>`
    : html`<input type="text" aria-label=${label} value=${text} onInput=${(e) => setText(e.target.value)} />`;
  return html`<li data-testid="question" style="margin-block-end: 18px"><p style="white-space: pre-wrap"><strong>${number}.</strong> ${item.text}</p>
    ${isSigned && html`<p><small>${t("education.you_wrote")}</small> ${item.answer.text}</p><${Graded} answer=${item.answer} act=${act} />`}
    ${!isSigned && html`<form onSubmit=${(e) => send(e).catch(tell)}>
      ${hasOptions && html`<${Options} item=${item} name=${`${homework}-${item.id}`} label=${label} text=${text} choose=${setText} />`}
      ${!hasOptions && input}
      ${!hasOptions && html`<${ScanLines} lines=${lines} onUse=${(line) => setText(["short", "essay", "program"].includes(item.type) && text.trim() ? `${text}\n${line}` : line)} />`}
      ${item.type === "ordering" && html`<small>${t("education.order_hint")}</small>`}${item.type === "blanks" && html`<small>${t("education.blanks_hint")}</small>`}
      <${Read} read=${read} />
      <div class="chips"><button class="button small" type="submit" disabled=${!text.trim() || text === item.answer?.text}>${t(item.answer ? "education.hand_in_again" : "education.hand_in")}</button>
        ${item.answer && html`<small>${t("education.waits_for_teacher")}</small>`}</div></form>`}</li>`;
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
    <p class="nothing">${t(h.is_late ? "education.was_due" : "education.due_on", { day: h.due })}</p>
    ${h.items.some((i) => i.answer?.state !== "signed") && html`<${ScanButton} homework=${h} send=${send} onRead=${(found) => (setScans({ ...scans, [h.id]: found }), say(t("education.scan_check")))} />`}
    <ol style="list-style: none; padding: 0">${h.items.map((i, k) => html`<${Question} key=${i.id} homework=${h.id} item=${i} number=${k + 1} query=${query} act=${act} scanned=${scans[h.id]} />`)}</ol></section>`)}</div>`;
}
