/** Preact, htm and signals under one roof, so that modules import from one place. */
import { createElement, Fragment, render } from "../../vendor/preact.js";
import htm from "../../vendor/htm.js";

export const html = htm.bind(createElement);
export { Fragment, render };
export { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../vendor/hooks.js";
export { batch, computed, effect, signal } from "../../vendor/signals.js";
