/** Reading: what fits a skill, a question or the learner's own gaps, within limits, each with why; one piece in a dialog. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { has, locale, t } from "../../js/shared/i18n.js";
import { Dialog, say } from "../../js/shared/parts.js";
import { tell } from "./why.js";

const languageName = (code) => new Intl.DisplayNames([locale()], { type: "language" }).of(code);

const Found = ({ found, read }) => html`<ul class="evidence" data-testid="found-reading">${found.map((r) => html`<li key=${r.id}><button class="link" type="button" onClick=${() => read(r.id)}>${r.title}</button>${r.is_pinned ? " ★" : ""} <small>${r.why.join(" ")}</small></li>`)}</ul>`;

/** For one skill. @param {{skill: string, query: Function, read: Function}} props */
export function Recommended({ skill, query, read }) {
  const [found, setFound] = useState([]);
  useEffect(() => void query("recommended", { skill }).then((r) => setFound(r.reading), tell), [skill]);
  return found.length > 0 && html`<div><small>${t("education.read_next")}</small><${Found} found=${found} read=${read} /></div>`;
}

/** For a question or the gaps, with limits. @param {{query: Function, read: Function, version: unknown}} props */
export function Shelves({ query, read, version }) {
  const [asked, setAsked] = useState("");
  const [limits, setLimits] = useState({});
  const [found, setFound] = useState(null);
  const look = (now = limits) => query("recommended", { query: asked.trim(), ...Object.fromEntries(Object.entries(now).filter(([, v]) => v)) }).then(setFound, tell);
  useEffect(() => void look(), [version]);
  const change = (name, value) => {
    const now = { ...limits, [name]: value };
    setLimits(now);
    look(now);
  };
  const choice = (name, label, values, shown) => values.length > 1 && html`<label>${t(`education.${label}`)} <select data-testid=${`limit-${name}`} value=${limits[name] ?? ""} onChange=${(e) => change(name, e.target.value)}>
    <option value="">${t("education.any")}</option>${values.map((v) => html`<option key=${v} value=${v}>${shown(v)}</option>`)}</select></label>`;
  if (!found) return null;
  const known = found.limits;
  return html`<section data-testid="shelves" style="display: grid; gap: 8px"><h3>${t("education.reading")}</h3>
    <form class="fields" onSubmit=${(e) => (e.preventDefault(), look())}><label style="flex: 1 1 14em">${t("education.reading_about")} <input type="search" maxlength="300" placeholder=${t("education.reading_gaps")} value=${asked} onInput=${(e) => setAsked(e.target.value)} /></label>
      ${choice("max_minutes", "at_most_minutes", known.minutes, (v) => t("education.minutes", { n: v }))}
      ${choice("max_level", "at_most_level", known.levels, (v) => t("education.level_n", { n: v }))}
      ${choice("form", "form", known.forms, (v) => has(`education.form_${v}`, v))}
      ${choice("lang", "language", known.langs, (v) => languageName(v))}
      ${choice("licence", "licence", known.licences, (v) => v)}
      <button class="button small quiet" type="submit">${t("education.look")}</button></form>
    ${found.reading.length ? html`<${Found} found=${found.reading} read=${read} />` : html`<p class="nothing" role="status">${t("education.reading_none")}</p>`}</section>`;
}

/** @param {{id: string, query: Function, act: Function, close: Function}} props */
export function Reading({ id, query, act, close }) {
  const [shown, setShown] = useState(null);
  useEffect(() => void query("reading", { resource: id }).then(setShown, (problem) => (tell(problem), close())), [id]);
  if (!shown) return null;
  const rate = (helped) => act("rate", { resource: id, helped }).then((ok) => ok && (say(t("education.thanks")), close()));
  return html`<${Dialog} title=${shown.title} onClose=${close}><p class="nothing">${t("education.minutes", { n: shown.minutes })}</p><p style="white-space: pre-wrap; max-inline-size: 60ch">${shown.text}</p>
    <p>${t("education.did_help")}</p><div class="chips"><button class="button" type="button" onClick=${() => rate(true)}>${t("education.helped")}</button>
      <button class="button quiet" type="button" onClick=${() => rate(false)}>${t("education.helped_not")}</button></div><//>`;
}
