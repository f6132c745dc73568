/**
 * What was written but not yet taken: kept in local storage, sent in order, again after a broken line. The `client_id` makes a
 * second sending harmless. Knows how to keep and order, not how to send.
 *
 * @typedef {object} Letter
 * @property {string} client_id
 * @property {string} body
 * @property {string} at
 * @property {"sending" | "waiting" | "failed"} state
 * @property {string} [problem]  why it failed for good
 */
import { batch, signal } from "./html.js";
import { memory } from "./cookies.js";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 20_000;

/** A name that nobody else gives. */
export function newClientId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** @param {string} key place in local storage @param {(letter: Letter) => Promise<any>} send rejects with a Failure */
export function createOutbox(key, send) {
  const kept = memory.get(key, []).map((letter) => (letter.state === "sending" ? { ...letter, state: "waiting" } : letter));
  const letters = signal(/** @type {Letter[]} */ (kept));
  let place = key;
  let isRunning = false;
  let isClosed = false;
  let pause = FIRST_PAUSE_MS;
  let wake = () => {};

  const set = (next) => {
    letters.value = next;
    if (next.length) memory.set(place, next);
    else memory.drop(place);
  };
  const mark = (id, change) => set(letters.value.map((l) => (l.client_id === id ? { ...l, ...change } : l)));
  const drop = (id) => set(letters.value.filter((l) => l.client_id !== id));

  async function flush() {
    if (isRunning || isClosed) return;
    isRunning = true;
    for (;;) {
      const letter = letters.value.find((l) => l.state !== "failed");
      if (!letter || isClosed) break;
      mark(letter.client_id, { state: "sending" });
      try {
        const result = await send(letter);
        pause = FIRST_PAUSE_MS;
        batch(() => {
          result?.();
          drop(letter.client_id);
        });
      } catch (problem) {
        if (problem?.isPassing === false) {
          mark(letter.client_id, { state: "failed", problem: problem.message });
          continue;
        }
        mark(letter.client_id, { state: "waiting" });
        const wait = 1_000 * (problem?.detail?.retry_after_s ?? 0) || pause * (0.75 + Math.random() / 2);
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, wait);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
    isRunning = false;
  }

  const hurry = () => {
    pause = FIRST_PAUSE_MS;
    wake();
    flush();
  };
  addEventListener("online", hurry);

  return {
    letters,
    /** Keep what waits under another key: the conversation has got its name. */
    move(to) {
      memory.drop(place);
      place = to;
      set(letters.value);
    },
    add(body) {
      const letter = { client_id: newClientId(), body, at: new Date().toISOString(), state: "sending" };
      set([...letters.value, letter]);
      flush();
      return letter;
    },
    retry(id) {
      mark(id, { state: "waiting", problem: undefined });
      hurry();
    },
    drop,
    flush,
    hurry,
    close() {
      isClosed = true;
      removeEventListener("online", hurry);
      wake();
    },
  };
}
