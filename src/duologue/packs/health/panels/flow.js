/** The PRISMA 2020 flow of a review, drawn: what was identified, read, left out and kept. */
import { html } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";

const WIDTH = 250;
const SIDE = 330;
const STEP = 92;

function Box({ x, y, lines, isKept = false }) {
  const height = 26 + 17 * (lines.length - 1) + 10;
  return html`<g><rect x=${x} y=${y} width=${WIDTH} height=${height} rx="8" class=${isKept ? "kept" : ""} />
    ${lines.map((line, i) => html`<text x=${x + 12} y=${y + 22 + 17 * i} class=${i ? "small" : ""}>${line}</text>`)}</g>`;
}

const Arrow = ({ x1, y1, x2, y2 }) => html`<line x1=${x1} y1=${y1} x2=${x2} y2=${y2} marker-end="url(#flow-end)" />`;

/** @param {{flow: object}} props numbers as the query `review` tells them */
export function Flow({ flow }) {
  const few = (entries) => entries.slice(0, 3).map(([k, n]) => `${k.length > 26 ? `${k.slice(0, 25)}…` : k}: ${n}`);
  const kept = [
    [t("health.flow_identified", { n: flow.total }), ...few(Object.entries(flow.identified))],
    [t("health.flow_screened", { n: flow.screened }), t("health.flow_unread", { n: flow.unread })],
    [t("health.flow_assessed", { n: flow.assessed })],
    [t("health.flow_included", { n: flow.included }), ...(flow.retracted ? [t("health.flow_retracted", { n: flow.retracted })] : [])],
  ];
  const left = [
    [t("health.flow_duplicates", { n: flow.duplicates })],
    [t("health.flow_excluded", { n: flow.excluded })],
    [t("health.flow_reasons", { n: flow.assessed - flow.included }), ...few(Object.entries(flow.reasons))],
  ];
  const tops = kept.map((_, i) => 8 + i * STEP + (i ? 24 : 0));
  const told = [...kept, ...left].map((lines) => lines.join(", ")).join("; ");
  return html`<figure class="flow" data-testid="flow"><svg viewBox="0 0 600 370" role="img" aria-label=${told}>
    <defs><marker id="flow-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" /></marker></defs>
    ${kept.map((lines, i) => html`<${Box} key=${i} x=${8} y=${tops[i]} lines=${lines} isKept=${i === kept.length - 1} />`)}
    ${left.map((lines, i) => html`<${Box} key=${`l${i}`} x=${SIDE} y=${tops[i]} lines=${lines} />`)}
    ${tops.slice(1).map((y, i) => html`<${Arrow} key=${`a${i}`} x1="133" y1=${tops[i] + 26 + 17 * (kept[i].length - 1) + 10} x2="133" y2=${y - 1} />`)}
    ${left.map((_, i) => html`<${Arrow} key=${`b${i}`} x1="258" y1=${tops[i] + 18} x2=${SIDE - 1} y2=${tops[i] + 18} />`)}</svg>
    <figcaption>${t("health.flow_hint")}</figcaption></figure>`;
}
