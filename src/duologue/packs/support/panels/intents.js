/** Settings: intents with their examples, routes and approved answers; learning anew with a scorecard; going back. */
import { html, useState } from "../../js/shared/html.js";
import { lang as page } from "../../js/shared/i18n.js";
import { shortDate } from "../../js/shared/dates.js";
import { asForm, doing, FileButton, share, useBusy, useQuery, w, Waiting } from "./fetch.js";

const shorten = (text) => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

export default function Intents({ version, lang, query, command, send, download }) {
  const [data, reload] = useQuery(query, "intents", {}, [version, lang]);
  const [waiting] = useQuery(query, "to_label", {}, [version]);
  const [shown, setShown] = useState("");
  const [isWhole, setWhole] = useState(false);
  if (!data) return html`<${Waiting} />`;
  const learned = (found) => [
    w("learned", { n: found.version }),
    found.contradicting.length > 0 && w("contradicting", { texts: found.contradicting.slice(0, 5).map(shorten).join(" · ") }),
    found.faults?.length > 0 && w("left_out", { lines: found.faults.map(([line]) => line).join(", ") }),
  ].filter(Boolean).join(" ");
  const act = (name, args, done) => doing(command(name, args), done, reload);
  return html`<header class="row" style=${{ flexWrap: "wrap" }}><h2 class="grow">${w("intents")}</h2>
      <label><input type="checkbox" checked=${isWhole} data-testid="whole" onChange=${(e) => setWhole(e.target.checked)} /> ${w("in_place")}</label>
      <${FileButton} label=${w("import_examples")} accept=".csv,.jsonl" onFile=${(file) => doing(send("import_examples", asForm(file, { is_whole: isWhole })), learned, reload)} />
      <button type="button" class="button quiet small" onClick=${() => download("export", {}, "intents.csv")}>CSV</button></header>
    ${!data.is_ready && html`<p role="alert">${w("not_installed")}</p>`}
    <${Add} intents=${data.intents} learn=${(args, then) => doing(command("learn", args), learned, () => [then(), reload()])} />
    <${Card} card=${data.card} />
    <section class="card scroll-x"><table data-testid="intents"><thead><tr><th>${w("intent")}</th><th class="numeric">${w("examples")}</th><th class="numeric">${w("held_out")}</th><th>${w("team")}</th><th>${w("priority")}</th><th>${w("mode")}</th></tr></thead>
      <tbody>${data.intents.map((one) => html`<tr key=${one.intent}><td><button type="button" class="link" onClick=${() => setShown(shown === one.intent ? "" : one.intent)}>${one.label}</button><small class="nothing"> ${one.intent}</small>
          ${shown === one.intent && html`<${Intent} one=${one} act=${act} learned=${learned} />`}</td>
        <td class="numeric">${one.count}</td><td class="numeric">${share(one.accuracy)}</td><${Route} one=${one} data=${data} act=${act} /></tr>`)}</tbody></table></section>
    <div class="columns">
      <section class="card"><h3>${w("confused")}</h3>${data.confused.length === 0 && html`<p class="nothing">${w("nothing_yet")}</p>`}
        <ul>${data.confused.map((p) => html`<li key=${p.one + p.other}>${p.one} ↔ ${p.other}: ${p.count} / ${p.total}</li>`)}</ul></section>
      <section class="card"><h3>${w("doubts")}</h3>${data.doubts.length === 0 && html`<p class="nothing">${w("nothing_yet")}</p>`}
        <ul>${data.doubts.map((d) => html`<li key=${d.text}>“${shorten(d.text)}” ${d.intent} → ${d.suggestion}
          <button type="button" class="link" onClick=${() => act("learn", { add: [{ text: d.text, intent: d.suggestion }], note: w("doubts") }, learned)}>${w("relabel")}</button></li>`)}</ul></section>
      <section class="card"><h3>${w("to_label")}</h3>${waiting?.messages.length === 0 && html`<p class="nothing">${w("nothing_yet")}</p>`}
        <ul>${(waiting?.messages ?? []).map((m) => html`<${ToLabel} key=${m.text} message=${m} intents=${data.intents} learn=${(add) => act("learn", { add }, learned)} />`)}</ul></section>
      <section class="card"><h3>${w("versions")}</h3><ul><li class="row"><span class="grow">${w("shipped")}</span>${data.version === 0 ? html`<span class="badge expert">${w("in_force")}</span>` : html`<button type="button" class="link" onClick=${() => act("roll_back", { number: 0 }, w("rolled_back"))}>${w("roll_back")}</button>`}</li>
        ${data.versions.map((v) => html`<li key=${v.number} class="row" data-testid="version"><span class="grow">${v.number} · ${shortDate(v.at)} ${v.note} ${v.card.after ? share(v.card.after.accuracy) : ""}</span>
          ${v.is_active ? html`<span class="badge expert">${w("in_force")}</span>` : html`<button type="button" class="link" onClick=${() => act("roll_back", { number: v.number }, w("rolled_back"))}>${w("roll_back")}</button>`}</li>`)}</ul></section>
    </div>`;
}

