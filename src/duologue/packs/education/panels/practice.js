/** Practice: one question at a time, how the answer is read, hints, the tutor beside it. */
import { html, useEffect, useRef, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { Options, Read, useReading } from "./answer.js";
import { tell } from "./why.js";

function Tutor({ item, command }) {
  const [text, setText] = useState("");
  const [said, setSaid] = useState([]);
  const send = (e) => (e.preventDefault(), command("tutor", { item, text }).then((r) => (setSaid([...said, { text, reply: r.text }]), setText("")), tell));
  return html`<details data-testid="tutor"><summary>${t("education.tutor")}</summary><p class="nothing">${t("education.tutor_hint")}</p>
    <div class="talk" aria-live="polite">${said.map((s, i) => html`<p key=${`q${i}`} class="mine">${s.text}</p><p key=${`a${i}`} class="theirs">${s.reply}</p>`)}</div>
    <form onSubmit=${send}><textarea rows="3" aria-label=${t("education.tutor")} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>
      <div class="chips"><button class="button small quiet" type="submit" disabled=${!text.trim()}>${t("education.tutor_ask")}</button></div></form></details>`;
}

/** @param {{skill: string, path: object, query: Function, command: Function, onDone: Function, leave: Function}} props */
export function Practice({ skill, path, query, command, onDone, leave }) {
  const [item, setItem] = useState(undefined);
  const [text, setText] = useState("");
  const [hints, setHints] = useState([]);
  const [result, setResult] = useState(null);
  const number = useRef(1);
  const next = () => query("practice", { skill }).then((found) => (setItem(found), setText(""), setHints(found?.given ?? []), setResult(null)), tell);
  useEffect(() => void next(), [skill]);
  const hint = () => command("hint", { item: item.id }).then((h) => setHints([...hints, h.hint]), tell);
  const isLine = Boolean(item) && Object.keys(item.options).length === 0;
  const read = useReading(isLine ? text : "", (typed) => query("how_read", { item: item.id, text: typed }));
  const send = async (e) => {
    e.preventDefault();
    if (isLine && !(await read.check())) return;
    setResult({ ...(await command("answer", { item: item.id, text })), of: text });
    onDone();
  };
  if (item === undefined) return html`<div class="skeleton short" aria-busy="true"></div>`;
  if (item === null) return html`<p class="nothing">${t("education.nothing_today")}</p>`;
  const isDone = result?.correct;
  const isSaid = result && !isDone && result.feedback.startsWith(t("education.wrong").replace(/[.。]$/, "")); // the sentence begins so itself
  if (!result) number.current = path.asked + 1; // of the question that is shown, also while the answered one still stands there
  return html`<section class="card"><form data-testid="practice" onSubmit=${(e) => send(e).catch(tell)} style="display: grid; gap: 8px"><h3>${item.kind === "diagnose" ? t("education.first_n", { n: number.current, of: Math.max(path.to_ask, number.current) }) : t("education.practice")}</h3>
    <small>${item.skill}${item.why && ` · ${item.why}`}</small><p class="task">${item.text}</p>
    ${!isLine && html`<${Options} item=${item} name="option" label=${t("education.answer")} text=${text} choose=${setText} />`}
    ${isLine && html`<input type="text" autocomplete="off" aria-label=${t("education.answer")} placeholder=${t("education.answer")} value=${text} onInput=${(e) => setText(e.target.value)} />`}
    ${result?.of !== text && html`<${Read} read=${read} />`}
    ${hints.map((h, i) => html`<p key=${i} class="result" data-testid="hint"><small>${t("education.hint_n", { n: i + 1, of: item.hints })}</small> ${h}</p>`)}
    ${result && html`<p role="status" class="result ${isDone ? "good" : ""}" data-testid="result">${result.is_read && !isSaid && html`<strong>${t(isDone ? "education.right" : "education.wrong")}</strong> `}${result.feedback === t("education.right") ? "" : result.feedback}
      ${!isDone && result.is_read && result.tries_left > 0 && html`<br /><small>${t("education.tries", { n: result.tries_left })}</small>`}${result.is_read && !result.counts && html`<br /><small>${t("education.not_counted")}</small>`}</p>`}
    ${result?.steps && html`<ol>${result.steps.map((s, i) => html`<li key=${i}>${s}</li>`)}</ol>`}
    <div class="chips">${!isDone && html`<button class="button" type="submit" disabled=${!text.trim()}>${t("education.check")}</button>`}
      ${!isDone && hints.length < item.hints && html`<button class="button quiet" type="button" onClick=${hint}>${t("education.hint")}</button>`}
      ${result && html`<button class="button ${isDone ? "" : "quiet"}" type="button" onClick=${next}>${t("education.next")}</button>`}
      ${skill && html`<button class="button quiet" type="button" onClick=${leave}>${t("education.back_to_path")}</button>`}</div></form>
    <${Tutor} key=${item.id} item=${item.id} command=${command} /></section>`;
}
