/** Words in the language of the page; switching it renders the page anew. Knows no word itself. */
import { signal } from "./html.js";
import { setCookie } from "./cookies.js";

/** @typedef {"en" | "zh"} Lang */
const TAGS = { en: "en", zh: "zh-CN" };
const root = document.documentElement;

/** @type {import("../../vendor/signals.js").Signal<Lang>} */
export const lang = signal(root.lang.startsWith("zh") ? "zh" : "en");
const words = signal(/** @type {Record<string, string | string[]>} */ ({}));

/** Words of packs: address of a language's words by prefix, and those that are loaded. */
const sources = new Map();
const added = signal(/** @type {Record<string, string | string[]>} */ ({}));
const find = (key) => words.value[key] ?? added.value[key];

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** The text of `key`; `{name}` is replaced by `values.name`. */
export function t(key, values = {}) {
  const found = find(key);
  return fill(typeof found === "string" ? found : (found?.at(-1) ?? key), values);
}

/** The text of `key` for a number; `{n}` is the number. */
export function tn(key, n, values = {}) {
  const found = find(key);
  if (!Array.isArray(found)) return t(key, { n, ...values });
  const isOne = found.length > 1 && new Intl.PluralRules(TAGS[lang.value]).select(n) === "one";
  return fill(isOne ? found[0] : found.at(-1), { n: number(n), ...values });
}

/** The text of `key`, or `otherwise` where there is none: for codes that a newer server may send. */
export const has = (key, otherwise, values = {}) => (find(key) === undefined ? otherwise : t(key, values));

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

/** Know a pack's words as `<prefix>.<key>`, now and in the other language after a switch. @param {(which: Lang) => string} address */
export async function addWords(prefix, address) {
  if (sources.has(prefix)) return sources.get(prefix).ready;
  const ready = fetchAdded(prefix, address, lang.value);
  sources.set(prefix, { address, ready });
  return ready;
}

async function fetchAdded(prefix, address, which) {
  const response = await fetch(address(which));
  const found = response.ok ? await response.json() : {};
  added.value = { ...added.value, ...Object.fromEntries(Object.entries(found).map(([key, text]) => [`${prefix}.${key}`, text])) };
}

/** Change the language of the page, and remember it. @param {Lang} which */
export async function setLang(which) {
  words.value = await fetchWords(which);
  await Promise.all([...sources].map(([prefix, { address }]) => fetchAdded(prefix, address, which)));
  lang.value = which;
  root.lang = TAGS[which];
  setCookie("duo_lang", which);
  document.title = t(`title.${root.dataset.page}`);
}
