/** Where the person writes. Enter sends, Shift+Enter breaks the line, an input method's Enter does neither. */
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { grow, isComposing, tell } from "../shared/parts.js";
import { memory } from "../shared/cookies.js";
import { Microphone } from "../shared/microphone.js";
import { t } from "../shared/i18n.js";
import { askForPerson, conversation, hearPath, isLoading, openId, problem, run, say, session, showTyping, stop } from "./store.js";

const DRAFT_KEY = "duo.unsent";

export function Composer({ onRestart }) {
  const [text, setText] = useState(() => memory.get(DRAFT_KEY, ""));
  const [isAsking, setAsking] = useState(false);
  const ref = useRef(null);
  const c = conversation.value;
  const isBusy = Boolean(run.value?.run_id); // while a message is only read there is nothing to stop yet
  const most = session.value?.max_chars ?? Infinity;
  const length = [...text.trim()].length; // as the server counts: a sign of two units is one
  const isWithPeople = c && c.controller.kind !== "ai";
  useEffect(() => grow(ref.current), [text]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) ref.current?.focus();
  }, [openId.value, isLoading.value]);

  const change = (value) => {
    setText(value);
    memory.set(DRAFT_KEY, value);
  };
  const send = () => {
    const body = text.trim();
    if (!body || length > most || problem.value) return;
    change("");
    say(body);
    ref.current.focus();
  };
  const onKeyDown = (e) => {
    if (e.key === "Escape" && isBusy) stop().catch(tell);
    if (e.key !== "Enter" || e.shiftKey || isComposing(e)) return;
    e.preventDefault();
    send();
  };
  const onHeard = (heard) => {
    change([memory.get(DRAFT_KEY, "").trim(), heard].filter(Boolean).join(" "));
    ref.current.focus();
  };
  const ask = async () => {
    setAsking(true);
    await askForPerson().catch(tell);
    setAsking(false);
  };
  return html`<footer class="composer"><div class="column">
    ${c?.status === "resolved" && html`<p class="closed"><span>${t("chat.resolved_line")}</span>
      <button type="button" class="link" onClick=${onRestart}>${t("chat.new")}</button></p>`}
    <form class="field" onSubmit=${(e) => {
      e.preventDefault();
      send();
    }}>
      <textarea id="composer" ref=${ref} rows="1" value=${text} placeholder=${t("chat.placeholder")} aria-label=${t("chat.placeholder")}
        enterkeyhint="send" data-testid="composer" aria-invalid=${length > most} aria-describedby=${length > most ? "too-long" : undefined}
        onInput=${(e) => {
          change(e.target.value);
          showTyping();
        }} onKeyDown=${onKeyDown}></textarea>
      <div class="actions">
        <button type="button" class="person-button" onClick=${ask} disabled=${isAsking || isWithPeople} data-testid="talk-to-person">
          <${Icon} name="headset" size=${17} /><span>${t(c?.controller.kind === "human" ? "chat.person_here" : isWithPeople ? "chat.person_asked" : "chat.talk_to_person")}</span></button>
        ${isBusy && html`<button type="button" class="button small quiet stop" onClick=${() => stop().catch(tell)} data-testid="stop">
          <${Icon} name="stop" size=${15} />${t("action.stop")}</button>`}
        ${session.value?.voice.hears && html`<${Microphone} path=${hearPath()} onHeard=${onHeard} />`}
        <button type="submit" class="send" aria-label=${t("action.send")} title=${t("action.send")} disabled=${!length || length > most} data-testid="send">
          <${Icon} name="send" size=${19} /></button>
      </div>
    </form>
    ${length > most
      ? html`<p class="fine too-long" id="too-long" role="alert" data-testid="too-long">${t("chat.too_long", { count: length.toLocaleString(), most: most.toLocaleString() })}</p>`
      : html`<p class="fine">${t("chat.fine_print")}</p>`}
  </div></footer>`;
}
