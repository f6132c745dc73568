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

/** Send the draft: as it is, or as it was edited. */
export function send(draft) {
  const text = decisionOn(draft).text.trim();
  const isEdited = draft.kind === "reply" && text !== draft.body.trim();
  return isEdited ? decide(draft, "edit", { final_body: text }) : decide(draft, "approve");
}
