/** The replay lab: earlier questions answered by a candidate and by the present model, beside what was really sent. */
import { html, useEffect, useState } from "../shared/html.js";
import { tell } from "../shared/parts.js";
import { del, post } from "../shared/api.js";
import { dateTime } from "../shared/dates.js";
import { number, percent, t } from "../shared/i18n.js";
import { Waiting, useFetched } from "./fetched.js";

const PATH = "/api/admin/learning/replays";
const LOOK_MS = 2_000;
const PAGE = 20;

export function Replays({ versions, canTeach }) {
  const { data, setData, problem, reload } = useFetched(PATH);
  const [version, setVersion] = useState(versions[0]?.name ?? "");
  const [days, setDays] = useState(30);
  const [shown, setShown] = useState("");
  const isRunning = data?.replays.some((one) => one.state === "running");
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  const start = (e) => {
    e.preventDefault();
    post(PATH, { version, days }).then(setData, tell);
  };
  return html`<section class="card panel" data-testid="replays"><h3>${t("replay.title")}</h3><p class="nothing">${t("replay.line")}</p>
    ${canTeach && html`<form class="row" onSubmit=${start}><label class="field"><span>${t("replay.candidate")}</span><select value=${version} onChange=${(e) => setVersion(e.target.value)}>
        <option value="">${t("learning.of_settings")}</option>${versions.map((v) => html`<option key=${v.name} value=${v.name}>${v.name}</option>`)}</select></label>
      <label class="field"><span>${t("replay.days")}</span><input type="number" min="1" max="366" value=${days} onInput=${(e) => setDays(Number(e.target.value))} /></label>
      <button type="submit" class="button small" disabled=${isRunning} data-testid="replay">${t("replay.start")}</button></form>`}
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : data.replays.map((one) => html`<${Replay} key=${one.id} of=${one} canTeach=${canTeach} isShown=${shown === one.id}
      onShow=${() => setShown(shown === one.id ? "" : one.id)} onChange=${setData} reload=${reload} />`)}</section>`;
}

function Replay({ of, canTeach, isShown, onShow, onChange, reload }) {
  const doing = (what) => post(`${PATH}/${of.id}/${what}`).then(onChange, tell);
  return html`<article class="card" data-testid="replay-row" data-state=${of.state}><p class="row"><strong class="grow">${of.version || t("learning.of_settings")}</strong>
      <span class="badge">${t(`replay.${of.state}`)}</span></p>
    <p class="nothing">${t("replay.made", { name: of.by_name, when: dateTime(of.at), days: number(of.days) })} ${of.error}</p>
    <progress max=${of.total} value=${of.done} aria-label=${t("replay.done_n", { done: number(of.done), total: number(of.total) })}></progress>
    <p class="nothing">${t("replay.done_n", { done: number(of.done), total: number(of.total) })}</p>
    <div class="row end">
      ${canTeach && of.state === "running" && html`<button type="button" class="button small quiet" onClick=${() => doing("pause")}>${t("learning.pause")}</button>`}
      ${canTeach && (of.state === "paused" || of.state === "failed") && html`<button type="button" class="button small quiet" onClick=${() => doing("resume")}>${t("learning.resume")}</button>`}
      ${canTeach && html`<button type="button" class="button small quiet" onClick=${() => del(`${PATH}/${of.id}`).then(reload, tell)}>${t("learning.cancel")}</button>`}
      <button type="button" class="button small" aria-expanded=${isShown} data-testid="replay-show" onClick=${onShow}>${t("replay.show")}</button></div>
    ${isShown && html`<${Cases} key=${of.done} id=${of.id} />`}</article>`;
}

function Cases({ id }) {
  const [offset, setOffset] = useState(0);
  const { data, problem, reload } = useFetched(`${PATH}/${id}?offset=${offset}&limit=${PAGE}`);
  if (!data) return html`<${Waiting} problem=${problem} reload=${reload} />`;
  const s = data.summary;
  const figure = (value) => number(value, { maximumFractionDigits: 3, minimumFractionDigits: 3 });
  const Side = ({ name, side, best }) => html`<div class="panel"><p class="nothing">${name} · ${percent(1 - side.distance)} ${best && html`<span class="badge good">${t("replay.nearer")}</span>`}
    ${side.is_sent && html`<span class="badge">${t("replay.would_send")}</span>`}</p><p>${side.body || t("replay.no_answer")}</p></div>`;
  return html`${s.n > 0 && html`<p data-testid="replay-summary">${t("replay.summary", { n: number(s.n), wins: number(s.wins), losses: number(s.losses), low: figure(s.low), high: figure(s.high) })}</p>
      <p class="nothing">${t("replay.alone", { candidate: percent(s.candidate.sent), present: percent(s.present.sent) })}</p>`}
    ${data.rows.map((row) => html`<article class="card" key=${row.message_id} data-testid="replay-case" lang=${row.lang}><blockquote>${row.question}</blockquote>
      <p class="nothing">${t(row.sent_by === "ai" ? "replay.sent_by_ai" : "replay.sent_by_expert")} · ${dateTime(row.at)} · <a href=${`/desk#${row.conversation_id}`}>${t("lineage.conversation")}</a></p><p>${row.sent}</p>
      <${Side} name=${t("replay.candidate")} side=${row.candidate} best=${row.candidate.distance < row.present.distance} />
      <${Side} name=${t("replay.present")} side=${row.present} best=${row.present.distance < row.candidate.distance} /></article>`)}
    <div class="row end">${offset > 0 && html`<button type="button" class="button small quiet" onClick=${() => setOffset(offset - PAGE)}>${t("lineage.before")}</button>`}
      ${offset + PAGE < s.n && html`<button type="button" class="button small quiet" onClick=${() => setOffset(offset + PAGE)}>${t("lineage.after")}</button>`}</div>`;
}
