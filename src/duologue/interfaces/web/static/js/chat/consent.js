/** Whether the assistant may learn from this person's conversations. */
import { html, useEffect, useState } from "../shared/html.js";
import { Dialog, say, tell } from "../shared/parts.js";
import { get, put } from "../shared/api.js";
import { t } from "../shared/i18n.js";

const PATH = "/api/chat/consent";

export function Consent({ onClose }) {
  const [mayLearn, setMayLearn] = useState(null);
  useEffect(() => {
    get(PATH).then((found) => setMayLearn(found.may_learn), tell);
  }, []);
  const choose = (e) => {
    const wanted = e.target.checked;
    put(PATH, { may_learn: wanted }).then((found) => {
      setMayLearn(found.may_learn);
      say(t(found.may_learn ? "chat.consent_given" : "chat.consent_refused"));
    }, tell);
  };
  return html`<${Dialog} title=${t("chat.consent")} onClose=${onClose}><p>${t("chat.consent_line")}</p>
    <label class="row"><input type="checkbox" checked=${mayLearn === true} disabled=${mayLearn === null} data-testid="may-learn" onChange=${choose} /><span>${t("chat.may_learn")}</span></label>
    <div class="row end"><button type="button" class="button small quiet" onClick=${onClose}>${t("action.close")}</button></div><//>`;
}
