/** Small parts that every page uses: avatar, drawer, menu, toasts, language and theme. */
import { html, signal, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { Icon } from "./icons.js";
import { has, lang, setLang, t } from "./i18n.js";
import { isDark, switchTheme } from "./theme.js";

const initials = (name) => {
  const words = name.trim().split(/\s+/);
  return /[\u3400-\u9fff]/.test(name) ? name.trim().slice(-2) : words.slice(0, 2).map((w) => w[0] ?? "").join("").toUpperCase();
};

/** @param {{ kind: "person" | "ai" | "expert" | "queue", name?: string, size?: "small" | "large" }} props */
export function Avatar({ kind, name = "", size = "" }) {
  const inside = kind === "ai" ? html`<${Icon} name="spark" size=${size === "small" ? 14 : 19} />` : kind === "queue" ? html`<${Icon} name="people" />` : null;
  return html`<span class="avatar ${kind} ${size}" aria-hidden="true">
    ${inside ?? (name ? initials(name) : html`<${Icon} name="person" />`)}
  </span>`;
}

/** A panel at the side (on a phone from below); keeps the focus inside, Escape closes it. */
export function Drawer({ title, onClose, children, side = "right", footer = null }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    ref.current.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${ref} class="drawer ${side}" aria-label=${title} onClose=${onClose}
    onClick=${(e) => e.target === ref.current && ref.current.close()}>
    <div class="drawer-inside">
      <header><h2>${title}</h2>
        <button class="icon-button" type="button" aria-label=${t("action.close")} onClick=${() => ref.current.close()}>
          <${Icon} name="close" />
        </button>
      </header>
      <div class="drawer-body">${children}</div>
      ${footer && html`<footer>${footer}</footer>`}
    </div>
  </dialog>`;
}

/** A question in the middle of the page. */
export function Dialog({ title, onClose, children }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    const before = document.activeElement;
    ref.current.showModal();
    return () => before instanceof HTMLElement && before.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${ref} class="box" aria-label=${title} onClose=${onClose}
    onClick=${(e) => e.target === ref.current && ref.current.close()}>
    <div class="box-inside"><h2>${title}</h2>${children}</div>
  </dialog>`;
}

/** A button that opens a list of choices. `items`: {label, icon?, hint?, act, isOn?, isBad?} */
export function Menu({ label, icon, items, className = "icon-button", text = "", testid = null }) {
  const [isOpen, setOpen] = useState(false);
  const ref = useRef(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const outside = (e) => ref.current.contains(e.target) || setOpen(false);
    addEventListener("pointerdown", outside);
    ref.current.querySelector("[role=menuitem]")?.focus();
    return () => removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const onKey = (e) => {
    if (!isOpen) return;
    const all = Array.from(ref.current.querySelectorAll("[role=menuitem]"));
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[e.key];
    if (e.key === "Escape") {
      setOpen(false);
      ref.current.querySelector("button").focus();
    } else if (to !== undefined) all.at(to % all.length).focus();
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return html`<div class="menu" ref=${ref} onKeyDown=${onKey}>
    <button type="button" class=${className} aria-haspopup="menu" aria-expanded=${isOpen} aria-label=${label} title=${text ? null : label}
      data-testid=${testid} onClick=${() => setOpen(!isOpen)}>
      ${icon && html`<${Icon} name=${icon} />`}${text && html`<span>${text}</span>`}
    </button>
    ${isOpen && html`<div class="menu-list" role="menu" aria-label=${label}>
      ${items.map((item) => html`<button type="button" role="menuitem" class=${item.isBad ? "bad" : ""} key=${item.label}
        data-testid=${item.testid}
        onClick=${() => {
          setOpen(false);
          item.act();
        }}>
        ${item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.label}</span>
        ${item.hint && html`<kbd>${item.hint}</kbd>`}${item.isOn && html`<${Icon} name="check" />`}
      </button>`)}
    </div>`}
  </div>`;
}

/** Language and theme; on every page. */
export const Preferences = () => html`
  <button type="button" class="text-button" lang=${lang.value === "en" ? "zh-CN" : "en"} data-testid="switch-lang"
    aria-label=${t("page.switch_language")} onClick=${() => setLang(lang.value === "en" ? "zh" : "en").catch(tell)}>
    ${lang.value === "en" ? "中文" : "English"}
  </button>
  <button type="button" class="icon-button" aria-label=${t("page.switch_theme")} title=${t("page.switch_theme")} data-testid="switch-theme"
    onClick=${switchTheme}><${Icon} name=${isDark() ? "sun" : "moon"} /></button>`;

const toasts = signal(/** @type {{id: number, text: string, isBad: boolean}[]} */ ([]));
let lastToast = 0;

/** Say something for a few seconds. */
export function say(text, isBad = false) {
  const id = (lastToast += 1);
  toasts.value = [...toasts.value.slice(-2), { id, text, isBad }];
  setTimeout(() => (toasts.value = toasts.value.filter((x) => x.id !== id)), isBad ? 7_000 : 4_000);
}

/** The sentence for a failure, in the page's language where its code is known. */
export const explain = (problem) => has(`error.${problem?.code}`, problem?.message || t("error.internal"));

/** Say that something failed. */
export const tell = (problem) => say(explain(problem), true);

/** A button that asks for a file and hands it on; the button, not the hidden input, is what a keyboard reaches. */
export function FileButton({ label, accept, onFile, working = label, testid = null }) {
  const ref = useRef(null);
  const [isBusy, setBusy] = useState(false);
  const take = (e) => {
    const file = e.target.files[0];
    e.target.value = "";
    if (!file) return;
    setBusy(true);
    Promise.resolve(onFile(file)).finally(() => setBusy(false));
  };
  return html`<button type="button" class="button quiet small" disabled=${isBusy} aria-busy=${isBusy} onClick=${() => ref.current.click()}>${isBusy ? working : label}</button>
    <input ref=${ref} type="file" hidden aria-label=${label} accept=${accept} data-testid=${testid} onChange=${take} />`;
}

export const Toasts = () => html`<div class="toasts" role="status" aria-live="polite">
  ${toasts.value.map((x) => html`<div class="toast ${x.isBad ? "bad" : ""}" key=${x.id}>${x.text}</div>`)}
</div>`;

/** How sure the assistant is, 0..1. */
export function Meter({ value, label }) {
  const level = value >= 0.75 ? "high" : value >= 0.45 ? "middle" : "low";
  return html`<span class="meter ${level}" role="meter" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(value * 100)}
    aria-label=${label}><span style=${{ width: `${Math.round(value * 100)}%` }}></span></span>`;
}

/** Let a text field grow with its text. */
export function grow(field) {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + field.offsetHeight - field.clientHeight}px`;
}

/** Whether a key press belongs to an input method that composes a character. */
export const isComposing = (e) => e.isComposing || e.keyCode === 229;

/** Changes with only blanks between them read better as one. @param {{op: string, text: string}[]} changes */
function joined(changes) {
  const out = [];
  let gone = "";
  let fresh = "";
  const flush = () => {
    if (gone) out.push({ op: "gone", text: gone });
    if (fresh) out.push({ op: "new", text: fresh });
    gone = fresh = "";
  };
  changes.forEach((c, i) => {
    if (c.op === "gone") gone += c.text;
    else if (c.op === "new") fresh += c.text;
    else if ((gone || fresh) && c.text.trim().length < 2 && i < changes.length - 1) {
      gone += c.text;
      fresh += c.text;
    } else {
      flush();
      out.push(c);
    }
  });
  flush();
  return out;
}

/** Words that changed. @param {{ changes: {op: string, text: string}[] }} props */
export const Diff = ({ changes }) => html`<p class="diff">${joined(changes).map((c) =>
  c.op === "same" ? c.text : c.op === "gone" ? html`<del>${c.text}</del>` : html`<ins>${c.text}</ins>`)}</p>`;
