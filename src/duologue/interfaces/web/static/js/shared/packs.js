/**
 * Panels of packs: which there are, and one of them on a page. A panel is an ES module below the pack's `panels/`, served beside these
 * modules, whose default export is a component. It gets what it needs as props and reaches the server only by `query` and `command`.
 *
 * Props: {pack, panel, conversation, version, lang, query(name, args), command(name, args), download(name, args), send(name, form)};
 * `version` moves when there is something new to fetch. Words stand in the pack's `panels/words.<lang>.json`: `t("<pack>.<key>")`.
 */
import { html, signal, useEffect, useMemo, useState } from "./html.js";
import { authHeaders, get, request } from "./api.js";
import { addWords, lang, t } from "./i18n.js";

const FOLDER = new URL("../../packs/", import.meta.url);
/** {packs, desks} as /api/packs tells; null before that. */
export const known = signal(null);
/** Moves by one whenever a pack's reader saw something or a pack asks for it. */
export const version = signal(0);
export const refreshPanels = () => (version.value += 1);

/** @param {boolean} isPerson whether a person asks, not a member */
export async function loadPacks(isPerson = false) {
  known.value = await get(isPerson ? "/api/chat/packs" : "/api/packs");
}

/** Panels for a place, each with its pack's name; of one pack where it is named. */
export const panelsAt = (place, pack) =>
  (known.value?.packs ?? [])
    .filter((p) => pack === undefined || p.name === pack)
    .flatMap((p) => p.panels.filter((panel) => panel.place === place).map((panel) => ({ ...panel, pack: p.name })));

export const packOfDesk = (deskId) => known.value?.desks[deskId];

/** How people call a topic; the topic itself where no pack has a name for it. */
export const topicName = (topic) => {
  const title = known.value?.packs.map((p) => p.topics?.[topic]).find(Boolean);
  return title?.[lang.value] ?? title?.en ?? topic;
};
export const titleOf = (panel) => panel.title[lang.value] ?? panel.title.en;

const loaded = new Map();

/** The module of a pack, with its words in the present language. */
export async function loadModule(pack, path) {
  const url = new URL(`${pack}/${path}`, FOLDER).href;
  if (!loaded.has(url)) loaded.set(url, import(url));
  const [found] = await Promise.all([loaded.get(url), addWords(pack, (which) => new URL(`${pack}/words.${which}.json`, FOLDER).href)]);
  for (const name of found.styles ?? []) addStyle(new URL(`${pack}/${name}`, FOLDER).href);
  return found;
}

function addStyle(href) {
  if (document.querySelector(`link[href="${href}"]`)) return;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}

/** Some commands learn or read a file before they answer. */
const LONGEST_MS = 300_000;

/** How a panel reaches the server. */
export function reach(pack, panel, conversationId, isPerson) {
  const path = (name, args = {}) => {
    const asked = new URLSearchParams({ lang: lang.value });
    if (conversationId) asked.set("conversation_id", conversationId);
    for (const [key, value] of Object.entries(args)) for (const one of [value].flat()) asked.append(key, one);
    return `${isPerson ? "/api/chat" : "/api"}/packs/${pack}/${panel}/${name}?${asked}`;
  };
  return {
    query: (name, args) => get(path(name, args)),
    command: (name, args = {}) => request("POST", path(name), args, { timeoutMs: LONGEST_MS }),
    send: (name, form) => request("POST", path(name), form, { timeoutMs: LONGEST_MS }),
    download: async (name, args, asName) => {
      const response = await fetch(path(name, args), { headers: authHeaders(), credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await response.blob()), download: asName });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    },
  };
}

/** One panel on a page. @param {{of: {pack: string, name: string, module: string}, conversation?: object, isPerson?: boolean}} props */
export function Panel({ of, conversation = null, isPerson = false }) {
  const [View, setView] = useState(null);
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    let isHere = true;
    loadModule(of.pack, of.module).then(
      (found) => isHere && setView(() => found.default),
      () => isHere && setBroken(true),
    );
    return () => (isHere = false);
  }, [of.pack, of.module]);
  const ways = useMemo(() => reach(of.pack, of.name, conversation?.id, isPerson), [of.pack, of.name, conversation?.id, isPerson]);
  if (isBroken) return html`<p class="nothing" role="alert">${t("panel.broken")}</p>`;
  if (!View) return html`<div class="skeleton short" aria-busy="true"></div>`;
  return html`<div class="panel" data-testid=${`panel-${of.pack}-${of.name}`}>
    <${View} pack=${of.pack} panel=${of.name} conversation=${conversation} version=${version.value} lang=${lang.value} ...${ways} /></div>`;
}

/** What a message carries for people to look at or to act on, drawn by its pack's module `cards.js` (exports by kind). */
export function Card({ of, message, conversation, isPerson = false }) {
  const [View, setView] = useState(null);
  useEffect(() => {
    let isHere = true;
    loadModule(of.pack, "cards.js").then((found) => isHere && setView(() => found[of.kind] ?? null), () => {});
    return () => (isHere = false);
  }, [of.pack, of.kind]);
  const ways = useMemo(() => reach(of.pack, of.panel ?? "cards", conversation?.id, isPerson), [of.pack, conversation?.id, isPerson]);
  return View && html`<div class="card" data-testid="card" data-kind=${of.kind}><${View} card=${of} message=${message} isPerson=${isPerson} lang=${lang.value} ...${ways} /></div>`;
}
