/**
 * The chat on another page: `<script type="module" src="https://chat.example/widget.js"></script><duologue-chat></duologue-chat>`.
 * A launcher and a panel in a shadow tree; the chat itself runs in a frame of its own origin, so that neither page reads the other.
 * Attributes: `lang` (en, zh), `workspace`, `label`. The server's setting must name the page's site, else the browser shows nothing.
 */
const ORIGIN = new URL(import.meta.url).origin;
const WORDS = {
  en: { open: "Chat with us", close: "Close the chat", frame: "Chat" },
  zh: { open: "在线咨询", close: "关闭对话", frame: "在线咨询" },
};

const STYLE = `
:host { position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; font: 500 15px/1.4 system-ui, "PingFang SC", "Microsoft YaHei", sans-serif; }
button { all: unset; box-sizing: border-box; cursor: pointer; }
.launch { display: flex; align-items: center; gap: 9px; height: 52px; padding: 0 20px 0 16px; border-radius: 26px; background: #0c6b64; color: #fff;
  box-shadow: 0 2px 6px rgb(0 0 0 / 12%), 0 12px 32px rgb(0 0 0 / 22%); }
.launch:hover { background: #09564f; }
button:focus-visible { outline: 3px solid #8fd6cb; outline-offset: 2px; }
.unread { min-width: 20px; height: 20px; padding: 0 6px; border-radius: 10px; background: #fff; color: #0c6b64; font-size: 12px; line-height: 20px; text-align: center; font-weight: 700; }
.panel { position: absolute; right: 0; bottom: 64px; width: 400px; height: min(640px, calc(100vh - 110px)); border-radius: 18px; overflow: hidden; background: #f6f6f3;
  box-shadow: 0 2px 6px rgb(0 0 0 / 10%), 0 24px 64px rgb(0 0 0 / 28%); }
.panel[hidden] { display: none; }
iframe { width: 100%; height: 100%; border: 0; display: block; }
@media (max-width: 480px) { .panel { position: fixed; inset: 0; width: 100%; height: calc(100% - 84px); border-radius: 0; } }
`;
const MARK = "M7 12.5A4.5 4.5 0 0 1 11.500 8h5a4.500 4.500 0 0 1 0 9H12l-3.600 2.700c-.6.4-1.400 0-1.400-.8z";

class DuologueChat extends HTMLElement {
  #isOpen = false;
  #unread = 0;
  #shadow = this.attachShadow({ mode: "open" });

  connectedCallback() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#shadow.adoptedStyleSheets = [sheet];
    this.#render();
    addEventListener("message", this.#hear);
  }

  disconnectedCallback() {
    removeEventListener("message", this.#hear);
  }

  get #words() {
    const lang = this.getAttribute("lang") ?? document.documentElement.lang;
    return WORDS[lang.startsWith("zh") ? "zh" : "en"];
  }

  #hear = ({ origin, data }) => {
    if (origin !== ORIGIN || data?.duologue !== "message" || this.#isOpen) return;
    this.#unread += 1;
    this.#render();
  };

  #toggle() {
    this.#isOpen = !this.#isOpen;
    if (this.#isOpen) this.#unread = 0;
    this.#render();
    this.#shadow.querySelector(this.#isOpen ? "iframe" : ".launch").focus();
  }

  #frame() {
    const address = new URL("/", ORIGIN);
    address.searchParams.set("embed", "1");
    for (const name of ["lang", "workspace"]) if (this.getAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
    const frame = document.createElement("iframe");
    frame.src = address.href;
    frame.title = this.#words.frame;
    frame.allow = "microphone";
    return frame;
  }

  #render() {
    const root = this.#shadow;
    if (!root.firstElementChild) {
      const panel = document.createElement("div");
      panel.className = "panel";
      const launch = document.createElement("button");
      launch.className = "launch";
      launch.type = "button";
      launch.addEventListener("click", () => this.#toggle());
      root.append(panel, launch);
    }
    const [panel, launch] = root.children;
    if (this.#isOpen && !panel.firstElementChild) panel.append(this.#frame());
    panel.hidden = !this.#isOpen;
    const text = this.#isOpen ? this.#words.close : (this.getAttribute("label") ?? this.#words.open);
    launch.setAttribute("aria-expanded", String(this.#isOpen));
    launch.replaceChildren(icon(), document.createTextNode(text));
    if (this.#unread) {
      const badge = document.createElement("span");
      badge.className = "unread";
      badge.textContent = String(this.#unread);
      launch.append(badge);
    }
  }
}

function icon() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "6 7 16 14");
  svg.setAttribute("width", "20");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", MARK);
  path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}

customElements.get("duologue-chat") ?? customElements.define("duologue-chat", DuologueChat);
