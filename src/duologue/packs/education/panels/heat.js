/** What a class knows, skill by skill. A cell of too few answers says nothing but how few; it is never coloured as knowledge. */
import { html } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";

const tint = (known) => `background: color-mix(in srgb, var(--accent) ${Math.round(known * 75)}%, var(--surface))`;

function Cell({ name, skill, known, seen, least, act }) {
  const isFew = seen < least;
  const said = `${name}, ${skill}: ${isFew ? t("education.few_short", { n: seen }) : `${percent(known)}, ${t("education.n_answers", { n: seen })}`}`;
  return html`<td class=${isFew ? "few" : ""}><button type="button" aria-label=${said} title=${said} style=${isFew ? "" : tint(known)} onClick=${act}>${isFew ? seen || "" : Math.round(known * 100)}</button></td>`;
}

/** @param {{shown: object, open: Function}} props */
export function Heat({ shown, open }) {
  const { skills, learners, least } = shown;
  const all = skills.map((_, i) => {
    const enough = learners.filter((l) => l.seen[i] >= least);
    return { n: enough.length, mean: enough.reduce((sum, l) => sum + l.known[i], 0) / Math.max(1, enough.length) };
  });
  return html`<section><h3>${t("education.heat")}</h3><p class="nothing">${t("education.heat_hint", { least })}</p><div class="scroll-x"><table class="heat" data-testid="heat">
    <thead><tr><th scope="col"><span class="sr">${t("education.name")}</span></th>${skills.map((s) => html`<th key=${s.id} scope="col" title=${s.name}><span>${s.name}</span></th>`)}</tr></thead>
    <tbody>${learners.map((l) => html`<tr key=${l.person_id}><th scope="row"><button class="link" type="button" onClick=${() => open(l.person_id)}>${l.name}</button></th>
      ${skills.map((s, i) => html`<${Cell} key=${s.id} name=${l.name} skill=${s.name} known=${l.known[i]} seen=${l.seen[i]} least=${least} act=${() => open(l.person_id, s.id)} />`)}</tr>`)}
      <tr class="all"><th scope="row">${t("education.mean")}</th>${all.map((a, i) => html`<td key=${skills[i].id} class=${a.n < least ? "few" : ""}><button type="button" tabindex="-1" title=${`${skills[i].name}: ${t("education.n_learners", { n: a.n })}`}
        style=${a.n < least ? "" : tint(a.mean)}>${a.n < least ? "" : Math.round(a.mean * 100)}</button></td>`)}</tr></tbody></table></div></section>`;
}
