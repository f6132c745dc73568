/** Who writes the answers, and from which confidence on they go out alone. */
import { html, useEffect, useState } from "../shared/html.js";
import { say, tell } from "../shared/parts.js";
import { patch } from "../shared/api.js";
import { number, percent, t } from "../shared/i18n.js";
import { isAtLeast } from "../desk/store.js";
import { ViewHead, Waiting, useFetched } from "./fetched.js";

export function Models() {
  const { data, setData, problem, reload } = useFetched("/api/admin/models");
  const [value, setValue] = useState(null);
  useEffect(() => setValue(data?.threshold ?? null), [data]);
  const canWrite = isAtLeast("admin");
  const save = (e) => {
    e.preventDefault();
    patch("/api/admin/models", { threshold: value }).then((now) => {
      setData(now);
      say(t("admin.saved"));
    }, tell);
  };
  const engine = data?.engine;
  return html`<${ViewHead} title=${t("admin.models")} line=${t("models.line")} />
    ${!data ? html`<${Waiting} problem=${problem} reload=${reload} />` : html`
    <section class="card"><h3>${engine.name}</h3><dl class="facts wide">
      <div><dt>${t("models.kind")}</dt><dd>${t(`models.kind_${engine.kind}`)}</dd></div>
      <div><dt>${t("models.version")}</dt><dd><code>${engine.version}</code></dd></div>
      <div><dt>${t("models.context")}</dt><dd>${t("models.tokens", { n: number(engine.context_tokens) })}</dd></div>
      <div><dt>${t("models.tools")}</dt><dd>${t(engine.has_tools ? "models.yes" : "models.no_tools")}</dd></div>
      <div><dt>${t("models.strength")}</dt><dd>${t(engine.is_strong ? "models.strong" : "models.small")}</dd></div></dl></section>
    <form class="card" onSubmit=${save}><h3>${t("models.threshold")}</h3><p class="nothing">${t("models.threshold_line")}</p>
      <div class="row slider"><input type="range" min="0" max="1" step="0.01" value=${value ?? 0} disabled=${!canWrite} aria-label=${t("models.threshold")}
        aria-valuetext=${percent(value ?? 0)} onInput=${(e) => setValue(Number(e.target.value))} /><output>${percent(value ?? 0)}</output></div>
      ${canWrite && html`<div class="row end"><button type="submit" class="button small" disabled=${value === data.threshold}>${t("action.save")}</button></div>`}</form>`}`;
}
