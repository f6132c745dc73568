/** What the reviewer is doing with the open draft: reading, editing, rejecting, asking for another. Shared by the card and the keys. */
import { signal } from "../shared/html.js";
import { decide } from "./commands.js";

/** @typedef {"" | "edit" | "reject" | "regenerate"} Doing */
export const decision = signal({ id: "", doing: /** @type {Doing} */ (""), text: "", reason: "" });

/** The decision on this draft, as it stands. */
export function decisionOn(draft) {
  const now = decision.value;
  return now.id === draft.id ? now : { id: draft.id, doing: "", text: draft.body, reason: "" };
}

export const change = (draft, of) => (decision.value = { ...decisionOn(draft), ...of });

let sending = "";
/** Send the draft: as it is, or as it was edited. */
export async function send(draft) {
  const text = decisionOn(draft).text.trim();
  const isEdited = draft.kind === "reply" && text !== draft.body.trim();
  sending = draft.id;
  const isDone = await (isEdited ? decide(draft, "edit", { final_body: text }) : decide(draft, "approve"));
  sending = "";
  if (isDone) decision.value = { id: "", doing: "", text: "", reason: "" };
}

/** What was being written into a draft that somebody or something else has closed; it is given once. */
export function takeOrphan(drafts) {
  const { id, doing, text } = decision.value;
  const closed = doing === "edit" && id !== sending && drafts.find((d) => d.id === id && d.status !== "ready");
  if (!closed) return "";
  decision.value = { id: "", doing: "", text: "", reason: "" };
  return text.trim() === closed.body.trim() ? "" : text.trim();
}
