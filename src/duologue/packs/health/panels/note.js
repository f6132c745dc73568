/** A record beside its transcript: what each sentence rests on, edit, sign, addendum, print. Also alone beside a conversation. */
import { html, useEffect, useRef, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { FileButton, say, tell } from "../../js/shared/parts.js";
import { CareList } from "./care.js";

export const styles = ["health.css"];

/** The words of a turn with those marked that a sentence rests on. */
function Words({ text, quotes }) {
  const cuts = quotes.map((q) => [text.indexOf(q), q.length]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0]);
  const parts = [];
  let last = 0;
  for (const [at, length] of cuts) {
    if (at < last) continue;
    parts.push(text.slice(last, at), html`<mark>${text.slice(at, at + length)}</mark>`);
    last = at + length;
  }
  return html`${parts}${text.slice(last)}`;
}

function Transcript({ turns, lit }) {
  const quotes = (turn) => (lit?.quotes ?? []).filter(([at]) => at === turn).map(([, words]) => words);
  return html`<section aria-label=${t("health.transcript")} data-testid="transcript"><h3>${t("health.transcript")}</h3>
    ${turns.map((turn) => html`<div key=${turn.turn} class="turn ${turn.author} ${lit?.turns.includes(turn.turn) ? "lit" : ""}" data-turn=${turn.turn}>
      <small>${t(`health.author_${turn.author}`)}</small><${Words} text=${turn.text} quotes=${quotes(turn.turn)} /></div>`)}</section>`;
}

function Line({ line, index, isOpen, act, light }) {
  const [isEdited, setEdited] = useState(false);
  const [text, setText] = useState(line.text);
  const save = (value) => act("change", { index, text: value }).then((ok) => ok && setEdited(false));
  if (isEdited)
    return html`<form onSubmit=${(e) => (e.preventDefault(), save(text))}>
      <textarea rows="2" aria-label=${t("health.edit")} value=${text} onInput=${(e) => setText(e.target.value)}></textarea>
      <button class="button small" type="submit">${t("health.save")}</button>
      <button class="button small quiet" type="button" onClick=${() => save("")}>${t("health.remove")}</button>
      <button class="button small quiet" type="button" onClick=${() => setEdited(false)}>${t("health.cancel")}</button></form>`;
  return html`<div class="line ${line.supported ? "" : "bad"}" tabIndex="0" data-testid="line" data-supported=${String(line.supported)}
    onMouseEnter=${() => light(line)} onFocus=${() => light(line)} onMouseLeave=${() => light(null)}>
    <span>${line.text}</span>
    ${!line.supported && html`<small class=${line.opened ? "ok" : ""}>${line.opened ? t("health.opened") : t("health.unsupported")}</small>`}
    ${isOpen && !line.supported && !line.opened && html`<button class="link" type="button" onClick=${() => act("open", { index })}>${t("health.look")}</button>`}
    ${isOpen && html`<button class="link" type="button" onClick=${() => (setText(line.text), setEdited(true))}>${t("health.edit")}</button>`}</div>`;
}

function Asked({ label, type = "text", button, onDone, testid }) {
  const [value, setValue] = useState("");
  const busy = useRef(false); // a second click comes before anything is drawn anew
  const send = (e) => {
    e.preventDefault();
    if (busy.current) return;
    busy.current = true;
    Promise.resolve(onDone(value)).then((ok) => (ok !== false || type === "password") && setValue("")).finally(() => (busy.current = false));
  };
  return html`<form data-testid=${testid} onSubmit=${send}>
    <input type=${type} placeholder=${label} aria-label=${label} value=${value} autocomplete=${type === "password" ? "current-password" : "off"}
      onInput=${(e) => setValue(e.target.value)} required /><button class="button small" type="submit">${button}</button></form>`;
}

/** Where the patient has not agreed to a record: what is true instead, and what the clinician can do. */
function NoRecord({ shown }) {
  return html`<section aria-label=${t("health.record")} data-testid="record" data-state="none">
    <div class="status"><h3>${shown.subject || t("health.unnamed")}</h3><small>${t("health.seen_at", { at: new Date(shown.at).toLocaleString() })}</small></div>
    ${shown.consent === false
      ? html`<p role="status" data-testid="declined">${t("health.declined", { at: new Date(shown.declined_at ?? shown.at).toLocaleString() })}</p><p>${t("health.declined_hint")}</p>`
      : html`<p role="status" data-testid="unanswered">${t("health.unanswered")}</p>`}</section>`;
}

