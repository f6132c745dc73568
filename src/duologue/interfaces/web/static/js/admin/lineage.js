/** Where an answer comes from and what came of a verdict: answer, model, dataset and verdict, each leading to the others. */
import { html, useState } from "../shared/html.js";
import { Drawer } from "../shared/parts.js";
import { dateTime } from "../shared/dates.js";
import { has, number, percent, t } from "../shared/i18n.js";
import { Waiting, useFetched } from "./fetched.js";

const PATH = "/api/admin/learning";
const PAGE = 25;
const SIDES = ["train", "held_out", "left_out"];

/** @param {{kind: "answers"|"versions"|"datasets"|"verdicts", id: string}} props.of what is shown first; the way back is kept */
export function Lineage({ of, onClose }) {
  const [way, setWay] = useState([of]);
  const here = way.at(-1);
  const go = (kind, id) => setWay([...way, { kind, id }]);
  const View = { answers: Answer, versions: Version, datasets: Dataset, verdicts: Verdict }[here.kind];
  return html`<${Drawer} title=${t(`lineage.${here.kind}`)} onClose=${onClose}><div class="panel" data-testid="lineage" data-kind=${here.kind}>
    ${way.length > 1 && html`<button type="button" class="button small quiet" data-testid="lineage-back" onClick=${() => setWay(way.slice(0, -1))}>${t("lineage.back")}</button>`}
    <${View} key=${here.kind + here.id} id=${here.id} go=${go} /></div><//>`;
}

const To = ({ kind, id, go, children }) => html`<button type="button" class="link" data-testid=${`to-${kind}`} onClick=${() => go(kind, id)}>${children}</button>`;
const Talk = ({ id }) => html`<a href=${`/desk#${id}`}>${t("lineage.conversation")}</a>`;

