/** Controls and regions that a screen reader could not name. */
() =>
  [...document.querySelectorAll("button, a, input, textarea, select, [role=button], [role=tab], dialog, nav, aside")]
    .filter((e) => {
      if (e.closest("[hidden]") || e.type === "hidden" || e.type === "file") return false;
      const labels = e.labels ? [...e.labels].map((l) => l.innerText).join("") : "";
      return !(e.getAttribute("aria-label") || labels || e.innerText.trim() || e.title);
    })
    .map((e) => e.outerHTML.slice(0, 160));
