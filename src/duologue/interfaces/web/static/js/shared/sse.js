/** Cuts a byte stream of server-sent events into frames. Pure: knows no network. */

/** @typedef {{ event: string, id: string | null, data: string }} Frame */

/** A reader that takes text as it comes and returns the frames that are complete. */
export function frameReader() {
  let rest = "";
  return (text) => {
    rest += text;
    const blocks = rest.split(/\r\n\r\n|\n\n|\r\r/);
    rest = blocks.pop();
    return blocks.map(readFrame);
  };
}

/** @param {string} block @returns {Frame} */
function readFrame(block) {
  const frame = { event: "", id: null, data: "" };
  const data = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") frame.event = value;
    else if (name === "id") frame.id = value;
  }
  frame.data = data.join("\n");
  return frame;
}
