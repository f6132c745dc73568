/** What the pack's panels share: fetching again when something is new, shares in words, and a file to choose. */
import { html, useEffect, useState } from "../../js/shared/html.js";
import { FileButton as ChooseFile, say, tell } from "../../js/shared/parts.js";
import { number, t } from "../../js/shared/i18n.js";

export const w = (key, values) => t(`support.${key}`, values);
export const share = (value) => (value == null ? "–" : number(value, { style: "percent", maximumFractionDigits: 0 }));
export const score = (value) => (value == null ? "–" : number(value, { maximumFractionDigits: 1, minimumFractionDigits: 1 }));

/** [data, fetch again]; data is null before the first answer. What comes late for another conversation is left. */
export function useQuery(query, name, args, marks) {
  const [data, setData] = useState(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isHere = true;
    query(name, args).then((found) => isHere && setData(found), (problem) => isHere && problem.code !== "not_found" && tell(problem));
    return () => (isHere = false);
  }, [name, round, ...marks]);
  return [data, () => setRound((n) => n + 1)];
}

/** Run a command, say what came of it, and go on. */
export async function doing(promise, done, then = () => {}) {
  try {
    const found = await promise;
    if (done) say(typeof done === "function" ? done(found) : done);
    then(found);
  } catch (problem) {
    const why = problem.detail?.why; // what is wrong in the page's language, where the pack says so
    if (why) say(w(`why_${why}`, problem.detail), true);
    else tell(problem);
  }
}

/** [whether something is under way, while(promise)]: learning takes seconds, and nobody should ask for it twice. */
export function useBusy() {
  const [isBusy, setBusy] = useState(false);
  const during = (promise) => {
    setBusy(true);
    return promise.finally(() => setBusy(false));
  };
  return [isBusy, during];
}

export const Waiting = () => html`<div class="skeleton short" aria-busy="true"></div>`;

/** Asks for a file and sends it. */
export const FileButton = (props) => html`<${ChooseFile} ...${props} working=${w("working")} />`;

export function asForm(file, values = {}) {
  const form = new FormData();
  form.set("file", file);
  for (const [key, value] of Object.entries(values)) form.set(key, value);
  return form;
}
