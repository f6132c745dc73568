/** What is thought of one skill: how much is known and how sure that is, on which answers it rests, in words. */
import { html } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";

/** @param {{skill: object, children?: unknown}} props */
export function About({ skill, children }) {
  const isFew = skill.answers < skill.least;
  const sure = t("education.between", { low: percent(skill.low), high: percent(skill.high) });
  return html`<section class="card" data-testid="about-skill" aria-live="polite"><h3>${skill.name}</h3>
    <p style="margin: 0">${skill.about}</p>
    ${skill.before.length > 0 && html`<p style="margin: 0"><small>${t("education.builds_on", { names: skill.before.join(" · ") })}</small></p>`}
    <div class="range" role="img" aria-label=${`${percent(skill.chance)}, ${sure}`}><i style=${`left: ${skill.low * 100}%; right: ${100 - skill.high * 100}%`}></i><b style=${`left: ${skill.chance * 100}%`}></b></div>
    <p style="margin: 0"><small>${isFew ? t("education.few", { n: skill.answers, least: skill.least }) : `${t("education.solves", { p: percent(skill.chance), sure })} ${t("education.now_known", { p: percent(skill.known) })}`}</small></p>
    ${skill.words && html`<p style="margin: 0">${t("education.by_answers")} ${skill.words}</p>`}
    ${skill.evidence.length > 0 && html`<ul class="evidence" aria-label=${t("education.evidence")}>${skill.evidence.map((e, i) => html`<li key=${i}>${e.correct ? "✓" : "✗"} ${e.text} <small>${t("education.expected", { p: percent(e.expected) })}</small></li>`)}</ul>`}
    ${skill.due && html`<p style="margin: 0"><small>${t("education.review_due", { day: skill.due })}</small></p>`}
    ${children}</section>`;
}
