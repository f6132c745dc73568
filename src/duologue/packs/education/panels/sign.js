/** What a teacher signs: one answer with all that speaks for its grade, or many after a check of some. */
import { html, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { Dialog, say } from "../../js/shared/parts.js";
import { Criteria, Marked, Traits } from "./rubric.js";

const share = (criteria, met) => criteria.reduce((sum, c) => sum + (met[c.id] ? c.points : 0), 0) / Math.max(1e-9, criteria.reduce((sum, c) => sum + c.points, 0));

/** @param {{one: object, act: Function, after?: Function}} props */
export function Waiting({ one, act, after }) {
  const [score, setScore] = useState(one.score === null ? "" : Math.round(one.score * 100));
  const [remark, setRemark] = useState(one.remark ?? "");
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
    const done = act(isAppeal ? "answer_appeal" : "sign_one", { score: value, remark, met: one.criteria.length ? met : null, ...(isAppeal ? { appeal_id: one.appeal_id } : { submission_id: one.id, seen_at: one.at, traits: scored.length ? Object.fromEntries(scored) : null }) });
    if (after) done.then((ok) => ok && after());
  };
  return html`<li class="card" data-testid="waiting"><p style="margin: 0"><strong>${one.name}</strong> · <small>${one.title}${one.is_late && html` · ${t("education.is_late")}`}</small><br /><span style="white-space: pre-wrap">${one.question}</span></p>
    <${Marked} text=${one.answer} isCode=${one.type === "program"} criteria=${one.criteria.map((c) => ({ ...c, is_met: met[c.id] }))} />
    ${one.type === "program" && html`<details><summary><small>${t("education.tests")}</small></summary><pre class="code">${one.key}</pre></details>`}
    <p style="margin: 0"><small>${one.key && one.type !== "program" && html`${t("education.key")}: ${one.key} · `}${one.reading && html`${t("education.read_as", { reading: one.reading })} · `}${one.confidence > 0 && t("education.confidence", { p: percent(one.confidence) })}</small></p>
    ${one.reason && html`<p style="margin: 0"><span class="badge">${t(isAppeal ? "education.appeal" : "education.why")}</span> ${one.reason}</p>`}
    ${one.feedback && html`<p style="margin: 0"><small>${t("education.learner_reads")} ${one.feedback}</small></p>`}
    ${one.state === "signed" && html`<p style="margin: 0"><small>${t("education.signed", { by: one.by })}</small></p>`}
    ${one.criteria.length > 0 && html`<${Criteria} criteria=${one.criteria} met=${met} flip=${flip} />`}
    ${one.counted && html`<p style="margin: 0"><small>${t("education.counted", { ...one.counted, different: percent(one.counted.different) })}</small></p>`}
    ${one.traits.length > 0 && !isAppeal && html`<${Traits} traits=${one.traits} given=${traits} change=${rate} />`}
    <form class="fields" onSubmit=${send}><label>${t("education.score")} % <input type="number" min="0" max="100" required style="inline-size: 5em" value=${score} onInput=${(e) => setScore(e.target.value)} /></label>
      <label style="flex: 1 1 10em">${t("education.remark")} <input type="text" value=${remark} required=${isAppeal} onInput=${(e) => setRemark(e.target.value)} /></label>
      <button class="button small" type="submit">${t(isAppeal ? "education.decide" : one.state === "signed" ? "education.sign_again" : "education.sign_grade")}</button></form></li>`;
}

/** A learner who hands code in has broken his lines for a reason. */
const written = (s) => (s.type === "program" ? html`<pre class="code">${s.answer}</pre>` : html`<strong style="white-space: pre-wrap">${s.answer}</strong>`);
const wanted = (s) => (s.type === "program" ? html`<details><summary>${t("education.tests")}</summary><pre class="code">${s.key}</pre></details>` : s.key ? `${t("education.key")}: ${s.key}` : s.criteria.map((c) => c.text).join(" · "));

/** @param {{check: object, act: Function, close: Function}} props */
export function Check({ check, act, close }) {
  const [wrong, setWrong] = useState([]);
  const flip = (id) => setWrong(wrong.includes(id) ? wrong.filter((x) => x !== id) : [...wrong, id]);
  const sign = () => act("sign_bulk", { check_id: check.id, wrong }).then((done) => done && (say(t(done.result === "signed" && !done.signed ? "education.check_gone" : `education.check_${done.result}`, { n: done.signed }), done.result !== "signed"), close()));
  return html`<${Dialog} title=${t("education.check_title", { n: check.n })} onClose=${close}><p>${t("education.check_hint")}</p>
    <ul data-testid="check" style="list-style: none; padding: 0">${check.shown.map((s) => html`<li key=${s.id} class="card" style="margin-block-end: 10px"><div><span style="white-space: pre-wrap">${s.question}</span><br />${written(s)} → <strong>${percent(s.score)}</strong><br /><small>${wanted(s)}${s.reading && ` · ${t("education.read_as", { reading: s.reading })}`} · ${t("education.confidence", { p: percent(s.confidence) })}</small></div>
      <label><input type="checkbox" checked=${wrong.includes(s.id)} onChange=${() => flip(s.id)} /> ${t("education.is_wrong")}</label></li>`)}</ul>
    <div class="chips"><button class="button" type="button" onClick=${sign}>${t("education.sign_all", { n: check.n })}</button></div><//>`;
}
