/** The researcher's page: a question, its terms, papers, search, screening, the evidence table with its summary, and the flow. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { FileButton, say, tell } from "../../js/shared/parts.js";
import { Evidence } from "./evidence.js";
import { Flow } from "./flow.js";

export const styles = ["health.css"];
const TERMS = [["P", "population"], ["I", "intervention"], ["C", "comparison"], ["O", "outcome"]];

function Paper({ paper, act }) {
  const decide = (include) => act("decide", { seq: paper.seq, include });
  return html`<article class="card paper" data-testid="paper" data-include=${String(paper.include)}>
    <strong>${paper.title}</strong>${paper.retracted && html` <span class="urgent">${t("health.retracted")}</span>`}
    <small>${[paper.authors.slice(0, 3).join("; "), paper.year, paper.journal].filter(Boolean).join(" · ")}</small>
    ${paper.quote ? html`<p>“${paper.quote}”</p>` : html`<p>${paper.abstract || t("health.no_abstract")}</p>`}
    <div class="status"><button class="button small" type="button" onClick=${() => decide(true)}>${t("health.include")}</button>
      <button class="button small quiet" type="button" onClick=${() => decide(false)}>${t("health.exclude")}</button>
      ${paper.include !== null && html`<span class="chip">${t(paper.include ? "health.included" : "health.excluded")}</span>`}</div></article>`;
}

function Terms({ shown, act }) {
  const [terms, setTerms] = useState(shown.terms);
  const save = (e) => (e.preventDefault(), act("terms", Object.fromEntries(TERMS.map(([k, name]) => [name, terms[k]]))));
  return html`<form class="terms" data-testid="terms" onSubmit=${save}>${TERMS.map(([k]) => html`<label key=${k}>${t(`health.field_${k}`)}
    <input value=${terms[k]} onInput=${(e) => setTerms({ ...terms, [k]: e.target.value })} /></label>`)}
    <button class="button small quiet" type="submit">${t("health.save")}</button></form>`;
}

function Import({ shown, act, send, load }) {
  const [database, setDatabase] = useState("pubmed");
  const [query, setQuery] = useState(shown.online_query);
  const told = (r) => say([t("health.imported", r), r.withheld?.length ? t("health.withheld", { words: r.withheld.join(", ") }) : ""].filter(Boolean).join(" "));
  const take = (file) => {
    const form = new FormData();
    form.append("review_id", shown.id);
    form.append("file", file);
    return send("import", form).then((r) => (told(r), load()), (e) => (e.detail?.why ? say(t(`health.file_${e.detail.why}`, { name: file.name }), true) : tell(e)));
  };
  return html`<div class="status"><${FileButton} label=${t("health.import")} accept=".xml,.nbib,.ris,.txt,.pdf" testid="import" onFile=${take} />
      ${!shown.papers && html`<button class="button small quiet" type="button" onClick=${() => act("sample", {}).then((r) => r && told(r))}>${t("health.import_sample")}</button>`}
      <small>${t("health.papers", { n: shown.papers })}${shown.retracted ? ` · ${t("health.papers_retracted", { n: shown.retracted })}` : ""}</small></div>
    ${shown.online
      ? html`<form onSubmit=${(e) => (e.preventDefault(), act("ask", { database, query }).then((r) => r && told(r)))}>
          <select aria-label=${t("health.database")} value=${database} onChange=${(e) => setDatabase(e.target.value)}><option value="pubmed">PubMed</option><option value="europepmc">Europe PMC</option></select>
          <input aria-label=${t("health.query")} value=${query} onInput=${(e) => setQuery(e.target.value)} required /><button class="button small" type="submit">${t("health.fetch")}</button></form><p class="nothing">${t("health.online_hint")}</p>`
      : html`<p class="nothing">${t("health.offline")}</p>`}`;
}

function Search({ shown, command, act }) {
  const [words, setWords] = useState("");
  const [found, setFound] = useState(null);
  const look = () => command("search", { review_id: shown.id, query: words }).then((r) => setFound(r.found), tell);
  return html`<form onSubmit=${(e) => (e.preventDefault(), look())}><input type="search" aria-label=${t("health.query")} placeholder=${shown.query} value=${words} onInput=${(e) => setWords(e.target.value)} />
      <button class="button small" type="submit">${t("health.find")}</button></form>
    ${found && !found.length && html`<p class="nothing">${t("health.found_none")}</p>`}
    ${found?.map((p) => html`<${Paper} key=${p.seq} paper=${p} act=${(name, args) => act(name, args).then(look)} />`)}`;
}

function Estimate({ of, act }) {
  const told = of.read && !of.unread ? t("health.read_all") : of.bound !== null
    ? t("health.bound", { n: of.bound, share: of.recall === null ? "–" : Math.floor(100 * of.recall) })
    : of.sampled ? t("health.sample_open", { n: of.sample_read, of: of.sampled }) : t("health.bound_none");
  return html`<p data-testid="estimate"><strong>${t("health.progress", { read: of.read, unread: of.unread, found: of.found })}</strong> ${told}</p>
    ${of.unread > 0 && html`<button class="button small quiet" type="button" onClick=${() => act("draw", { size: 30 })}>${t("health.draw")}</button>`}`;
}

function Review({ id, query, command, send, download, version, lang, onBack }) {
  const [shown, setShown] = useState(null);
  const [next, setNext] = useState(null);
  const [table, setTable] = useState(null);
  const ask = { review_id: id };
  const load = () => Promise.all([query("review", ask), query("next", ask), query("table", ask)]).then(([r, n, e]) => (setShown(r), setNext(n), setTable(e)), tell);
  const act = (name, args) => command(name, { ...ask, ...args }).then((r) => load().then(() => r), tell);
  useEffect(() => void load(), [id, version, lang]);
  if (!shown) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic" data-testid="review"><p><button class="link" type="button" onClick=${onBack}>← ${t("health.reviews")}</button></p>
    <h3>${shown.question}</h3><${Terms} key=${JSON.stringify(shown.terms)} shown=${shown} act=${act} />
    <section><h4>${t("health.collection")}</h4><${Import} key=${shown.online_query} shown=${shown} act=${act} send=${send} load=${load} /></section>
    ${shown.papers > 0 && html`<details><summary>${t("health.search_papers")}</summary><${Search} shown=${shown} command=${command} act=${act} /></details>
      <section data-testid="screening"><h4>${t("health.screening")}</h4><p class="nothing">${t(`health.why_${next.why}`)}</p><${Estimate} of=${shown.estimate} act=${act} />
        ${next.papers.slice(0, 3).map((p) => html`<${Paper} key=${p.seq} paper=${p} act=${act} />`)}</section>
      <section><h4>${t("health.evidence")}</h4><${Evidence} table=${table} reviewId=${id} act=${act} download=${download} /></section>
      <section><h4>PRISMA</h4><${Flow} flow=${shown.flow} /></section>`}</div>`;
}

export default function Research(props) {
  const { query, command, version } = props;
  const [reviews, setReviews] = useState(null);
  const [question, setQuestion] = useState("");
  const [id, setId] = useState(new URLSearchParams(location.search).get("open"));
  const choose = (next) => {
    history.replaceState(null, "", next ? `?open=${next}` : location.pathname);
    setId(next);
  };
  useEffect(() => void query("reviews").then((r) => setReviews(r.reviews), tell), [version, id]);
  if (id) return html`<${Review} ...${props} id=${id} onBack=${() => choose(null)} />`;
  if (!reviews) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="clinic"><h3>${t("health.reviews")}</h3>
    <form data-testid="ask" onSubmit=${(e) => (e.preventDefault(), command("create", { question }).then((r) => choose(r.id), tell))}>
      <input aria-label=${t("health.question")} placeholder=${t("health.question")} value=${question} onInput=${(e) => setQuestion(e.target.value)} required />
      <button class="button" type="submit">${t("health.begin")}</button></form>
    <p class="nothing">${t("health.question_hint")}</p>
    <ul class="patients">${reviews.map((r) => html`<li key=${r.id}><button type="button" data-testid="open-review" onClick=${() => choose(r.id)}><span class="grow">${r.title}</span></button></li>`)}</ul></div>`;
}
