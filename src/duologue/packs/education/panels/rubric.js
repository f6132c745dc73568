/** A rubric on the homework pages: criteria with the learner's words that show them, ticked by the teacher; written as lines. */
import { html } from "../../js/shared/html.js";
import { has, percent, t } from "../../js/shared/i18n.js";

/** The answer with the words marked that speak for a criterion. @param {{text: string, criteria: object[], isCode?: boolean}} props */
export function Marked({ text, criteria, isCode }) {
  const spans = criteria
    .filter((c) => c.is_met && c.evidence)
    .map((c) => ({ from: text.indexOf(c.evidence), size: c.evidence.length, title: c.text }))
    .filter((s) => s.from >= 0)
    .sort((a, b) => a.from - b.from || b.size - a.size);
  const out = [];
  let at = 0;
  for (const s of spans) {
    if (s.from < at) continue;
    out.push(text.slice(at, s.from), html`<mark title=${s.title}>${text.slice(s.from, s.from + s.size)}</mark>`);
    at = s.from + s.size;
  }
  return html`<p class=${isCode ? "code" : ""} style="white-space: pre-wrap; overflow-wrap: anywhere; margin: 0">${out}${text.slice(at)}</p>`;
}

/** @param {{criteria: object[], met: object, flip?: Function}} props */
export function Criteria({ criteria, met, flip }) {
  return html`<ul class="evidence" data-testid="criteria" aria-label=${t("education.rubric")}>${criteria.map((c) => html`<li key=${c.id}>${flip
    ? html`<label class="check"><input type="checkbox" checked=${met[c.id]} onChange=${() => flip(c.id)} /> <span>${c.text} <small>(${t("education.points", { n: c.points })}${c.confidence > 0 ? `, ${t("education.confidence", { p: percent(c.confidence) })}` : ""})</small></span></label>`
    : html`${met[c.id] ? "✓" : "✗"} ${c.text}`}
    ${met[c.id] && c.evidence && html`${" "}<small>“${c.evidence}”</small>`}</li>`)}</ul>`;
}

/** An essay's traits, to be scored in per cent; what is a draft says so. @param {{traits: object[], given: object, change?: Function}} props */
export function Traits({ traits, given, change }) {
  const name = (id) => has(`education.trait_${id}`, id);
  if (!change) return html`<ul class="evidence" data-testid="traits" aria-label=${t("education.traits")}>${traits.map((x) => html`<li key=${x.id}>${name(x.id)}: ${x.score === null ? "–" : percent(x.score)}</li>`)}</ul>`;
  return html`<fieldset class="fields" data-testid="traits"><legend>${t("education.traits")}${traits.some((x) => x.score !== null && x.is_draft) && html` <span class="badge warn">${t("education.traits_draft")}</span>`}</legend>
    ${traits.map((x) => html`<label key=${x.id}>${name(x.id)} % <input type="number" min="0" max="100" style="inline-size: 5em" value=${given[x.id]} onInput=${(e) => change(x.id, e.target.value)} /></label>`)}</fieldset>`;
}

/** Lines “points | what is to be said | other ways; …” to a rubric, and back. */
export const toLines = (rubric) => rubric.map((p) => [p.points, p.text, p.accept.join("; ")].join(" | ").replace(/ \| $/, "")).join("\n");
export const fromLines = (text) =>
  text.split("\n").map((line) => line.split("|").map((x) => x.trim())).filter((x) => x.some(Boolean)).map((x, i) => {
    const [points, said, accept = ""] = x.length === 1 ? ["1", x[0]] : x;
    return { id: String(i + 1), points: Number(points) || 1, text: said, accept: accept.split(";").map((a) => a.trim()).filter(Boolean) };
  });
