/** Above a conversation: the person, who holds it, and what one may do about that. */
import { html } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Avatar, Menu } from "../shared/parts.js";
import { since } from "../shared/dates.js";
import { handoverReason } from "../shared/notices.js";
import { t } from "../shared/i18n.js";
import { handBack, handToTeam, isBusy, isMine, reopen, resolve, setMode, snooze, takeOver } from "./commands.js";
import { owner, personName } from "./names.js";
import { isContextOpen } from "./context.js";
import { isAtLeast, others, show } from "./store.js";

const MODES = ["autopilot", "copilot", "human"];

function tomorrow(hour) {
  const at = new Date();
  at.setDate(at.getDate() + 1);
  at.setHours(hour, 0, 0, 0);
  return at;
}

export function Head({ c }) {
  const canAct = isAtLeast("expert");
  const modes = [
    ...MODES.map((mode) => ({ label: t(`mode.${mode}`), act: () => setMode(mode), isOn: c.mode_override === mode })),
    { label: t("mode.inherit"), act: () => setMode(null), isOn: c.mode_override === null },
  ];
  const later = [
    { label: t("desk.snooze_hour"), icon: "snooze", act: () => snooze(new Date(Date.now() + 3_600_000)) },
    { label: t("desk.snooze_tomorrow"), icon: "snooze", act: () => snooze(tomorrow(9)) },
    { label: t("desk.snooze_week"), icon: "snooze", act: () => snooze(new Date(Date.now() + 7 * 86_400_000)) },
  ];
  return html`<header class="conversation-head">
    <button type="button" class="icon-button only-narrow" aria-label=${t("desk.back")} onClick=${() => show("")}><${Icon} name="back" /></button>
    <${Avatar} kind="person" name=${c.person?.name} />
    <div class="head-text"><h2>${personName(c.person, c.person_id)}</h2>
      <p><span class="badge ${owner(c).kind}" data-testid="owner">${owner(c).label}</span>
        <span class="mode">${t(`mode.${c.mode}`)}</span>${c.subject && html`<span class="subject">${c.subject}</span>`}</p></div>
    ${others.value.length > 0 && html`<div class="present" title=${t("desk.present", { names: others.value.map((p) => p.name).join(", ") })}>
      ${others.value.slice(0, 3).map((p) => html`<${Avatar} key=${p.member_id} kind="expert" name=${p.name} size="small" />`)}
      <span class="sr">${t("desk.present", { names: others.value.map((p) => p.name).join(", ") })}</span></div>`}
    ${canAct && html`<${Menu} label=${t("desk.mode")} icon="gear" items=${modes} />`}
    ${canAct && (c.status === "open"
      ? html`<div class="split"><button type="button" class="button small quiet" onClick=${resolve} disabled=${isBusy.value} data-testid="resolve">
          <${Icon} name="check" size=${16} /><span>${t("desk.resolve")}</span></button>
        <${Menu} label=${t("desk.snooze")} icon="chevron" className="button small quiet" items=${later} testid="snooze" /></div>`
      : html`<button type="button" class="button small quiet" onClick=${reopen} data-testid="reopen">${t("desk.reopen")}</button>`)}
    <button type="button" class="icon-button" aria-label=${t("desk.context")} title=${t("desk.context")} aria-pressed=${isContextOpen.value}
      onClick=${() => (isContextOpen.value = !isContextOpen.value)}><${Icon} name="side" /></button>
  </header>`;
}

/** Who is in charge, in one line, and how to change that. */
export function Banner({ c }) {
  if (c.status !== "open") return html`<div class="banner grey">${t(`desk.banner_${c.status}`)}</div>`;
  const canAct = isAtLeast("expert");
  const kind = c.controller.kind;
  const take = (force, label) => html`<button type="button" class="button small" onClick=${() => takeOver(force)} disabled=${isBusy.value} data-testid="take-over">
    <${Icon} name="hand" size=${16} />${label}<kbd>T</kbd></button>`;
  const team = html`<button type="button" class="button small quiet" onClick=${() => handToTeam()} disabled=${isBusy.value} data-testid="hand-to-team">${t("desk.hand_to_team")}</button>`;
  const back = html`<button type="button" class="button small quiet" onClick=${handBack} disabled=${isBusy.value} data-testid="hand-back">
    <${Icon} name="spark" size=${15} />${t("desk.hand_back")}</button>`;
  if (kind === "ai") {
    return html`<div class="banner ai" data-testid="banner"><p><${Icon} name="spark" />${t(`desk.banner_ai_${c.mode}`)}</p>${canAct && html`${take(false, t("desk.take_over"))}${team}`}</div>`;
  }
  if (kind === "queue") {
    const why = c.attention.kind === "requested" && c.attention.reason ? handoverReason(c.attention.reason) : t("desk.banner_queue");
    return html`<div class="banner warn" data-testid="banner"><p><${Icon} name="clock" /><span>${why}${c.attention.at && html` · <span class="ticks">${since(c.attention.at)}</span>`}</span></p>
      ${canAct && html`${take(false, t("desk.take_over"))}${back}`}</div>`;
  }
  if (isMine()) {
    return html`<div class="banner mine" data-testid="banner"><p><${Icon} name="hand" />${t("desk.banner_mine")}</p>${canAct && html`${back}${team}`}</div>`;
  }
  return html`<div class="banner grey" data-testid="banner"><p><${Icon} name="person" />${t("desk.banner_other", { name: c.holder_name || t("author.team") })}</p>
    ${canAct && take(true, t("desk.take_anyway"))}</div>`;
}
