/** The card of a draft: edit it in place, see why it stopped, send it, reject it, ask for another. */
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Diff, Meter, grow, isComposing } from "../shared/parts.js";
import { Body, Plain, Sources, unmark } from "../shared/body.js";
import { clockTime } from "../shared/dates.js";
import { diff } from "../shared/diff.js";
import { stopReason } from "../shared/notices.js";
import { percent, t } from "../shared/i18n.js";
import { change, decisionOn, send } from "./decision.js";
import { decide, isBusy, noteShown } from "./commands.js";
import { shownRun } from "./context.js";
import { isAtLeast } from "./store.js";

const REASONS = ["wrong", "unsupported", "incomplete", "tone", "policy", "language", "other"];

/** `isOfBefore`: the person wrote something since the question that the draft answers, which is shown then. */
export function Draft({ draft, isOfBefore, onCite }) {
  const isOpen = draft.status === "ready";
  useEffect(() => {
    if (isOpen && !document.hidden) noteShown(draft);
  }, [draft.id, isOpen]);
  const now = decisionOn(draft);
  return html`<article class="draft ${isOpen ? "" : "stale"}" data-testid="draft" data-status=${draft.status} aria-label=${t("draft.title")}>
    <header>
      <span class="draft-title"><${Icon} name=${draft.kind === "action" ? "bolt" : "spark"} />${t(draft.kind === "action" ? "draft.action_title" : "draft.title")}</span>
      ${isOpen && draft.confidence !== null && html`<span class="sure"><${Meter} value=${draft.confidence} label=${t("draft.confidence")} />
        <strong>${percent(draft.confidence)}</strong></span>`}
      <time>${clockTime(draft.created_at)}</time>
      ${draft.run_id && html`<button type="button" class="under-link" onClick=${() => (shownRun.value = draft.run_id)}>${t("desk.how_made")}</button>`}
    </header>
    ${!isOpen && html`<p class="stale-line"><${Icon} name="alert" size=${15} />${t("draft.stale")}</p>`}
    ${isOpen && draft.reason && html`<p class="why-stopped" data-testid="stop-reason"><${Icon} name="alert" size=${15} /><span>${stopReason(draft.reason)}</span></p>`}
    ${isOpen && isOfBefore && draft.question && html`<p class="for-question" data-testid="draft-question"><span class="field-label">${t("draft.answers")}</span> ${draft.question}</p>`}
    ${draft.kind === "action" && html`<${Action} action=${draft.action} />`}
    ${now.doing === "edit" && isOpen ? html`<${Editor} draft=${draft} now=${now} />` : draft.body && html`<div class="draft-body"
      title=${isOpen && isAtLeast("expert") ? t("draft.edit_hint") : null} onDblClick=${() => isOpen && isAtLeast("expert") && change(draft, { doing: "edit" })}>
      ${draft.html ? html`<${Body} of=${draft.html} citations=${draft.citations} onCite=${onCite} lang=${draft.lang} />`
        : html`<${Plain} text=${unmark(now.text)} citations=${draft.citations} onCite=${onCite} />`}</div>`}
    ${draft.citations.length > 0 && html`<${Sources} citations=${draft.citations} onCite=${onCite} />`}
    ${isOpen && isAtLeast("expert") && html`<${Decide} draft=${draft} now=${now} />`}
  </article>`;
}

function Editor({ draft, now }) {
  const ref = useRef(null);
  useEffect(() => {
    ref.current.focus();
    ref.current.setSelectionRange(now.text.length, now.text.length);
  }, []);
  useEffect(() => grow(ref.current), [now.text]);
  const onKeyDown = (e) => {
    if (isComposing(e)) return;
    if (e.key === "Escape") {
      e.stopPropagation();
      change(draft, { doing: "", text: draft.body });
    }
  };
  const changes = now.text === draft.body ? null : diff(draft.body, now.text);
  return html`<div class="editor"><textarea ref=${ref} value=${now.text} aria-label=${t("draft.edit")} data-testid="draft-editor"
      onKeyDown=${onKeyDown} onInput=${(e) => change(draft, { text: e.target.value })}></textarea>
    ${changes && html`<div class="changes" data-testid="draft-diff"><p class="field-label">${t("draft.changes")}</p><${Diff} changes=${changes} /></div>`}</div>`;
}

/** A tool call that waits for approval. */
const Action = ({ action }) => html`<div class="action" data-testid="action">
  <p><code>${action.tool}</code></p>
  <dl>${Object.entries(action.arguments).map(([name, value]) => html`<div key=${name}><dt>${name}</dt>
    <dd>${typeof value === "string" ? value : JSON.stringify(value)}</dd></div>`)}</dl>
  ${action.result && html`<p class="result">${action.result}</p>`}
  ${action.error && html`<p class="result bad">${action.error}</p>`}
</div>`;

