/**
 * The person's chat: the session, the conversation that is open, what is being sent. One conversation at a time; a new one is
 * opened by its first message. Knows the API, not the page.
 */
import { batch, computed, signal } from "../shared/html.js";
import { credentials, get, post } from "../shared/api.js";
import { isAloud, readAloud } from "../shared/aloud.js";
import { createOutbox } from "../shared/outbox.js";
import { lang } from "../shared/i18n.js";
import { memory } from "../shared/cookies.js";
import { load, nothing, post as take, reduce } from "../shared/reduce.js";
import { expire, hear, heard, quiet } from "../shared/live.js";
import { openStream } from "../shared/stream.js";

export const isEmbedded = "embedded" in document.documentElement.dataset;
const query = new URLSearchParams(location.search);
const TOKEN_KEY = "duo.person";
const STOP_AFTER_MS = 100_000; // a turn that says nothing for longer is no longer shown as running

export const session = signal(null);
export const state = signal(nothing());
export const live = signal(quiet());
export const isOnline = signal(true);
export const problem = signal(null);
export const history = signal([]);
export const isLoading = signal(true);
/** Id of the conversation that is open; empty before the first message. */
export const openId = signal("");
export const outbox = signal(null);

export const conversation = computed(() => state.value.conversations[openId.value] ?? null);
export const messages = computed(() => state.value.threads[openId.value]?.messages ?? []);
export const run = computed(() => live.value.runs[openId.value] ?? null);
export const typing = computed(() => live.value.typing[openId.value] ?? null);
/** Letters that are not yet in the transcript. */
export const waiting = computed(() => {
  const there = new Set(messages.value.map((m) => m.client_id));
  return (outbox.value?.letters.value ?? []).filter((letter) => !there.has(letter.client_id));
});

let stream = null;
let opening = null;
let setReady = () => {};
/** There is a session, and a conversation or an empty one is open. */
const ready = new Promise((resolve) => (setReady = resolve));

const outboxKey = (id) => `duo.outbox.${session.value.person_id}.${id || "new"}`;
const previewKey = (id) => `duo.preview.${id}`;
/** The first words that were sent from here in a conversation. */
export const preview = (id) => memory.get(previewKey(id), "");

const place = () => `/api/chat/conversations/${openId.value}`;
/** Who understands what is said here. */
export const hearPath = () => `/api/chat/hear${openId.value ? `?conversation_id=${openId.value}` : ""}`;
export const speechPath = (id) => `${place()}/messages/${id}/speech`;
export const passagePath = (id) => `${place()}/passages/${id}`;

/** Become a person, and open the conversation that was last open here. */
export async function start() {
  try {
    credentials.token = isEmbedded ? memory.get(TOKEN_KEY, "") : "";
    const given = { lang: lang.value };
    if (query.get("workspace")) given.workspace = query.get("workspace");
    if (isEmbedded) given.bearer = true;
    session.value = await post("/api/chat/session", given);
    credentials.csrf = session.value.csrf;
    if (session.value.token) {
      credentials.token = session.value.token;
      memory.set(TOKEN_KEY, session.value.token);
    }
    await listHistory();
    const named = location.hash.slice(1);
    const known = history.value.find((c) => c.id === named) ?? history.value.find((c) => c.status !== "resolved");
    await open(known?.id ?? "");
    problem.value = null;
    setReady();
  } catch (failure) {
    problem.value = failure;
    setTimeout(start, failure.isPassing ? 3_000 : 30_000);
  } finally {
    isLoading.value = false;
  }
}

export async function listHistory() {
  history.value = (await get("/api/chat/conversations")).conversations;
}

/** Show a conversation; an empty id is a new one. */
export async function open(id) {
  stream?.close();
  stream = null;
  outbox.value?.close();
  batch(() => {
    openId.value = id;
    live.value = quiet();
    outbox.value = createOutbox(outboxKey(id), send);
  });
  const hash = id ? `#${id}` : "";
  if (location.hash !== hash) globalThis.history.replaceState(null, "", location.pathname + location.search + hash);
  const mine = outbox.value;
  for (const body of early.splice(0)) mine.add(body);
  if (id) await follow(id);
  mine.flush();
}

