/** Cards in the chat: offers that the person takes or turns down, and the survey with five faces and one line. */
import { html, useState } from "../../js/shared/html.js";
import { doing, w } from "./fetch.js";

const FACES = ["😡", "🙁", "😐", "🙂", "😍"];

export function Offers({ card, isPerson, command }) {
  const [states, setStates] = useState({});
  const answer = (id, isAccepted) =>
    doing(command("answer_offer", { offer: id, is_accepted: isAccepted }), null, (found) => setStates({ ...states, [id]: found.state }));
  return html`${card.offers.map((offer) => html`<div key=${offer.id} data-testid="offer-card" data-state=${states[offer.id] ?? "shown"}>
    <div class="row"><strong class="grow">${offer.title}</strong>${offer.price != null && html`<span>${offer.price}</span>`}</div>
    ${offer.reason && html`<p class="nothing">${offer.reason}</p>`}
    ${isPerson && !states[offer.id] && html`<div class="row"><button type="button" class="button small" onClick=${() => answer(offer.id, true)}>${w("take")}</button>
      <button type="button" class="button quiet small" onClick=${() => answer(offer.id, false)}>${w("no_thanks")}</button></div>`}
    ${states[offer.id] && html`<p>${w(states[offer.id] === "accepted" ? "taken" : "declined")}</p>`}</div>`)}`;
}

export function Survey({ card, isPerson, command }) {
  const [chosen, setChosen] = useState(0);
  const [remark, setRemark] = useState("");
  const [thanks, setThanks] = useState("");
  if (!isPerson) return null;
  if (thanks) return html`<p data-testid="survey-thanks">${thanks}</p>`;
  const send = (e) => {
    e.preventDefault();
    doing(command("answer_survey", { survey: card.survey, score: chosen, remark }), null, (found) => setThanks(found.thanks));
  };
  return html`<form onSubmit=${send} data-testid="survey">
    <div class="row" role="radiogroup" aria-label=${w("how_was_it")}>${FACES.map((face, i) => html`<button key=${face} type="button" role="radio" aria-checked=${chosen === i + 1}
      class="icon-button" style=${{ fontSize: "1.5rem", opacity: !chosen || chosen === i + 1 ? 1 : 0.4 }} aria-label=${w("given", { n: i + 1 })} onClick=${() => setChosen(i + 1)}>${face}</button>`)}</div>
    ${chosen > 0 && html`<div class="row"><input type="text" class="grow" maxlength="500" value=${remark} placeholder=${w("why")} aria-label=${w("why")} onInput=${(e) => setRemark(e.target.value)} />
      <button type="submit" class="button small">${w("send")}</button></div>`}</form>`;
}
