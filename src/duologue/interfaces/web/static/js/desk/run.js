/** How an answer was made: outcome, model, what it read, what it measured, each step with its time. */
import { html } from "../shared/html.js";
import { Meter } from "../shared/parts.js";
import { stopReason } from "../shared/notices.js";
import { has, number, percent, t, tn } from "../shared/i18n.js";

const GOOD = { sent: "good", drafted: "ai", handed_over: "warn", failed: "bad" };
const ms = (value) => (value >= 1_000 ? `${number(value / 1_000, { maximumFractionDigits: 1 })} s` : `${number(value, { maximumFractionDigits: value < 10 ? 1 : 0 })} ms`);

export function Run({ run, onCite }) {
  const longest = Math.max(1, ...run.steps.map((s) => s.ms));
  return html`<div class="run" data-testid="run">
    <p class="row"><span class="badge ${GOOD[run.status] ?? ""}">${t(`run.${run.status}`)}</span>
      ${run.confidence !== null && html`<span class="sure"><${Meter} value=${run.confidence} label=${t("draft.confidence")} /><strong>${percent(run.confidence)}</strong></span>`}</p>
    ${run.reason && html`<p class="nothing">${stopReason(run.reason)}</p>`}
    ${run.error && html`<p class="run-error">${run.error}</p>`}
    <dl class="facts">
      <div><dt>${t("run.model")}</dt><dd><code>${run.model_version}</code> <a href=${`/admin?answer=${run.id}#learning`}>${t("lineage.trace")}</a></dd></div>
      <div><dt>${t("run.prompt")}</dt><dd><code>${run.prompt_version}</code></dd></div>
      ${run.instruction && html`<div><dt>${t("run.instruction")}</dt><dd>${run.instruction}</dd></div>`}
      ${run.verdict_ids.length > 0 && html`<div><dt>${t("run.precedents")}</dt><dd>${tn("run.precedents_n", run.verdict_ids.length)}</dd></div>`}
    </dl>
    <h4>${t("run.passages")}</h4>
    ${run.retrieved.length === 0 && html`<p class="nothing">${t("run.no_passages")}</p>`}
    <ol class="passages">${run.retrieved.map((p) => html`<li key=${p.passage_id}><button type="button" onClick=${() => onCite({ ...p, quote: "", number: 0 })}>
      <span class="grow"><strong>${p.title}</strong>${p.heading && html`<small>${p.heading}</small>`}</span>
      <span class="score">${number(p.score, { minimumFractionDigits: 2, maximumFractionDigits: 2 })}</span></button></li>`)}</ol>
    ${Object.keys(run.signals).length > 0 && html`<h4>${t("run.signals")}</h4>
      <dl class="signals">${Object.entries(run.signals).map(([name, value]) => html`<div key=${name}><dt>${has(`signal.${name}`, name)}</dt>
        <dd><${Meter} value=${Math.min(1, Math.max(0, value))} label=${name} />${number(value, { maximumFractionDigits: 2 })}</dd></div>`)}</dl>`}
    <h4>${t("run.steps")}</h4>
    <ol class="steps">${run.steps.map((step, i) => html`<li key=${i}><details>
      <summary><span class="grow">${has(`step.${step.name}`, step.name)}</span><span class="bar"><span style=${{ width: `${Math.max(3, (100 * step.ms) / longest)}%` }}></span></span>
        <span class="score">${ms(step.ms)}</span></summary>
      <p>${t("run.input")}</p><pre>${JSON.stringify(step.input, null, 2)}</pre>
      <p>${t("run.output")}</p><pre>${JSON.stringify(step.output, null, 2)}</pre></details></li>`)}</ol>
  </div>`;
}
