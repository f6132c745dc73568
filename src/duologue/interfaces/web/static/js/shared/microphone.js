/** The microphone: a button that listens, and hands over what was understood. Nothing is sent by itself, and no sound is kept. */
import { html, useEffect, useRef, useState } from "./html.js";
import { Icon } from "./icons.js";
import { say, tell } from "./parts.js";
import { request } from "./api.js";
import { lang, t } from "./i18n.js";
import { hush } from "./aloud.js";

const MOST_MS = 120_000;
const TIMEOUT_MS = 120_000;
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
/** Browsers let a page listen only over HTTPS or on the machine itself. */
const canListen = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** @param {{ path: string, onHeard: (text: string) => void, isDisabled?: boolean }} props `path`: who understands, without `lang` */
export function Microphone({ path, onHeard, isDisabled = false }) {
  const [state, setState] = useState("idle"); // idle, asking, listening, understanding
  const [seconds, setSeconds] = useState(0);
  const recording = useRef(null);
  const button = useRef(null);
  useEffect(() => {
    const onKey = (e) => {
      if (e.key !== "Escape" || !recording.current) return;
      e.preventDefault();
      recording.current.drop();
    };
    addEventListener("keydown", onKey, true);
    return () => {
      removeEventListener("keydown", onKey, true);
      recording.current?.drop();
    };
  }, []);
  if (!canListen()) return null;

  const understand = async (sound) => {
    setState("understanding");
    try {
      const heard = await request("POST", `${path}${path.includes("?") ? "&" : "?"}lang=${lang.value}`, sound, { timeoutMs: TIMEOUT_MS });
      if (heard.text) onHeard(heard.text);
      else say(t("voice.nothing"), true);
    } catch (problem) {
      tell(problem);
    }
    setState("idle");
  };
  const begin = async () => {
    hush();
    setState("asking");
    try {
      recording.current = await record({ onLevel: (level) => button.current?.style.setProperty("--level", level), onSecond: setSeconds });
    } catch (problem) {
      setState("idle");
      say(t(problem.name === "NotAllowedError" ? "voice.denied" : "voice.no_microphone"), true);
      return;
    }
    setSeconds(0);
    setState("listening");
    const sound = await recording.current.sound;
    recording.current = null;
    if (sound?.size) await understand(sound);
    else setState("idle");
  };
  const isListening = state === "listening";
  const label = t(isListening ? "voice.stop" : state === "understanding" ? "voice.understanding" : "voice.speak");
  return html`<span class="microphone ${state}">
    ${isListening && html`<span class="recorded" role="timer" aria-label=${t("voice.listening")}>${clock(seconds)}</span>`}
    <button type="button" ref=${button} class="listen" aria-label=${label} title=${label} aria-pressed=${isListening} data-testid="microphone"
      data-state=${state} disabled=${isDisabled || state === "understanding" || state === "asking"}
      onClick=${() => (isListening ? recording.current.stop() : begin())}>
      <${Icon} name=${isListening ? "stop" : "microphone"} size=${19} /></button>
  </span>`;
}

/** Record until `stop` or `drop`; `sound` is the whole, or null where it was dropped. */
async function record({ onLevel, onSecond }) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 } });
  const recorder = new MediaRecorder(stream, { mimeType: KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)), audioBitsPerSecond: 32_000 });
  const parts = [];
  const meter = watch(stream, onLevel);
  const began = Date.now();
  let isDropped = false;
  const end = () => recorder.state !== "inactive" && recorder.stop();
  const ticking = setInterval(() => {
    onSecond((Date.now() - began) / 1_000);
    if (Date.now() - began > MOST_MS) end();
  }, 250);
  const sound = new Promise((resolve) => {
    recorder.ondataavailable = (e) => parts.push(e.data);
    recorder.onstop = () => {
      clearInterval(ticking);
      meter.close();
      for (const track of stream.getTracks()) track.stop();
      resolve(isDropped ? null : new Blob(parts, { type: recorder.mimeType }));
    };
  });
  recorder.start(1_000);
  return {
    sound,
    stop: end,
    drop() {
      isDropped = true;
      end();
    },
  };
}

/** How loud it is, 0..1, ten times a second: so that one sees that one is heard. */
function watch(stream, onLevel) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    onLevel(Math.min(1, Math.sqrt(power) * 6).toFixed(2));
  }, 100);
  return {
    close() {
      clearInterval(timer);
      context.close();
    },
  };
}