function Sheet({ shown, act, light, download }) {
  const isOpen = shown.state === "draft";
  const under = (sections) => sections.flatMap((s) => shown.lines.flatMap((line, i) => (line.section === s ? [[line, i]] : [])));
  const headings = shown.headings.filter((h) => (isOpen && h.sections.includes("plan")) || under(h.sections).length);
  return html`<section class="printed" aria-label=${t("health.record")} data-testid="record" data-state=${shown.state}>
    <div class="status"><h3>${shown.subject || t("health.unnamed")}</h3><span class="chip">${t(`health.${shown.state}`)}</span><small>${t("health.seen_at", { at: new Date(shown.at).toLocaleString() })}</small></div>
    ${!shown.subject && html`<${Asked} testid="name" label=${t("health.name")} button=${t("health.save")} onDone=${(name) => act("name", { name })} />`}
    ${isOpen && html`<p class="watermark" aria-hidden="true">${t("health.watermark")}</p>`}
    ${shown.consent === false && html`<p role="status">${t("health.no_consent")}</p>`}
    ${shown.later > 0 && html`<p role="status" data-testid="later">${t("health.later", { n: shown.later })}</p>`}
    ${!shown.intact && html`<p class="urgent" role="alert">${t("health.tampered")}</p>`}
    ${headings.map((h) => html`<h4 key=${h.title}>${h.title}</h4>
      ${under(h.sections).map(([line, i]) => html`<${Line} key=${`${i}${line.text}`} line=${line} index=${i} isOpen=${isOpen} act=${act} light=${light} />`)}`)}
    ${isOpen && html`<${Asked} label=${t("health.plan")} button=${t("health.add_plan")} onDone=${(text) => act("change", { index: shown.lines.length, text })} />`}
    ${!isOpen && html`<p data-testid="signature"><strong>${t("health.signed_by", { name: shown.signer || "–", at: new Date(shown.signed_at).toLocaleString() })}</strong></p>`}
    ${shown.addenda.map((a, i) => html`<h4 key=${`a${i}`}>${t("health.addendum")}</h4><p key=${`b${i}`}>${a.text} <small>${a.name} · ${new Date(a.at).toLocaleString()}</small></p>`)}
    ${!shown.may_sign
      ? html`<p class="nothing">${t("health.clinician_signs")}</p>`
      : isOpen
      ? html`<p class="nothing">${t("health.sign_hint")}</p><${Asked} testid="sign" label=${t("health.password")} type="password" button=${t("health.sign")} onDone=${(password) => act("sign", { password })} />`
      : html`<${Asked} testid="addendum" label=${t("health.addendum")} button=${t("health.add")} onDone=${(text) => act("add", { text })} />`}
    <div class="status"><button class="button small quiet" type="button" onClick=${() => print()}>${t("health.print")}</button>
      <button class="button small quiet" type="button" onClick=${() => download("fhir", {}, "record.fhir.json").catch(tell)}>${t("health.fhir")}</button>
      ${!isOpen && html`<button class="button small quiet" type="button" onClick=${() => act("push", {}, (r) => t(r.is_new ? "health.pushed" : "health.pushed_before"))}>${t("health.push")}</button>`}</div></section>`;
}

function Brought({ told, bring }) {
  const take = (file) => {
    const form = new FormData();
    form.append("file", file);
    return bring(form);
  };
  return html`<details data-testid="brought" open=${Boolean(told)}><summary>${t("health.brought")}</summary><p class="nothing">${t("health.brought_hint")}</p>
    ${told && Object.entries(told).map(([kind, texts]) => html`<p key=${kind}><strong>${t(`health.kind_${kind}`)}</strong> ${texts.join(" · ")}</p>`)}
    <${FileButton} label=${t("health.bring")} accept=".json,application/fhir+json" testid="bring" onFile=${take} /></details>`;
}

/** What a refused step is told in words of its own, by the action that the server asks for. */
const WHY = { open: "unopened", reload: "changed", consent: "no_consent", hand_back: "care_held" };

/** Rounded to what such a ranking can tell: never all, never nothing. */
const likely = (p) => (p > 0.95 ? "> 95 %" : p < 0.05 ? "< 5 %" : `${5 * Math.round(20 * p)} %`);

/** Until when the patient is kept, and the hold that keeps him longer. */
function Keeping({ kept, act }) {
  const { hold } = kept;
  const words = hold ? t("health.kept_hold", { ...hold, name: hold.by, at: new Date(hold.at).toLocaleDateString() })
    : kept.is_open ? t("health.kept_open") : kept.until ? t("health.kept_until", { date: new Date(kept.until).toLocaleDateString() }) : t("health.kept_always");
  return html`<details data-testid="keeping" open=${Boolean(hold)}><summary>${t("health.keeping")}</summary><p class="nothing">${words}</p>
    ${kept.may_hold && (hold
      ? html`<button class="button small quiet" type="button" onClick=${() => act("lift", {})}>${t("health.lift")}</button>`
      : html`<${Asked} testid="hold" label=${t("health.hold_reason")} button=${t("health.hold")} onDone=${(reason) => act("hold", { reason })} />`)}</details>`;
}

