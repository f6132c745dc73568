/** Settings of the workspace: knowledge, desks, members, models, verdicts. */
import { html, render, signal, useEffect } from "../shared/html.js";
import { Toasts } from "../shared/parts.js";
import { Icon } from "../shared/icons.js";
import { loadWords, t } from "../shared/i18n.js";
import { Rail } from "../desk/rail.js";
import { SignIn } from "../desk/signin.js";
import { isAtLeast, me, start, workspace } from "../desk/store.js";
import { Knowledge } from "./knowledge.js";
import { Desks } from "./desks.js";
import { Members } from "./members.js";
import { Models } from "./models.js";
import { Verdicts } from "./verdicts.js";

const PLACES = {
  knowledge: { icon: "book", View: Knowledge, least: "viewer" },
  desks: { icon: "headset", View: Desks, least: "viewer" },
  members: { icon: "people", View: Members, least: "expert" },
  models: { icon: "spark", View: Models, least: "viewer" },
  verdicts: { icon: "check", View: Verdicts, least: "viewer" },
};
const named = () => (Object.hasOwn(PLACES, location.hash.slice(1)) ? location.hash.slice(1) : "knowledge");
const place = signal(named());
addEventListener("hashchange", () => (place.value = named()));

function Admin() {
  const { View } = PLACES[place.value];
  return html`<div class="admin">
    <${Rail} here="admin" />
    <nav class="places" aria-label=${t("admin.places")}>
      <h1>${t("admin.title")}</h1><p class="nothing">${workspace.value.name}</p>
      ${Object.entries(PLACES).map(([name, { icon, least }]) => isAtLeast(least) && html`<a key=${name} href="#${name}" class=${place.value === name ? "on" : ""}
        aria-current=${place.value === name ? "page" : null} data-testid=${`place-${name}`}><${Icon} name=${icon} />${t(`admin.${name}`)}</a>`)}
    </nav>
    <main class="admin-main"><${View} key=${place.value} /></main>
  </div>`;
}

function Page() {
  useEffect(() => {
    start();
  }, []);
  return html`${me.value === undefined ? html`<div class="starting" aria-busy="true"></div>` : me.value ? html`<${Admin} />` : html`<${SignIn} />`}<${Toasts} />`;
}

await loadWords();
render(html`<${Page} />`, document.getElementById("page"));
