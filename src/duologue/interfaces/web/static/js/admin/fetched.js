/** State of a view that is fetched: {data, problem, reload}. */
import { html, useCallback, useEffect, useState } from "../shared/html.js";
import { explain } from "../shared/parts.js";
import { get } from "../shared/api.js";
import { t } from "../shared/i18n.js";

/** @param {string} path fetched when the view is shown and when `path` changes */
export function useFetched(path) {
  const [data, setData] = useState(null);
  const [problem, setProblem] = useState(null);
  const reload = useCallback(
    () =>
      get(path).then((found) => {
        setData(found);
        setProblem(null);
      }, setProblem),
    [path],
  );
  useEffect(() => {
    reload();
  }, [path]);
  return { data, setData, problem, reload };
}

/** The head of a view, with what one may do there. */
export const ViewHead = ({ title, line, children }) => html`<header class="view-head"><div><h2>${title}</h2><p>${line}</p></div><div class="row">${children}</div></header>`;

/** What stands in place of data that is not there. */
export const Waiting = ({ problem, reload }) =>
  problem
    ? html`<div class="empty" role="alert"><p>${explain(problem)}</p><button type="button" class="button small quiet" onClick=${reload}>${t("action.retry")}</button></div>`
    : html`<div aria-busy="true"><div class="skeleton"></div><div class="skeleton short"></div><div class="skeleton"></div></div>`;