function Add({ intents, learn }) {
  const [text, setText] = useState("");
  const [intent, setIntent] = useState("");
  const [isBusy, during] = useBusy();
  const add = (e) => {
    e.preventDefault();
    during(learn({ add: text.split("\n").filter((line) => line.trim()).map((line) => ({ text: line.trim(), intent: intent.trim() })) }, () => setText("")));
  };
  return html`<form class="card" onSubmit=${add}><h3>${w("add_examples")}</h3><p class="nothing">${w("add_line")}</p>
    <textarea rows="3" required value=${text} aria-label=${w("examples")} onInput=${(e) => setText(e.target.value)}></textarea>
    <div class="row"><input type="text" list="support-intents" maxlength="60" value=${intent} placeholder=${w("intent")} aria-label=${w("intent")} onInput=${(e) => setIntent(e.target.value)} />
      <datalist id="support-intents">${intents.map((one) => html`<option key=${one.intent} value=${one.intent} />`)}</datalist>
      <button type="submit" class="button small" disabled=${isBusy} aria-busy=${isBusy}>${w(isBusy ? "working" : "learn")}</button></div></form>`;
}

function Card({ card }) {
  if (!card?.after) return null;
  const rows = [["accuracy", share], ["macro_f1", share], ["ece", share], ["coverage_at_95pct", share]];
  return html`<section class="card" data-testid="scorecard"><h3>${w("scorecard")}</h3><p class="nothing">${w("scorecard_line", { n: card.held_out })}</p>
    <table><thead><tr><th></th><th class="numeric">${w("before")}</th><th class="numeric">${w("after")}</th></tr></thead><tbody>${rows.map(([name, form]) => html`<tr key=${name}><td>${w(name)}</td>
      <td class="numeric">${card.before ? form(card.before[name]) : "–"}</td><td class="numeric">${form(card.after[name])}</td></tr>`)}</tbody></table>
    ${card.is_worse && html`<p role="alert" class="badge warn">${w("is_worse")}</p>`}</section>`;
}

function Route({ one, data, act }) {
  const set = (change) => act("set_route", { intent: one.intent, team: one.team, priority: one.priority, mode: one.mode, ...change }, w("saved"));
  const Select = ({ name, values, prefix }) => html`<select class="wide" aria-label=${`${w(name)} ${one.label}`} value=${one[name]} onChange=${(e) => set({ [name]: e.target.value })}>
    ${values.map((value) => html`<option key=${value} value=${value} selected=${one[name] === value}>${w(`${prefix}_${value}`)}</option>`)}</select>`;
  return html`<td><input type="text" class="wide" size="9" maxlength="80" value=${one.team} aria-label=${`${w("team")} ${one.label}`} onChange=${(e) => set({ team: e.target.value })} /></td>
    <td><${Select} name="priority" values=${data.priorities} prefix="priority" /></td><td><${Select} name="mode" values=${data.modes} prefix="mode" /></td>`;
}

function Intent({ one, act, learned }) {
  const [body, setBody] = useState(one.answers[page.value] ?? "");
  return html`<div class="panel"><label>${w("approved_answer")}<textarea rows="3" value=${body} onInput=${(e) => setBody(e.target.value)}></textarea></label>
    <div class="row"><button type="button" class="button small" onClick=${() => act("approve_answer", { intent: one.intent, lang: page.value, body }, w("saved"))}>${w("save")}</button></div>
    <ul>${one.examples.slice(0, 30).map((text) => html`<li key=${text}>${text} <button type="button" class="link" aria-label=${w("remove_example", { text })} onClick=${() => act("learn", { remove: [text] }, learned)}>×</button></li>`)}</ul></div>`;
}

function ToLabel({ message, intents, learn }) {
  return html`<li>${message.text} <select aria-label=${w("intent")} onChange=${(e) => e.target.value && learn([{ text: message.text, intent: e.target.value === "-" ? "" : e.target.value }])}>
    <option value="">${w("choose")}</option>${[message.guess, ...intents.map((one) => one.intent).filter((name) => name !== message.guess)].map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    <option value="-">${w("out_of_scope")}</option></select></li>`;
}
