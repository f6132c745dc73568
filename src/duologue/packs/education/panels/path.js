/** A path drawn three ways: a list by day with the reasons, the graph of what the goal needs, a calendar. Knows no query. */
import { html, useMemo, useState } from "../../js/shared/html.js";
import { lang, locale, percent, t } from "../../js/shared/i18n.js";

const at = (day) => new Date(`${day}T12:00:00Z`);
const format = (day, options) => new Intl.DateTimeFormat(locale(), { timeZone: "UTC", ...options }).format(at(day));
/** A day as people say it. */
export const dayLabel = (day) => format(day, { weekday: "long", month: "long", day: "numeric" });
const plus = (day, n) => new Date(at(day).getTime() + n * 86_400_000).toISOString().slice(0, 10);
const kindOf = (s) => t(`education.kind_${s.kind}`);

/** @param {{tabs: {id: string, label: string}[], now: string, choose: Function, label: string}} props */
export function Views({ tabs, now, choose, label }) {
  const onKey = (e) => {
    const i = tabs.findIndex((x) => x.id === now);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1 }[e.key];
    if (to === undefined) return;
    choose(tabs.at(to % tabs.length).id);
    e.currentTarget.children[(to + tabs.length) % tabs.length].focus();
  };
  return html`<div class="views" role="tablist" aria-label=${label} onKeyDown=${onKey}>${tabs.map((x) => html`<button key=${x.id} type="button" role="tab" aria-selected=${x.id === now}
    tabindex=${x.id === now ? 0 : -1} onClick=${() => choose(x.id)}>${x.label}</button>`)}</div>`;
}

/** @param {{path: object, read?: Function, most?: number}} props */
export function List({ path, read, most = 5 }) {
  const [isAll, setAll] = useState(false);
  const days = [...new Set(path.steps.map((s) => s.day))];
  const shown = isAll ? days : days.slice(0, most);
  return html`<ol class="days" data-testid="path">${shown.map((day) => html`<li key=${day} class=${day === path.today ? "is-today" : ""}><h4>${day === path.today ? `${t("education.today")} · ` : ""}${dayLabel(day)}</h4>
      ${path.steps.filter((s) => s.day === day).map((s) => html`<div class="stop" key=${s.id}><span class="kind ${s.kind}">${kindOf(s)}</span>
        <span>${s.resource && read ? html`<button class="link" type="button" onClick=${() => read(s.resource)}>${s.title}</button>` : s.title || s.name}${s.is_fixed && html` <span title=${t("education.fixed")} role="img" aria-label=${t("education.fixed")}>★</span>`}</span>
        <span class="numeric">${t("education.minutes", { n: s.minutes })}</span><small>${s.why}</small></div>`)}</li>`)}</ol>
    ${days.length > most && html`<button class="link" type="button" aria-expanded=${isAll} onClick=${() => setAll(!isAll)}>${t(isAll ? "education.fewer_days" : "education.all_days", { n: days.length })}</button>`}`;
}

const WIDE = 168;
const HIGH = 46;
const GAP_X = 44;
const GAP_Y = 14;

/** Columns by what builds on what; within a column near to what a skill builds on (barycentre), so that fewer lines cross. */
function lay(nodes) {
  const columns = [];
  nodes.forEach((n) => (columns[n.layer] ??= []).push(n));
  const row = {};
  columns.forEach((column) => {
    const want = (n) => (n.after.length ? n.after.reduce((sum, p) => sum + (row[p] ?? 0), 0) / n.after.length : 0);
    column.sort((a, b) => want(a) - want(b)).forEach((n, i) => (row[n.id] = i));
  });
  const tall = Math.max(...columns.map((c) => c.length));
  const place = {};
  columns.forEach((column, x) => column.forEach((n, i) => (place[n.id] = { x: x * (WIDE + GAP_X) + 4, y: (i + (tall - column.length) / 2) * (HIGH + GAP_Y) + 4 })));
  return { place, width: columns.length * (WIDE + GAP_X) - GAP_X + 8, height: tall * (HIGH + GAP_Y) - GAP_Y + 8 };
}

function lines(name) {
  const most = lang.value === "zh" ? 13 : 27;
  if (name.length <= most) return [name];
  const cut = lang.value === "zh" ? most : Math.max(name.lastIndexOf(" ", most), 1);
  const rest = name.slice(cut).trim();
  return [name.slice(0, cut), rest.length > most ? `${rest.slice(0, most - 1)}…` : rest];
}

