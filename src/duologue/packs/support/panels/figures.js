/** Settings: who answered, how content people were by topic and by survey, what became of offers; as plots, tables and CSV. */
import { html, useMemo, useState } from "../../js/shared/html.js";
import { Plot } from "../../js/shared/plot.js";
import { score, share, useQuery, w, Waiting } from "./fetch.js";

const HANDLINGS = ["alone", "assisted", "by_people", "waiting"];
const COLOURS = { alone: "--accent", assisted: "--expert", by_people: "--warn", waiting: "--bad" };
const PLACES = [0, 1, 2, 3, 4];
const NAMES = ["😡 1", "🙁 2", "😐 3", "🙂 4", "😍 5"];
const STEPS = ["proposed", "shown", "accepted", "declined", "dropped"];

export default function Figures({ version, lang, query, download }) {
  const [days, setDays] = useState(30);
  const [data] = useQuery(query, "figures", { days }, [version, lang, days]);
  const volumes = useMemo(() => data && HANDLINGS.map((name) => ({ label: w(name), values: data.volumes[name], colour: COLOURS[name] })), [data, lang]);
  const scores = useMemo(() => data && [{ label: w("answers"), values: data.survey.scores, kind: "bars" }], [data, lang]);
  if (!data) return html`<${Waiting} />`;
  const topics = data.topics.filter((row) => row.predicted != null);
  return html`<header class="row"><h2 class="grow">${w("figures")}</h2>
      <select style=${{ inlineSize: "auto", flex: "none" }} aria-label=${w("days")} value=${days} onChange=${(e) => setDays(Number(e.target.value))}>${[7, 30, 90].map((n) => html`<option key=${n} value=${n}>${w("last_days", { n })}</option>`)}</select>
      <button type="button" class="button quiet small" onClick=${() => download("export", { days }, "conversations.csv")}>CSV</button></header>
    <p class="nothing">${w("counted", { n: data.count })}${data.is_cut ? ` ${w("cut")}` : ""} ${w("alarms_line", { n: data.alarms })}</p>
    <section class="card"><${Plot} label=${w("volumes")} x=${data.days} isTime=${true} xLabel=${w("day")} series=${volumes} /></section>
    <section class="card"><h3>${w("handling")}</h3><p class="nothing">${w("handling_line")}</p>
      <div class="scroll-x"><table data-testid="handling"><thead><tr><th>${w("who")}</th><th class="numeric">${w("conversations")}</th><th class="numeric">${w("share")}</th><th class="numeric">${w("predicted")}</th><th class="numeric">${w("durable")}</th></tr></thead>
      <tbody>${HANDLINGS.map((name) => html`<tr key=${name}><td>${w(name)}</td><td class="numeric">${data.handling[name].count}</td><td class="numeric">${share(data.count ? data.handling[name].count / data.count : null)}</td><td class="numeric">${score(data.handling[name].predicted)}</td>
        <td class="numeric">${data.handling[name].judged ? `${share(data.handling[name].durable / data.handling[name].judged)} (${data.handling[name].judged})` : "–"}</td></tr>`)}</tbody></table></div></section>
    <div class="columns">
      <section class="card"><h3>${w("survey")}</h3><${Survey} survey=${data.survey} />
        ${data.survey.answered > 0 && html`<${Plot} label=${w("scores")} x=${PLACES} names=${NAMES} xLabel=${w("given_score")} series=${scores} height=${150} />`}</section>
      <section class="card"><div class="row"><h3 class="grow">${w("funnel")}</h3><button type="button" class="button quiet small" onClick=${() => download("export_offers", { days }, "offers.csv")}>${w("offers_csv")}</button></div><table data-testid="funnel"><tbody>${STEPS.map((step) => html`<tr key=${step}><td>${w(`offer_${step}`)}</td><td class="numeric">${data.funnel[step]}</td>
        <td><div class="bar"><i style=${{ width: share(data.funnel.proposed ? data.funnel[step] / data.funnel.proposed : 0) }}></i></div></td></tr>`)}</tbody></table>
        ${data.funnel.logged != null && html`<p class="nothing">${w("taken_share", { share: share(data.funnel.logged) })}</p>`}
        ${data.funnel.greedy && html`<p class="nothing">${w("greedy", { share: share(data.funnel.greedy.value), low: share(data.funnel.greedy.low), high: share(data.funnel.greedy.high) })}</p>`}</section>
    </div>
    <section class="card scroll-x"><h3>${w("by_topic")}</h3>${topics.length === 0 ? html`<p class="nothing">${w("nothing_yet")}</p>` : html`<table><thead><tr><th>${w("topic")}</th><th class="numeric">${w("conversations")}</th><th class="numeric">${w("predicted")}</th><th class="numeric">${w("given_mean")}</th></tr></thead>
      <tbody>${topics.map((row) => html`<tr key=${row.topic}><td>${row.label || w("no_topic")}</td><td class="numeric">${row.count}</td><td class="numeric">${score(row.predicted)}</td><td class="numeric">${row.given == null ? "–" : `${score(row.given)} (${row.answers})`}</td></tr>`)}</tbody></table>`}</section>`;
}

function Survey({ survey }) {
  if (!survey.asked) return html`<p class="nothing">${w("nothing_yet")}</p>`;
  if (!survey.answered) return html`<p class="nothing">${w("survey_none", { asked: survey.asked })}</p>`;
  return html`<p>${w("survey_line", { answered: survey.answered, asked: survey.asked, given: score(survey.given) })}
      ${survey.low != null && survey.answered > 1 ? ` (${score(survey.low)}–${score(survey.high)})` : ""}</p>
    ${survey.bias != null && html`<p class="nothing" data-testid="bias">${w("bias", { answered: score(survey.predicted_answered), silent: score(survey.predicted_silent) })}
      ${survey.corrected != null ? ` ${w("corrected", { score: score(survey.corrected) })}` : ""}</p>`}
    ${survey.remarks.length > 0 && html`<ul data-testid="remarks">${survey.remarks.map((one, i) => html`<li key=${i}>${NAMES[one.score - 1]} · ${one.remark}</li>`)}</ul>`}`;
}
