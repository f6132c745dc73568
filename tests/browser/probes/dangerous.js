/** Elements inside texts that could run, load or send something. */
() => {
  const tags = "SCRIPT IFRAME OBJECT EMBED STYLE LINK META BASE FORM IMG SVG VIDEO AUDIO INPUT MATH".split(" ");
  const isBad = (a) => a.name.startsWith("on") || a.name === "style" || /^\s*(javascript|data|vbscript):/i.test(a.value);
  return [...document.querySelectorAll(".body *")]
    .filter((e) => tags.includes(e.tagName.toUpperCase()) || [...e.attributes].some(isBad))
    .map((e) => e.outerHTML);
}
