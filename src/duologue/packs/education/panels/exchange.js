/** Import and export of a class's questions, courses, decks and statements. What a format cannot hold is shown by question. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { lang, t } from "../../js/shared/i18n.js";
import { say } from "../../js/shared/parts.js";
import { tell } from "./why.js";

const EXTRA = [["anki", "Anki"], ["files", "JSON (zip)"]];

const SHOWN = ["choice", "ordering", "blanks", "short", "essay", "program"];
/** What a kind of question is called: all that the maths grader reads has one name. */
const kindOf = (type) => t(`education.type_${{ choices: "choice", fill: "blanks" }[type] ?? (SHOWN.includes(type) ? type : "math")}`);

function Notes({ found }) {
  if (!found?.notes.length) return null;
  return html`<div role="status" data-testid="notes"><p>${t("education.exchange_notes", { n: found.notes.length + found.more })}</p>
    <ul style="max-block-size: 14em; overflow: auto" tabindex="0">${found.notes.map((n, i) => html`<li key=${i}><small>${n}</small></li>`)}</ul></div>`;
}

function In({ state, send, reload }) {
  const [form, setForm] = useState("");
  const [found, setFound] = useState(null);
  const take = (e) => {
    const file = e.target.files[0];
    e.target.value = "";
    if (!file) return;
    const body = new FormData();
    body.set("file", file);
    if (form && form !== "files") body.set("form", form);
    setFound(null);
    send(form === "files" ? "take_course" : "take_in", body).then((r) => (setFound(r), say(t("education.exchange_kept", { n: r.kept }), r.kept === 0), reload()), tell);
  };
  return html`<section class="card" data-testid="import"><h3>${t("education.exchange_in")}</h3><p class="nothing">${t("education.exchange_in_hint")}</p>
    <div class="chips" style="align-items: end"><label>${t("education.exchange_format")} <select value=${form} onChange=${(e) => setForm(e.target.value)}><option value="">${t("education.exchange_guess")}</option>
      ${state.formats.map((f) => html`<option key=${f.name} value=${f.name}>${f.title}</option>`)}<option value="files">${t("education.exchange_course")}</option></select></label>
      <label class="button quiet small">${t("education.exchange_choose")}<input type="file" class="sr" onChange=${take} /></label></div>
    <${Notes} found=${found} /></section>`;
}

function Out({ state, query, download }) {
  const [form, setForm] = useState("gift");
  const [what, setWhat] = useState("course");
  const [found, setFound] = useState(null);
  useEffect(() => setFound(null), [form, what]);
  const go = async () => {
    setFound(await query("check", { form, what }));
    const ends = { files: "zip", anki: "apkg", gift: "txt", moodle: "xml", csv: "csv" }[form] ?? "zip";
    await download("export", { form, what }, `${what}.${form}.${ends}`);
  };
  return html`<section class="card" data-testid="export"><h3>${t("education.exchange_out")}</h3>
    <div class="chips" style="align-items: end"><label>${t("education.exchange_what")} <select value=${what} onChange=${(e) => setWhat(e.target.value)}><option value="course">${state.course.title} (${state.course.items})</option>
      ${state.questions.length > 0 && html`<option value="imported">${t("education.exchange_imported", { n: state.questions.length })}</option>`}
      ${state.homework.map((h) => html`<option key=${h.id} value=${h.id}>${h.title} (${h.n})</option>`)}</select></label>
      <label>${t("education.exchange_format")} <select value=${form} onChange=${(e) => setForm(e.target.value)}>${[...state.formats.map((f) => [f.name, f.title]), ...EXTRA].map(([n, title]) => html`<option key=${n} value=${n}>${title}</option>`)}</select></label>
      <button class="button small" type="button" onClick=${() => go().catch(tell)}>${t("education.exchange_download")}</button></div>
    <${Notes} found=${found} /></section>`;
}

function Answers({ state, download }) {
  const [who, setWho] = useState("");
  return html`<section class="card"><h3>${t("education.exchange_xapi")}</h3><p class="nothing">${t("education.exchange_xapi_hint")}</p><div class="chips" style="align-items: end">
    <label>${t("education.exchange_who")} <select value=${who} onChange=${(e) => setWho(e.target.value)}><option value="">${t("education.exchange_all")}</option>${state.learners.map((l) => html`<option key=${l.person_id} value=${l.person_id}>${l.name}</option>`)}</select></label>
    <button class="button small quiet" type="button" onClick=${() => download("xapi", who ? { person_id: who } : {}, "statements.json").catch(tell)}>${t("education.exchange_download")}</button></div></section>`;
}

/** @param {{version: number, query: Function, command: Function, send: Function, download: Function}} props */
export default function Exchange({ version, query, command, send, download }) {
  const [state, setState] = useState(null);
  const load = () => query("state").then(setState, tell);
  const act = (name, args) => command(name, args).then(load, tell);
  useEffect(() => void load(), [version, lang.value]);
  if (!state) return html`<div class="skeleton" aria-busy="true"></div>`;
  return html`<div class="panel" style="grid-template-columns: minmax(0, 1fr)"><div class="columns"><${In} state=${state} send=${send} reload=${load} /><${Out} state=${state} query=${query} download=${download} /></div>
    <${Answers} state=${state} download=${download} />
    <section class="card" data-testid="imported"><h3>${t("education.exchange_imported", { n: state.questions.length })}</h3>
      ${state.course.is_own && html`<p>${t("education.exchange_own", { title: state.course.title })} <button class="link" type="button" onClick=${() => act("drop_course", {})}>${t("education.exchange_sample")}</button></p>`}
      ${!state.questions.length && html`<p class="nothing">${t("education.exchange_none")}</p>`}
      <table><tbody>${state.questions.slice(0, 300).map((q) => html`<tr key=${q.id}><td><small>${kindOf(q.type)}</small></td><td>${q.text}<br /><small class="nothing">${t(q.is_practised ? "education.exchange_practised" : "education.exchange_homework")}</small></td>
        <td><button class="link" type="button" onClick=${() => act("drop", { ids: [q.id] })}>${t("education.privacy_erase")}</button></td></tr>`)}</tbody></table></section></div>`;
}
