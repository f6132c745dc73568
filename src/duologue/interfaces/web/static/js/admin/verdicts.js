/** What experts decided, what they changed, and all of it as training examples. */
import { html, useState } from "../shared/html.js";
import { Icon } from "../shared/icons.js";
import { Diff, tell } from "../shared/parts.js";
import { get } from "../shared/api.js";
import { dateTime } from "../shared/dates.js";
import { has, percent, t } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";

const FORMATS = ["sft", "dpo", "kto"];
const PAGE = 30;
const LOOK = { approve: "good", edit: "ai", respond: "expert", reject: "bad", regenerate: "note", ignore: "" };

export function Verdicts() {
  const { data, problem, reload } = useFetched(`/api/admin/verdicts?limit=${PAGE}`);
  const [more, setMore] = useState([]);
  const [isAll, setAll] = useState(false);
  const rows = [...(data?.verdicts ?? []), ...more];
  const next = () =>
    get(`/api/admin/verdicts?limit=${PAGE}&before=${rows.at(-1).verdict.id}`).then(({ verdicts }) => {
      setMore([...more, ...verdicts]);
      setAll(verdicts.length < PAGE);
    }, tell);
  return html`<${ViewHead} title=${t("admin.verdicts")} line=${t("verdicts.line")}>
      ${isAtLeast("admin") && FORMATS.map((format) => html`<a key=${format} class="button small quiet" href=${`/api/admin/export?format=${format}`} download title=${t(`verdicts.about_${format}`)}
        data-testid=${`export-${format}`}><${Icon} name="download" size=${15} />${format.toUpperCase()}</a>`)}</${ViewHead}>
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
      ${rows.length === 0 && html`<section class="card"><p class="empty">${t("verdicts.none")}</p></section>`}
      ${rows.map((row) => html`<${Verdict} key=${row.verdict.id} row=${row} />`)}
      ${data.verdicts.length === PAGE && !isAll && html`<button type="button" class="button small quiet" onClick=${next}>${t("verdicts.more")}</button>`}`}`;
}

function Verdict({ row: { verdict: v, diff, reviewer_name } }) {
  const spent = v.shown_at ? Math.max(0, Math.round((Date.parse(v.decided_at) - Date.parse(v.shown_at)) / 1_000)) : null;
  return html`<article class="card verdict" data-testid="verdict">
    <header><span class="badge ${LOOK[v.kind]}">${t(`verdict.${v.kind}`)}</span><span class="grow question">${v.question}</span><time>${dateTime(v.decided_at)}</time></header>
    ${v.kind === "edit" || v.kind === "respond" ? html`<${Diff} changes=${diff} />` : html`<p class="diff ${v.kind === "reject" ? "struck" : ""}">${v.final_text || v.draft_text}</p>`}
    <footer><span>${reviewer_name || t("author.team")}</span>${spent !== null && html`<span>${t("verdicts.spent", { n: spent })}</span>`}
      ${v.confidence !== null && html`<span>${t("draft.confidence")} ${percent(v.confidence)}</span>`}
      ${v.reason && html`<span class="badge">${has(`reject.${v.reason}`, v.reason)}</span>`}${v.instruction && html`<span>${v.instruction}</span>`}
      <code>${v.model_version}</code><code>${v.prompt_version}</code><a href=${`/admin?verdict=${v.id}#learning`}>${t("lineage.trace")}</a></footer>
  </article>`;
}
