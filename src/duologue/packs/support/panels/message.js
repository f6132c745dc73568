/** Beside a conversation: the intents of the last message with their confidence, what it names, and the mood of each turn as a line. */
import { html } from "../../js/shared/html.js";
import { Meter } from "../../js/shared/parts.js";
import { Plot } from "../../js/shared/plot.js";
import { score, share, useQuery, w, Waiting } from "./fetch.js";

const SEEN = 0.02; // below it another intent is no alternative
const SCALE = [1, 5];
const likely = (one) => one.others.slice(0, 2).filter(([, p]) => p >= SEEN);

export default function Message({ conversation, version, lang, query }) {
  const [data] = useQuery(query, "message", {}, [conversation?.id, version, lang]);
  if (!data) return html`<${Waiting} />`;
  if (!data.last.understanding) return html`<p class="nothing">${w("nothing_read")}</p>`;
  const { last, labels, turns, alarms } = data;
  const satisfaction = last.satisfaction;
  return html`
    ${last.intents.map((one) => html`<div key=${one.intent + one.text} data-testid="intent">
      ${one.is_in_scope ? html`<div class="row"><strong class="grow">${labels[one.intent]}</strong><span class="numeric">${share(one.confidence)}</span></div>
      <div><${Meter} value=${one.confidence} label=${w("confidence")} /></div>` : html`<strong>${w("out_of_scope")}</strong><div class="nothing">${w("nearest", { intent: labels[one.intent] })}</div>`}
      ${one.is_in_scope && likely(one).length > 0 && html`<div class="nothing">${w("or")} ${likely(one).map(([intent, p]) => `${labels[intent]} ${share(p)}`).join(" · ")}</div>`}
    </div>`)}
    <div class="chips">
      <span class="badge ${last.route.priority === "urgent" || last.route.priority === "high" ? "warn" : ""}">${w(`priority_${last.route.priority}`)}</span>
      ${last.route.team && html`<span class="badge">${w("team")}: ${last.route.team}</span>`}
      <span class="badge" data-testid="mood">${w(`mood_${last.sentiment}`)}${last.emotion && last.emotion !== "none" ? ` · ${w(`emotion_${last.emotion}`)}` : ""}</span>
      ${last.slots.map((slot) => html`<span class="badge ai" key=${slot.start}>${w(`slot_${slot.kind}`)}: ${slot.value}</span>`)}
    </div>
    ${satisfaction && html`<p class="nothing">${w("satisfaction", { score: score(satisfaction.score), low: satisfaction.low, high: satisfaction.high })}</p>`}
    ${turns.length > 1 && html`<${Plot} label=${w("mood_line")} height=${130} range=${SCALE} x=${turns.map((_, i) => i + 1)} xLabel=${w("turn")}
      series=${[{ label: w("expected_score"), values: turns.map((turn) => turn.score) }]} />`}
    ${last.causes?.length > 0 && html`<details><summary>${w("causes")}</summary><ul>${last.causes.map(([text, change]) => html`<li key=${text}>“${text}” <span class="numeric">${score(change)}</span></li>`)}</ul></details>`}
    ${alarms.length > 0 && html`<p class="badge warn" data-testid="alarm">${w("alarmed", { n: alarms.length })}</p>`}`;
}
