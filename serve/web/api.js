// The endpoint, as the page asks it: what can pass is waited for, the rest is an error in words.

const KEY = "shelftag-api-key"; // in sessionStorage: gone with the tab, and for no other page

/** The server said no, or something that is no answer; `status` is HTTP's, 0 where none came. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * The endpoint's answers as JSON.
 * @param askForKey (refused) => a promise of an API key, null where the person gives none;
 *   `refused` says that the last one was not taken.
 * @param waiting (seconds, reason) => shown while the server is busy; (0) when that is over.
 */
export function client({ askForKey, waiting }) {
  let asking = null; // one question for all requests that lack a key

  async function renewKey(used) {
    if (used !== sessionStorage.getItem(KEY)) return; // another request has just asked for it
    asking ??= askForKey(used !== null).finally(() => (asking = null));
    const key = await asking;
    if (key === null) throw new Refused(401, "The server asks for an API key.");
    sessionStorage.setItem(KEY, key);
  }

  /** @throws {Refused} @throws {DOMException} AbortError, when the signal stops it. */
  return async function ask(path, { body = null, signal } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      const key = sessionStorage.getItem(KEY);
      const response = await fetched(path, body, key, signal);
      if (response.ok) return answer(response);
      if (response.status === 401) await renewKey(key);
      else if (response.status === 429 || response.status === 503) {
        await pause(seconds(response, attempt), response.status, waiting, signal);
      } else throw await refusal(response);
    }
  };
}

async function fetched(path, body, key, signal) {
  const headers = { Accept: "application/json" };
  if (body !== null) headers["Content-Type"] = "application/json";
  if (key !== null) headers.Authorization = `Bearer ${key}`;
  const method = body === null ? "GET" : "POST";
  const sent = body === null ? null : JSON.stringify(body);
  try {
    return await fetch(path, { method, headers, body: sent, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer.");
  }
}

async function answer(response) {
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(response.status, "The server's answer broke off, or is not JSON.");
  }
}

/** What an error says: the `detail` of RFC 9457, where the answer has one. */
async function refusal(response) {
  let detail = "";
  try {
    detail = (await response.json()).detail ?? "";
  } catch {
    // a proxy's own page: the status has to do
  }
  const fault = response.status >= 500 ? "The server failed" : "The server refused";
  return new Refused(response.status, `${fault} (${response.status}${detail && `: ${detail}`}).`);
}

/** Retry-After of RFC 9110, 10.2.3: seconds or a date; else longer from time to time. */
function seconds(response, attempt) {
  const said = response.headers.get("Retry-After");
  const until = /^\d+$/.test(said ?? "") ? Number(said) : (Date.parse(said) - Date.now()) / 1000;
  return Number.isFinite(until) ? Math.max(until, 0.1) : Math.min(2 ** attempt, 30);
}

async function pause(length, status, waiting, signal) {
  const why = status === 429 ? "The limit of requests is reached" : "The server is busy";
  try {
    for (let left = length; left > 0; left -= 1) {
      waiting(Math.ceil(left), why);
      await sleep(Math.min(left, 1), signal);
    }
  } finally {
    waiting(0);
  }
}

/** @throws {DOMException} AbortError, when the signal stops it. */
function sleep(length, signal) {
  return new Promise((resolve, reject) => {
    const over = () => (signal?.removeEventListener("abort", stop), resolve());
    const stop = () => (clearTimeout(timer), reject(signal.reason));
    const timer = setTimeout(over, length * 1000);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
