/** Desks, and how much the assistant may do at each. */
import { html, useState } from "../shared/html.js";
import { say, tell } from "../shared/parts.js";
import { patch, post, put } from "../shared/api.js";
import { t } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";
import { topicName } from "../shared/packs.js";

const MODES = ["autopilot", "copilot", "human"];

export function Desks() {
  const { data, problem, reload } = useFetched("/api/admin/desks");
  const [name, setName] = useState("");
  const canWrite = isAtLeast("admin");
  const doing = (act) => act.then(() => say(t("admin.saved")), tell).then(reload);
  const add = async (e) => {
    e.preventDefault();
    await doing(post("/api/admin/desks", { name: name.trim() }));
    setName("");
  };
  const whole = data?.postures.find((p) => p.scope === "workspace")?.mode ?? null;
  const topics = data?.postures.filter((p) => p.scope === "topic" && p.mode) ?? [];
  return html`<${ViewHead} title=${t("admin.desks")} line=${t("desks.line")} />
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
    <section class="card"><h3>${t("desks.modes")}</h3>
      <dl class="modes">${MODES.map((mode) => html`<div key=${mode}><dt>${t(`mode.${mode}`)}</dt><dd>${t(`desks.about_${mode}`)}</dd></div>`)}</dl></section>
    <section class="card"><table><thead><tr><th>${t("desks.where")}</th><th>${t("desks.mode")}</th></tr></thead><tbody>
      <tr><td><strong>${t("desks.workspace")}</strong><small>${t("desks.workspace_line")}</small></td>
        <td><${Choice} value=${whole} inherits=${t("desks.default")} label=${t("desks.workspace")} disabled=${!canWrite}
          onChange=${(mode) => doing(put("/api/admin/posture", { scope: "workspace", scope_id: "", mode }))} /></td></tr>
      ${data.desks.map((d) => html`<tr key=${d.id}><td><strong>${d.name}</strong>${d.pack && html`<small>${t("desks.pack", { name: d.pack })}</small>`}</td>
        <td><${Choice} value=${d.mode} inherits=${t("desks.inherit")} label=${d.name} disabled=${!canWrite} onChange=${(mode) => doing(patch(`/api/admin/desks/${d.id}`, { mode }))} /></td></tr>`)}
      ${topics.map((p) => html`<tr key=${p.scope_id}><td><strong>${topicName(p.scope_id)}</strong><small>${t("desks.topic")}</small></td>
        <td><${Choice} value=${p.mode} inherits=${t("desks.inherit")} label=${p.scope_id} disabled=${!canWrite}
          onChange=${(mode) => doing(put("/api/admin/posture", { scope: "topic", scope_id: p.scope_id, mode }))} /></td></tr>`)}
    </tbody></table>
    ${canWrite && html`<form class="row add" onSubmit=${add}><input type="text" required maxlength="100" value=${name} placeholder=${t("desks.new")} aria-label=${t("desks.new")}
      onInput=${(e) => setName(e.target.value)} /><button type="submit" class="button small" disabled=${!name.trim()}>${t("desks.add")}</button></form>`}</section>`}`;
}

const Choice = ({ value, inherits, label, disabled, onChange }) => html`<select aria-label=${label} disabled=${disabled} value=${value ?? ""}
  onChange=${(e) => onChange(e.target.value || null)}>
  <option value="" selected=${value === null}>${inherits}</option>
  ${MODES.map((mode) => html`<option key=${mode} value=${mode} selected=${value === mode}>${t(`mode.${mode}`)}</option>`)}</select>`;
