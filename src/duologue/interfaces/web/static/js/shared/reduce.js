/**
 * What a page knows, changed by one event at a time: `reduce(state, change)` is pure, and applying a conversation's events to
 * nothing gives what fetching it gives. Shared by the person's chat and the desk. Tokens, typing and presence: `live.js`.
 *
 * @typedef {object} Thread  one conversation's messages, drafts and runs, complete up to `cursor`
 * @property {number} cursor
 * @property {object[]} messages  by seq
 * @property {object[]} drafts    oldest first
 * @property {Record<string, {id: string, status: string, reason: string, draft_id: string | null, message_id: string}>} runs
 * @property {Record<string, {value: string, reason: string}>} ratings  by message id
 * @property {Record<string, object>} verdicts  by draft id
 *
 * @typedef {object} State
 * @property {number} cursor
 * @property {Record<string, object>} conversations  by id; a row of the desk's list also has person, last_message and draft
 * @property {Record<string, Thread>} threads  by conversation id
 */

/** @returns {State} */
export const nothing = () => ({ cursor: 0, conversations: {}, threads: {} });

/** @returns {Thread} */
export const emptyThread = (cursor = 0) => ({ cursor, messages: [], drafts: [], runs: {}, ratings: {}, verdicts: {} });

/** @type {Record<string, (state: State, id: string, payload: any, at: string) => State>} */
const ON = {
  ConversationStarted: (state, id, { conversation }) => put(state, id, { ...state.conversations[id], ...conversation }),
  MessagePosted: (state, id, { message, waiting_since }, at) =>
    withThread(
      change(state, id, (c) => ({
        last_seq: Math.max(c.last_seq, message.seq),
        ...(message.visibility === "public" ? { last_public_seq: Math.max(c.last_public_seq, message.seq), waiting_since, updated_at: at } : {}),
        ...(message.visibility === "public" && message.kind === "text" ? { last_message: message } : {}),
      })),
      id,
      (t) => ({ messages: insert(t.messages, message) }),
    ),
  ControlChanged: (state, id, p, at) =>
    change(state, id, (c) => ({
      controller: p.controller,
      lease_expires_at: p.lease_expires_at,
      mode: p.mode,
      mode_override: p.mode_override,
      attention: p.attention,
      control_epoch: Math.max(c.control_epoch, p.control_epoch),
      holder_name: p.holder_name ?? "",
      updated_at: at,
    })),
  LeaseRenewed: (state, id, p) => change(state, id, () => ({ lease_expires_at: p.lease_expires_at })),
  StatusChanged: (state, id, p, at) =>
    change(state, id, () => ({
      status: p.status,
      snoozed_until: p.snoozed_until,
      episode_seq: p.episode_seq,
      waiting_since: p.waiting_since,
      updated_at: at,
    })),
  ConversationLabelled: (state, id, p) => change(state, id, () => ({ topic: p.topic, subject: p.subject, lang: p.lang })),
  RunStarted: (state, id, p) =>
    withThread(state, id, (t) => ({
      runs: {
        ...t.runs,
        [p.run_id]: { ...t.runs[p.run_id], id: p.run_id, message_id: p.message_id, status: "running", reason: "", draft_id: null },
      },
    })),
  RunFinished: (state, id, p) =>
    withThread(state, id, (t) => ({
      runs: {
        ...t.runs,
        [p.run_id]: { ...t.runs[p.run_id], id: p.run_id, message_id: p.message_id, status: p.status, reason: p.reason, draft_id: p.draft_id },
      },
    })),
  DraftReady: (state, id, { draft }) =>
    withThread(
      change(state, id, () => ({ draft: { id: draft.id, confidence: draft.confidence, status: draft.status } })),
      id,
      (t) => ({ drafts: [...t.drafts.filter((d) => d.id !== draft.id), draft] }),
    ),
  DraftClosed: (state, id, p) =>
    withThread(
      change(state, id, (c) => (c.draft?.id === p.draft_id ? { draft: null } : {})),
      id,
      (t) => ({ drafts: t.drafts.map((d) => (d.id === p.draft_id ? { ...d, status: p.status } : d)) }),
    ),
  VerdictGiven: (state, id, p) => withThread(state, id, (t) => ({ verdicts: { ...t.verdicts, [p.draft_id]: p } })),
  MessageRated: (state, id, p) =>
    withThread(state, id, (t) => ({ ratings: { ...t.ratings, [p.message_id]: { value: p.value, reason: p.reason } } })),
  PersonErased: (state, _, p) => erase(state, p.person_id),
};

/**
 * The state after an event. An event that the conversation's thread holds already changes nothing; a kind that is not known
 * moves the cursor only.
 *
 * @param {State} state
 * @param {{cursor: number, kind: string, conversation_id: string, payload: any, at: string}} event
 * @returns {State}
 */
export function reduce(state, event) {
  const id = event.conversation_id;
  const thread = state.threads[id];
  const moved = { ...state, cursor: Math.max(state.cursor, event.cursor) };
  if (thread && event.cursor <= thread.cursor) return moved;
  const known = Object.hasOwn(ON, event.kind);
  const next = known ? ON[event.kind](moved, id, event.payload, event.at) : moved;
  return next.threads[id] ? withThread(next, id, () => ({ cursor: event.cursor })) : next;
}

/** Take in a fetched conversation whole: what was known of it is replaced. */
export function load(state, { conversation, messages, drafts = [], runs = [], cursor }) {
  const id = conversation.id;
  const toDecide = drafts.filter((d) => d.status !== "auto_sent"); // what went out by itself is a message
  const byAge = toDecide.toSorted((a, b) => a.created_at.localeCompare(b.created_at));
  const thread = { ...emptyThread(cursor), messages, drafts: byAge, runs: Object.fromEntries(runs.map((r) => [r.id, r])) };
  return {
    ...put(state, id, { ...state.conversations[id], ...conversation }),
    threads: { ...state.threads, [id]: thread },
  };
}

/** Take in what a command answered with before its event arrives; the event then changes nothing more. */
export function post(state, message) {
  return withThread(state, message.conversation_id, (t) => ({ messages: insert(t.messages, message) }));
}

/** Take in rows of a list. */
export function loadRows(state, rows) {
  return { ...state, conversations: { ...state.conversations, ...Object.fromEntries(rows.map((r) => [r.id, r])) } };
}

function put(state, id, conversation) {
  return { ...state, conversations: { ...state.conversations, [id]: conversation } };
}

function change(state, id, of) {
  const known = state.conversations[id];
  return known ? put(state, id, { ...known, ...of(known) }) : state;
}

function withThread(state, id, of) {
  const thread = state.threads[id];
  return thread ? { ...state, threads: { ...state.threads, [id]: { ...thread, ...of(thread) } } } : state;
}

function insert(messages, message) {
  const others = messages.filter((m) => m.id !== message.id);
  const place = others.findLastIndex((m) => m.seq < message.seq) + 1;
  return others.toSpliced(place, 0, message);
}

function erase(state, personId) {
  const gone = new Set(Object.values(state.conversations).flatMap((c) => (c.person_id === personId ? [c.id] : [])));
  const keep = (of) => Object.fromEntries(Object.entries(of).filter(([id]) => !gone.has(id)));
  return { ...state, conversations: keep(state.conversations), threads: keep(state.threads) };
}
