/** Requests to /api. An answer that is not a success becomes a Failure with the server's code and sentence. */

export class Failure extends Error {
  /** @param {string} code @param {string} message @param {number} status @param {object} detail */
  constructor(code, message, status, detail = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.detail = detail;
  }

  /** Whether trying again may help: no answer, too many requests, or the server is down. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** What every request carries; set by the session. */
export const credentials = { csrf: "", token: "" };

export function authHeaders() {
  return credentials.token ? { Authorization: `Bearer ${credentials.token}` } : {};
}

/** @param {string} method @param {string} path @param {object | FormData | Blob} [body] */
export async function request(method, path, body, { timeoutMs = 30_000 } = {}) {
  const headers = { Accept: "application/json", ...authHeaders() };
  if (method !== "GET") headers["X-CSRF-Token"] = credentials.csrf;
  const isRaw = body instanceof FormData || body instanceof Blob;
  if (body && !isRaw) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body && !isRaw ? JSON.stringify(body) : body,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (problem) {
    throw new Failure(problem?.name === "TimeoutError" ? "slow" : "offline", String(problem), 0);
  }
  const text = await response.text().catch(() => "");
  const json = readJson(text);
  if (response.ok && json !== null) return json;
  const error = json?.error ?? {};
  const status = response.ok ? 0 : response.status;
  throw new Failure(error.code ?? "internal", error.message ?? "", status, error.detail);
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const get = (path) => request("GET", path);
export const post = (path, body = {}) => request("POST", path, body);
export const put = (path, body) => request("PUT", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const del = (path) => request("DELETE", path);

/** Post a form with progress, which fetch does not tell. @param {(share: number) => void} onProgress */
export function upload(path, form, onProgress) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.setRequestHeader("X-CSRF-Token", credentials.csrf);
    call.upload.onprogress = (e) => e.lengthComputable && onProgress(e.loaded / e.total);
    call.onerror = () => reject(new Failure("offline", "", 0));
    call.onload = () => {
      const json = readJson(call.responseText);
      if (call.status < 300 && json) resolve(json);
      else reject(new Failure(json?.error?.code ?? "internal", json?.error?.message ?? "", call.status, json?.error?.detail));
    };
    call.send(form);
  });
}
