/** From verdicts to a better model: what would be learnt, the run, each version beside the present one, and who let it answer. */
import { html, useEffect, useState } from "../shared/html.js";
import { Dialog, say, tell } from "../shared/parts.js";
import { del, post, put } from "../shared/api.js";
import { dateTime } from "../shared/dates.js";
import { has, number, percent, t } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";
import { Claims } from "./claims.js";
import { Lineage } from "./lineage.js";
import { Proposals } from "./proposals.js";
import { Replays } from "./replay.js";

const LOOK_MS = 2_000;
const PATH = "/api/admin/learning";

const KINDS = {
  promote: "learning.promote",
  roll_back: "learning.roll_back",
  try: "learning.try_kind",
  end_trial: "learning.end_trial_kind",
  send_back: "learning.send_back_kind",
};

/** What the address asks to be traced: an answer or a verdict. */
const askedFor = () => {
  const asked = new URLSearchParams(location.search);
  if (asked.get("answer")) return { kind: "answers", id: asked.get("answer") };
  return asked.get("verdict") ? { kind: "verdicts", id: asked.get("verdict") } : null;
};

export function Learning() {
  const { data, setData, problem, reload } = useFetched(PATH);
  const [signing, setSigning] = useState(null);
  const [traced, setTraced] = useState(askedFor);
  const isRunning = data?.run.state === "running";
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  const [isBusy, setBusy] = useState(false);
  const doing = (work) => {
    setBusy(true);
    work.then(setData, tell).finally(() => setBusy(false));
  };
  const canTeach = isAtLeast("admin");
  return html`<${ViewHead} title=${t("admin.learning")} line=${t("learning.line")} />
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
      <${Studying} data=${data} canTeach=${canTeach} isBusy=${isBusy} doing=${doing} setData=${setData} onTrace=${setTraced} />
      <section class="card"><h3>${t("learning.now")}</h3><p><code data-testid="answers-now">${data.answers_now}</code></p>
        <ul class="reasons">${data.promotions.toReversed().map((p) => html`<li key=${p.at}><strong>${t(KINDS[p.kind], { version: p.version || t("learning.of_settings"), share: percent(p.share) })}</strong>
          <p class="nothing">${t(p.by ? "learning.signed" : "learning.by_itself", { name: p.by_name, when: dateTime(p.at) })}</p></li>`)}</ul>
        ${canTeach && data.promotions.findLast((p) => p.kind === "promote" || p.kind === "roll_back")?.version && html`<div class="row end"><button type="button" class="button small quiet" data-testid="roll-back"
          onClick=${() => setSigning({ path: `${PATH}/roll-back`, title: t("learning.back") })}>${t("learning.back")}</button></div>`}</section>
      ${data.trial && html`<${Trial} of=${data.trial} canTeach=${canTeach} onSign=${setSigning} />`}
      ${data.versions.map((v) => html`<${Version} key=${v.name} v=${v} mayTry=${!data.trial} isNow=${v.name === data.answers_now} canTeach=${canTeach} onSign=${setSigning}
        onTrace=${() => setTraced({ kind: "versions", id: v.name })} />`)}
      <${Proposals} />
      <${Replays} versions=${data.versions} canTeach=${canTeach} />`}
    ${traced && html`<${Lineage} of=${traced} onClose=${() => setTraced(null)} />`}
    ${signing && html`<${Sign} of=${signing} onClose=${() => setSigning(null)} onDone=${(now) => {
      setData(now);
      setSigning(null);
      say(t("admin.saved"));
    }} />`}`;
}

/** What would be learnt from now; only looked at, until somebody asks for it. */
function Studying({ data, canTeach, isBusy, doing, setData, onTrace }) {
  const { data: now, problem, reload } = useFetched(`${PATH}/preview`);
  const state = data.run.state;
  const isRunning = state === "running";
  const isHalted = state === "paused" || state === "failed";
  return html`<section class="card panel" data-testid="dataset"><h3>${t("learning.dataset")}</h3><p class="nothing">${t("learning.preview")}</p>
    ${!now ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`<${Counts} of=${now.dataset} />${!now.is_enough && html`<p class="badge warn" data-testid="too-little">${t("learning.too_little")}</p>`}`}
    <${Consent} rule=${data.consent} onSaved=${(found) => {
      setData(found);
      reload();
    }} />
    <${Run} run=${data.run} />
    ${canTeach && html`<div class="row end">
      ${(isRunning || isHalted) && html`<button type="button" class="button small quiet" data-testid="cancel-run" onClick=${() => doing(del(`${PATH}/run`))}>${t("learning.cancel")}</button>`}
      ${isRunning && html`<button type="button" class="button small" data-testid="pause-run" onClick=${() => doing(post(`${PATH}/run/pause`))}>${t("learning.pause")}</button>`}
      ${isHalted && html`<button type="button" class="button small" data-testid="resume-run" disabled=${isBusy} onClick=${() => doing(post(`${PATH}/run/resume`))}>${t("learning.resume")}</button>`}
      ${!isRunning && state !== "paused" && html`<button type="button" class="button small quiet" data-testid="freeze" disabled=${isBusy} onClick=${() => doing(post(`${PATH}/datasets`))}>${t("learning.freeze")}</button>
        <button type="button" class="button small" data-testid="learn" disabled=${isBusy} aria-busy=${isBusy} onClick=${() => doing(post(`${PATH}/run`))}>${t("learning.learn")}</button>`}</div>`}</section>
    ${data.datasets.length > 0 && html`<section class="card panel" data-testid="datasets"><h3>${t("learning.frozen")}</h3><div class="scroll-x"><table><thead><tr><th>${t("learning.name")}</th>
      ${COUNTS.map((name) => html`<th class="numeric" key=${name}>${t(`learning.${name}`)}</th>`)}<th class="numeric">${t("learning.left_out_n")}</th></tr></thead><tbody>
      ${data.datasets.map((card) => html`<tr key=${card.name}><td><button type="button" class="link" title=${card.name} data-testid="look-inside" onClick=${() => onTrace({ kind: "datasets", id: card.name })}>
          <code>${card.name.slice(0, 8)}</code></button>${card.erased > 0 && html` <span class="badge warn">${t("lineage.erased", { n: number(card.erased) })}</span>`}</td>
        ${COUNTS.map((name) => html`<td class="numeric" key=${name}>${number(card[name])}</td>`)}<td class="numeric">${number(Object.values(card.left_out).reduce((a, b) => a + b, 0))}</td></tr>`)}
      </tbody></table></div></section>`}`;
}

const COUNTS = ["answers", "pairs", "labels", "held_out", "people"];

function Counts({ of }) {
  const out = Object.entries(of.left_out).toSorted((a, b) => b[1] - a[1]);
  return html`<dl class="tiles">${COUNTS.map((name) => html`<div key=${name}><dt>${t(`learning.${name}`)}</dt><dd>${number(of[name])}</dd></div>`)}</dl>
    ${out.length > 0 && html`<p class="nothing">${t("learning.left_out")}</p><ul class="reasons" data-testid="left-out">${out.map(([reason, n]) => html`<li key=${reason} data-reason=${reason}><strong>${number(n)}</strong> ${has(`learning.why_${reason}`, reason)}</li>`)}</ul>`}`;
}

function Consent({ rule, onSaved }) {
  const canChoose = isAtLeast("owner");
  return html`<label class="field"><span>${t("learning.consent")}</span><select value=${rule} disabled=${!canChoose} data-testid="consent-rule"
    onChange=${(e) => put(`${PATH}/consent`, { rule: e.target.value }).then(onSaved, tell)}>
    ${["unless_refused", "only_given"].map((one) => html`<option key=${one} value=${one}>${t(`learning.consent_${one}`)}</option>`)}</select></label>`;
}

function Run({ run }) {
  if (run.state === "idle") return null;
  const line = run.state === "running" ? `${has(`learning.part_${run.part}`, run.part)} ${percent(run.share)}` : t(`learning.state_${run.state}`);
  return html`<div role="status" data-testid="run" data-state=${run.state}>${run.state === "running" && html`<progress max="1" value=${run.share} aria-label=${line}></progress>`}
    <p class="nothing">${line} ${run.error}</p></div>`;
}

/** `exam.<pack>.<set>` are the sets that both models sit. */
function metricName(metric) {
  const [kind, pack, set] = metric.split(".");
  return kind === "exam" && set ? has(`learning.exam_${set}`, metric, { pack: has(`pack.${pack}`, pack) }) : has(`learning.metric_${metric}`, metric);
}

function Version({ v, mayTry, isNow, canTeach, onSign, onTrace }) {
  return html`<section class="card panel" data-testid="version"><h3>${v.name} ${isNow && html`<span class="badge good">${t("learning.is_now")}</span>`}</h3>
    <p class="nothing">${t("learning.made", { parent: v.parent, dataset: v.dataset.slice(0, 8), when: dateTime(v.made_at) })}</p>
    ${v.erased > 0 && html`<p class="badge warn">${t("lineage.erased", { n: number(v.erased) })}</p>`}
    <p><button type="button" class="link" data-testid="trace" onClick=${onTrace}>${t("lineage.trace")}</button></p>
    <${Claims} version=${v.name} />
    <div class="scroll-x"><table><thead><tr><th>${t("learning.measure")}</th><th class="numeric">${t("learning.before")}</th><th class="numeric">${t("learning.after")}</th>
      <th class="numeric">${t("learning.difference")}</th><th class="numeric">n</th></tr></thead><tbody>
      ${v.scores.map((s) => html`<tr key=${s.metric} data-metric=${s.metric}><td>${metricName(s.metric)}</td><td class="numeric">${figure(s.champion)}</td><td class="numeric">${figure(s.challenger)}</td>
        <td class="numeric">[${figure(s.low)}, ${figure(s.high)}]</td><td class="numeric">${number(s.n)}</td></tr>`)}</tbody></table></div>
    ${v.in_the_way.length > 0 ? html`<ul class="reasons" data-testid="stops">${v.stops.map((stop) => html`<li key=${stop.text}><span class="badge bad">${t("learning.stopped")}</span> ${has(`learning.stop_${stop.code}`, stop.text, { set: metricName(`exam.${stop.set}`) })}</li>`)}</ul>` : html`<p>${t("learning.nothing_in_the_way")}</p>`}
    ${canTeach && !isNow && v.in_the_way.length === 0 && html`<div class="row end">${mayTry && html`<button type="button" class="button small quiet" data-testid="try"
      onClick=${() => onSign({ path: `${PATH}/versions/${encodeURIComponent(v.name)}/try`, title: t("learning.try_it", { version: v.name }), share: 0.2, version: v.name })}>${t("learning.try")}</button>`}<button type="button" class="button small" data-testid="promote"
      onClick=${() => onSign({ path: `${PATH}/versions/${encodeURIComponent(v.name)}/promote`, title: t("learning.promote", { version: v.name }), version: v.name })}>${t("learning.let_it")}</button></div>`}</section>`;
}

/** A version on trial: both sides' verdicts, and how near the evidence is to sending it back. */
function Trial({ of, canTeach, onSign }) {
  const s = of.standing;
  const share = Math.min(1, Math.max(0, s.top_worse / of.needed));
  const side = (name, changed, n) => html`<tr><td>${name}</td><td class="numeric">${number(n)}</td><td class="numeric">${n ? percent(changed / n) : "–"}</td></tr>`;
  return html`<section class="card panel" data-testid="trial"><h3>${t("learning.trial", { version: of.version })}</h3>
    <p class="nothing">${t("learning.trial_line", { share: percent(of.share), when: dateTime(of.at), delta: percent(of.delta) })}</p>
    <div class="scroll-x"><table><thead><tr><th></th><th class="numeric">${t("learning.judged")}</th><th class="numeric">${t("learning.changed")}</th></tr></thead><tbody>
      ${side(t("learning.on_trial"), s.challenger_changed, s.challenger_n)}${side(t("learning.others"), s.champion_changed, s.champion_n)}</tbody></table></div>
    <label class="field"><span>${t("learning.evidence")}</span><progress max="1" value=${share}></progress></label>
    ${of.is_better && html`<p>${t("learning.surely_better")}</p>`}
    ${canTeach && html`<div class="row end"><button type="button" class="button small quiet" data-testid="end-trial"
      onClick=${() => onSign({ path: `${PATH}/trial/end`, title: t("learning.end_trial") })}>${t("learning.end_trial")}</button></div>`}</section>`;
}

const figure = (value) => number(value, { maximumFractionDigits: 3, minimumFractionDigits: 3 });

function Sign({ of, onClose, onDone }) {
  const [password, setPassword] = useState("");
  const [share, setShare] = useState(of.share);
  const sign = (e) => {
    e.preventDefault();
    post(of.path, of.share ? { password, share } : { password }).then(onDone, tell);
  };
  return html`<${Dialog} title=${of.title} onClose=${onClose}><form onSubmit=${sign}><p>${t(of.share ? "learning.try_line" : "learning.sign_line")}</p>
    ${of.version && html`<${Claims} version=${of.version} isOpen=${true} />`}
    ${of.share && html`<label class="field"><span>${t("learning.share")}</span><input type="number" min="1" max="50" step="1" value=${Math.round(share * 100)} data-testid="share"
      onInput=${(e) => setShare(Number(e.target.value) / 100)} /></label>`}
    <label class="field"><span>${t("learning.password")}</span><input type="password" autocomplete="current-password" value=${password} required onInput=${(e) => setPassword(e.target.value)} /></label>
    <div class="row end"><button type="submit" class="button small" data-testid="sign">${t("learning.sign")}</button></div></form><//>`;
}
