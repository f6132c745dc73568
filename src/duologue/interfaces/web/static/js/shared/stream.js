/**
 * One event stream, read with fetch, that comes back by itself: from its cursor, after a growing pause with jitter, at once when
 * the browser says that it is online again. Silence for longer than the server's keep-alive counts as a broken line.
 */
import { authHeaders } from "./api.js";
import { frameReader } from "./sse.js";

const SILENCE_MS = 40_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/**
 * @typedef {object} Handlers
 * @property {(change: {cursor: number, kind: string, conversation_id: string, payload: any, at: string}) => void} onChange
 * @property {(item: {kind: string, conversation_id: string, data: any}) => void} onEphemeral
 * @property {(cursor: number) => void | Promise<void>} onReset  the cursor is too old: fetch the state again
 * @property {(isOpen: boolean) => void} onState
 * @property {() => void} [onRefused]  the session is over
 */

/** @param {string} path @param {number | null} since @param {Handlers} on */
export function openStream(path, since, on) {
  let cursor = since;
  let pause = FIRST_PAUSE_MS;
  let isClosed = false;
  let abort = new AbortController();
  let wake = () => {};

  const hurry = () => {
    pause = FIRST_PAUSE_MS;
    wake();
  };
  const cut = () => abort.abort();
  addEventListener("online", hurry);
  addEventListener("offline", cut);

  async function handle(frame) {
    if (frame.id !== null && /^\d+$/.test(frame.id)) cursor = Math.max(cursor ?? 0, Number(frame.id));
    if (!frame.data) return;
    const data = JSON.parse(frame.data);
    if (frame.event === "change") on.onChange(data);
    else if (frame.event === "ephemeral") on.onEphemeral(data);
    else if (frame.event === "reset") {
      cursor = data.cursor;
      await on.onReset(data.cursor);
    }
  }

  async function once() {
    abort = new AbortController();
    let watchdog = setTimeout(cut, SILENCE_MS);
    try {
      const response = await fetch(cursor === null ? path : `${path}?since=${cursor}`, {
        headers: { Accept: "text/event-stream", ...authHeaders() },
        credentials: "same-origin",
        cache: "no-store",
        signal: abort.signal,
      });
      if ([401, 403, 404].includes(response.status)) {
        isClosed = true;
        on.onRefused?.();
        return;
      }
      if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
      const read = frameReader();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || isClosed) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(cut, SILENCE_MS);
        const frames = read(value);
        if (frames.length) {
          pause = FIRST_PAUSE_MS;
          on.onState(true);
        }
        for (const frame of frames) await handle(frame);
      }
    } finally {
      clearTimeout(watchdog);
      abort.abort();
    }
  }

  async function forever() {
    while (!isClosed) {
      try {
        await once();
      } catch (problem) {
        if (problem?.name !== "AbortError") console.info("stream:", String(problem));
      }
      if (isClosed) break;
      on.onState(false);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause * (0.5 + Math.random()));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  forever();
  return {
    close() {
      isClosed = true;
      removeEventListener("online", hurry);
      removeEventListener("offline", cut);
      abort.abort();
      wake();
    },
  };
}
