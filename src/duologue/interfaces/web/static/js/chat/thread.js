/** The conversation as the person reads it: by author and day, the answer that is being written, what waits to be sent. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Avatar, tell } from "../shared/parts.js";
import { Body, Plain, Sources, unmark } from "../shared/body.js";
import { clockTime, dayName, sameDay } from "../shared/dates.js";
import { notice } from "../shared/notices.js";
import { t, tn } from "../shared/i18n.js";
import { canRead, hush, reading } from "../shared/aloud.js";
import { Card } from "../shared/packs.js";
import { Rating } from "./rating.js";
import { Greeting } from "./greeting.js";
import { Urgent, isUrgent } from "./urgent.js";
import { conversation, isOnline, listen, messages, outbox, run, session, typing, waiting } from "./store.js";

const TOGETHER_MS = 5 * 60_000;
const NEAR_PX = 120;

const authorName = (m) => (m.author_kind === "expert" ? m.author_name || t("author.team") : t("author.ai"));
const joins = (a, b) =>
  a && a.kind === "text" && b.kind === "text" && a.author_kind === b.author_kind && a.author_id === b.author_id &&
  Date.parse(b.created_at) - Date.parse(a.created_at) < TOGETHER_MS;

export function Thread({ onCite }) {
  const all = messages.value.filter((m) => m.kind !== "marker");
  const { ref, isAway, missed, jump } = useFollow(all.length + waiting.value.length, run.value?.text.length ?? 0);
  const isEmpty = all.length === 0 && waiting.value.length === 0;
  return html`<div class="scroller" ref=${ref}>
    <div class="column">
      ${isEmpty && html`<${Greeting} />`}
      <div class="thread" role="log" aria-live="polite" aria-relevant="additions" aria-label=${t("chat.log")} data-testid="thread">
        ${all.map((m, i) => html`<${Entry} key=${m.client_id || m.id} m=${m} before=${all[i - 1]} after=${all[i + 1]}
          isLast=${i === all.length - 1} onCite=${onCite} />`)}
      </div>
      ${waiting.value.map((letter) => html`<${Letter} key=${letter.client_id} letter=${letter} />`)}
      <${Now} last=${all.at(-1)} />
    </div>
    ${isAway && html`<button type="button" class="pill" onClick=${jump} data-testid="new-messages">
      <${Icon} name="chevron" size=${15} />${missed ? tn("chat.new_messages", missed) : t("chat.to_end")}</button>`}
  </div>`;
}

function Entry({ m, before, after, isLast, onCite }) {
  const day = !before || !sameDay(before.created_at, m.created_at);
  const separator = day && html`<div class="day" role="separator"><span>${dayName(m.created_at)}</span></div>`;
  const card = m.data?.card && html`<${Card} of=${m.data.card} message=${m} conversation=${conversation.value} isPerson=${true} />`;
  if (isUrgent(m)) return html`${separator}<${Urgent} m=${m} />${card}`;
  if (m.kind === "notice") return html`${separator}<p class="notice" data-testid="notice"><span>${notice(m)}</span></p>${card}`;
  const isMine = m.author_kind === "person";
  const isFirst = day || !joins(before, m);
  const isEnd = !after || !joins(m, after);
  return html`${separator}<article class="message ${isMine ? "mine" : "theirs"} ${m.author_kind} ${isFirst ? "first" : ""}"
    data-testid="message" data-author=${m.author_kind} aria-label=${isMine ? t("author.you") : authorName(m)}>
    ${!isMine && html`<div class="gutter">${isFirst && html`<${Avatar} kind=${m.author_kind} name=${m.author_name} />`}</div>`}
    <div class="stack">
      ${isFirst && !isMine && html`<p class="author"><strong>${authorName(m)}</strong>
        ${m.author_kind === "expert" && html`<span class="badge expert">${t("author.team_badge")}</span>`}</p>`}
      <div class="bubble"><${Body} of=${m.html} citations=${m.citations} onCite=${onCite} lang=${m.lang} /></div>
      ${m.citations.length > 0 && html`<${Sources} citations=${m.citations} onCite=${onCite} />`}
      ${card}
      ${(isEnd || !isMine) && html`<footer class="meta"><time datetime=${m.created_at}>${clockTime(m.created_at)}</time>
        ${m.data?.verified_by_team && html`<span data-testid="verified"><${Icon} name="check" size=${13} />${t("author.verified")}</span>`}
        ${!isMine && html`<${Listen} m=${m} />`}
        ${!isMine && html`<${Rating} message=${m} isLast=${isLast} />`}</footer>`}
    </div>
  </article>`;
}

/** Have the message read, or be quiet. */
function Listen({ m }) {
  if (!canRead(m.lang, session.value?.voice.says)) return null;
  const isRead = reading.value === m.id;
  const label = t(isRead ? "voice.hush" : "voice.read");
  return html`<button type="button" class="icon-button tiny" aria-label=${label} title=${label} aria-pressed=${isRead} data-testid="listen"
    onClick=${() => (isRead ? hush() : listen(m).catch(tell))}><${Icon} name=${isRead ? "stop" : "speaker"} size=${15} /></button>`;
}

