/** A plot that one can read: lines, points or bars over a common axis, in the page's colours, with a text for those who cannot see it. */
import UPlot from "../../vendor/uplot.js";
import { html, useEffect, useRef } from "./html.js";
import { locale } from "./i18n.js";
import { isDark } from "./theme.js";

const COLOURS = ["--accent", "--expert", "--warn", "--good", "--bad", "--note"];
const COUNTS = [1, 2, 5].flatMap((n) => [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].map((by) => n * by)).sort((a, b) => a - b);
const DAY_S = 86_400;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function style() {
  const href = new URL("../../vendor/uplot.css", import.meta.url).href;
  if (!document.querySelector(`link[href="${href}"]`)) document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/**
 * @param {object} props
 * @param {string} props.label  what the plot shows; read aloud, and shown above it
 * @param {number[]} props.x  numbers, or seconds since 1970 where `isTime`
 * @param {{label: string, values: (number | null)[], kind?: "line" | "points" | "bars", colour?: string}[]} props.series
 * @param {string[]} [props.names]  names of the x positions, where they are categories
 * @param {[number, number]} [props.range]  the ends of a scale that is known, as of scores
 */
export function Plot({ label, x, series, names, isTime = false, range, height = 200, xLabel = "", yLabel = "" }) {
  const box = useRef(null);
  useEffect(() => {
    style();
    if (!x.length) return;
    const ink = colour("--ink-2");
    const line = { stroke: ink, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
    const isCounted = !isTime && !names && x.every(Number.isInteger); // no turn 1.25
    const format = new Intl.NumberFormat(locale(), { maximumFractionDigits: 3 });
    const showLast = (u) => u.cursor.idx == null && u.setLegend({ idx: x.length - 1 }); // the legend is never empty
    const plot = new UPlot(
      {
        width: box.current.clientWidth || 320,
        height,
        hooks: { ready: [showLast], setCursor: [showLast] },
        scales: { x: { time: isTime, ...(isTime && x.length === 1 ? { range: [x[0] - 3 * DAY_S, x[0] + 3 * DAY_S] } : {}), ...(names ? { range: [-0.5, x.length - 0.5] } : {}) }, ...(range ? { y: { range } } : {}) },
        axes: [
          { ...line, label: xLabel || undefined, ...(names ? { splits: () => x, values: (_, at) => at.map((i) => names[i] ?? "") } : {}), ...(isCounted ? { incrs: COUNTS } : {}) },
          { ...line, label: yLabel || undefined, size: 56, values: (_, at) => at.map((v) => format.format(v)), ...(range ? { incrs: COUNTS, space: 16 } : {}) },
        ],
        series: [
          { label: xLabel || "x", value: (_, v) => (v == null ? "" : names ? names[v] : isTime ? new Date(v * 1000).toLocaleDateString(locale()) : format.format(v)) },
          ...series.map(({ label: named, kind = "line", colour: own }, i) => [named, kind, own ?? COLOURS[i % COLOURS.length]]).map(([named, kind, own]) => ({
            label: named,
            stroke: colour(own),
            fill: kind === "bars" ? `${colour(own)}55` : undefined,
            width: 2,
            paths: kind === "bars" ? UPlot.paths.bars({ size: [0.6, 48] }) : kind === "points" ? () => null : undefined,
            points: { show: kind !== "bars" && (kind === "points" || x.length < 60) },
            value: (_, v) => (v == null ? "" : format.format(v)),
          })),
        ],
      },
      [x, ...series.map((s) => s.values)],
      box.current,
    );
    const size = new ResizeObserver(() => box.current && plot.setSize({ width: box.current.clientWidth, height }));
    size.observe(box.current);
    return () => {
      size.disconnect();
      plot.destroy();
    };
  }, [x, series, names, height, isDark()]);
  const said = series.map((s) => `${s.label}: ${s.values.map((v, i) => `${names?.[i] ?? x[i]} ${v ?? "–"}`).slice(0, 40).join(", ")}`).join("; ");
  return html`<figure class="plot" data-testid="plot"><figcaption>${label}</figcaption><div ref=${box} role="img" aria-label=${`${label}. ${said}`}></div></figure>`;
}
