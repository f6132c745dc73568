/** All consultations, and one record beside its transcript. */
import { html, useEffect, useMemo, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { reach } from "../../js/shared/packs.js";
import { say, tell } from "../../js/shared/parts.js";
import { RecordView } from "./note.js";

export const styles = ["health.css"];

function One({ id, version, onBack }) {
  const ways = useMemo(() => reach("health", "records", id, false), [id]);
  return html`<div class="clinic"><p><button class="link" type="button" onClick=${onBack}>← ${t("health.back")}</button></p>
    <${RecordView} ...${ways} version=${version} isWide=${true} /></div>`;
}

/** The site's own headings of a note and their order, by language; only who runs the place changes them. */
function Template({ query, command }) {
  const [kept, setKept] = useState(null);
  const [lang, setLang] = useState(document.documentElement.lang.startsWith("zh") ? "zh" : "en");
  const [text, setText] = useState("");
  const load = () => query("template").then((r) => (setKept(r), setText(r.templates[lang])), tell);
  const choose = (next) => (setLang(next), setText(kept.templates[next]));
  const save = (value) => command("set_template", { lang, text: value }).then((r) => (say(t("health.template_kept")), setText(r.template), load()), tell);
  return html`<details data-testid="template" onToggle=${(e) => e.target.open && !kept && load()}><summary>${t("health.template")}</summary>
    ${kept && html`<p class="nothing">${t("health.template_hint", { sections: Object.entries(kept.sections[lang]).map(([k, v]) => `${k} (${v})`).join(", ") })}</p>
      <form class="template" onSubmit=${(e) => (e.preventDefault(), save(text))}>
        <label>${t("health.template_lang")} <select value=${lang} onChange=${(e) => choose(e.target.value)}><option value="en">English</option><option value="zh">中文</option></select></label>
        <textarea rows="11" aria-label=${t("health.template")} value=${text} readonly=${!kept.may_change} onInput=${(e) => setText(e.target.value)}></textarea>
        ${kept.may_change && html`<button class="button small" type="submit">${t("health.save")}</button>
          <button class="button small quiet" type="button" onClick=${() => save("")}>${t("health.template_default")}</button>`}</form>`}</details>`;
}

/** States in which there is no record. */
const NONE = { declined: "state_declined", none_yet: "state_none_yet" };

/** One row: of whom the member may not read, the name alone. */
function Patient({ of, onOpen }) {
  return html`<li><button type="button" data-testid="patient" data-readable=${String(of.may_read)} onClick=${onOpen}>
    <span class="grow"><strong>${of.subject || `${t("health.unnamed")} (${of.id.slice(-6)})`}</strong><br /><small>${t(`health.${of.mine ? "mine" : of.may_read ? "waits" : "not_mine"}`)}</small></span>
    ${of.escalated && html`<span class="urgent">${t("health.flags")}</span>`}${of.state && html`<span class="chip">${t(`health.${NONE[of.state] ?? of.state}`)}</span>`}</button></li>`;
}

export default function Records({ query, command, version }) {
  const [patients, setPatients] = useState(null);
  const [words, setWords] = useState("");
  const [found, setFound] = useState(null);
  const find = (e) => (e.preventDefault(), command("find", { words }).then((r) => setFound(r.patients), tell));
  const [id, setId] = useState(new URLSearchParams(location.search).get("open"));
  useEffect(() => void query("patients").then((r) => setPatients(r.patients), tell), [version]);
  const choose = (next) => {
    history.replaceState(null, "", next ? `?open=${next}` : location.pathname);
    setId(next);
  };
  if (id) return html`<${One} id=${id} version=${version} onBack=${() => choose(null)} />`;
  if (!patients) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic"><h3>${t("health.patients")}</h3>
    <form data-testid="find" role="search" onSubmit=${find}><input type="search" placeholder=${t("health.search")} aria-label=${t("health.search")} value=${words}
      onInput=${(e) => (setWords(e.target.value), e.target.value || setFound(null))} /><button class="button small" type="submit">${t("health.find")}</button>
      ${found && html`<button class="button small quiet" type="button" onClick=${() => (setFound(null), setWords(""))}>${t("health.to_list")}</button>`}</form>
    <p class="nothing">${t("health.search_hint")}</p>
    ${!(found ?? patients).length && html`<p class="nothing" role="status">${t(found ? "health.found_nobody" : "health.none")}</p>`}
    <ul class="patients">${(found ?? patients).map((p) => html`<${Patient} key=${p.id} of=${p} onOpen=${() => choose(p.id)} />`)}</ul>
    <${Template} query=${query} command=${command} /></div>`;
}
