// What is said to the person: problems, what is going on, and the same for those who listen.

import { byId } from "./element.js";

/** Say something to a screen reader; the same text twice is said twice. */
export function announce(text) {
  const live = byId("live");
  live.textContent = live.textContent === text ? `${text}\u00a0` : text;
}

/** Show a problem, with a button that tries again where that can help. */
export function showProblem(text, retry = null) {
  byId("problem").hidden = false; // first: a text that comes later is read out
  byId("problem-text").textContent = text;
  byId("problem-retry").hidden = retry === null;
  byId("problem-retry").onclick = () => (hideProblem(), retry());
}

export function hideProblem() {
  byId("problem").hidden = true;
}

/** The server is busy for some seconds; 0: it was. Who listens is told once, not every second. */
export function showWaiting(seconds, why) {
  const busy = byId("busy");
  const text = seconds ? `${why}: going on in ${seconds} s` : "";
  if (busy.hidden && text) announce(text);
  busy.hidden = !text;
  busy.textContent = text;
}

/** Ask for the API key; null where the person gives none. */
export function askForKey(refused) {
  const dialog = byId("key");
  const field = byId("key-field");
  byId("key-about").textContent = refused
    ? "The server did not take this key. It is kept until you close this tab."
    : "The server asks for one. It is kept until you close this tab.";
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue || null);
  });
}

byId("problem-close").addEventListener("click", hideProblem);
byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault(); // a key must never be part of an address
  byId("key").close(byId("key-field").value.trim());
});
byId("key-leave").addEventListener("click", () => byId("key").close(""));
