/** What stands in an empty conversation: a welcome and questions to begin with. */
import { html } from "../shared/html.js";
import { Icon, Mark } from "../shared/icons.js";
import { lang, t } from "../shared/i18n.js";
import { say, session } from "./store.js";

/** The workspace's own questions, where it has some; else those that every shop hears. */
const starters = () => session.value?.starters?.[lang.value] ?? ["a", "b", "c", "d"].map((name) => t(`starter.${name}`));

export const Greeting = () => html`<section class="greeting">
  <span class="greeting-mark"><${Mark} size=${30} /></span>
  <h1>${t("chat.hello")}</h1>
  <p>${t("chat.hello_line", { name: session.value?.workspace.name ?? "" })}</p>
  <ul class="starters">${starters().map((text) => html`<li key=${text}><button type="button" onClick=${() => say(text)} data-testid="starter">
    <span>${text}</span><${Icon} name="arrow" size=${16} /></button></li>`)}</ul>
</section>`;
