/** The documents that answers stand on: put in, look at, search as the assistant does, delete. */
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Dialog, Drawer, Meter, explain, say, tell } from "../shared/parts.js";
import { del, get, post, upload } from "../shared/api.js";
import { openStream } from "../shared/stream.js";
import { parse } from "../shared/trusted.js";
import { unmark } from "../shared/body.js";
import { number, percent, t, tn } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";

const SHOWN = 60;

export function Knowledge() {
  const { data, problem, reload } = useFetched("/api/admin/documents");
  const [filter, setFilter] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const [looked, setLooked] = useState(null);
  const [gone, setGone] = useState(null);
  if (!data) return html`<${ViewHead} title=${t("admin.knowledge")} line=${t("knowledge.line")} /><${Waiting} problem=${problem} reload=${reload} />`;
  const words = filter.trim().toLowerCase();
  const found = data.documents.filter((d) => !words || `${d.title} ${d.uri}`.toLowerCase().includes(words));
  const drop = async () => {
    try {
      await del(`/api/admin/documents/${gone.id}`);
      say(t("knowledge.deleted"));
      setGone(null);
      reload();
    } catch (failure) {
      tell(failure);
    }
  };
  return html`<${ViewHead} title=${t("admin.knowledge")} line=${t("knowledge.line")} />
    ${isAtLeast("expert") && html`<${TakeIn} onDone=${reload} />`}
    <${Try} />
    <section class="card"><header class="row"><h3 class="grow">${t("knowledge.documents")} <span class="count">${number(found.length)}</span></h3>
      <input type="search" class="narrow" value=${filter} placeholder=${t("knowledge.filter")} aria-label=${t("knowledge.filter")} onInput=${(e) => setFilter(e.target.value)} /></header>
      <table data-testid="documents"><thead><tr><th>${t("knowledge.name")}</th><th>${t("knowledge.lang")}</th><th class="right">${t("knowledge.passages")}</th><th><span class="sr">${t("admin.actions")}</span></th></tr></thead>
        <tbody>${found.slice(0, shown).map((d) => html`<tr key=${d.id}>
          <td><button type="button" class="plain-link" onClick=${() => setLooked(d.id)}>${d.title || d.uri}</button><small>${d.uri}</small>
            ${d.status === "failed" && html`<span class="badge bad">${d.error}</span>`}</td>
          <td>${t(`lang.${d.lang}`)}</td><td class="right">${number(d.passage_count)}</td>
          <td class="right">${isAtLeast("expert") && html`<button type="button" class="icon-button tiny" aria-label=${t("knowledge.delete", { title: d.title || d.uri })}
            title=${t("knowledge.delete_short")} onClick=${() => setGone(d)}><${Icon} name="trash" size=${15} /></button>`}</td></tr>`)}</tbody></table>
      ${found.length === 0 && html`<p class="empty">${t("knowledge.none")}</p>`}
      ${found.length > shown && html`<button type="button" class="button small quiet" onClick=${() => setShown(shown + SHOWN * 2)}>${tn("admin.more", found.length - shown)}</button>`}
    </section>
    ${looked && html`<${Look} id=${looked} onClose=${() => setLooked(null)} />`}
    ${gone && html`<${Dialog} title=${t("knowledge.delete_title")} onClose=${() => setGone(null)}><p>${t("knowledge.delete_line", { title: gone.title || gone.uri })}</p>
      <div class="row end"><button type="button" class="button quiet" onClick=${() => setGone(null)}>${t("action.cancel")}</button>
        <button type="button" class="button quiet bad" onClick=${drop}>${t("knowledge.delete_short")}</button></div></${Dialog}>`}`;
}