function Decide({ draft, now }) {
  const isAction = draft.kind === "action";
  const isEdited = now.text.trim() !== draft.body.trim();
  const busy = isBusy.value;
  if (now.doing === "reject") return html`<${Reject} draft=${draft} now=${now} />`;
  if (now.doing === "regenerate") return html`<${Regenerate} draft=${draft} />`;
  return html`<footer class="decide">
    <button type="button" class="button small" disabled=${busy || (!isAction && !now.text.trim())} onClick=${() => send(draft)} data-testid="draft-send">
      <${Icon} name="check" size=${16} />${t(isAction ? "draft.approve_action" : isEdited ? "draft.send_edited" : "draft.send")}<kbd>${isEdited || now.doing === "edit" ? "⌘↵" : "A"}</kbd></button>
    ${!isAction && (now.doing === "edit"
      ? html`<button type="button" class="button small quiet" onClick=${() => change(draft, { doing: "", text: draft.body })}>${t("action.cancel")}</button>`
      : html`<button type="button" class="button small quiet" onClick=${() => change(draft, { doing: "edit" })} data-testid="draft-edit">
          <${Icon} name="edit" size=${15} />${t("draft.edit")}<kbd>E</kbd></button>`)}
    <button type="button" class="button small quiet" onClick=${() => change(draft, { doing: "reject" })} data-testid="draft-reject">${t("draft.reject")}<kbd>X</kbd></button>
    ${!isAction && html`<button type="button" class="button small bare" onClick=${() => change(draft, { doing: "regenerate" })} data-testid="draft-regenerate">
      <${Icon} name="redo" size=${15} />${t("draft.regenerate")}</button>`}
  </footer>`;
}

/** Why not; and, where one likes, what to say instead. */
function Reject({ draft, now }) {
  const [own, setOwn] = useState("");
  const [detail, setDetail] = useState("");
  const ref = useRef(null);
  useEffect(() => ref.current.querySelector("button").focus(), []);
  const reason = [now.reason, detail.trim()].filter(Boolean).join(": ");
  const done = () => (own.trim() ? decide(draft, "respond", { final_body: own.trim(), reason }) : decide(draft, "reject", { reason }));
  const onKeyDown = (e) => {
    if (isComposing(e)) return;
    if (e.key === "Escape") change(draft, { doing: "", reason: "" });
    else if (e.key === "Enter" && (e.metaKey || e.ctrlKey) && reason) done();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return html`<footer class="reject" ref=${ref} onKeyDown=${onKeyDown}>
    <p class="field-label">${t("draft.why_reject")}</p>
    <div class="chips" role="group" aria-label=${t("draft.why_reject")}>${REASONS.map((name) => html`<button type="button" class="chip" key=${name}
      aria-pressed=${now.reason === name} data-testid=${`reason-${name}`} onClick=${() => change(draft, { reason: name })}>${t(`reject.${name}`)}</button>`)}</div>
    ${now.reason === "other" && html`<input type="text" value=${detail} placeholder=${t("draft.reason_detail")} aria-label=${t("draft.reason_detail")} maxlength="500"
      onInput=${(e) => setDetail(e.target.value)} />`}
    ${draft.kind === "reply" && html`<textarea rows="2" value=${own} placeholder=${t("draft.own_reply")} aria-label=${t("draft.own_reply")} data-testid="own-reply"
      onInput=${(e) => {
        setOwn(e.target.value);
        grow(e.target);
      }}></textarea>`}
    <div class="row"><button type="button" class="button small" disabled=${!reason || isBusy.value} onClick=${done} data-testid="reject-done">
        ${t(own.trim() ? "draft.reject_and_send" : "draft.reject")}<kbd>⌘↵</kbd></button>
      <button type="button" class="button small quiet" onClick=${() => change(draft, { doing: "", reason: "" })}>${t("action.cancel")}</button></div>
  </footer>`;
}

function Regenerate({ draft }) {
  const [instruction, setInstruction] = useState("");
  const ref = useRef(null);
  useEffect(() => ref.current.focus(), []);
  const done = () => decide(draft, "regenerate", { instruction: instruction.trim() });
  return html`<form class="reject" onSubmit=${(e) => {
    e.preventDefault();
    done();
  }}>
    <label class="field-label" for="instruction">${t("draft.instruction")}</label>
    <input id="instruction" ref=${ref} type="text" maxlength="500" value=${instruction} placeholder=${t("draft.instruction_hint")} data-testid="instruction"
      onInput=${(e) => setInstruction(e.target.value)} onKeyDown=${(e) => {
        if (e.key === "Enter" && isComposing(e)) e.preventDefault();
        if (e.key === "Escape") {
          e.stopPropagation();
          change(draft, { doing: "" });
        }
      }} />
    <div class="row"><button type="submit" class="button small" disabled=${isBusy.value} data-testid="regenerate-done"><${Icon} name="redo" size=${15} />${t("draft.regenerate")}</button>
      <button type="button" class="button small quiet" onClick=${() => change(draft, { doing: "" })}>${t("action.cancel")}</button></div>
  </form>`;
}
