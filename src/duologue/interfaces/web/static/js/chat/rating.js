/** A thumb on an answer; a thumb down asks why. */
import { html, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { say as toast, tell } from "../shared/parts.js";
import { t } from "../shared/i18n.js";
import { rate } from "./store.js";

const REASONS = ["wrong", "unclear", "unhelpful", "rude"];
const given = new Map(); // by message id, for this visit

export function Rating({ message, isLast }) {
  const [value, setValue] = useState(given.get(message.id) ?? null);
  const [isAsking, setAsking] = useState(false);
  const [words, setWords] = useState("");
  const give = (which, reason = "") => {
    setValue(which);
    given.set(message.id, which);
    rate(message, which, reason).then(() => (reason || which === "up") && toast(t("rating.thanks")), tell);
  };
  const done = (reason) => {
    setAsking(false);
    if (reason) give("down", reason);
  };
  return html`<span class="rating ${value || isLast ? "shown" : ""}" role="group" aria-label=${t("rating.label")}>
      <button type="button" class="icon-button tiny" aria-pressed=${value === "up"} aria-label=${t("rating.up")} title=${t("rating.up")}
        data-testid="thumb-up" onClick=${() => give("up")}><${Icon} name="up" size=${15} /></button>
      <button type="button" class="icon-button tiny" aria-pressed=${value === "down"} aria-label=${t("rating.down")} title=${t("rating.down")}
        data-testid="thumb-down" onClick=${() => {
          give("down");
          setAsking(true);
        }}><${Icon} name="down" size=${15} /></button>
    </span>
    ${isAsking && html`<form class="why" onSubmit=${(e) => {
      e.preventDefault();
      done(words.trim());
    }}>
      <p>${t("rating.why")}</p>
      <div class="chips">${REASONS.map((reason) => html`<button type="button" class="chip" key=${reason} data-testid="rating-reason"
        onClick=${() => done(t(`rating.reason_${reason}`))}>${t(`rating.reason_${reason}`)}</button>`)}</div>
      <div class="row"><input type="text" maxlength="500" value=${words} onInput=${(e) => setWords(e.target.value)}
        placeholder=${t("rating.own_words")} aria-label=${t("rating.own_words")} />
        <button class="button small" type="submit">${t("action.send")}</button>
        <button class="button small quiet" type="button" onClick=${() => done("")}>${t("action.skip")}</button></div>
    </form>`}`;
}