/** Files by choosing or dropping, or addresses; with progress. */
function TakeIn({ onDone }) {
  const [state, setState] = useState(null);
  const [urls, setUrls] = useState(null);
  const [isOver, setOver] = useState(false);
  const input = useRef(null);
  useEffect(() => {
    const stream = openStream("/api/desk/stream", null, {
      onChange: () => {},
      onReset: () => {},
      onState: () => {},
      onEphemeral: ({ kind, data }) => {
        if (kind === "progress") setState((now) => now && { ...now, done: data.done, total: data.total, uri: data.uri });
      },
    });
    return () => stream.close();
  }, []);
  const finish = (report) => {
    setState({ report });
    onDone();
  };
  const fail = (failure) => {
    setState(null);
    tell(failure);
  };
  const send = (files) => {
    if (!files.length) return;
    const form = new FormData();
    for (const file of files) form.append("files", file, file.webkitRelativePath || file.name);
    setState({ share: 0, count: files.length });
    upload("/api/admin/documents", form, (share) => setState((now) => ({ ...now, share }))).then(finish, fail);
  };
  const fetchAll = (e) => {
    e.preventDefault();
    const list = urls.split(/\s+/).filter(Boolean);
    if (!list.length) return;
    setUrls(null);
    setState({ share: 1, count: list.length });
    post("/api/admin/documents/urls", { urls: list }).then(finish, fail);
  };
  const drop = (e) => {
    e.preventDefault();
    setOver(false);
    send(Array.from(e.dataTransfer.files));
  };
  const isRunning = state && !state.report;
  const share = state?.total ? state.done / state.total : null;
  return html`<section class="card drop ${isOver ? "over" : ""}" onDragOver=${(e) => {
      e.preventDefault();
      setOver(true);
    }} onDragLeave=${() => setOver(false)} onDrop=${drop}>
    <input ref=${input} type="file" multiple hidden accept=".md,.markdown,.txt,.html,.htm,.pdf,.docx,.csv" data-testid="files"
      onChange=${(e) => {
        send(Array.from(e.target.files));
        e.target.value = "";
      }} />
    <${Icon} name="upload" size=${24} />
    <div class="grow"><strong>${t("knowledge.drop")}</strong><p class="nothing">${t("knowledge.kinds")}</p></div>
    <button type="button" class="button small" disabled=${isRunning} onClick=${() => input.current.click()}>${t("knowledge.choose")}</button>
    <button type="button" class="button small quiet" disabled=${isRunning} onClick=${() => setUrls("")}>${t("knowledge.from_web")}</button>
    ${isRunning && html`<div class="progress" role="status"><progress max="1" value=${share ?? (state.share < 1 ? state.share : undefined)}></progress>
      <span>${share === null ? t(state.share < 1 ? "knowledge.sending" : "knowledge.reading") : t("knowledge.reading_n", { done: state.done, total: state.total, name: state.uri ?? "" })}</span></div>`}
    ${state?.report && html`<div class="report" role="status" data-testid="report"><p><${Icon} name="check" size=${15} />${tn("knowledge.ready", state.report.ready.length)}</p>
      ${state.report.failed.map((f) => html`<p class="bad" key=${f.uri}><${Icon} name="alert" size=${15} /><strong>${f.uri}</strong> ${f.error}</p>`)}</div>`}
    ${urls !== null && html`<${Dialog} title=${t("knowledge.from_web")} onClose=${() => setUrls(null)}><form onSubmit=${fetchAll}>
      <label class="field-label" for="urls">${t("knowledge.urls")}</label><textarea id="urls" rows="6" value=${urls} onInput=${(e) => setUrls(e.target.value)} placeholder="https://"></textarea>
      <div class="row end"><button type="submit" class="button">${t("knowledge.fetch")}</button></div></form></${Dialog}>`}
  </section>`;
}

/** Search as the assistant does. */
function Try() {
  const [text, setText] = useState("");
  const [found, setFound] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const search = async (e) => {
    e.preventDefault();
    if (!text.trim()) return;
    setBusy(true);
    await get(`/api/admin/search?q=${encodeURIComponent(text.trim())}`).then(setFound, tell);
    setBusy(false);
  };
  return html`<section class="card"><h3>${t("knowledge.try")}</h3><p class="nothing">${t("knowledge.try_line")}</p>
    <form class="row" onSubmit=${search}><input type="search" value=${text} placeholder=${t("knowledge.try_hint")} aria-label=${t("knowledge.try_hint")} data-testid="try"
      onInput=${(e) => setText(e.target.value)} /><button type="submit" class="button small" disabled=${isBusy}>${t("knowledge.search")}</button></form>
    ${found && html`<div class="found" data-testid="found"><p class="support">${t("knowledge.support")} <${Meter} value=${found.support} label=${t("knowledge.support")} /> <strong>${percent(found.support)}</strong></p>
      <ol>${found.hits.map((h) => html`<li key=${h.passage.id}><p><strong>${h.title}</strong> <small>${h.passage.heading}</small>
        <span class="score">${number(h.score, { maximumFractionDigits: 3 })} · ${t("knowledge.ranks", { words: h.bm25_rank ?? "–", sense: h.dense_rank ?? "–" })}</span></p>
        <p class="excerpt">${unmark(h.passage.body.slice(0, 260)).replace(/\s*\|[\s|:-]*/g, " · ").slice(0, 220)}</p></li>`)}</ol>
      ${found.hits.length === 0 && html`<p class="empty">${t("knowledge.nothing_found")}</p>`}</div>`}
  </section>`;
}

function Look({ id, onClose }) {
  const { data, problem } = useFetched(`/api/admin/documents/${id}`);
  return html`<${Drawer} title=${data?.document.title ?? t("knowledge.documents")} onClose=${onClose}>
    ${problem && html`<p class="empty">${explain(problem)}</p>`}
    ${data?.passages.map((p) => html`<${Passage} key=${p.id} passage=${p} />`)}
  </${Drawer}>`;
}

function Passage({ passage }) {
  const ref = useRef(null);
  useEffect(() => ref.current.replaceChildren(parse(passage.html)), [passage.html]);
  return html`<div class="looked"><small>${passage.heading}</small><div class="body" ref=${ref}></div></div>`;
}
