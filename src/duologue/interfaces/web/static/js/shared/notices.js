/** The words for what the system says, by its code, in the language of the page; unknown codes keep the server's words. */
import { has, t } from "./i18n.js";

/** @param {{ body: string, data: {code?: string, [name: string]: any} }} message */
export const notice = ({ body, data }) => has(`notice.${data?.code}`, body, { name: data?.name || t("author.team"), team: data?.team || t("author.team") });

/** Why a conversation waits for a person. */
export const handoverReason = (reason) => has(`handover.${reason}`, reason ?? "");

/** Why a draft was not sent by itself. */
export const stopReason = (reason) => has(`stop.${reason}`, reason ?? "");
