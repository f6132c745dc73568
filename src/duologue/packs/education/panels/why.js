/** Tells why something could not be done: the server's own sentence where it says what to do, in the page's language. */
import { say, tell as tellByCode } from "../../js/shared/parts.js";

const SAID = ["invalid", "too_large", "unavailable", "conflict"];

/** @param {{code?: string, message?: string}} problem */
export const tell = (problem) => (SAID.includes(problem?.code) && problem.message ? say(problem.message, true) : tellByCode(problem));
