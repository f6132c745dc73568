/** Who is answering, and what one can change. */
import { html } from "../shared/html.js";
import { Icon, Mark } from "../shared/icons.js";
import { Avatar, Menu, Preferences } from "../shared/parts.js";
import { lang, t } from "../shared/i18n.js";
import { canRead, isAloud, toggleAloud } from "../shared/aloud.js";
import { conversation, isOnline, session } from "./store.js";

/** The one who speaks for the house just now. */
export function speaker(c) {
  const kind = c?.controller.kind ?? "ai";
  if (kind === "human") return { kind: "expert", name: c.holder_name || t("author.team"), line: t("chat.with_person") };
  if (kind === "queue" || c?.mode === "human") return { kind: "queue", name: t("chat.waiting"), line: t("chat.waiting_line") };
  return { kind: "ai", name: t("author.ai"), line: t(c?.mode === "copilot" ? "chat.with_checked_ai" : "chat.with_ai") };
}

export function Header({ onRestart, onHistory, onConsent, isEmbedded }) {
  const who = speaker(conversation.value);
  const items = [
    { label: t("chat.new"), icon: "plus", act: onRestart, testid: "new-conversation" },
    { label: t("chat.earlier"), icon: "history", act: onHistory, testid: "earlier" },
    { label: t("chat.consent"), icon: "spark", act: onConsent, testid: "consent" },
  ];
  if (canRead(lang.value, session.value?.voice.says))
    items.push({ label: t("voice.aloud"), icon: "speaker", act: toggleAloud, isOn: isAloud.value, testid: "aloud" });
  return html`<header class="chat-header">
    ${!isEmbedded && html`<span class="brand"><span class="brand-mark"><${Mark} /></span>
      <span class="brand-name">${session.value?.workspace.name ?? ""}</span></span>`}
    <div class="who" role="status" data-testid="who">
      <${Avatar} kind=${who.kind} name=${who.kind === "expert" ? who.name : ""} />
      <span><strong>${who.name}</strong>
        <small>${isOnline.value ? who.line : html`<span class="offline"><${Icon} name="offline" size=${13} /> ${t("chat.offline")}</span>`}</small>
      </span>
    </div>
    <nav class="tools" aria-label=${t("page.tools")}>
      <${Preferences} />
      <${Menu} label=${t("chat.menu")} icon="more" items=${items} testid="chat-menu" />
    </nav>
  </header>`;
}
