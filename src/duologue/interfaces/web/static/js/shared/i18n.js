/** Words in the language of the page; switching it renders the page anew. Knows no word itself. */
import { signal } from "./html.js";
import { setCookie } from "./cookies.js";

/** @typedef {"en" | "zh"} Lang */
const TAGS = { en: "en", zh: "zh-CN" };
const root = document.documentElement;

/** @type {import("../../vendor/signals.js").Signal<Lang>} */
export const lang = signal(root.lang.startsWith("zh") ? "zh" : "en");
const words = signal(/** @type {Record<string, string | string[]>} */ ({}));

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** The text of `key`; `{name}` is replaced by `values.name`. */
export function t(key, values = {}) {
  const found = words.value[key];
  return fill(typeof found === "string" ? found : (found?.at(-1) ?? key), values);
}

/** The text of `key` for a number; `{n}` is the number. */
export function tn(key, n, values = {}) {
  const found = words.value[key];
  if (!Array.isArray(found)) return t(key, { n, ...values });
  const isOne = found.length > 1 && new Intl.PluralRules(TAGS[lang.value]).select(n) === "one";
  return fill(isOne ? found[0] : found.at(-1), { n: number(n), ...values });
}

/** The text of `key`, or `otherwise` where there is none: for codes that a newer server may send. */
export const has = (key, otherwise, values = {}) => (key in words.value ? t(key, values) : otherwise);

export const locale = () => TAGS[lang.value];
export const number = (n, options) => new Intl.NumberFormat(locale(), options).format(n);
export const percent = (share) => number(share, { style: "percent", maximumFractionDigits: 0 });

async function fetchWords(which, digest = "") {
  const response = await fetch(`/api/i18n/${which}.json${digest && `?v=${digest}`}`);
  if (!response.ok) throw new Error(`words: ${response.status}`);
  return response.json();
}

/** Load the words that the shell asked for. */
export async function loadWords() {
  words.value = await fetchWords(lang.value, root.dataset.words);
}

/** Change the language of the page, and remember it. @param {Lang} which */
export async function setLang(which) {
  words.value = await fetchWords(which);
  lang.value = which;
  root.lang = TAGS[which];
  setCookie("duo_lang", which);
  document.title = t(`title.${root.dataset.page}`);
}
