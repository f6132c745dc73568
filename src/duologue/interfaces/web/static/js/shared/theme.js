/** Light, dark, or as the system has it. */
import { signal } from "./html.js";
import { setCookie } from "./cookies.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** @type {import("../../vendor/signals.js").Signal<"light" | "dark" | "auto">} */
export const theme = signal(root.dataset.theme ?? "auto");
export const isDark = () => theme.value === "dark" || (theme.value === "auto" && system.matches);

/** Change to the other of light and dark, and remember it. */
export function switchTheme() {
  theme.value = isDark() ? "light" : "dark";
  root.dataset.theme = theme.value;
  setCookie("duo_theme", theme.value);
}
