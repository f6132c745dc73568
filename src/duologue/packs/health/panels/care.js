/** Who cares for a patient, and how that ends: discharged, handed on to a colleague, not needed any more. */
import { html, useRef, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";

const day = (at) => new Date(at).toLocaleDateString();

/** One member: since when and why, and the way to end it for whom it is open to. */
function One({ of, colleagues, act }) {
  const [way, setWay] = useState("discharged");
  const busy = useRef(false); // a second click comes before anything is drawn anew
  const end = (e) => {
    e.preventDefault();
    if (busy.current) return;
    busy.current = true;
    const [how, to] = way.split(":");
    act("end_care", { way: how, member_id: of.member, to: to ?? "" }).finally(() => (busy.current = false));
  };
  const label = t("health.care_how", { name: of.name });
  return html`<div data-testid="carer"><p><strong>${of.name}</strong> <small>${of.until ? t("health.care_until", { at: new Date(of.until).toLocaleString(), reason: of.reason }) : t("health.care_since", { at: day(of.at) })}</small></p>
    ${of.may_end && html`<form onSubmit=${end}><select aria-label=${label} value=${way} onChange=${(e) => setWay(e.target.value)}>
      <option value="discharged">${t("health.care_discharged")}</option>
      ${Object.entries(colleagues).map(([id, name]) => html`<option key=${id} value=${`handed_on:${id}`}>${t("health.care_handed_on", { name })}</option>`)}
      <option value="not_needed">${t("health.care_not_needed")}</option></select>
      <button class="button small quiet" type="submit">${t(of.mine ? "health.care_end_mine" : "health.care_end")}</button></form>`}</div>`;
}

/** @param {{care: {now: object[], colleagues: object, days: number}, act: Function}} props */
export function CareList({ care, act }) {
  return html`<details data-testid="care"><summary>${t("health.care")}</summary>
    <p class="nothing">${care.days ? t("health.care_hint", { days: care.days }) : t("health.care_hint_by_hand")}</p>
    ${care.now.length ? care.now.map((c) => html`<${One} key=${c.member} of=${c} colleagues=${care.colleagues} act=${act} />`) : html`<p class="nothing">${t("health.care_nobody")}</p>`}</details>`;
}
