/** How a learner answers: one option or several, and how what was typed is read, which is shown before anything is graded. */
import { html, useEffect, useRef, useState } from "../../js/shared/html.js";
import { t } from "../../js/shared/i18n.js";

const PAUSE_MS = 400;
const NONE = { of: "", reading: "", problem: "" };
const tight = (text) => text.replace(/\s/g, "");
const letters = (text) => text.split(",").map((x) => x.trim()).filter(Boolean);

/** Buttons for one option, boxes where several may be right. The answer is “B” or “A, C”.
 * @param {{item: {type: string, options: Record<string, string>}, name: string, label: string, text: string, choose: (text: string) => void}} props */
export function Options({ item, name, label, text, choose }) {
  const isMany = item.type === "choices";
  const chosen = letters(text);
  const flip = (k) => choose((chosen.includes(k) ? chosen.filter((x) => x !== k) : [...chosen, k]).sort().join(", "));
  return html`<div role=${isMany ? "group" : "radiogroup"} aria-label=${label}>${isMany && html`<small>${t("education.choose_all")}</small>`}
    ${Object.entries(item.options).map(([k, v]) => html`<label key=${k} class="check"><input type=${isMany ? "checkbox" : "radio"} name=${name} checked=${chosen.includes(k)} onChange=${() => (isMany ? flip(k) : choose(k))} /> ${k}. ${v}</label>`)}</div>`;
}

/** How an answer is read, a moment after the last key. `check` says whether it may be graded: not before a reading that differs from
 * what was typed has been on the page. @param {string} text @param {(text: string) => Promise<{reading: string, problem: string}>} look */
export function useReading(text, look) {
  const [found, setFound] = useState(NONE);
  const [isHeld, setHeld] = useState(false);
  const now = useRef("");
  now.current = text;
  const ask = async () => {
    const read = { of: text, ...(await look(text)) };
    if (now.current === text) setFound(read);
    return read;
  };
  useEffect(() => {
    setHeld(false);
    if (!text.trim()) return;
    const timer = setTimeout(() => ask().catch(() => {}), PAUSE_MS); // it is asked again before anything is graded
    return () => clearTimeout(timer);
  }, [text]);
  const shown = found.of === text ? found : NONE;
  const check = async () => {
    if (shown.of) return true;
    const read = await ask();
    const isPlain = !read.problem && (!read.reading || tight(read.reading) === tight(text));
    setHeld(!isPlain);
    return isPlain;
  };
  return { ...shown, isHeld: isHeld && shown.of !== "", check };
}

/** @param {{read: {reading: string, problem: string, isHeld: boolean}}} props */
export function Read({ read }) {
  return html`<div role="status">${read.reading && html`<small data-testid="reading">${t("education.read_as", { reading: read.reading })}</small>`}
    ${read.problem && html`<small>${read.problem}</small>`}${read.isHeld && html` <strong data-testid="held"><small>${t("education.read_first")}</small></strong>`}</div>`;
}
