/** Answers read aloud: by the server's voice where it has one, else by a voice of this machine; never by one that asks another. */
import { signal } from "./html.js";
import { Failure, authHeaders } from "./api.js";
import { memory } from "./cookies.js";
import { parse } from "./trusted.js";

const KEY = "duo.aloud";
/** Whether answers are read as they come. */
export const isAloud = signal(memory.get(KEY, false));
/** Id of the message that is being read; empty in between. */
export const reading = signal("");
/** Voices that need no other machine, by the beginning of their language; they may come late. */
const voices = signal([]);
const listVoices = () => (voices.value = (globalThis.speechSynthesis?.getVoices() ?? []).filter((v) => v.localService));
listVoices();
globalThis.speechSynthesis?.addEventListener?.("voiceschanged", listVoices);

const voiceFor = (lang) => voices.value.find((v) => v.lang.toLowerCase().startsWith(lang));
let sound = null;

export const canRead = (lang, says) => Boolean(says || voiceFor(lang));

export function toggleAloud() {
  isAloud.value = !isAloud.value;
  memory.set(KEY, isAloud.value);
  if (!isAloud.value) hush();
}

/** Be quiet. */
export function hush() {
  sound?.pause();
  sound = null;
  globalThis.speechSynthesis?.cancel();
  reading.value = "";
}

/** Read a message; what is being read ends. @param {string} path of its sound @param {boolean} says whether the server has a voice */
export async function readAloud(message, path, says) {
  hush();
  reading.value = message.id;
  if (!says) return speak(message);
  const response = await fetch(path, { headers: authHeaders(), credentials: "same-origin" });
  if (!response.ok) {
    hush();
    const problem = (await response.json().catch(() => ({}))).error;
    throw new Failure(problem?.code ?? "internal", problem?.message ?? "", response.status);
  }
  const address = URL.createObjectURL(await response.blob());
  if (reading.value !== message.id) return URL.revokeObjectURL(address);
  sound = new Audio(address);
  sound.onended = sound.onerror = () => {
    URL.revokeObjectURL(address);
    if (reading.value === message.id) hush();
  };
  return sound.play().catch(hush); // a page that nobody has touched may not speak
}

function speak(message) {
  const content = parse(message.html);
  const known = new Set(message.citations.map((c) => String(c.number)));
  const words = new SpeechSynthesisUtterance(content.textContent.replace(/\s*\[(\d{1,3})\]/g, (mark, n) => (known.has(n) ? "" : mark)));
  words.voice = voiceFor(message.lang) ?? null;
  words.lang = message.lang === "zh" ? "zh-CN" : message.lang;
  words.onend = words.onerror = () => reading.value === message.id && (reading.value = "");
  speechSynthesis.speak(words);
}
