/** A photograph or a PDF of homework: what was read is offered line by line, to be taken into the answer and corrected there. */
import { html, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";
import { tell } from "./why.js";

/**
 * @param {{homework: {id: string, items: {id: string, type: string}[]}, send: Function, onRead: (lines: Record<string, {text: string, is_unsure: boolean}[]>) => void}} props
 */
export function ScanButton({ homework, send, onRead }) {
  const [isBusy, setBusy] = useState(false);
  const take = (e) => {
    const file = e.target.files[0];
    e.target.value = "";
    if (!file) return;
    const form = new FormData();
    form.set("file", file);
    form.set("homework_id", homework.id);
    setBusy(true);
    send("read_file", form).then((found) => onRead(found.questions), tell).finally(() => setBusy(false));
  };
  return html`<div class="chips"><label class="button quiet small" aria-busy=${isBusy}>${t(isBusy ? "education.scan_reading" : "education.scan")}
      <input type="file" class="sr" data-testid="scan" accept="image/*,application/pdf" disabled=${isBusy} onChange=${take} /></label>
    <small class="nothing">${t("education.scan_hint")}</small></div>`;
}

/** The lines that were read for one question. @param {{lines?: {text: string, is_unsure: boolean}[], onUse: (text: string) => void}} props */
export function ScanLines({ lines, onUse }) {
  if (!lines?.length) return null;
  return html`<div role="status" data-testid="scanned"><small>${t("education.scan_check")}</small>
    ${lines.map((l, i) => html`<div key=${i}><button class="link" type="button" style="text-align: start; white-space: pre-wrap" title=${t("education.scan_use")} onClick=${() => onUse(l.text)}>${l.text}</button>${l.is_unsure && html` <small class="badge">${t("education.scan_unsure")}</small>`}</div>`)}</div>`;
}

/** What to put into an answer at first: the last line where there is one line to write, else all of them. */
export const firstGuess = (type, lines) => (["short", "essay", "program"].includes(type) ? lines.map((l) => l.text).join("\n") : lines.at(-1)?.text ?? "");
