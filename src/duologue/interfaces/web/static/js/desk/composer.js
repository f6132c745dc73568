/** Where the expert writes: a reply to the person, or a note that only the team sees. */
import { html, signal, useEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { grow, isComposing } from "../shared/parts.js";
import { memory } from "../shared/cookies.js";
import { Microphone } from "../shared/microphone.js";
import { t } from "../shared/i18n.js";
import { isBusy, isMine, showTyping, write } from "./commands.js";
import { hears, others, typing } from "./store.js";

/** "public" or "internal"; the keys R and N change it. */
export const tab = signal("public");

const received = signal(0);
/** Put text into the reply field of a conversation, after what is there. */
export function receive(conversationId, text) {
  const key = `duo.desk.${conversationId}.public`;
  memory.set(key, [memory.get(key, ""), text].filter(Boolean).join("\n\n"));
  tab.value = "public";
  received.value += 1;
}

/** Put the cursor into the field. */
export function focusField(which) {
  tab.value = which;
  document.querySelector(".desk-composer textarea")?.focus();
}

export function Composer({ c }) {
  const isNote = tab.value === "internal";
  const key = `duo.desk.${c.id}.${tab.value}`;
  const [text, setText] = useState("");
  const ref = useRef(null);
  useEffect(() => setText(memory.get(key, "")), [key, received.value]);
  useEffect(() => grow(ref.current), [text]);
  const change = (value) => {
    setText(value);
    if (value) memory.set(key, value);
    else memory.drop(key);
  };
  const send = async () => {
    const body = text.trim();
    if (body && (await write(body, tab.value))) change("");
    ref.current?.focus();
  };
  const onHeard = (heard) => {
    change([memory.get(key, "").trim(), heard].filter(Boolean).join(" "));
    ref.current?.focus();
  };
  const onKeyDown = (e) => {
    if (isComposing(e)) return;
    if (e.key === "Enter" && (e.metaKey || e.ctrlKey)) {
      e.preventDefault();
      send();
    } else if (e.key === "Escape") ref.current.blur();
  };
  const colleague = typing.value?.who === "expert" ? typing.value.name : "";
  const takes = !isNote && !isMine();
  const label = isNote ? t("desk.add_note") : takes ? t("desk.send_and_take") : t("action.send");
  return html`<footer class="desk-composer ${isNote ? "note" : ""}">
    ${colleague && others.value.some((p) => p.name === colleague) && html`<p class="collision" role="status"><${Icon} name="alert" size=${14} />${t("chat.types", { name: colleague })}</p>`}
    <div class="composer-tabs" role="tablist">
      ${[["public", "desk.reply", "R"], ["internal", "desk.note", "N"]].map(([name, word, k]) => html`<button type="button" role="tab" key=${name}
        aria-selected=${tab.value === name} data-testid=${`tab-${name}`} onClick=${() => focusField(name)}>${t(word)}<kbd>${k}</kbd></button>`)}
      ${takes && html`<span class="takes">${t("desk.reply_takes")}</span>`}
    </div>
    <textarea ref=${ref} rows="2" value=${text} aria-label=${t(isNote ? "desk.note_hint" : "desk.reply_hint")} placeholder=${t(isNote ? "desk.note_hint" : "desk.reply_hint")}
      data-testid="desk-composer" onKeyDown=${onKeyDown} onInput=${(e) => {
        change(e.target.value);
        if (!isNote && isMine()) showTyping();
      }}></textarea>
    <div class="row end">${hears.value && html`<${Microphone} path=${`/api/desk/hear?conversation_id=${c.id}`} onHeard=${onHeard} />`}
      <button type="button" class="button small" disabled=${!text.trim() || isBusy.value} onClick=${send} data-testid="desk-send">
      ${label}<kbd>⌘↵</kbd></button></div>
  </footer>`;
}
