/**
 * The desk: who is signed in, the list, the conversation that is open, the one stream of the workspace. Knows the API, not the page.
 */
import { batch, computed, signal } from "../shared/html.js";
import { credentials, get, post } from "../shared/api.js";
import { load, loadRows, nothing, reduce } from "../shared/reduce.js";
import { expire, hear, heard, quiet } from "../shared/live.js";
import { loadPacks, refreshPanels } from "../shared/packs.js";
import { openStream } from "../shared/stream.js";

const HELD_EVENTS = 1_000;
const RELIST_MS = 700;
const HERE_MS = 25_000;

/** undefined: not yet known; null: nobody is signed in. */
export const me = signal(undefined);
export const workspace = signal(null);
/** Whether the server turns speech into text. */
export const hears = signal(false);
export const state = signal(nothing());
export const live = signal(quiet());
export const isOnline = signal(true);
export const view = signal("waiting");
export const status = signal("open");
export const search = signal("");
/** Ids of the list, in the server's order. */
export const listed = signal(/** @type {string[] | null} */ (null));
export const counts = signal({ mine: 0, waiting: 0, ai: 0, all: 0 });
export const openId = signal("");
/** Person, earlier conversations and presence of the open conversation. */
export const beside = signal(null);
export const isOpening = signal(false);
/** Where a reason may be given for a conversation that is not the member's to read: `{id, ask}`. */
export const barred = signal(null);

const waitsSince = (c) => c.waiting_since ?? c.attention.at ?? c.updated_at;
/** The list's conversations; of those who wait, the longest waiting first. */
export const rows = computed(() => {
  const found = (listed.value ?? []).map((id) => state.value.conversations[id]).filter(Boolean);
  return view.value === "waiting" ? found.toSorted((a, b) => waitsSince(a).localeCompare(waitsSince(b))) : found;
});
export const conversation = computed(() => state.value.conversations[openId.value] ?? null);
export const thread = computed(() => state.value.threads[openId.value] ?? null);
export const run = computed(() => live.value.runs[openId.value] ?? null);
export const typing = computed(() => live.value.typing[openId.value] ?? null);
export const others = computed(() => (live.value.presence[openId.value] ?? []).filter((p) => p.member_id !== me.value?.id));
/** The draft that waits for a decision. */
export const openDraft = computed(() => thread.value?.drafts.findLast((d) => d.status === "ready") ?? null);

const ROLES = { viewer: 0, expert: 1, admin: 2, owner: 3 };
export const isAtLeast = (role) => ROLES[me.value?.role] >= ROLES[role];

let stream = null;
let recent = [];
let relistTimer = 0;

/** Find out who is signed in, and begin. */
export async function start() {
  try {
    enter(await get("/api/auth/me"));
  } catch (failure) {
    if (!failure.isPassing) me.value = null;
    else setTimeout(start, 2_000);
  }
}

/** @param {{member: any, workspace: any, csrf: string}} session */
export function enter(session) {
  credentials.csrf = session.csrf;
  batch(() => {
    workspace.value = session.workspace;
    hears.value = session.hears;
    me.value = session.member;
  });
  loadPacks().catch(() => {});
  if (document.documentElement.dataset.page === "desk") begin();
}

export async function signOut() {
  await post("/api/auth/sign-out").catch(() => {});
  stream?.close();
  batch(() => {
    me.value = null;
    state.value = nothing();
    listed.value = null;
    openId.value = "";
  });
}

async function begin() {
  stream?.close();
  recent = [];
  await new Promise((resolve) => {
    setTimeout(resolve, 2_000);
    stream = openStream("/api/desk/stream", null, {
      onChange,
      onEphemeral: (item) => {
        if (item.kind === "panel") return refreshPanels();
        live.value = hear(live.value, item, Date.now());
      },
      onReset: refetch,
      onState: (isOpen) => {
        isOnline.value = isOpen;
        if (isOpen) resolve();
      },
      onRefused: () => (me.value = null),
    });
  });
  await relist();
  const named = location.hash.slice(1);
  if (named) await show(named);
}

async function refetch() {
  recent = [];
  await relist();
  if (openId.value) await fetchThread(openId.value);
}

