/** Settings of a school: whether learners' words may leave the machine, who has consented, handing out and deleting. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { tell } from "./why.js";

function Leave({ state, act }) {
  const [password, setPassword] = useState("");
  const send = (e) => (e.preventDefault(), act("allow", { is_allowed: !state.may_leave, password }).then(() => setPassword("")));
  return html`<section class="card" data-testid="leave"><h3>${t("education.privacy_title")}</h3>
    <p>${state.may_leave ? t("education.privacy_leaves", { by: state.by, at: state.at }) : t("education.privacy_stays")}</p>
    <p class="nothing">${t(state.is_outside ? "education.privacy_outside" : "education.privacy_model", { model: state.model })}</p>
    ${!state.is_owner && html`<p class="nothing">${t("education.privacy_owner")}</p>`}
    ${state.is_owner && html`<form class="chips" style="align-items: end" onSubmit=${send}><label>${t("education.privacy_password")} <input type="password" required autocomplete="current-password" value=${password} onInput=${(e) => setPassword(e.target.value)} /></label>
      <button class="button small" type="submit" disabled=${!password}>${t(state.may_leave ? "education.privacy_stop" : "education.privacy_allow")}</button></form>`}</section>`;
}

/** @param {{version: number, query: Function, command: Function, download: Function}} props */
export default function Privacy({ version, query, command, download }) {
  const [state, setState] = useState(null);
  const load = () => query("state").then(setState, tell);
  const act = (name, args) => command(name, args).then(load, tell);
  useEffect(() => void load(), [version]);
  if (!state) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<${Leave} state=${state} act=${act} />
    <section class="card"><h3>${t("education.privacy_learners")}</h3>${!state.learners.length && html`<p class="nothing">${t("education.no_learners")}</p>`}
      <table data-testid="learners"><tbody>${state.learners.map((l) => html`<tr key=${l.person_id}><th scope="row">${l.name}</th><td>${t("education.privacy_consented", { day: l.consented })}${l.is_minor && ` · ${t("education.privacy_minor_mark")}`}</td>
        <td><button class="link" type="button" onClick=${() => download("export", { person_id: l.person_id }, "learner.json").catch(tell)}>${t("education.privacy_export")}</button> ·${" "}
          <button class="link" type="button" onClick=${() => confirm(t("education.privacy_erase_sure", { name: l.name })) && act("erase", { person_id: l.person_id })}>${t("education.privacy_erase")}</button></td></tr>`)}</tbody></table></section>`;
}