function Letter({ letter }) {
  const isFailed = letter.state === "failed";
  const isWaiting = letter.state === "waiting" || !isOnline.value;
  return html`<article class="message mine person letter ${letter.state}" data-testid="letter" data-state=${letter.state}>
    <div class="stack"><div class="bubble"><${Plain} text=${letter.body} /></div>
      <footer class="meta">${isFailed
        ? html`<span class="bad"><${Icon} name="alert" size=${14} />${letter.problem || t("chat.not_sent")}</span>
          <button type="button" class="link" onClick=${() => outbox.value.retry(letter.client_id)}>${t("action.retry")}</button>
          <button type="button" class="link" onClick=${() => outbox.value.drop(letter.client_id)}>${t("action.discard")}</button>`
        : isWaiting
          ? html`<span><${Icon} name="clock" size=${13} />${t("chat.will_send")}</span>
            <button type="button" class="link" data-testid="retry" onClick=${() => outbox.value.hurry()}>${t("action.retry")}</button>`
          : html`<span>${t("chat.sending")}</span>`}</footer>
    </div></article>`;
}

/** What happens at this moment: an answer is written, somebody types, a colleague checks. */
function Now({ last }) {
  const c = conversation.value;
  const writing = run.value;
  const who = typing.value;
  if (writing?.text) {
    return html`<article class="message theirs ai first" data-testid="streaming" aria-hidden="true">
      <div class="gutter"><${Avatar} kind="ai" /></div>
      <div class="stack"><p class="author"><strong>${t("author.ai")}</strong></p>
        <div class="bubble live"><${Plain} text=${unmark(writing.text)} /></div></div></article>`;
  }
  if (writing || who) {
    const kind = who ? "expert" : "ai";
    const label = who ? t("chat.types", { name: who.name || t("author.team") }) : t("chat.ai_thinks");
    return html`<div class="message theirs ${kind} first" data-testid="typing"><div class="gutter"><${Avatar} kind=${kind} name=${who?.name} /></div>
      <div class="stack"><div class="bubble dots" role="status" aria-label=${label}><i></i><i></i><i></i></div></div></div>`;
  }
  const isChecked = last?.author_kind === "person" && last.kind === "text" && c?.controller.kind === "ai" && c.mode === "copilot";
  return isChecked && html`<p class="notice soft" data-testid="checking"><span><${Icon} name="person" size=${14} /> ${t("chat.checking")}</span></p>`;
}

/** Keep to the end while one reads there; count what comes while one reads above. */
function useFollow(count, length) {
  const ref = useRef(null);
  const atEnd = useRef(true);
  const seen = useRef(count);
  const [isAway, setAway] = useState(false);
  const [missed, setMissed] = useState(0);
  useEffect(() => {
    const box = ref.current;
    const onScroll = () => {
      atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
      setAway(!atEnd.current);
      if (atEnd.current) setMissed(0);
    };
    const follow = () => atEnd.current && (box.scrollTop = box.scrollHeight);
    const size = new ResizeObserver(follow);
    size.observe(box);
    size.observe(box.firstElementChild);
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      size.disconnect();
      box.removeEventListener("scroll", onScroll);
    };
  }, []);
  useLayoutEffect(() => {
    const more = count - seen.current;
    seen.current = count;
    if (atEnd.current || waiting.value.length) {
      atEnd.current = true;
      ref.current.scrollTop = ref.current.scrollHeight;
    } else if (more > 0) setMissed((n) => n + more);
  }, [count, length]);
  const jump = () => {
    ref.current.scrollTo({ top: ref.current.scrollHeight, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    setMissed(0);
  };
  return { ref, isAway, missed, jump };
}
