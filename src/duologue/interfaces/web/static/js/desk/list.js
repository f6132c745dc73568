/** The list of conversations: whose they are, how long they wait, whether a draft is ready. */
import { html, useEffect, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Avatar, tell } from "../shared/parts.js";
import { shortDate, since } from "../shared/dates.js";
import { unmark } from "../shared/body.js";
import { number, percent, t } from "../shared/i18n.js";
import { authorName, owner, personName } from "./names.js";
import { choose, counts, isOnline, listed, openId, relist, rows, search, show, status, view } from "./store.js";
import { topicName } from "../shared/packs.js";

export const VIEWS = ["waiting", "mine", "ai", "all"];
const LONG_WAIT_MS = 5 * 60_000;

export function List() {
  const [text, setText] = useState(search.value);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (search.value === text.trim()) return;
      search.value = text.trim();
      relist().catch(tell);
    }, 250);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<section class="list" aria-label=${t("desk.conversations")}>
    <header class="list-head">
      <div class="row"><h1>${t("desk.conversations")}</h1>
        ${!isOnline.value && html`<span class="badge warn" role="status"><${Icon} name="offline" size=${13} />${t("desk.offline")}</span>`}</div>
      <div class="tabs" role="tablist" aria-label=${t("desk.views")}>
        ${VIEWS.map((name) => html`<button type="button" role="tab" key=${name} aria-selected=${view.value === name} data-testid=${`view-${name}`}
          onClick=${() => choose(name).catch(tell)}>${t(`view.${name}`)}<span class="count">${number(counts.value[name])}</span></button>`)}
      </div>
      <div class="row filter">
        <label class="search"><${Icon} name="search" size=${16} /><input type="search" value=${text} placeholder=${t("desk.search")}
          aria-label=${t("desk.search")} onInput=${(e) => setText(e.target.value)} /></label>
        <select aria-label=${t("desk.status")} value=${status.value} data-testid="status" onChange=${(e) => {
          status.value = e.target.value;
          relist().catch(tell);
        }}>${["open", "snoozed", "resolved", ""].map((s) => html`<option key=${s} value=${s} selected=${status.value === s}>${t(`status.${s || "any"}`)}</option>`)}</select>
      </div>
    </header>
    <ul class="rows" role="listbox" aria-label=${t(`view.${view.value}`)} tabindex="-1">
      ${listed.value === null && [1, 2, 3].map((n) => html`<li key=${n} class="row-skeleton"><div class="skeleton short"></div><div class="skeleton"></div></li>`)}
      ${listed.value !== null && rows.value.length === 0 && html`<li class="empty"><${Icon} name="check" size=${26} /><p>${t(`desk.none_${view.value}`)}</p></li>`}
      ${rows.value.map((c) => html`<${Row} key=${c.id} c=${c} />`)}
    </ul>
  </section>`;
}

function Row({ c }) {
  const isOn = c.id === openId.value;
  const who = owner(c);
  const name = personName(c.person, c.person_id);
  const last = c.last_message;
  const isLong = c.waiting_since && Date.now() - Date.parse(c.waiting_since) > LONG_WAIT_MS;
  const isOpen = c.status === "open";
  return html`<li role="presentation"><button type="button" role="option" aria-selected=${isOn} class="row-button ${isOn ? "on" : ""}" data-testid="row"
    data-id=${c.id} onClick=${() => show(c.id).catch(tell)}>
    <${Avatar} kind="person" name=${c.person?.name} />
    <span class="row-text">
      <span class="row-top"><strong>${name}</strong>
        ${isOpen && c.waiting_since
          ? html`<span class="wait ${isLong ? "long" : ""}" title=${t("desk.waits_since")}><${Icon} name="clock" size=${12} />${since(c.waiting_since)}</span>`
          : html`<time datetime=${c.updated_at}>${shortDate(c.updated_at)}</time>`}</span>
      <span class="row-last">${last
        ? html`${last.author_kind !== "person" && html`<b>${authorName(last)}: </b>`}${unmark(last.body.slice(0, 140)).replace(/ ?\[\d{1,3}\]/g, "")}`
        : c.is_hidden ? t("desk.barred_row") : c.subject || t("desk.no_message")}</span>
      <span class="row-badges"><span class="badge ${who.kind}">${who.label}</span>
        ${c.status !== "open" && html`<span class="badge">${t(`status.${c.status}`)}</span>`}
        ${c.draft && html`<span class="badge ${c.draft.confidence >= 0.75 ? "good" : c.draft.confidence >= 0.45 ? "note" : ""}" data-testid="draft-badge"><${Icon} name="spark" size=${12} />${c.draft.confidence === null
          ? t("desk.draft_badge_plain") : t("desk.draft_badge", { share: percent(c.draft.confidence) })}</span>`}
        ${c.topic && html`<span class="badge">${topicName(c.topic)}</span>`}</span>
    </span></button></li>`;
}

/** Open the neighbour of the open conversation. */
export function step(by) {
  const ids = rows.value.map((c) => c.id);
  const at = ids.indexOf(openId.value);
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), ids.length - 1);
  if (ids[to]) show(ids[to]).catch(tell);
  document.querySelector(`[data-id="${ids[to]}"]`)?.scrollIntoView({ block: "nearest" });
}
