/** Settings: catalogue, events and orders from CSV; broken rows are named. */
import { html, useState } from "../../js/shared/html.js";
import { asForm, doing, FileButton, useQuery, w, Waiting } from "./fetch.js";

const KINDS = ["catalogue", "events", "orders"];

export default function Shop({ version, lang, query, send }) {
  const [data, reload] = useQuery(query, "shop", {}, [version, lang]);
  const [report, setReport] = useState(null);
  if (!data) return html`<${Waiting} />`;
  const take = (kind, file) => doing(send(`import_${kind}`, asForm(file)), (found) => w("imported", { n: found.kept }), (found) => {
    setReport({ kind, ...found });
    reload();
  });
  return html`<header><h2>${w("shop")}</h2><p class="nothing">${w(data.is_sample ? "shop_sample" : "shop_line", { items: data.items, events: data.events })}</p></header>
    ${KINDS.map((kind) => html`<section class="card" key=${kind}><h3>${w(`import_${kind}`)}</h3><p class="nothing">${w(`columns_${kind}`)}</p>
      <div class="row"><${FileButton} label=${w("choose_file")} accept=".csv,text/csv" onFile=${(file) => take(kind, file)} /></div>
      ${report?.kind === kind && report.left_out > 0 && html`<p>${w("left_out", { n: report.left_out })}</p><ul>${report.faults.map(([line, fault]) => html`<li key=${line}>${w("line", { n: line })}: ${fault}</li>`)}</ul>`}
    </section>`)}
    ${Object.keys(data.trials).length > 0 && html`<section class="card"><h3>${w("trials")}</h3><table><tbody>${Object.entries(data.trials).map(([name, value]) => html`<tr key=${name}><td>${name}</td><td class="numeric">${value}</td></tr>`)}</tbody></table></section>`}`;
}
