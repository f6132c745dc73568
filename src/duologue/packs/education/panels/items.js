/** Items by how hard they are and what they tell apart, with their intervals; the class's reading with pins and blocks. */
import { html } from "../../js/shared/html.js";
import { number, percent, t } from "../../js/shared/i18n.js";

const two = (x) => number(x, { maximumFractionDigits: 2, minimumFractionDigits: 2 });

/** @param {{shown: object}} props */
export function Items({ shown }) {
  const flagged = shown.items.filter((i) => i.remark).length;
  return html`<section><h3>${t("education.items")}</h3><p class="nothing">${t("education.items_hint", { least: shown.least_item, n: shown.measured, flagged })}</p>
    ${shown.items.length > 0 && html`<div class="scroll-x"><table data-testid="items"><thead><tr><th scope="col">${t("education.item")}</th><th scope="col" class="numeric">${t("education.answers")}</th><th scope="col" class="numeric">${t("education.share")}</th><th scope="col" class="numeric">${t("education.apart")}</th><th scope="col">${t("education.remark_head")}</th></tr></thead>
      <tbody>${shown.items.map((i) => html`<tr key=${i.item}><td>${i.text}</td><td class="numeric">${i.n}</td><td class="numeric">${percent(i.share)}<br /><small>${percent(i.share_low)}–${percent(i.share_high)}</small></td>
        <td class="numeric">${two(i.discrimination)}<br /><small style="white-space: nowrap">${two(i.apart_low)} … ${two(i.apart_high)}</small></td><td>${i.remark ? html`<span class="badge warn">${t(`education.remark_${i.remark}`)}</span>` : html`<small>${t("education.remark_none")}</small>`}</td></tr>`)}</tbody></table></div>`}</section>`;
}

/** @param {{shown: object, act: Function}} props */
export function Shelf({ shown, act }) {
  const toggle = (r, choice) => act("choose", { resource: r.id, choice: r.choice === choice ? "" : choice });
  const button = (r, choice) => html`<button type="button" class="button small quiet" aria-pressed=${r.choice === choice} aria-label=${`${t(`education.${choice}`)}: ${r.title}`} onClick=${() => toggle(r, choice)}>${r.choice === choice ? "● " : ""}${t(`education.${choice}`)}</button>`;
  return html`<details data-testid="shelf"><summary>${t("education.shelf", { n: shown.reading.length })}</summary><div class="scroll-x"><table><thead><tr><th scope="col">${t("education.reading")}</th><th scope="col">${t("education.skill")}</th><th scope="col" class="numeric">${t("education.helped")}</th><th scope="col"><span class="sr">${t("education.pin")}</span></th></tr></thead>
    <tbody>${shown.reading.map((r) => html`<tr key=${r.id}><td>${r.title}<br /><small>${t("education.minutes", { n: r.minutes })}</small></td><td>${r.skill}</td><td class="numeric">${r.asked ? t("education.n_of", { n: r.helped, of: r.asked }) : "–"}</td>
      <td><div class="chips">${button(r, "pin")}${button(r, "block")}</div></td></tr>`)}</tbody></table></div></details>`;
}
