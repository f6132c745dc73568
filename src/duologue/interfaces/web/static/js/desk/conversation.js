/** One conversation in the middle: who holds it, its messages and notes, the draft, the field to write in. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Avatar, say, tell } from "../shared/parts.js";
import { Body, Plain, Sources, unmark } from "../shared/body.js";
import { clockTime, dateTime, dayName, sameDay } from "../shared/dates.js";
import { notice } from "../shared/notices.js";
import { t } from "../shared/i18n.js";
import { Card } from "../shared/packs.js";
import { authorName } from "./names.js";
import { Banner, Head } from "./head.js";
import { Composer, receive } from "./composer.js";
import { decision, takeOrphan } from "./decision.js";
import { Draft } from "./draft.js";
import { isBusy } from "./commands.js";
import { shownRun } from "./context.js";
import { barred, conversation, giveReason, isAtLeast, isOpening, openId, run, show, thread, typing } from "./store.js";

export function Conversation({ onCite }) {
  const c = conversation.value;
  if (!openId.value) {
    return html`<section class="conversation none"><div class="empty"><${Icon} name="chat" size=${34} /><p>${t("desk.choose")}</p>
      <p class="hint"><kbd>J</kbd> <kbd>K</kbd> ${t("desk.choose_keys")}</p></div></section>`;
  }
  if (barred.value?.id === openId.value) return html`<${Barred} key=${openId.value} />`;
  if (!c || isOpening.value || !thread.value) {
    return html`<section class="conversation" aria-busy="true"><div class="thread-box"><div class="skeleton short"></div><div class="skeleton"></div></div></section>`;
  }
  return html`<section class="conversation" aria-label=${t("desk.conversation")}>
    <${Head} c=${c} /><${Banner} c=${c} />
    <${Messages} onCite=${onCite} />
    ${isAtLeast("expert") && html`<${Composer} c=${c} key=${c.id} />`}
  </section>`;
}

/** A conversation that is not the member's to read: who it is, and the field for the reason that opens it. */
function Barred() {
  const [reason, setReason] = useState("");
  const [isSending, setSending] = useState(false);
  const send = (event) => {
    event.preventDefault();
    setSending(true);
    giveReason(reason.trim()).catch(tell).finally(() => setSending(false));
  };
  return html`<section class="conversation none" data-testid="barred"><form class="empty barred" onSubmit=${send}>
    <${Icon} name="lock" size=${34} /><p>${t("desk.barred")}</p><p class="hint">${t("desk.barred_hint")}</p>
    <div><label class="field-label" for="reason">${t("desk.barred_reason")}</label>
      <input id="reason" type="text" autocomplete="off" value=${reason} minlength="4" maxlength="500" required data-testid="reason" onInput=${(e) => setReason(e.target.value)} /></div>
    <div class="row"><button type="button" class="button quiet only-narrow" onClick=${() => show("")}>${t("desk.back")}</button>
      <button type="submit" class="button" disabled=${isSending || reason.trim().length < 4}>${t("desk.barred_open")}</button></div>
  </form></section>`;
}

/** The draft to show: the open one, or the last one while it is stale and nobody has answered since. */
function draftToShow({ drafts, messages }) {
  const last = drafts.findLast((d) => d.status === "ready") ?? drafts.at(-1);
  if (!last || last.status === "ready") return last;
  const isStale = last.status === "superseded" || last.status === "expired";
  const isAnswered = messages.some((m) => m.seq > last.responding_to_seq && m.visibility === "public" && ["ai", "expert"].includes(m.author_kind));
  return isStale && !isAnswered ? last : null;
}

