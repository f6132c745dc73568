/** Settings of a school: the learning platforms that open it, who arrives from them as staff, which homework each place opens. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { tell } from "./why.js";

const FIELDS = ["name", "issuer", "client_id", "deployment_id", "auth_url", "token_url", "key_set_url"];
const EMPTY = Object.fromEntries([...FIELDS.map((f) => [f, ""]), ["has_consent", false]]);

function Register({ act }) {
  const [form, setForm] = useState(EMPTY);
  const send = (e) => (e.preventDefault(), act("register", form).then((ok) => ok && setForm(EMPTY)));
  return html`<details data-testid="register"><summary>${t("education.lti_register")}</summary><form onSubmit=${send}>
    ${FIELDS.map((f) => html`<label key=${f} style="display: block; margin-block: 6px">${t(`education.lti_${f}`)} <input type=${f.endsWith("_url") ? "url" : "text"} required style="inline-size: min(100%, 32em); display: block" value=${form[f]} onInput=${(e) => setForm({ ...form, [f]: e.target.value })} /></label>`)}
    <label style="display: block"><input type="checkbox" checked=${form.has_consent} onChange=${(e) => setForm({ ...form, has_consent: e.target.checked })} /> ${t("education.lti_has_consent")}</label>
    <div class="chips" style="align-items: end"><button class="button small" type="submit">${t("education.lti_register")}</button></div></form></details>`;
}

function Staff({ one, isOwner, act }) {
  const [email, setEmail] = useState(one.email);
  const send = (e) => (e.preventDefault(), act("link_member", { registration_id: one.registration_id, sub: one.sub, email }));
  return html`<li><form class="chips" style="align-items: end" onSubmit=${send}><span>${one.name || one.sub}</span>
    <label>${t("education.lti_member")} <input type="email" disabled=${!isOwner} value=${email} onInput=${(e) => setEmail(e.target.value)} /></label>
    ${isOwner && html`<button class="button small quiet" type="submit" disabled=${email === one.email}>${t("education.lti_link")}</button>`}</form></li>`;
}

/** @param {{version: number, query: Function, command: Function}} props */
export default function Platforms({ version, query, command }) {
  const [state, setState] = useState(null);
  const load = () => query("state").then(setState, tell);
  const act = (name, args) => command(name, args).then(() => load().then(() => true), (problem) => (tell(problem), false));
  useEffect(() => void load(), [version]);
  if (!state) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<section class="card" data-testid="lti"><h3>${t("education.lti_title")}</h3><p class="nothing">${t("education.lti_hint")}</p>
      <dl>${Object.entries(state.tool).map(([k, v]) => html`<dt key=${k}>${t(`education.lti_tool_${k}`)}</dt><dd><code>${v}</code></dd>`)}</dl>
      ${state.registrations.map((r) => html`<p key=${r.id}><strong>${r.name}</strong> <small>${r.issuer} · ${r.client_id} · ${r.deployment_id}${r.has_consent ? ` · ${t("education.lti_consent_held")}` : ""}</small>
        ${state.is_owner && html` <button class="link" type="button" onClick=${() => confirm(t("education.lti_unregister_sure", { name: r.name })) && act("unregister", { registration_id: r.id })}>${t("education.privacy_erase")}</button>`}</p>`)}
      ${state.is_owner ? html`<${Register} act=${act} />` : html`<p class="nothing">${t("education.privacy_owner")}</p>`}</section>
    ${state.staff.length > 0 && html`<section class="card"><h3>${t("education.lti_staff")}</h3><p class="nothing">${t("education.lti_staff_hint")}</p><ul style="list-style: none; padding: 0">${state.staff.map((s) => html`<${Staff} key=${s.registration_id + s.sub} one=${s} isOwner=${state.is_owner} act=${act} />`)}</ul></section>`}
    ${state.links.length > 0 && html`<section class="card"><h3>${t("education.lti_links")}</h3><table><tbody>${state.links.map((k) => html`<tr key=${k.registration_id + k.id}><th scope="row">${k.title || k.id}</th>
      <td><select aria-label=${t("education.homework")} value=${k.homework_id} onChange=${(e) => act("bind", { registration_id: k.registration_id, link_id: k.id, homework_id: e.target.value })}><option value="">${t("education.lti_no_homework")}</option>${state.homework.map((h) => html`<option key=${h.id} value=${h.id}>${h.title}</option>`)}</select></td>
      <td><small>${k.has_gradebook ? t("education.lti_sent", { n: k.sent }) : t("education.lti_no_gradebook")}</small></td></tr>`)}</tbody></table>
      ${state.failed.map((f, i) => html`<p key=${i} role="status"><small>${f.error} (${f.tries})</small></p>`)}</section>`}`;
}
