/** Beside a conversation: answers to send or copy, and offers to send, to change for another item, or to drop. */
import { html, useState } from "../../js/shared/html.js";
import { say } from "../../js/shared/parts.js";
import { doing, useQuery, w, Waiting } from "./fetch.js";

export default function Suggest({ conversation, version, lang, query, command }) {
  const marks = [conversation?.id, version, lang];
  const [offers, reload] = useQuery(query, "offers", {}, marks);
  const [answers] = useQuery(query, "answers", {}, [...marks, conversation?.last_public_seq]);
  if (!offers) return html`<${Waiting} />`;
  const act = (name, args, done) => doing(command(name, args), done, reload);
  return html`
    ${(answers?.answers ?? []).map((a) => html`<${Answer} key=${a.title + a.body.slice(0, 40)} answer=${a} act=${act} />`)}
    ${answers?.answers.length === 0 && html`<p class="nothing">${w("no_answers")}</p>`}
    ${offers.offers.length === 0 && html`<p class="nothing">${w("no_offers")}</p>`}
    ${offers.offers.map((offer) => html`<${Offer} key=${offer.id} offer=${offer} items=${offers.items} act=${act} />`)}`;
}

function Answer({ answer, act }) {
  const copy = () => navigator.clipboard.writeText(answer.body).then(() => say(w("copied")));
  return html`<details class="answer" data-testid="answer"><summary>${answer.kind === "approved" && html`<span class="badge expert">${w("approved")}</span>`} ${answer.title}</summary>
    <p>${answer.body}</p><div class="row"><button type="button" class="button small" aria-label=${`${w("send")}: ${answer.title}`} onClick=${() => act("send_answer", { body: answer.body }, w("sent"))}>${w("send")}</button>
    <button type="button" class="button quiet small" aria-label=${`${w("copy")}: ${answer.title}`} onClick=${copy}>${w("copy")}</button></div></details>`;
}

function Offer({ offer, items, act }) {
  const [isChanging, setChanging] = useState(false);
  return html`<div data-testid="offer" data-state=${offer.state}>
    <div class="row"><strong class="grow">${offer.title}</strong>${offer.price != null && html`<span>${offer.price}</span>`}<span class="badge">${w(`offer_${offer.state}`)}</span></div>
    ${offer.reason && html`<small class="nothing">${offer.reason}</small>`}
    ${offer.state === "proposed" && html`<div class="row">
      <button type="button" class="button small" data-testid="send-offer" onClick=${() => act("send_offer", { offer: offer.id }, w("sent"))}>${w("offer_send")}</button>
      <button type="button" class="button quiet small" onClick=${() => setChanging(!isChanging)}>${w("offer_change")}</button>
      <button type="button" class="button quiet small" onClick=${() => act("drop_offer", { offer: offer.id }, w("offer_dropped"))}>${w("offer_drop")}</button></div>`}
    ${isChanging && html`<select aria-label=${w("offer_change")} onChange=${(e) => {
      setChanging(false);
      act("change_offer", { offer: offer.id, item: e.target.value }, w("saved"));
    }}><option value="">${w("choose")}</option>${items.map((item) => html`<option key=${item.id} value=${item.id}>${item.title}</option>`)}</select>`}
  </div>`;
}
