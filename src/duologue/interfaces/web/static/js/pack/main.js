/** A page of a pack: for a member behind the sign-in with the rail, for a person with a plain head. */
import { html, render, signal, useEffect } from "../shared/html.js";
import { credentials, post } from "../shared/api.js";
import { Icon } from "../shared/icons.js";
import { Toasts, tell } from "../shared/parts.js";
import { lang, loadWords, setLang, t } from "../shared/i18n.js";
import { known, loadPacks, Panel, panelsAt, refreshPanels, titleOf } from "../shared/packs.js";
import { isDark, switchTheme } from "../shared/theme.js";
import { Rail } from "../desk/rail.js";
import { SignIn } from "../desk/signin.js";
import { me, start, workspace } from "../desk/store.js";

const [pack, name] = document.documentElement.dataset.panel.split("/");
const asPerson = new URLSearchParams(location.search).get("as") === "person";
const house = signal(null);
const REFRESH_MS = 15_000;

async function becomePerson() {
  const slug = new URLSearchParams(location.search).get("workspace") ?? "";
  const session = await post("/api/chat/session", { workspace: slug, lang: lang.value });
  credentials.csrf = session.csrf;
  house.value = session.workspace;
  await loadPacks(true);
}

function Shown({ isPerson }) {
  const here = [...panelsAt("page", pack), ...panelsAt("chat", pack)];
  const panel = here.find((p) => p.name === name);
  useEffect(() => {
    if (panel) document.title = `${titleOf(panel)} · ${t("title.pack")}`;
    const timer = setInterval(() => !document.hidden && refreshPanels(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [panel, lang.value]);
  if (!known.value) return html`<div class="starting" aria-busy="true"></div>`;
  if (!panel) return html`<div class="empty" role="alert"><p>${t("panel.none")}</p></div>`;
  return html`<${Panel} of=${panel} isPerson=${isPerson} />`;
}

function Siblings() {
  return html`<nav class="places" aria-label=${t("panel.places")}><h1>${t("panel.apps")}</h1><p class="nothing">${workspace.value?.name}</p>
    ${panelsAt("page").map((p) => html`<a key=${p.pack + p.name} href=${`/packs/${p.pack}/${p.name}`} class=${p.pack === pack && p.name === name ? "on" : ""}
      aria-current=${p.pack === pack && p.name === name ? "page" : null}><${Icon} name=${p.icon} />${titleOf(p)}</a>`)}</nav>`;
}

function ForMember() {
  return html`<div class="admin"><${Rail} here=${`${pack}/${name}`} /><${Siblings} /><main class="admin-main"><${Shown} /></main></div>`;
}

function ForPerson() {
  return html`<header class="person-head"><strong>${house.value?.name}</strong><span class="grow"></span>
    ${panelsAt("chat", pack).map((p) => html`<a key=${p.name} class="link" href=${`/packs/${pack}/${p.name}${location.search}`}
      aria-current=${p.name === name ? "page" : null}>${titleOf(p)}</a>`)}
    <a class="link" href=${`/${location.search}`}>${t("panel.to_chat")}</a>
    <button type="button" class="icon-button" aria-label=${t("page.switch_language")} data-testid="switch-lang"
      onClick=${() => setLang(lang.value === "en" ? "zh" : "en").catch(tell)}>${lang.value === "en" ? "中" : "En"}</button>
    <button type="button" class="icon-button" aria-label=${t("page.switch_theme")} onClick=${switchTheme}><${Icon} name=${isDark() ? "sun" : "moon"} /></button>
  </header><main class="person-main"><${Shown} isPerson=${true} /></main>`;
}

function Page() {
  useEffect(() => {
    if (asPerson) becomePerson().catch(tell);
    else start();
  }, []);
  if (asPerson) return html`<${ForPerson} /><${Toasts} />`;
  return html`${me.value === undefined ? html`<div class="starting" aria-busy="true"></div>` : me.value ? html`<${ForMember} />` : html`<${SignIn} />`}<${Toasts} />`;
}

await loadWords();
render(html`<${Page} />`, document.getElementById("page"));
