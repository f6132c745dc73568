/** Tells why a file could not be used: the server's own sentence, which is in the page's language for these. */
import { say, tell } from "../../js/shared/parts.js";

const SAID = ["invalid", "too_large", "unavailable", "conflict"];

/** @param {{code?: string, message?: string}} problem */
export const tellWhy = (problem) => (SAID.includes(problem?.code) && problem.message ? say(problem.message, true) : tell(problem));
