/** The sign-in of members. */
import { html, useEffect, useRef, useState } from "../shared/html.js";
import { Mark } from "../shared/icons.js";
import { Preferences, explain } from "../shared/parts.js";
import { post } from "../shared/api.js";
import { t } from "../shared/i18n.js";
import { enter } from "./store.js";

const workspace = new URLSearchParams(location.search).get("workspace");

export function SignIn() {
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const first = useRef(null);
  useEffect(() => first.current.focus(), []);
  const submit = async (e) => {
    e.preventDefault();
    const given = Object.fromEntries(new FormData(e.target));
    if (workspace) given.workspace = workspace;
    setBusy(true);
    setProblem("");
    try {
      enter(await post("/api/auth/sign-in", given));
    } catch (failure) {
      setProblem(failure.code === "not_signed_in" ? t("sign_in.wrong") : explain(failure));
      setBusy(false);
      first.current?.focus();
    }
  };
  return html`<div class="sign-in"><div class="sign-in-tools"><${Preferences} /></div>
    <form onSubmit=${submit} aria-describedby="sign-in-problem">
      <span class="greeting-mark"><${Mark} size=${28} /></span>
      <h1>${t("sign_in.title")}</h1><p class="nothing">${t("sign_in.line")}</p>
      <label class="field-label" for="email">${t("sign_in.email")}</label>
      <input ref=${first} id="email" name="email" type="email" autocomplete="username" required maxlength="254" data-testid="email" />
      <label class="field-label" for="password">${t("sign_in.password")}</label>
      <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1000" data-testid="password" />
      <p id="sign-in-problem" class="problem" role="alert">${problem}</p>
      <button type="submit" class="button wide" disabled=${isBusy} data-testid="sign-in">${t("sign_in.go")}</button>
      <p class="other-door"><a href="/">${t("sign_in.chat")}</a></p>
    </form></div>`;
}