async function follow(id) {
  await refetch(id);
  if (openId.value !== id) return;
  stream = openStream(`${place()}/stream`, state.value.threads[id].cursor, {
    onChange,
    onEphemeral: (item) => (live.value = hear(live.value, item, Date.now())),
    onReset: () => refetch(id),
    onState: (isOpen) => {
      isOnline.value = isOpen;
      if (isOpen) outbox.value?.hurry();
    },
    onRefused: () => start(),
  });
}

async function refetch(id) {
  const whole = await get(`/api/chat/conversations/${id}`);
  batch(() => {
    state.value = load(state.value, whole);
    const runs = whole.run ? { [id]: { run_id: whole.run.run_id, text: whole.run.text, since: Date.now() } } : {};
    live.value = { ...live.value, runs };
  });
}

function onChange(event) {
  batch(() => {
    state.value = reduce(state.value, event);
    if (event.kind === "MessagePosted") live.value = heard(live.value, event.payload.message);
    if (event.kind === "ControlChanged" && event.payload.controller.kind !== "ai") live.value = { ...live.value, runs: {} };
  });
  if (event.kind !== "MessagePosted" || event.payload.message.author_kind === "person") return;
  announce(event.payload.message);
  if (isAloud.value && event.payload.message.kind === "text") listen(event.payload.message).catch(() => {});
}

/** Have a message read aloud. */
export const listen = (message) => readAloud(message, speechPath(message.id), session.value.voice.says);

function announce(message) {
  if (isEmbedded && parent !== window) parent.postMessage({ duologue: "message", seq: message.seq }, "*");
}

/** Open a conversation for what is to be sent, once. */
async function ensureOpen() {
  if (openId.value) return;
  if (!outbox.value) await ready;
  if (openId.value) return;
  const desk = session.value.desks.find((d) => [d.id, d.name].includes(query.get("desk")));
  opening ??= post("/api/chat/conversations", { lang: lang.value, ...(desk && { desk_id: desk.id }) }).finally(() => (opening = null));
  const { conversation: made } = await opening;
  if (openId.value) return;
  outbox.value.move(outboxKey(made.id));
  batch(() => {
    openId.value = made.id;
    state.value = load(state.value, { conversation: made, messages: [], cursor: 0 });
  });
  globalThis.history.replaceState(null, "", `${location.pathname}${location.search}#${made.id}`);
  await follow(made.id);
  listHistory().catch(() => {});
}

async function send(letter) {
  await ensureOpen();
  const { message } = await post(`${place()}/messages`, { client_id: letter.client_id, body: letter.body });
  const key = previewKey(openId.value);
  if (!memory.get(key)) memory.set(key, letter.body.slice(0, 80));
  return () => {
    state.value = take(state.value, message);
  };
}

/** What was said before there was a session. */
const early = [];

/** Say something. */
export function say(body) {
  if (outbox.value) outbox.value.add(body);
  else early.push(body);
}

export async function stop() {
  await post(`${place()}/stop`);
  const { [openId.value]: _, ...runs } = live.value.runs;
  live.value = { ...live.value, runs };
}

export async function askForPerson() {
  await ensureOpen();
  const { conversation: now } = await post(`${place()}/request-human`);
  state.value = { ...state.value, conversations: { ...state.value.conversations, [now.id]: now } };
}

export const rate = (message, value, reason = "") => post(`${place()}/messages/${message.id}/rating`, { value, reason });

let typedAt = 0;
/** Let the desk know that the person types; at most every three seconds. */
export function showTyping() {
  if (!openId.value || Date.now() - typedAt < 3_000) return;
  typedAt = Date.now();
  post(`${place()}/typing`).catch(() => {});
}

setInterval(() => {
  const now = Date.now();
  const fresh = Object.entries(live.value.runs).filter(([, r]) => now - r.since < STOP_AFTER_MS);
  const expired = expire(live.value, now);
  if (fresh.length < Object.keys(live.value.runs).length) live.value = { ...expired, runs: Object.fromEntries(fresh) };
  else if (expired !== live.value) live.value = expired;
}, 1_000);

addEventListener("offline", () => (isOnline.value = false));
addEventListener("hashchange", () => {
  const named = location.hash.slice(1);
  if (session.value && named !== openId.value) open(named).catch(() => open(""));
});