function onChange(event) {
  recent = [...recent.slice(1 - HELD_EVENTS), event];
  batch(() => {
    state.value = reduce(state.value, event);
    if (event.kind === "MessagePosted") live.value = heard(live.value, event.payload.message);
    if (event.kind === "DraftReady" || event.kind === "RunFinished") forgetRun(event.conversation_id);
  });
  if (event.conversation_id === openId.value && event.kind === "RunFinished") fetchRun(event.payload.run_id);
  if (event.conversation_id === openId.value && event.kind === "MessagePosted") refreshPanels();
  if (event.kind !== "LeaseRenewed") relistSoon();
}

function forgetRun(id) {
  const { [id]: _, ...runs } = live.value.runs;
  live.value = { ...live.value, runs };
}

/** The list again, with its counts. */
export async function relist() {
  const asked = new URLSearchParams({ view: view.value, limit: "100" });
  if (status.value) asked.set("status", status.value);
  if (search.value) asked.set("q", search.value);
  const mine = String(asked);
  const found = await get(`/api/desk/conversations?${asked}`);
  const isStale = () => {
    const now = new URLSearchParams({ view: view.value, limit: "100" });
    if (status.value) now.set("status", status.value);
    if (search.value) now.set("q", search.value);
    return String(now) !== mine;
  };
  if (isStale()) return;
  batch(() => {
    state.value = loadRows(state.value, found.conversations);
    listed.value = found.conversations.map((c) => c.id);
    counts.value = found.counts;
  });
}

export function relistSoon() {
  if (relistTimer) return;
  relistTimer = setTimeout(() => {
    relistTimer = 0;
    relist().catch(() => {});
  }, RELIST_MS);
}

export function choose(which) {
  batch(() => {
    view.value = which;
    listed.value = null;
  });
  return relist();
}

/** Open a conversation. */
export async function show(id) {
  if (openId.value === id && thread.value) return;
  batch(() => {
    openId.value = id;
    beside.value = null;
    barred.value = null;
    isOpening.value = !state.value.threads[id];
  });
  globalThis.history.replaceState(null, "", id ? `#${id}` : location.pathname);
  if (!id) return;
  try {
    await fetchThread(id);
    sayHere();
  } catch (failure) {
    if (failure.detail?.action === "give_reason") {
      if (openId.value === id) barred.value = { id, ask: failure.detail.ask };
      return;
    }
    if (openId.value === id) openId.value = "";
    throw failure;
  } finally {
    isOpening.value = false;
  }
}

/** Say why one needs the conversation that is barred, and open it. */
export async function giveReason(reason) {
  const { id, ask } = barred.value;
  await post(`${ask}?conversation_id=${encodeURIComponent(id)}`, { reason });
  barred.value = null;
  openId.value = "";
  await show(id);
  relistSoon(); // its row may be read now too
}

async function fetchThread(id) {
  const whole = await get(`/api/desk/conversations/${id}`);
  if (openId.value !== id) return;
  batch(() => {
    const loaded = load(state.value, whole);
    state.value = recent.filter((e) => e.conversation_id === id && e.cursor > whole.cursor).reduce(reduce, loaded);
    live.value = { ...live.value, presence: { ...live.value.presence, [id]: whole.presence } };
    beside.value = { person: whole.person, earlier: whole.earlier };
  });
}

async function fetchRun(id) {
  const { run: fresh } = await get(`/api/desk/runs/${id}`).catch(() => ({ run: null }));
  const known = fresh && state.value.threads[fresh.conversation_id];
  if (!known) return;
  const threads = { ...state.value.threads, [fresh.conversation_id]: { ...known, runs: { ...known.runs, [id]: fresh } } };
  state.value = { ...state.value, threads };
}

/** Take in the conversation that a command answered with. */
export function takeIn({ conversation: changed }) {
  if (!changed) return;
  const known = state.value.conversations[changed.id];
  const isOlder = known && known.control_epoch > changed.control_epoch;
  if (!isOlder) state.value = loadRows(state.value, [{ ...known, ...changed }]);
  relistSoon();
}

function sayHere() {
  if (!me.value || document.hidden) return;
  if (openId.value) post(`/api/desk/conversations/${openId.value}/presence`, { is_here: true }).catch(() => {});
}

setInterval(sayHere, HERE_MS);
setInterval(() => {
  const expired = expire(live.value, Date.now());
  if (expired !== live.value) live.value = expired;
}, 1_000);
addEventListener("hashchange", () => stream && me.value && show(location.hash.slice(1)).catch(() => {}));
