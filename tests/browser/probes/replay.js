/** A conversation twice: rebuilt from the whole feed by the pages' own reducer, and as it is fetched. */
async ([id, base]) => {
  const { nothing, reduce, load, emptyThread } = await import(`${base}/js/shared/reduce.js`);
  const { frameReader } = await import(`${base}/js/shared/sse.js`);
  const fetched = await (await fetch(`/api/desk/conversations/${id}`)).json();
  const abort = new AbortController();
  const response = await fetch("/api/desk/stream?since=0", { signal: abort.signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const read = frameReader();
  let state = { ...nothing(), threads: { [id]: emptyThread(0) } };
  for (let at = 0; at < fetched.cursor; ) {
    for (const frame of read((await reader.read()).value)) {
      if (frame.event !== "change") continue;
      const event = JSON.parse(frame.data);
      at = event.cursor;
      if (event.conversation_id === id && at <= fetched.cursor) state = reduce(state, event);
    }
  }
  abort.abort();
  const seen = (conversation, thread) => ({
    conversation,
    messages: thread.messages,
    drafts: thread.drafts.map((d) => [d.id, d.status]),
    runs: Object.values(thread.runs).map((r) => `${r.id} ${r.status}`).sort(),
  });
  const { last_message, draft, person, ...conversation } = state.conversations[id]; // what only a list's row has
  return [seen(conversation, state.threads[id]), seen(fetched.conversation, load(nothing(), fetched).threads[id])];
}
