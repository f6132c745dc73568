/** The person's earlier conversations. */
import { html } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Drawer, tell } from "../shared/parts.js";
import { dateTime } from "../shared/dates.js";
import { t } from "../shared/i18n.js";
import { history, open, openId, preview } from "./store.js";

const stateOf = (c) => {
  if (c.status === "resolved") return t("chat.state_resolved");
  if (c.controller.kind === "ai") return t("chat.state_open");
  return c.controller.kind === "human" ? t("chat.state_person") : t("chat.state_waiting");
};

export function History({ onClose, onNew }) {
  const show = (id) => {
    onClose();
    open(id).catch(tell);
  };
  return html`<${Drawer} title=${t("chat.earlier")} side="left" onClose=${onClose}
    footer=${html`<button class="button wide" type="button" onClick=${() => {
      onClose();
      onNew();
    }}><${Icon} name="plus" />${t("chat.new")}</button>`}>
    ${history.value.length === 0 && html`<p class="empty">${t("chat.no_earlier")}</p>`}
    <ul class="history">${history.value.map((c) => html`<li key=${c.id}>
      <button type="button" class=${c.id === openId.value ? "on" : ""} aria-current=${c.id === openId.value ? "true" : null}
        onClick=${() => show(c.id)} data-testid="earlier-one">
        <span class="title">${preview(c.id) || dateTime(c.created_at)}</span>
        <small>${preview(c.id) ? `${dateTime(c.updated_at)} · ` : ""}${stateOf(c)}</small>
      </button></li>`)}</ul>
  </${Drawer}>`;
}
