/** A teacher's page: who needs help today, what waits, what each learner knows, plans to change and to sign, items, reading. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { percent, t } from "../../js/shared/i18n.js";
import { Heat } from "./heat.js";
import { Items, Shelf } from "./items.js";
import { Plan } from "./plan.js";
import { tell } from "./why.js";

export const styles = ["education.css"];

/** Sentences of one paragraph; Chinese has no space between them. */
const together = (sentences) => sentences.join(document.documentElement.lang.startsWith("zh") ? "" : " ");

function Help({ help, open }) {
  const [now, later] = [help.filter((h) => h.is_today), help.filter((h) => !h.is_today)];
  return html`<section><h3>${t("education.help")} (${now.length})</h3>${!now.length && html`<p class="nothing">${t("education.nobody")}</p>`}
    <ul class="people">${now.map((h) => html`<li key=${h.person_id} data-testid="help"><button class="link" type="button" style="justify-self: start" onClick=${() => open(h.person_id)}>${h.name}</button><small>${together(h.reasons)}</small></li>`)}</ul>
    ${later.length > 0 && html`<p class="nothing">${t("education.help_later")} ${later.map((h, i) => html`${i > 0 && ", "}<button key=${h.person_id} class="link" type="button" title=${together(h.reasons)} onClick=${() => open(h.person_id)}>${h.name}</button>`)}</p>`}</section>`;
}

function Waits({ shown, open }) {
  const { queue } = shown;
  return html`<section><h3>${t("education.waits")}</h3><ul class="people"><li><a class="link" style="justify-self: start" href="/packs/education/grades" data-testid="to-grades">${t("education.waits_grades", { n: queue.appeals + queue.single })}</a>
      <small>${t("education.waits_counts", { appeals: queue.appeals, single: queue.single, bulk: queue.bulk, new: queue.new })}</small></li></ul>
    <h3 style="margin-block-start: 12px">${t("education.to_sign", { n: shown.to_sign.length })}</h3><div class="chips">${shown.to_sign.map((l) => html`<button key=${l.person_id} class="button small quiet" type="button" onClick=${() => open(l.person_id)}>${l.name}</button>`)}</div></section>`;
}

/** @param {{version: number, query: Function, command: Function}} props */
export default function Class({ version, query, command }) {
  const [group, setGroup] = useState("");
  const [shown, setShown] = useState(null);
  const [who, setWho] = useState("");
  const [one, setOne] = useState(null);
  const [skill, setSkill] = useState(null);
  const load = async () => {
    setShown(await query("overview", { group }));
    setOne(who ? { ...(await query("learner", { person_id: who })), person_id: who } : null);
  };
  const act = (name, args) => command(name, args).then(() => load().then(() => true), (problem) => (tell(problem), false));
  useEffect(() => void load().catch(tell), [version, who, group]);
  const open = (id, about = "") => {
    setWho(id);
    setSkill(null);
    if (about) query("skill", { person_id: id, skill: about }).then(setSkill, tell);
    document.getElementById("learner-plan")?.scrollIntoView({ block: "nearest" });
  };
  if (!shown) return html`<div class="skeleton" aria-busy="true"></div>`;
  const choice = shown.groups.length > 1 && html`<label>${t("education.group")} <select data-testid="group" style="inline-size: auto" value=${group} onChange=${(e) => (setGroup(e.target.value), setWho(""))}>
    <option value="">${t("education.all_groups")}</option>${shown.groups.map((g) => html`<option key=${g} value=${g}>${g}</option>`)}</select></label>`;
  if (!shown.learners.length) return html`<div class="panel edu">${choice}<p class="nothing">${t("education.no_learners")}</p></div>`;
  return html`<div class="panel edu" style="grid-template-columns: minmax(0, 1fr)">${choice}
    <div class="columns"><${Help} help=${shown.help} open=${open} /><${Waits} shown=${shown} open=${open} /></div>
    <div id="learner-plan">${one && html`<${Plan} key=${one.person_id} one=${one} skills=${shown.skills} groups=${shown.groups} skill=${skill} about=${(id) => open(one.person_id, id)} act=${act} close=${() => open("")} />`}</div>
    <${Heat} shown=${shown} open=${open} percent=${percent} />
    <${Items} shown=${shown} /><${Shelf} shown=${shown} act=${act} /></div>`;
}
