// The model that answers: GET /v1/models.

import { byId } from "./element.js";
import { finePercent, number, percent } from "./words.js";

/** What stands at the top of the page of a model. */
export function showModel({ name, fingerprint, threshold, test_accuracy, test_rows }) {
  byId("model-name").textContent = `${name} · ${fingerprint.slice(0, 8)}`;
  byId("model-name").title = fingerprint;
  byId("model-accuracy").textContent = accuracy(test_accuracy, test_rows);
  byId("model-threshold").textContent = `below ${percent(threshold)}`;
  byId("model").hidden = false;
}

function accuracy(share, rows) {
  if (share === null) return "not evaluated";
  const of = rows === null ? "products" : number(rows, "product");
  return `${finePercent(share)} of ${of} it never saw`;
}
