/** Settings of the workspace: knowledge, desks, members, models, verdicts. */
import { html, render, signal, useEffect, useState } from "../shared/html.js";
import { Toasts, tell } from "../shared/parts.js";
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
import { Panel, panelsAt, titleOf } from "../shared/packs.js";

const PLACES = {
  knowledge: { icon: "book", View: Knowledge, least: "viewer" },
  desks: { icon: "headset", View: Desks, least: "viewer" },
  members: { icon: "people", View: Members, least: "expert" },
  models: { icon: "spark", View: Models, least: "viewer" },
  autonomy: { icon: "chart", load: () => import("./autonomy.js").then((m) => m.Autonomy), least: "viewer" },
  learning: { icon: "spark", load: () => import("./learning.js").then((m) => m.Learning), least: "viewer" },
  verdicts: { icon: "check", View: Verdicts, least: "viewer" },
};
const isPanel = (name) => name.includes("/");
const named = () => {
  const asked = location.hash.slice(1);
  return Object.hasOwn(PLACES, asked) || isPanel(asked) ? asked : "knowledge";
};
const place = signal(named());
addEventListener("hashchange", () => (place.value = named()));

/** The view of a place; one with plots is fetched when it is first shown. */
function useView(named) {
  const [found, setFound] = useState({});
  useEffect(() => {
    named?.load?.().then((View) => setFound({ of: named, View }), tell);
  }, [named]);
  return named?.View ?? (found.of === named ? found.View : null);
}

function Admin() {
  const View = useView(PLACES[place.value]);
  const panels = panelsAt("admin");
  const panel = panels.find((p) => `${p.pack}/${p.name}` === place.value);
  return html`<div class="admin">
    <${Rail} here="admin" />
    <nav class="places" aria-label=${t("admin.places")}>
      <h1>${t("admin.title")}</h1><p class="nothing">${workspace.value.name}</p>
      ${Object.entries(PLACES).map(([name, { icon, least }]) => isAtLeast(least) && html`<a key=${name} href="#${name}" class=${place.value === name ? "on" : ""}
        aria-current=${place.value === name ? "page" : null} data-testid=${`place-${name}`}><${Icon} name=${icon} />${t(`admin.${name}`)}</a>`)}
      ${panels.map((p) => html`<a key=${p.pack + p.name} href=${`#${p.pack}/${p.name}`} class=${p === panel ? "on" : ""} aria-current=${p === panel ? "page" : null}
        data-testid=${`place-${p.pack}-${p.name}`}><${Icon} name=${p.icon} />${titleOf(p)}</a>`)}
    </nav>
    <main class="admin-main">${panel ? html`<${Panel} key=${place.value} of=${panel} />` : View && html`<${View} key=${place.value} />`}</main>
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
