/** The person's chat page: header, thread, composer, and the drawers over them. */
import { html, render, signal, useEffect } from "../shared/html.js";
import { Toasts, explain, tell } from "../shared/parts.js";
import { loadWords, t } from "../shared/i18n.js";
import { Source } from "../shared/source.js";
import { Consent } from "./consent.js";
import { Composer } from "./composer.js";
import { Header } from "./header.js";
import { History } from "./history.js";
import { Thread } from "./thread.js";
import * as store from "./store.js";

const cited = signal(null);
const isHistoryOpen = signal(false);
const isConsentOpen = signal(false);

async function restart() {
  await store.open("").catch(tell);
  document.querySelector(".composer textarea")?.focus();
}

function Page() {
  const { problem, isLoading, isEmbedded } = store;
  useEffect(() => {
    store.start();
  }, []);
  const onHistory = () => {
    store.listHistory().catch(tell);
    isHistoryOpen.value = true;
  };
  return html`
    <a class="skip" href="#composer" onClick=${(e) => {
      e.preventDefault();
      document.getElementById("composer")?.focus();
    }}>${t("chat.skip")}</a>
    <${Header} onRestart=${restart} onHistory=${onHistory} onConsent=${() => (isConsentOpen.value = true)} isEmbedded=${isEmbedded} />
    <main class="chat-main">
      ${isLoading.value && html`<div class="column loading" aria-busy="true"><div class="skeleton"></div><div class="skeleton short"></div></div>`}
      ${!isLoading.value && problem.value && html`<div class="column failed" role="alert">
        <h1>${t("chat.unreachable")}</h1><p>${explain(problem.value)}</p>
        <button class="button" type="button" onClick=${store.start}>${t("action.retry")}</button></div>`}
      ${!isLoading.value && !problem.value && html`<${Thread} onCite=${(c) => (cited.value = c)} />`}
    </main>
    <${Composer} onRestart=${restart} />
    ${cited.value && html`<${Source} citation=${cited.value} path=${store.passagePath(cited.value.passage_id)}
      onClose=${() => (cited.value = null)} />`}
    ${isHistoryOpen.value && html`<${History} onClose=${() => (isHistoryOpen.value = false)} onNew=${restart} />`}
    ${isConsentOpen.value && html`<${Consent} onClose=${() => (isConsentOpen.value = false)} />`}
    <${Toasts} />`;
}

await loadWords();
render(html`<${Page} />`, document.getElementById("page"));
