/** For a person: the offers that were made, and the surveys. */
import { html } from "../../js/shared/html.js";
import { Offers, Survey } from "./cards.js";
import { useQuery, w, Waiting } from "./fetch.js";

export default function Mine({ version, lang, query, command }) {
  const [data] = useQuery(query, "mine", {}, [version, lang]);
  if (!data) return html`<${Waiting} />`;
  const open = data.surveys.filter((s) => s.score === null);
  const fresh = data.offers.filter((o) => o.state === "shown");
  return html`
    ${fresh.length === 0 && open.length === 0 && html`<p class="nothing">${w("nothing_open")}</p>`}
    ${fresh.length > 0 && html`<div class="card"><${Offers} card=${{ offers: fresh }} isPerson=${true} command=${command} /></div>`}
    ${open.map((s) => html`<div class="card" key=${s.id}><p>${w("how_was_it")}</p><${Survey} card=${{ survey: s.id }} isPerson=${true} command=${command} /></div>`)}`;
}
