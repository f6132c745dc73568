/** The desk's shortcuts. Off while one types, chooses in a menu or reads a dialog; ⌘/Ctrl+Enter sends an edited draft even then. */
import { html, signal, useEffect } from "../shared/html.js";
import { Dialog } from "../shared/parts.js";
import { t } from "../shared/i18n.js";
import { change, decisionOn, send } from "./decision.js";
import { isBusy, takeOver } from "./commands.js";
import { focusField } from "./composer.js";
import { step } from "./list.js";
import { conversation, isAtLeast, openDraft } from "./store.js";

export const isHelpOpen = signal(false);

const TABLE = [
  ["J", "keys.next"], ["K", "keys.previous"], ["A", "keys.approve"], ["E", "keys.edit"], ["X", "keys.reject"], ["T", "keys.take"],
  ["R", "keys.reply"], ["N", "keys.note"], ["⌘/Ctrl ↵", "keys.send"], ["Esc", "keys.leave"], ["?", "keys.help"],
];

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable], [role=menu], dialog");

function onKey(e) {
  const draft = openDraft.value;
  const canAct = isAtLeast("expert") && conversation.value;
  if (e.key === "Enter" && (e.metaKey || e.ctrlKey) && draft && canAct && !e.target.closest?.(".desk-composer, .reject")) {
    e.preventDefault();
    if (!isBusy.value) send(draft);
    return;
  }
  if (e.metaKey || e.ctrlKey || e.altKey || e.isComposing || e.repeat && !"jk".includes(e.key) || isTyping(e.target)) return;
  const act = {
    j: () => step(1),
    k: () => step(-1),
    "?": () => (isHelpOpen.value = true),
    a: canAct && draft && (() => isBusy.value || send(draft)),
    e: canAct && draft?.kind === "reply" && (() => change(draft, { doing: "edit" })),
    x: canAct && draft && (() => change(draft, { doing: "reject", text: decisionOn(draft).text })),
    t: canAct && (() => takeOver()),
    r: canAct && (() => focusField("public")),
    n: canAct && (() => focusField("internal")),
  }[e.key.toLowerCase()];
  if (!act) return;
  e.preventDefault();
  act();
}

/** Listen to the keys while the desk is shown. */
export function useKeys() {
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

export const Help = () => html`<${Dialog} title=${t("keys.title")} onClose=${() => (isHelpOpen.value = false)}>
  <dl class="keys">${TABLE.map(([key, word]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${t(word)}</dd></div>`)}</dl>
  <p class="nothing">${t("keys.line")}</p>
</${Dialog}>`;
