/** Articles that the knowledge lacks, proposed from corrected and unanswered questions; accepted with one click. */
import { html, useState } from "../shared/html.js";
import { say, tell } from "../shared/parts.js";
import { post } from "../shared/api.js";
import { number, t } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { Waiting, useFetched } from "./fetched.js";

const PATH = "/api/admin/proposals";
const FEW = 5;

export function Proposals() {
  const { data, problem, reload } = useFetched(PATH);
  const [isWhole, setWhole] = useState(false);
  const shown = (found) => (isWhole ? found : found.slice(0, FEW));
  return html`<section class="card panel" data-testid="proposals"><h3>${t("proposals.title")}</h3><p class="nothing">${t("proposals.line")}</p>
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
      ${data.proposals.length === 0 && html`<p class="nothing">${t("proposals.none")}</p>`}
      ${shown(data.proposals).map((one) => html`<${Proposal} key=${one.ids[0]} of=${one} reload=${reload} />`)}
      ${!isWhole && data.proposals.length > FEW && html`<p><button type="button" class="link" data-testid="all-proposals" onClick=${() => setWhole(true)}>${t("claims.all", { n: number(data.proposals.length) })}</button></p>`}`}</section>`;
}

function Proposal({ of, reload }) {
  const [isOpen, setOpen] = useState(false);
  const [title, setTitle] = useState(of.title);
  const [body, setBody] = useState(of.body);
  const settle = (work, word) =>
    work.then(() => {
      say(t(word));
      reload();
    }, tell);
  const accept = (e) => {
    e.preventDefault();
    settle(post(PATH, { ids: of.ids, title, body, lang: of.lang }), "proposals.accepted");
  };
  return html`<article class="card" data-testid="proposal" lang=${of.lang}><p class="row"><strong class="grow">${of.title}</strong>
      <span class="badge ${of.why === "corrected" ? "ai" : "warn"}">${t(`proposals.${of.why}`)}</span><span class="badge">${t("proposals.times", { n: number(of.count) })}</span></p>
    <details><summary>${t("proposals.questions")}</summary><ul>${of.questions.map((q) => html`<li key=${q}>${q}</li>`)}</ul></details>
    ${of.body && !isOpen && html`<p>${of.body}</p>`}
    ${isAtLeast("expert") && !isOpen && html`<div class="row end"><button type="button" class="button small quiet" data-testid="dismiss"
        onClick=${() => settle(post(`${PATH}/dismiss`, { ids: of.ids }), "proposals.dismissed")}>${t("proposals.dismiss")}</button>
      <button type="button" class="button small" data-testid="write" onClick=${() => setOpen(true)}>${t("proposals.write")}</button></div>`}
    ${isOpen && html`<form class="panel" onSubmit=${accept}><label class="field"><span>${t("proposals.name")}</span><input type="text" required maxlength="200" value=${title} onInput=${(e) => setTitle(e.target.value)} /></label>
      <label class="field"><span>${t("proposals.text")}</span><textarea required rows="5" value=${body} onInput=${(e) => setBody(e.target.value)}></textarea></label>
      <div class="row end"><button type="submit" class="button small" data-testid="accept">${t("proposals.accept")}</button></div></form>`}</article>`;
}
