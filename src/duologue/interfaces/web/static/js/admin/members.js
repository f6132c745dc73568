/** The people who work here, and their roles. */
import { html, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Avatar, Dialog, say, tell } from "../shared/parts.js";
import { patch, post } from "../shared/api.js";
import { lang, t } from "../shared/i18n.js";
import { isAtLeast, me } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";

const ROLES = ["viewer", "expert", "admin", "owner"];
const mayGive = (role) => role !== "owner" || me.value.role === "owner";

export function Members() {
  const { data, problem, reload } = useFetched("/api/admin/members");
  const [isAdding, setAdding] = useState(false);
  const canWrite = isAtLeast("admin");
  const save = (m, change) => patch(`/api/admin/members/${m.id}`, change).then(() => say(t("admin.saved")), tell).then(reload);
  return html`<${ViewHead} title=${t("admin.members")} line=${t("members.line")}>
      ${canWrite && html`<button type="button" class="button small" onClick=${() => setAdding(true)}><${Icon} name="plus" size=${16} />${t("members.add")}</button>`}</${ViewHead}>
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`<section class="card"><table data-testid="members">
      <thead><tr><th>${t("members.name")}</th><th>${t("members.role")}</th><th>${t("members.team")}</th><th>${t("members.state")}</th></tr></thead>
      <tbody>${data.members.map((m) => html`<tr key=${m.id} class=${m.is_active ? "" : "off"}>
        <td><span class="who-cell"><${Avatar} kind="expert" name=${m.name} /><span><strong>${m.name}</strong><small>${m.email}</small></span></span></td>
        <td>${canWrite && mayGive(m.role) ? html`<select aria-label=${t("members.role_of", { name: m.name })} value=${m.role} onChange=${(e) => save(m, { role: e.target.value })}>
          ${ROLES.filter(mayGive).map((role) => html`<option key=${role} value=${role} selected=${m.role === role}>${t(`role.${role}`)}</option>`)}</select>` : t(`role.${m.role}`)}</td>
        <td>${m.team || "–"}</td>
        <td>${canWrite && m.id !== me.value.id && mayGive(m.role)
          ? html`<button type="button" class="chip" aria-pressed=${m.is_active} onClick=${() => save(m, { is_active: !m.is_active })}>${t(m.is_active ? "members.active" : "members.inactive")}</button>`
          : t(m.is_active ? "members.active" : "members.inactive")}</td></tr>`)}</tbody></table></section>`}
    <section class="card"><h3>${t("members.roles")}</h3><dl class="modes">${ROLES.map((role) => html`<div key=${role}><dt>${t(`role.${role}`)}</dt><dd>${t(`members.about_${role}`)}</dd></div>`)}</dl></section>
    ${isAdding && html`<${Add} onClose=${() => setAdding(false)} onDone=${() => {
      setAdding(false);
      reload();
    }} />`}`;
}

function Add({ onClose, onDone }) {
  const submit = (e) => {
    e.preventDefault();
    const given = Object.fromEntries(new FormData(e.target));
    post("/api/admin/members", { ...given, lang: lang.value }).then(() => {
      say(t("members.added"));
      onDone();
    }, tell);
  };
  const field = (name, type, rest = {}) => html`<label class="field-label" for=${`new-${name}`}>${t(`members.${name}`)}</label>
    <input id=${`new-${name}`} name=${name} type=${type} ...${rest} />`;
  return html`<${Dialog} title=${t("members.add")} onClose=${onClose}><form class="stacked" onSubmit=${submit}>
    ${field("name", "text", { required: true, maxlength: 200 })}${field("email", "email", { required: true, maxlength: 254 })}
    ${field("password", "password", { required: true, minlength: 10, maxlength: 1000, autocomplete: "new-password" })}
    <label class="field-label" for="new-role">${t("members.role")}</label>
    <select id="new-role" name="role">${ROLES.filter(mayGive).map((role) => html`<option key=${role} value=${role} selected=${role === "expert"}>${t(`role.${role}`)}</option>`)}</select>
    ${field("team", "text", { maxlength: 64 })}
    <div class="row end"><button type="submit" class="button">${t("members.add")}</button></div></form></${Dialog}>`;
}