function Answer({ id, go }) {
  const { data, problem, reload } = useFetched(`${PATH}/answers/${encodeURIComponent(id)}`);
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  const a = data.answer;
  return html`<p><strong>${t(`run.${a.status}`)}</strong> · ${dateTime(a.at)} · <${Talk} id=${a.conversation_id} /></p>
    <p>${t("run.model")} <code>${a.model_version}</code> · <code>${a.prompt_version}</code></p>
    ${a.passages.length > 0 && html`<h4>${t("run.passages")}</h4><ul>${a.passages.map((p) => html`<li key=${p.passage_id}>${p.title}${p.heading && ` · ${p.heading}`}</li>`)}</ul>`}
    ${a.recalled.length > 0 && html`<h4>${t("run.precedents")}</h4><ul>${a.recalled.map((v) => html`<li key=${v}><${To} kind="verdicts" id=${v} go=${go}><code>${v}</code><//></li>`)}</ul>`}
    ${a.verdict && html`<h4>${t("lineage.decided")}</h4><p><${To} kind="verdicts" id=${a.verdict.id} go=${go}>${t(`verdict.${a.verdict.kind}`)}<//> · ${dateTime(a.verdict.decided_at)}</p>`}
    ${a.version ? html`<h4>${t("lineage.versions")}</h4><${Behind} v=${a.version} go=${go} />` : html`<p class="nothing">${t("lineage.untrained")}</p>`}`;
}

function Version({ id, go }) {
  const { data, problem, reload } = useFetched(`${PATH}/versions/${encodeURIComponent(id)}`);
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  return html`<h3>${data.version.name}</h3><${Behind} v=${data.version} go=${go} /><${Answers} of=${data.version.answers} go=${go} />`;
}

/** The chain of versions and datasets that a model was trained from. */
function Behind({ v, go }) {
  return html`${v.erased > 0 && html`<p class="badge warn" data-testid="erased">${t("lineage.erased", { n: number(v.erased) })}</p>`}
    <ol class="reasons">${v.from.map((one) => html`<li key=${one.version}><${To} kind="versions" id=${one.version} go=${go}>${one.version}<//>
      <p class="nothing">${t("lineage.from", { parent: one.parent })} ${one.dataset ? html`<${To} kind="datasets" id=${one.dataset.name} go=${go}>${t("lineage.dataset_n", { name: one.dataset.name.slice(0, 8), answers: number(one.dataset.answers), pairs: number(one.dataset.pairs) })}<//>` : t("lineage.gone")}</p></li>`)}</ol>
    ${v.promotions.map((p) => html`<p class="nothing" key=${p.at}>${has(`learning.${p.kind}_kind`, t("learning.promote", { version: p.version }), { version: p.version, share: percent(p.share) })} · ${p.by ? t("learning.signed", { name: p.by_name, when: dateTime(p.at) }) : t("learning.by_itself", { when: dateTime(p.at) })}</p>`)}`;
}

const Answers = ({ of, go }) => html`<h4>${t("lineage.answers_n", { n: number(of.count) })}</h4>
  <ul>${of.latest.map((a) => html`<li key=${a.run_id}><${To} kind="answers" id=${a.run_id} go=${go}>${dateTime(a.at)}<//> · <${Talk} id=${a.conversation_id} /></li>`)}</ul>`;

function Verdict({ id, go }) {
  const { data, problem, reload } = useFetched(`${PATH}/verdicts/${encodeURIComponent(id)}`);
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  const v = data.verdict;
  return html`<p><strong>${t(`verdict.${v.kind}`)}</strong> · ${dateTime(v.decided_at)} · <${Talk} id=${v.conversation_id} /> · <${To} kind="answers" id=${v.run_id} go=${go}>${t("lineage.answers")}<//></p>
    <blockquote lang=${v.lang}>${v.question}</blockquote>
    ${v.draft_text && v.draft_text !== v.final_text && html`<p class="diff struck">${v.draft_text}</p>`}${v.final_text && html`<p>${v.final_text}</p>`}
    <h4>${t("lineage.datasets")}</h4>
    ${Object.keys(data.datasets).length === 0 && html`<p class="nothing">${t("lineage.in_none")}</p>`}
    <ul>${Object.entries(data.datasets).map(([name, side]) => html`<li key=${name}><${To} kind="datasets" id=${name} go=${go}><code>${name}</code><//> · ${t(`lineage.side_${side}`)}</li>`)}</ul>
    ${data.versions.map((one) => html`<section key=${one.name}><h4><${To} kind="versions" id=${one.name} go=${go}>${one.name}<//></h4><${Answers} of=${one.answers} go=${go} /></section>`)}`;
}

function Dataset({ id, go }) {
  const [side, setSide] = useState("train");
  const [why, setWhy] = useState("");
  const [offset, setOffset] = useState(0);
  const asked = new URLSearchParams({ side, why, offset: String(offset), limit: String(PAGE) });
  const { data, problem, reload } = useFetched(`${PATH}/datasets/${encodeURIComponent(id)}?${asked}`);
  const look = (at, reason) => {
    setSide(at);
    setWhy(reason);
    setOffset(0);
  };
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  const { card } = data;
  return html`<p><code>${card.name}</code></p><p class="nothing">${t("lineage.card", { answers: number(card.answers), pairs: number(card.pairs), labels: number(card.labels), held_out: number(card.held_out), people: number(card.people) })}
      ${card.erased > 0 && t("lineage.erased", { n: number(card.erased) })}</p>
    ${data.versions.length > 0 && html`<p>${data.versions.map((name) => html`<${To} key=${name} kind="versions" id=${name} go=${go}>${name}<//> `)}</p>`}
    <div class="row" role="group">${SIDES.map((one) => html`<button type="button" key=${one} class="button small ${side === one ? "" : "quiet"}" aria-pressed=${side === one} data-testid=${`side-${one}`}
      onClick=${() => look(one, "")}>${t(`lineage.side_${one}`)}</button>`)}</div>
    ${side === "left_out" && html`<p class="nothing">${t("lineage.samples")}</p><ul class="reasons">${Object.entries(card.left_out).map(([reason, n]) => html`<li key=${reason}><button type="button" class="link"
      aria-pressed=${why === reason} onClick=${() => look("left_out", why === reason ? "" : reason)}>${has(`learning.why_${reason}`, reason)}</button> ${number(n)}</li>`)}</ul>`}
    ${data.rows.map((row, i) => html`<article class="card" key=${offset + i} data-testid="row" lang=${row.lang}><p class="nothing">${t(`lineage.kind_${row.kind}`)}${row.why && ` · ${has(`learning.why_${row.why}`, row.why)}`}
        ${row.kind === "label" && html`${" "}<span class="badge ${row.is_good ? "good" : "bad"}">${t(row.is_good ? "lineage.good" : "lineage.bad")}</span> ${has(`lineage.said_${row.verdict}`, "")}`}
        ${" · "}${row.verdict_id ? html`<${To} kind="verdicts" id=${row.verdict_id} go=${go}>${t("lineage.verdicts")}<//>` : html`<${To} kind="answers" id=${row.run_id} go=${go}>${t("lineage.answers")}<//>`}</p>
      <blockquote>${row.question}</blockquote>${row.rejected && html`<p class="diff struck">${row.rejected}</p>`}<p>${row.chosen}</p></article>`)}
    <div class="row end">${offset > 0 && html`<button type="button" class="button small quiet" onClick=${() => setOffset(offset - PAGE)}>${t("lineage.before")}</button>`}
      ${offset + PAGE < data.total && html`<button type="button" class="button small quiet" onClick=${() => setOffset(offset + PAGE)}>${t("lineage.after")}</button>`}</div>`;
}
