/** What the assistant may answer alone, how it earned it, and the blind reviews that keep it honest. */
import { html, useEffect, useMemo, useState } from "../shared/html.js";
import { say, tell } from "../shared/parts.js";
import { get, post, put } from "../shared/api.js";
import { Body } from "../shared/body.js";
import { Plot } from "../shared/plot.js";
import { number, percent, t, tn } from "../shared/i18n.js";
import { known, topicName } from "../shared/packs.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";

export function Autonomy() {
  const { data, setData, problem, reload } = useFetched("/api/admin/autonomy");
  return html`<${ViewHead} title=${t("admin.autonomy")} line=${t("autonomy.line")} />
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
      <${Rules} rules=${data.rules} sampled=${data.sampled} least=${data.least_alpha} topics=${topicsOf(data)} onSaved=${setData} />
      ${isAtLeast("expert") && data.rules.is_earned && html`<${Audit} onDone=${reload} />`}
      ${data.desks.map((desk) => html`<${Desk} key=${desk.desk_id} desk=${desk} rules=${data.rules} />`)}`}`;
}

/** Every topic that the desks' packs know, that was ever asked about, or that is forbidden. */
function topicsOf(data) {
  const packs = Object.values(known.value?.desks ?? {});
  const named = (known.value?.packs ?? []).filter((p) => packs.includes(p.name)).flatMap((p) => Object.keys(p.topics ?? {}));
  const seen = data.desks.flatMap((desk) => desk.cells.map((cell) => cell.topic));
  return [...new Set([...named, ...seen, ...data.rules.forbidden])].filter(Boolean).toSorted((a, b) => topicName(a).localeCompare(topicName(b)));
}

function Rules({ rules, sampled, least, topics, onSaved }) {
  const [given, setGiven] = useState(rules);
  useEffect(() => setGiven(rules), [rules]);
  const canWrite = isAtLeast("owner");
  const set = (name) => (e) => setGiven({ ...given, [name]: Number(e.target.value) / 100 });
  const forbid = (topic) => (e) =>
    setGiven({ ...given, forbidden: e.target.checked ? [...given.forbidden, topic] : given.forbidden.filter((one) => one !== topic) });
  const save = (e) => {
    e.preventDefault();
    put("/api/admin/autonomy", given).then((now) => {
      onSaved(now);
      say(t("admin.saved"));
    }, tell);
  };
  const Share = ({ name, min, max }) => html`<label class="field"><span>${t(`autonomy.${name}`)}</span>
    <input type="number" min=${min} max=${max} step="1" value=${Math.round(given[name] * 100)} disabled=${!canWrite || !given.is_earned} onChange=${set(name)} /></label>`;
  return html`<form class="card" onSubmit=${save} data-testid="autonomy-rules"><h3>${t("autonomy.rules")}</h3>
    <label class="row"><input type="checkbox" checked=${given.is_earned} disabled=${!canWrite} data-testid="is-earned"
      onChange=${(e) => setGiven({ ...given, is_earned: e.target.checked })} /><span>${t("autonomy.is_earned")}</span></label>
    <label class="row"><input type="checkbox" checked=${given.each} disabled=${!canWrite || !given.is_earned} data-testid="each"
      onChange=${(e) => setGiven({ ...given, each: e.target.checked })} /><span>${t("autonomy.each")}</span></label>
    <p class="nothing" data-testid="promise">${t(given.each ? "autonomy.promise_each" : "autonomy.promise", { alpha: percent(given.alpha), sure: percent(1 - given.delta) })}</p>
    ${rules.is_earned && html`<p class="nothing" data-testid="sampled">${t("autonomy.sampled", { share: percent(sampled), alpha: percent(rules.alpha) })}</p>`}
    ${given.is_earned && least !== null && given.alpha < least && html`<p class="problem" role="status" data-testid="unreachable">${t("autonomy.unreachable", { least: percent(least) })}</p>`}
    <div class="row">${Share({ name: "alpha", min: 1, max: 50 })}${Share({ name: "delta", min: 1, max: 50 })}${Share({ name: "audit", min: 5, max: 100 })}</div>
    ${topics.length > 0 && html`<details class="forbidden" data-testid="forbidden"><summary>${t("autonomy.forbidden")} ${given.forbidden.length > 0 && html`<span class="badge">${number(given.forbidden.length)}</span>`}</summary><div class="chips">
      ${topics.map((topic) => html`<label class="row" key=${topic}><input type="checkbox" checked=${given.forbidden.includes(topic)} disabled=${!canWrite || !given.is_earned} data-testid="forbid" data-topic=${topic} onChange=${forbid(topic)} /><span>${topicName(topic)}</span></label>`)}</div></details>`}
    ${canWrite && html`<div class="row end"><button type="submit" class="button small">${t("action.save")}</button></div>`}</form>`;
}

function Desk({ desk, rules }) {
  const curve = useMemo(() => desk.curve.toSorted((a, b) => a[1] - b[1]), [desk]);
  const versions = Object.entries(desk.reliability);
  return html`<section class="card panel"><h3>${desk.name}</h3>
    <ul class="reasons">${byReason(desk.cells, rules).map(([why, cells]) => html`<li key=${why} data-testid="cell" data-code=${cells[0].code}>
      <p class="chips">${cells.map((cell) => html`<span key=${`${cell.topic}/${cell.lang}`} class="badge ${cell.threshold === null ? "" : "good"}" data-testid="topic">${cell.topic ? topicName(cell.topic) : t("autonomy.no_topic")} · ${t(`lang.${cell.lang}`)}</span>`)}</p>
      <p><strong>${t(cells[0].threshold === null ? "autonomy.off" : "autonomy.on")}</strong> <span class="nothing">${why}</span></p></li>`)}</ul>
    ${curve.length > 1 && html`<${Plot} label=${t("autonomy.curve")} x=${curve.map((p) => p[1])} xLabel=${t("autonomy.coverage")}
      series=${[{ label: t("autonomy.risk"), values: curve.map((p) => p[2]) }, { label: "α", values: curve.map(() => rules.alpha) }]} />`}
    ${versions.map(([version, points]) => points.length > 1 && html`<${Plot} key=${version} label=${t("autonomy.reliability", { version })} x=${points.map((p) => p[0])}
      xLabel=${t("autonomy.confidence")} series=${[{ label: t("autonomy.unchanged"), values: points.map((p) => p[1]) }, { label: t("autonomy.ideal"), values: points.map((p) => p[0]) }]} />`)}
  </section>`;
}

/** Topics with the sentence that holds for all of them, those on autopilot first. */
function byReason(cells, rules) {
  const found = new Map();
  for (const cell of cells) {
    const why = rules.is_earned ? reason(cell) : t("autonomy.why_fixed");
    found.set(why, [...(found.get(why) ?? []), cell]);
  }
  return [...found].toSorted(([, a], [, b]) => (a[0].threshold === null) - (b[0].threshold === null));
}

const reason = ({ code, numbers: n }) =>
  t(`autonomy.why_${code}`, { ...n, bound: percent(n.bound), usual: percent(n.usual), least: percent(n.least), alpha: percent(n.alpha), confidence: percent(n.confidence), threshold: percent(n.threshold), coverage: percent(n.coverage), n: number(n.n) });

/** One answer that left alone, without its confidence: was it right? */
function Audit({ onDone }) {
  const [next, setNext] = useState(null);
  const [text, setText] = useState("");
  const fetchNext = () =>
    get("/api/desk/audits/next").then((found) => {
      setNext(found);
      setText(found.audit?.body ?? "");
    }, tell);
  useEffect(() => {
    fetchNext();
  }, []);
  if (!next) return null;
  const { audit, waiting } = next;
  const decide = (final_body) => post(`/api/desk/audits/${audit.draft_id}`, { final_body }).then(fetchNext, tell).then(onDone);
  return html`<section class="card" data-testid="audit"><h3>${t("autonomy.blind")}</h3><p class="nothing">${audit ? tn("autonomy.waiting", waiting) : t("autonomy.none_waiting")}</p>
    ${audit && html`<blockquote lang=${audit.lang}>${audit.question}</blockquote><div class="bubble"><${Body} of=${audit.html} citations=${[]} lang=${audit.lang} /></div>
    <label class="field"><span>${t("autonomy.should_have")}</span><textarea rows="4" value=${text} onInput=${(e) => setText(e.target.value)}></textarea></label>
    <div class="row end"><button type="button" class="button small quiet" data-testid="audit-changed" disabled=${text.trim() === audit.body.trim()} onClick=${() => decide(text)}>${t("autonomy.changed")}</button>
      <button type="button" class="button small" data-testid="audit-right" onClick=${() => decide("")}>${t("autonomy.right")}</button></div>`}</section>`;
}
