/** Beside a conversation: the customer's orders (by the addresses that were written here), what they are worth, and earlier contact. */
import { html } from "../../js/shared/html.js";
import { shortDate } from "../../js/shared/dates.js";
import { score, useQuery, w, Waiting } from "./fetch.js";

const FACES = ["😡", "🙁", "😐", "🙂", "😍"];

export default function Customer({ conversation, version, lang, query }) {
  const [data] = useQuery(query, "customer", {}, [conversation?.id, version, lang]);
  if (!data) return html`<${Waiting} />`;
  return html`
    ${data.orders.length === 0 && html`<p class="nothing">${w("no_orders")}</p>`}
    ${data.worth.length > 0 && html`<p>${w("worth", { total: data.worth.join(" + "), n: data.orders.length })}</p>`}
    ${data.orders.map((order) => html`<div key=${order.number} data-testid="order"><div class="row"><strong class="grow">${order.number}</strong><span>${order.total}</span></div>
      <small class="nothing">${shortDate(order.at)} · ${order.status_text}<br />${order.items}</small></div>`)}
    <p class="nothing">${w("earlier", { n: data.count })}${data.earlier.filter((c) => c.topic).slice(0, 3).map((c) => ` · ${c.topic}`)}</p>
    ${data.surveys.map((s) => html`<p key=${s.at} class="nothing"><span aria-label=${w("given", { n: s.score })}>${FACES[s.score - 1]} ${s.score}</span>
      ${` (${w("expected", { score: score(s.predicted) })})`} ${s.remark}</p>`)}`;
}
