/** What a person in danger must not overlook: a filled box, announced at once, its telephone numbers ready to be dialled. */
import { html } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { notice } from "../shared/notices.js";
import { t } from "../shared/i18n.js";

const CODES = new Set(["red_flag", "danger", "self_harm"]);
const NUMBER = /(\+?\d(?:[ -]?\d){2,14})/;

/** Whether a line of the house tells somebody to get help now. */
export const isUrgent = (m) => m.kind === "notice" && CODES.has(m.data?.code);

/** @param {{ m: object }} props a notice of which `isUrgent` holds */
export function Urgent({ m }) {
  const parts = notice(m).split(NUMBER);
  return html`<section class="urgent" role="alert" data-testid="notice" data-code=${m.data.code}>
    <${Icon} name="alert" size=${30} />
    <div><h2>${t("chat.urgent")}</h2>
      <p>${parts.map((part, i) => (i % 2 ? html`<a key=${i} href=${`tel:${part.replace(/[^+\d]/g, "")}`}>${part}</a>` : part))}</p></div>
  </section>`;
}