/** @param {{nodes: object[], chosen: string, choose: Function, label: string}} props */
export function Graph({ nodes, chosen, choose, label }) {
  const { place, width, height } = useMemo(() => lay(nodes), [nodes]);
  const say = (n) => [n.name, n.is_goal && t("education.is_goal"), n.is_few ? t("education.few_short", { n: n.answers }) : t("education.known_now", { p: percent(n.known) }), t(`education.state_${n.state}`)].filter(Boolean).join(", ");
  const onKey = (e, id) => (e.key === "Enter" || e.key === " ") && (e.preventDefault(), choose(id));
  return html`<div class="scroll-x" data-testid="graph"><svg class="graph" role="group" aria-label=${label} width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`}>
    ${nodes.flatMap((n) => n.after.filter((p) => place[p]).map((p) => {
      const [a, b] = [place[p], place[n.id]];
      const [x1, y1, x2, y2] = [a.x + WIDE, a.y + HIGH / 2, b.x, b.y + HIGH / 2];
      return html`<path key=${`${p}-${n.id}`} class=${chosen === n.id || chosen === p ? "on" : ""} d=${`M${x1} ${y1} C${x1 + GAP_X / 2} ${y1} ${x2 - GAP_X / 2} ${y2} ${x2} ${y2}`}></path>`;
    }))}
    ${nodes.map((n) => html`<g key=${n.id} class=${`node ${n.is_few ? "few" : ""} ${n.is_goal ? "goal" : ""} ${chosen === n.id ? "on" : ""}`} transform=${`translate(${place[n.id].x} ${place[n.id].y})`}
        role="button" tabindex="0" aria-pressed=${chosen === n.id} aria-label=${say(n)} onClick=${() => choose(n.id)} onKeyDown=${(e) => onKey(e, n.id)}><title>${say(n)}</title>
      <rect class="box" width=${WIDE} height=${HIGH} rx="9"></rect>
      ${lines(n.name).map((line, i, all) => html`<text key=${i} x="9" y=${(all.length > 1 ? 15 : 20) + i * 13}>${line}</text>`)}
      <rect class="rail" x="9" y=${HIGH - 10} width=${WIDE - 52} height="4" rx="2"></rect><rect class="known" x="9" y=${HIGH - 10} width=${(WIDE - 52) * n.known} height="4" rx="2"></rect>
      <text class="sure" x=${WIDE - 8} y=${HIGH - 5} text-anchor="end">${n.is_few ? "?" : n.state === "known" ? `✓ ${percent(n.known)}` : percent(n.known)}</text></g>`)}</svg></div>
    <p class="key"><span>▬ ${t("education.key_known")}</span><span>┄ ${t("education.key_few")}</span><span>→ ${t("education.key_arrow")}</span><span>${t("education.key_goal")}</span></p>`;
}

/** @param {{path: object, choose: Function}} props */
export function Month({ path, choose }) {
  const monday = plus(path.today, -((at(path.today).getUTCDay() + 6) % 7));
  const last = path.steps.reduce((day, s) => (s.day > day ? s.day : day), path.goal.due);
  const weeks = Math.ceil((at(last) - at(monday) + 86_400_000) / (7 * 86_400_000));
  const days = Array.from({ length: 7 }, (_, i) => plus(monday, i));
  const cell = (day) => {
    const steps = path.steps.filter((s) => s.day === day);
    const isOut = day < path.today || day > path.goal.due;
    return html`<td key=${day} class=${`${isOut ? "out" : ""} ${day === path.today ? "is-today" : ""}`}><span class="date">${format(day, { month: "short", day: "numeric" })}</span>
      ${day === path.goal.due && html` <span class="date due">${t("education.goal")}</span>`}
      ${steps.map((s) => html`<button key=${s.id} type="button" class="kind ${s.kind}" title=${`${kindOf(s)}: ${s.title || s.name}. ${s.why}`} onClick=${() => choose(s.skill)}>${s.is_fixed ? "★ " : ""}<span class="sr">${kindOf(s)}: </span>${s.name}</button>`)}</td>`;
  };
  return html`<div class="scroll-x" data-testid="month"><table class="month"><caption class="sr">${t("education.calendar_label")}</caption>
    <thead><tr>${days.map((d) => html`<th key=${d} scope="col">${format(d, { weekday: "short" })}</th>`)}</tr></thead>
    <tbody>${Array.from({ length: Math.min(weeks, 53) }, (_, w) => html`<tr key=${w}>${days.map((_, i) => cell(plus(monday, 7 * w + i)))}</tr>`)}</tbody></table></div>
    <p class="key">${["diagnose", "lesson", "practice", "review"].map((k) => html`<span key=${k} class="kind ${k}">${t(`education.kind_${k}`)}</span>`)}<span>★ ${t("education.fixed")}</span></p>`;
}
