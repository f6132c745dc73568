/** What a version was taught, and what it says, that no text of the house says: for the one who signs to read. */
import { html, useState } from "../shared/html.js";
import { number, t, tn } from "../shared/i18n.js";
import { Waiting, useFetched } from "./fetched.js";

const FEW = 5;

/** @param {boolean} props.isOpen shown at once; otherwise behind a line that one opens */
export function Claims({ version, isOpen = false }) {
  const [isShown, setShown] = useState(isOpen);
  const inside = isShown && html`<${List} version=${version} />`;
  if (isOpen) return html`<section class="claims panel" data-testid="claims"><h3>${t("claims.title")}</h3>${inside}</section>`;
  return html`<details class="claims panel" data-testid="claims" onToggle=${(e) => setShown(e.target.open)}><summary>${t("claims.title")}</summary>${inside}</details>`;
}

function List({ version }) {
  const { data, problem, reload } = useFetched(`/api/admin/learning/versions/${encodeURIComponent(version)}/claims`);
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  return html`<p class="nothing">${t("claims.line")}</p>
    <${Some} title="claims.taught" none="claims.none_taught" all=${data.taught} of=${Taught} />
    <${Some} title="claims.said" none="claims.none_said" all=${data.said} of=${Said} />`;
}

function Some({ title, none, all, of: One }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? all : all.slice(0, FEW);
  return html`<h4>${t(title)} ${all.length > 0 && html`<span class="badge">${number(all.length)}</span>`}</h4>
    ${all.length === 0 && html`<p class="nothing">${t(none)}</p>`}
    <ul class="reasons">${shown.map((claim, i) => html`<li key=${i} data-testid="claim" data-why=${claim.why}><${One} claim=${claim} /></li>`)}</ul>
    ${all.length > shown.length && html`<button type="button" class="link" onClick=${() => setWhole(true)}>${t("claims.all", { n: number(all.length) })}</button>`}`;
}

const Facts = ({ of }) => of.map((fact) => html` <code class="badge warn" key=${fact}>${fact}</code>`);

const Taught = ({ claim }) => html`<span>${claim.text}</span><${Facts} of=${claim.facts} />
  <p class="nothing">${tn("claims.by_verdicts", claim.verdicts)} · ${tn("claims.by_experts", claim.experts)} · ${t(`claims.why_${claim.why}`)}${claim.near && html` <q>${claim.near}</q>`}</p>`;

const Said = ({ claim }) => html`${claim.why === "unsafe" && html`<span class="badge bad">${t("claims.why_unsafe")}</span> `}<span>${claim.text}</span><${Facts} of=${claim.facts} /><p class="nothing">${t("claims.asked")} <q>${claim.question}</q></p>`;
