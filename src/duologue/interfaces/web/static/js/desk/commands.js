/** What an expert does: control, words, verdicts. Each tells the server, and shows what it answers. */
import { signal } from "../shared/html.js";
import { post } from "../shared/api.js";
import { newClientId } from "../shared/outbox.js";
import { post as take } from "../shared/reduce.js";
import { say, tell } from "../shared/parts.js";
import { t } from "../shared/i18n.js";
import { conversation, me, openId, state, takeIn } from "./store.js";

const place = (id) => `/api/desk/conversations/${id}`;
export const isBusy = signal(false);

let last = Promise.resolve();

/** Do one thing after the other, and say what failed. Gives whether it was done. */
function doing(act, done = "") {
  isBusy.value = true;
  const mine = last.then(async () => {
    try {
      await act();
      if (done) say(done);
      return true;
    } catch (failure) {
      tell(failure);
      return false;
    } finally {
      if (last === mine) isBusy.value = false;
    }
  });
  last = mine;
  return mine;
}

const control = (what, body = {}, done = "") => {
  const id = openId.value;
  return doing(async () => takeIn(await post(`${place(id)}/${what}`, body)), done);
};

export const isMine = () => conversation.value?.controller.kind === "human" && conversation.value.controller.id === me.value?.id;
export const takeOver = (force = false) => control("take-over", { force }, t("desk.done_taken"));
export const handBack = () => control("hand-back", {}, t("desk.done_back"));
export const handToTeam = (team = "") => control("hand-to-team", { team }, t("desk.done_team"));
export const resolve = () => control("resolve", {}, t("desk.done_resolved"));
export const reopen = () => control("reopen");
export const setMode = (mode) => control("mode", { mode });
export const snooze = (until) => control("snooze", { until: until.toISOString() }, t("desk.done_snoozed"));

/** Answer the person (`public`) or leave a note (`internal`). */
export function write(body, visibility) {
  const id = openId.value;
  const client_id = newClientId();
  return doing(async () => {
    const send = () => post(`${place(id)}/messages`, { client_id, body, visibility });
    const answer = await send().catch((failure) => (["offline", "slow"].includes(failure.code) ? send() : Promise.reject(failure)));
    state.value = take(state.value, answer.message);
    takeIn(answer);
  });
}

const shown = new Map();
/** Note when a draft came before the reviewer's eyes; a verdict keeps it. */
export function noteShown(draft) {
  if (!shown.has(draft.id)) shown.set(draft.id, new Date().toISOString());
}

/** @param {any} draft @param {"approve" | "edit" | "reject" | "respond" | "regenerate" | "ignore"} kind */
export function decide(draft, kind, { final_body = "", reason = "", instruction = "" } = {}) {
  const done = { approve: "desk.done_sent", edit: "desk.done_sent", respond: "desk.done_sent", reject: "desk.done_rejected" }[kind];
  return doing(
    async () => {
      const given = { kind, final_body, reason, instruction, shown_at: shown.get(draft.id) ?? new Date().toISOString() };
      const { message } = await post(`/api/desk/drafts/${draft.id}/verdict`, given);
      if (message) state.value = take(state.value, message);
    },
    done ? t(done) : "",
  );
}

let typedAt = 0;
/** Let the person and the team see that one types; at most every three seconds. A note is not typed to the person. */
export function showTyping() {
  if (Date.now() - typedAt < 3_000) return;
  typedAt = Date.now();
  post(`${place(openId.value)}/typing`).catch(() => {});
  renew();
}

let renewedAt = 0;
function renew() {
  if (!isMine() || Date.now() - renewedAt < 60_000) return;
  renewedAt = Date.now();
  post(`${place(openId.value)}/renew`).then(takeIn, () => {});
}
