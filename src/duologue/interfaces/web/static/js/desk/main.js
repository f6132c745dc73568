/** The desk: rail, list, conversation, context; before that, the sign-in. */
import { html, effect, render, signal, useEffect } from "../shared/html.js";
import { Source } from "../shared/source.js";
import { Toasts } from "../shared/parts.js";
import { loadWords, t } from "../shared/i18n.js";
import { Context, isContextOpen } from "./context.js";
import { Conversation } from "./conversation.js";
import { Help, isHelpOpen, useKeys } from "./keys.js";
import { List } from "./list.js";
import { Rail } from "./rail.js";
import { SignIn } from "./signin.js";
import { counts, me, openId, start } from "./store.js";

const cited = signal(null);
const onCite = (citation) => (cited.value = citation);

function Desk() {
  useKeys();
  return html`<div class="desk ${openId.value ? "has-open" : ""} ${openId.value && isContextOpen.value ? "has-context" : ""}">
    <${Rail} here="desk" onHelp=${() => (isHelpOpen.value = true)} />
    <${List} />
    <main class="middle"><${Conversation} onCite=${onCite} /></main>
    <${Context} onCite=${onCite} />
    ${cited.value && html`<${Source} citation=${cited.value} path=${`/api/desk/passages/${cited.value.passage_id}`} onClose=${() => (cited.value = null)} />`}
    ${isHelpOpen.value && html`<${Help} />`}
  </div>`;
}

function Page() {
  useEffect(() => {
    start();
  }, []);
  return html`${me.value === undefined ? html`<div class="starting" aria-busy="true"></div>` : me.value ? html`<${Desk} />` : html`<${SignIn} />`}<${Toasts} />`;
}

await loadWords();
effect(() => {
  const waiting = me.value ? counts.value.waiting : 0;
  document.title = (waiting ? `(${waiting}) ` : "") + t("title.desk");
});
render(html`<${Page} />`, document.getElementById("page"));
