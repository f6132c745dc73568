/** Times as people read them, and a clock that makes waiting times tick. */
import { signal } from "./html.js";
import { locale, t } from "./i18n.js";

/** Now, in milliseconds, renewed every second while the page is seen. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);

const format = (at, options) => new Intl.DateTimeFormat(locale(), options).format(new Date(at));
const startOfDay = (at) => new Date(at).setHours(0, 0, 0, 0);

export const clockTime = (at) => format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const dateTime = (at) => format(at, { dateStyle: "medium", timeStyle: "short" });
export const sameDay = (a, b) => startOfDay(a) === startOfDay(b);

/** Today, Yesterday, or the date. */
export function dayName(at) {
  const days = Math.round((startOfDay(Date.now()) - startOfDay(at)) / 86_400_000);
  if (days === 0) return t("day.today");
  if (days === 1) return t("day.yesterday");
  const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
  return format(at, { weekday: "short", month: "short", day: "numeric", year: isThisYear ? undefined : "numeric" });
}

/** Time today, else the day: for lists. */
export const shortDate = (at) => (sameDay(at, Date.now()) ? clockTime(at) : format(at, { month: "short", day: "numeric" }));

/** How long since `at`: 45 s, 3 min, 2 h, 5 d. Ticks. */
export function since(at) {
  const s = Math.max(0, Math.floor((now.value - Date.parse(at)) / 1_000));
  if (s < 60) return t("since.seconds", { n: s });
  if (s < 3_600) return t("since.minutes", { n: Math.floor(s / 60) });
  if (s < 86_400) return t("since.hours", { n: Math.floor(s / 3_600) });
  return t("since.days", { n: Math.floor(s / 86_400) });
}