function Messages({ onCite }) {
  const box = useRef(null);
  const atEnd = useRef(true);
  const { messages, drafts } = thread.value;
  const draft = draftToShow({ drafts, messages });
  const isOfBefore = draft && messages.some((m) => m.seq > draft.responding_to_seq && m.kind === "text" && m.author_kind === "person");
  const writing = run.value;
  const toEnd = () => atEnd.current && box.current && (box.current.scrollTop = box.current.scrollHeight);
  useEffect(() => {
    atEnd.current = true;
    toEnd();
  }, [openId.value]);
  useLayoutEffect(toEnd);
  useEffect(() => {
    const text = takeOrphan(drafts);
    if (!text) return;
    receive(openId.value, text);
    say(t("draft.text_kept"));
  }, [drafts, decision.value, isBusy.value]);
  useEffect(() => {
    const size = new ResizeObserver(toEnd);
    size.observe(box.current);
    size.observe(box.current.firstElementChild);
    return () => size.disconnect();
  }, []);
  const onScroll = ({ target: b }) => (atEnd.current = b.scrollHeight - b.scrollTop - b.clientHeight < 100);
  return html`<div class="thread-box" ref=${box} onScroll=${onScroll}><div>
    <div role="log" aria-live="polite" aria-label=${t("chat.log")} data-testid="thread">
      ${messages.map((m, i) => html`<${Entry} key=${m.id} m=${m} before=${messages[i - 1]} onCite=${onCite} />`)}
    </div>
    ${typing.value?.who === "person" && html`<div class="message from-person first" data-testid="typing"><${Avatar} kind="person" />
      <div class="stack"><div class="bubble dots" role="status" aria-label=${t("desk.person_types")}><i></i><i></i><i></i></div></div></div>`}
    ${writing && !draft?.status?.includes("ready") && html`<div class="writing" role="status" data-testid="writing"><p><${Icon} name="spark" size=${15} />
      ${t("desk.ai_writes")}</p>${writing.text && html`<${Plain} text=${unmark(writing.text)} />`}</div>`}
    ${draft && html`<${Draft} draft=${draft} key=${draft.id} isOfBefore=${isOfBefore} onCite=${onCite} />`}
  </div></div>`;
}

function Entry({ m, before, onCite }) {
  const day = (!before || !sameDay(before.created_at, m.created_at)) && html`<div class="day" role="separator"><span>${dayName(m.created_at)}</span></div>`;
  if (m.kind === "marker") return html`${day}<p class="marker" title=${dateTime(m.created_at)}><span>${t("desk.handed_back_marker")}</span></p>`;
  const card = m.data?.card && html`<${Card} of=${m.data.card} message=${m} conversation=${conversation.value} />`;
  if (m.kind === "notice") {
    return html`${day}<p class="marker notice" title=${dateTime(m.created_at)}><span>${notice(m)}</span></p>${card}`;
  }
  const isNote = m.visibility === "internal";
  const isFirst = Boolean(day) || !before || before.kind !== "text" || before.author_kind !== m.author_kind || before.author_id !== m.author_id || before.visibility !== m.visibility;
  const rating = thread.value.ratings[m.id];
  const kind = isNote ? "note" : m.author_kind;
  return html`${day}<article class="message from-${kind} ${isFirst ? "first" : ""}" data-testid="message" data-author=${kind} aria-label=${authorName(m)}>
    <span class="gutter">${isFirst && html`<${Avatar} kind=${m.author_kind} name=${m.author_kind === "person" ? conversation.value?.person?.name : m.author_name} />`}</span>
    <div class="stack">
      ${isFirst && html`<p class="author"><strong>${authorName(m)}</strong>
        ${isNote && html`<span class="badge note"><${Icon} name="note" size=${11} />${t("author.note")}</span>`}
        ${!isNote && m.author_kind === "expert" && m.data?.drafted_by && html`<span class="badge ai" title=${m.data.drafted_by}>${t("desk.from_draft")}</span>`}
        ${m.data?.verified_by_team && html`<span class="badge ai"><${Icon} name="check" size=${11} />${t("author.verified")}</span>`}
        <time datetime=${m.created_at} title=${dateTime(m.created_at)}>${clockTime(m.created_at)}</time></p>`}
      <div class="bubble"><${Body} of=${m.html} citations=${m.citations} onCite=${onCite} lang=${m.lang} /></div>
      ${m.citations.length > 0 && html`<${Sources} citations=${m.citations} onCite=${onCite} />`}
      ${card}
      ${(m.run_id || rating) && html`<p class="under">
        ${m.run_id && html`<button type="button" class="under-link" onClick=${() => (shownRun.value = m.run_id)}>${t("desk.how_made")}</button>`}
        ${rating && html`<span class="rated ${rating.value}"><${Icon} name=${rating.value} size=${13} />${rating.reason || t(`desk.rated_${rating.value}`)}</span>`}</p>`}
    </div></article>`;
}
