/** Settings: what was asked and not answered; an answer becomes an article with one click. */
import { html, useState } from "../../js/shared/html.js";
import { doing, useQuery, w, Waiting } from "./fetch.js";

export default function Gaps({ version, lang, query, command }) {
  const [data, reload] = useQuery(query, "gaps", {}, [version, lang]);
  if (!data) return html`<${Waiting} />`;
  return html`<header><h2>${w("gaps")}</h2><p class="nothing">${w("gaps_line", { open: data.open, asked: data.asked, closed: data.closed })}</p></header>
    ${data.gaps.length === 0 && html`<p class="nothing">${w("no_gaps")}</p>`}
    ${data.gaps.map((gap) => html`<${Gap} key=${gap.ids[0]} gap=${gap} write=${(args) => doing(command("write_article", args), w("article_written"), reload)} />`)}`;
}

function Gap({ gap, write }) {
  const [title, setTitle] = useState(gap.name);
  const [body, setBody] = useState(gap.answer);
  const [isOpen, setOpen] = useState(false);
  const save = (e) => {
    e.preventDefault();
    write({ title, body, lang: gap.lang, ids: gap.ids });
  };
  return html`<section class="card" data-testid="gap"><div class="row"><h3 class="grow">${gap.name}</h3><span class="badge warn">${w("times", { n: gap.count })}</span></div>
    <p class="nothing">${gap.terms.join(" · ")}</p>
    <details><summary>${w("questions")}</summary><ul>${gap.questions.map((q) => html`<li key=${q.id}>${q.text}</li>`)}</ul></details>
    ${!isOpen ? html`<div class="row"><button type="button" class="button small" data-testid="write" onClick=${() => setOpen(true)}>${w(gap.answer ? "make_article" : "write_article")}</button></div>`
      : html`<form class="panel" onSubmit=${save}><input type="text" required maxlength="200" value=${title} aria-label=${w("title")} onInput=${(e) => setTitle(e.target.value)} />
        <textarea required rows="5" value=${body} aria-label=${w("text")} onInput=${(e) => setBody(e.target.value)}></textarea>
        <div class="row"><button type="submit" class="button small">${w("save_article")}</button></div></form>`}</section>`;
}
