/** How persons, owners and authors are called on the desk. */
import { t } from "../shared/i18n.js";
import { me, state } from "./store.js";

/** A person without a name is a visitor with the end of his id. */
export const personName = (person, id) => person?.name || t("person.visitor", { id: (person?.id ?? id ?? "").slice(-4) });

/** Who owns a conversation: {kind, label}. */
export function owner(c) {
  if (c.controller.kind === "ai") return { kind: "ai", label: t("owner.ai") };
  if (c.controller.kind === "human") return { kind: "expert", label: c.controller.id === me.value?.id ? t("owner.me") : c.holder_name || t("author.team") };
  return { kind: "warn", label: c.controller.id ? t("owner.queue_team", { team: c.controller.id }) : t("owner.queue") };
}

/** Who wrote a message. */
export function authorName(m) {
  if (m.author_kind === "person") return personName(state.value.conversations[m.conversation_id]?.person, state.value.conversations[m.conversation_id]?.person_id);
  if (m.author_kind === "expert") return m.author_id === me.value?.id ? t("owner.me") : m.author_name || t("author.team");
  return m.author_kind === "ai" ? t("author.ai") : t("author.system");
}
