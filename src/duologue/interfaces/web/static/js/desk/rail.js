/** The narrow bar at the side of desk and settings: where one is, language, theme, signing out. */
import { html } from "../shared/html.js";
import { Icon, Mark } from "../shared/icons.js";
import { Menu } from "../shared/parts.js";
import { lang, setLang, t } from "../shared/i18n.js";
import { isDark, switchTheme } from "../shared/theme.js";
import { tell } from "../shared/parts.js";
import { panelsAt, titleOf } from "../shared/packs.js";
import { me, signOut, workspace } from "./store.js";

const Place = ({ name, icon, href, here }) => html`<a class="rail-button ${here ? "on" : ""}" href=${href} aria-current=${here ? "page" : null} title=${t(`rail.${name}`)}>
  <${Icon} name=${icon} size=${20} /><span>${t(`rail.${name}`)}</span></a>`;

export function Rail({ here, onHelp }) {
  const items = [
    { label: `${me.value.name} · ${t(`role.${me.value.role}`)}`, icon: "person", act: () => {} },
    { label: t("rail.sign_out"), icon: "out", act: signOut, testid: "sign-out" },
  ];
  return html`<nav class="rail" aria-label=${t("rail.label")}>
    <span class="brand-mark" title=${workspace.value?.name}><${Mark} /></span>
    <${Place} name="desk" icon="chat" href="/desk" here=${here === "desk"} />
    <${Place} name="admin" icon="gear" href="/admin" here=${here === "admin"} />
    ${panelsAt("page").map((p) => html`<a key=${p.pack + p.name} class="rail-button ${here === `${p.pack}/${p.name}` ? "on" : ""}" href=${`/packs/${p.pack}/${p.name}`}
      aria-current=${here === `${p.pack}/${p.name}` ? "page" : null} title=${titleOf(p)}><${Icon} name=${p.icon} size=${20} /><span>${titleOf(p)}</span></a>`)}
    <span class="grow"></span>
    ${onHelp && html`<button type="button" class="rail-button" aria-label=${t("keys.title")} title=${t("keys.title")} onClick=${onHelp} data-testid="help"><b>?</b></button>`}
    <button type="button" class="rail-button" lang=${lang.value === "en" ? "zh-CN" : "en"} aria-label=${t("page.switch_language")} title=${t("page.switch_language")}
      data-testid="switch-lang" onClick=${() => setLang(lang.value === "en" ? "zh" : "en").catch(tell)}><b>${lang.value === "en" ? "中" : "En"}</b></button>
    <button type="button" class="rail-button" aria-label=${t("page.switch_theme")} title=${t("page.switch_theme")} data-testid="switch-theme" onClick=${switchTheme}>
      <${Icon} name=${isDark() ? "sun" : "moon"} size=${19} /></button>
    <${Menu} label=${t("rail.account", { name: me.value.name })} icon="person" items=${items} className="rail-button" testid="account" />
  </nav>`;
}
