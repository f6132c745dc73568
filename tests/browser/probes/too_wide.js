/** What makes the page scroll sideways; nothing where it does not. */
() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > innerWidth)
    .map((e) => `${Math.round(e.getBoundingClientRect().right)} ${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`);
}
