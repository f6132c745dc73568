/** Beside a conversation: the person, his earlier conversations, and how an answer was made. */
import { html, signal } from "../shared/html.js";
import { memory } from "../shared/cookies.js";
import { Icon } from "../shared/icons.js";
import { Avatar, Dialog, say, tell } from "../shared/parts.js";
import { del } from "../shared/api.js";
import { dateTime, shortDate } from "../shared/dates.js";
import { t } from "../shared/i18n.js";
import { Panel, packOfDesk, panelsAt, titleOf } from "../shared/packs.js";
import { owner, personName } from "./names.js";
import { Run } from "./run.js";
import { beside, conversation, isAtLeast, relist, show, thread } from "./store.js";

/** Id of the run that is shown; empty: the latest. */
export const shownRun = signal("");
export const isContextOpen = signal(memory.get("duo.context", matchMedia("(min-width: 1200px)").matches));
isContextOpen.subscribe((value) => memory.set("duo.context", value));
const isErasing = signal(false);

export function Context({ onCite }) {
  const c = conversation.value;
  if (!c || !thread.value || !isContextOpen.value) return null;
  const runs = Object.values(thread.value.runs);
  const run = thread.value.runs[shownRun.value] ?? runs.toSorted((a, b) => (a.started_at ?? "").localeCompare(b.started_at ?? "")).at(-1);
  return html`<aside class="context" aria-label=${t("desk.context")}>
    <button type="button" class="icon-button only-narrow close" aria-label=${t("action.close")} onClick=${() => (isContextOpen.value = false)}><${Icon} name="close" /></button>
    <${Person} c=${c} />
    ${panelsAt("context", packOfDesk(c.desk_id)).map((p) => html`<section key=${p.pack + p.name}><h3>${titleOf(p)}</h3><${Panel} of=${p} conversation=${c} /></section>`)}
    <section><h3>${t("context.run")}</h3>
      ${run?.steps ? html`<${Run} run=${run} onCite=${onCite} />` : html`<p class="nothing">${t(run ? "context.run_running" : "context.no_run")}</p>`}</section>
    <${Earlier} />
    ${isErasing.value && html`<${Erase} person=${beside.value?.person} />`}
  </aside>`;
}

function Person({ c }) {
  const person = beside.value?.person ?? c.person;
  const fields = Object.entries(person?.fields ?? {});
  return html`<section class="person">
    <div class="row"><${Avatar} kind="person" name=${person?.name} size="large" />
      <div class="grow"><h3>${personName(person, c.person_id)}</h3><p class="nothing">${t(`lang.${person?.lang ?? c.lang}`)}</p></div>
      ${isAtLeast("admin") && person && html`<button type="button" class="icon-button" aria-label=${t("context.erase")} title=${t("context.erase")}
        onClick=${() => (isErasing.value = true)}><${Icon} name="trash" size=${16} /></button>`}</div>
    <dl class="facts">
      ${person && html`<div><dt>${t("context.first_seen")}</dt><dd>${dateTime(person.created_at)}</dd></div>`}
      <div><dt>${t("context.started")}</dt><dd>${dateTime(c.created_at)}</dd></div>
      ${fields.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${typeof value === "object" ? JSON.stringify(value) : String(value)}</dd></div>`)}
    </dl></section>`;
}

function Earlier() {
  const earlier = beside.value?.earlier ?? [];
  return html`<section><h3>${t("context.earlier")}</h3>
    ${earlier.length === 0 && html`<p class="nothing">${t("context.no_earlier")}</p>`}
    <ul class="earlier">${earlier.slice(0, 8).map((c) => html`<li key=${c.id}><button type="button" onClick=${() => show(c.id).catch(tell)}>
      <span>${c.subject || t("context.conversation_of", { date: shortDate(c.created_at) })}</span>
      <span class="badge ${owner(c).kind}">${c.status === "open" ? owner(c).label : t(`status.${c.status}`)}</span></button></li>`)}</ul></section>`;
}

function Erase({ person }) {
  const close = () => (isErasing.value = false);
  const erase = async () => {
    try {
      await del(`/api/admin/persons/${person.id}`);
      close();
      await show("");
      await relist();
      say(t("context.erased"));
    } catch (failure) {
      tell(failure);
    }
  };
  return html`<${Dialog} title=${t("context.erase")} onClose=${close}><p>${t("context.erase_line")}</p>
    <div class="row end"><button type="button" class="button quiet" onClick=${close}>${t("action.cancel")}</button>
      <button type="button" class="button quiet bad" onClick=${erase}>${t("context.erase_now")}</button></div></${Dialog}>`;
}
