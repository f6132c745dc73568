/**
 * The only door by which markup enters a page: HTML that the server has sanitised (Markdown without raw HTML, allow-list of tags).
 * The Content-Security-Policy lets no other string become markup.
 */
const policy = globalThis.trustedTypes?.createPolicy("duologue", { createHTML: (text) => text });

/** @param {string} text sanitised HTML of the server @returns {DocumentFragment} */
export function parse(text) {
  const template = document.createElement("template");
  template.innerHTML = policy ? policy.createHTML(text) : text;
  return template.content;
}
