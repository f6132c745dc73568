/**
 * What is shown now and never stored: the answer that is being written, who types, who looks. Pure; times in milliseconds.
 *
 * @typedef {object} Live  each by conversation id
 * @property {Record<string, {run_id: string, text: string, since: number}>} runs
 * @property {Record<string, {who: string, name: string, member_id?: string, until: number}>} typing
 * @property {Record<string, {member_id: string, name: string}[]>} presence
 */
const TYPING_MS = 6_000;

/** @returns {Live} */
export const quiet = () => ({ runs: {}, typing: {}, presence: {} });

/** @param {Live} live @param {{kind: string, conversation_id: string, data: any}} item @param {number} now @returns {Live} */
export function hear(live, { kind, conversation_id: id, data }, now) {
  if (kind === "tokens" && data.done && live.runs[id]?.run_id !== data.run_id) return live; // it has ended already
  if (kind === "tokens") return { ...live, runs: { ...live.runs, [id]: addTokens(live.runs[id], data, now) } };
  if (kind === "run") {
    const { [id]: run, ...others } = live.runs;
    if (data.state !== "finished") return { ...live, runs: { ...others, [id]: { run_id: data.run_id, text: "", since: now } } };
    return run && run.run_id !== data.run_id ? live : { ...live, runs: others };
  }
  if (kind === "typing") return { ...live, typing: { ...live.typing, [id]: { ...data, until: now + TYPING_MS } } };
  if (kind === "presence") return { ...live, presence: { ...live.presence, [id]: data.present } };
  return live;
}

function addTokens(run, { run_id, offset, text }, now) {
  const known = run?.run_id === run_id ? run : { run_id, text: "", since: now };
  if (offset > known.text.length) return known; // a piece is missing; the stored message will have it
  return { ...known, text: known.text.slice(0, offset) + text };
}

/** A message arrived: its author no longer types, and an answer that was being written is now stored. */
export function heard(live, message) {
  const id = message.conversation_id;
  const { [id]: run, ...runs } = live.runs;
  const { [id]: typing, ...others } = live.typing;
  const isAnswer = run && (message.run_id === run.run_id || message.author_kind !== "person");
  const hasStopped = typing && typing.who === message.author_kind;
  return { ...live, runs: isAnswer && message.kind === "text" ? runs : live.runs, typing: hasStopped ? others : live.typing };
}

/** Forget who has stopped typing. */
export function expire(live, now) {
  const typing = Object.fromEntries(Object.entries(live.typing).filter(([, who]) => who.until > now));
  return Object.keys(typing).length === Object.keys(live.typing).length ? live : { ...live, typing };
}