/** What a link says beyond its action: the reason that was given; whose care ended, and how. */
const told = (d) => {
  const how = d.way && t(`health.way_${d.way}`, { name: d.to ?? "", days: d.days ?? "" });
  const words = [d.of && d.of !== d.name ? d.of : "", how, d.reason].filter(Boolean).join(" · ");
  return words ? `: ${words}` : "";
};
const whoDid = (e) => e.detail.name || t(e.action === "consent" ? "health.author_person" : "health.by_program");

function Aside({ shown, bring, act }) {
  return html`<section><h4>${t("health.flags")}</h4>
    ${shown.alarms.length ? shown.alarms.map((a) => html`<p key=${a.rule} class="flag ${a.state}"><strong>${a.title}</strong> · ${t(`health.level_${a.level}`)} · ${t(`health.${a.state}`)}<br /><small>${a.source}</small></p>`) : html`<p class="nothing">${t("health.no_flags")}</p>`}
    ${shown.differential.length > 0 && html`<details data-testid="differential"><summary>${t("health.differential")}</summary><p class="nothing">${t("health.differential_hint")}</p>
      <table><tbody>${shown.differential.map((d) => html`<tr key=${d.name}><td>${d.name} <small>${d.icd10}</small></td><td class="numeric">${likely(d.probability)}</td>
        <td><small>${t("health.for")}: ${d.pro.join(" · ") || "–"}<br />${t("health.against")}: ${d.contra.join(" · ") || "–"}</small></td></tr>`)}</tbody></table></details>`}
    <${Brought} told=${shown.brought} bring=${bring} />
    <${CareList} care=${shown.care} act=${act} />
    <${Keeping} kept=${shown.kept} act=${act} />
    <details><summary>${t("health.audit")}</summary>${shown.chain_broken_at && html`<p role="alert" class="urgent">${t("health.broken", { n: shown.chain_broken_at })}</p>`}
      ${shown.audit.map((e, i) => html`<p key=${i}><small>${new Date(e.at).toLocaleString()} · ${whoDid(e)} · ${t(`health.did_${e.action}`)}${told(e.detail)}</small></p>`)}</details></section>`;
}

/** @param {{query: Function, command: Function, send: Function, download: Function, version: number, isWide?: boolean}} props */
export function RecordView({ query, command, send, download, version, isWide = false }) {
  const [shown, setShown] = useState(null);
  const [isForeign, setForeign] = useState(false);
  const [lit, light] = useState(null);
  const load = () => query("record").then((r) => (setForeign(false), setShown(r)), (e) => (e.status === 403 ? setForeign(true) : tell(e)));
  const SEEN = ["change", "open", "sign"];
  /** Resolves to whether it was done; what was written stays where it was not. */
  const act = (name, args, told) =>
    command(name, SEEN.includes(name) ? { ...args, seen: shown.seal } : args).then(
      (r) => (told && say(told(r)), load().then(() => true)),
      (e) => {
        const why = e.status === 401 && name === "sign" ? "wrong_password" : e.status === 409 ? WHY[e.detail?.action] : null;
        if (why) say(t(`health.${why}`, e.detail), true);
        else tell(e);
        return e.status === 409 ? load().then(() => false) : false;
      },
    );
  const bring = (form) => send("bring", form).then(load, tell);
  useEffect(() => void load(), [version, query]);
  if (isForeign)
    return html`<div class="clinic"><p>${t("health.no_care")}</p><${Asked} testid="break-glass" label=${t("health.reason")} button=${t("health.open_record")} onDone=${(reason) => act("break_glass", { reason })} /></div>`;
  if (!shown) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic ${isWide ? "" : "narrow"}"><div class="sheet">
    ${isWide && html`<${Transcript} turns=${shown.turns} lit=${lit} />`}
    <div><${shown.consent || shown.state !== "draft" ? Sheet : NoRecord} shown=${shown} act=${act} light=${light} download=${download} />
    ${!isWide && lit && html`<${Transcript} turns=${shown.turns.filter((x) => lit.turns.includes(x.turn))} lit=${lit} />`}<${Aside} shown=${shown} bring=${bring} act=${act} /></div></div></div>`;
}

export default RecordView;
