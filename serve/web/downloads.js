// The two files a person takes away.

import { departmentOf, statusOf } from "./products.js";
import { spreadsheetCsv } from "./spreadsheet.js";

const TAG_COLUMNS = ["department", "confidence", "status", "alternatives"];

/** Every product with the input's own columns and its tag. A column that is there already keeps
 * its name, and the new ones get the prefix that `shelftag tag --prefix` has in its examples; once
 * more for each time that the file was here before. */
export function resultCsv(catalog, products) {
  let added = TAG_COLUMNS;
  while (added.some((column) => catalog.columns.includes(column))) {
    added = added.map((column) => `shelftag_${column}`);
  }
  const rows = products.map((product) => [...product.fields, ...tagCells(product)]);
  return spreadsheetCsv([...catalog.columns, ...added], rows);
}

/** A confidence is the model's, in its own department: a correction has none. */
function tagCells(product) {
  const { tag, error } = product;
  const status = statusOf(product);
  const sure = tag && departmentOf(product) === tag.department ? tag.confidence : "";
  const words = { error: `error (${error})`, waiting: "not tagged" };
  const others = tag ? JSON.stringify(tag.alternatives) : "";
  return [departmentOf(product) ?? "", sure, words[status] ?? status, others];
}

/** What a person decided, as `prepare --overrides` takes it. */
export function correctionsCsv(catalog, products) {
  const { id, name } = catalog.roles;
  const rows = decided(products)
    .filter(({ fields }) => fields[id].trim())
    .map(({ fields, decision }) => [fields[id], fields[name], decision]);
  return spreadsheetCsv(["id", "name", "department"], rows);
}

/** What `prepare` would not take of the corrections: products without an id, and ids that were
 * given two departments. */
export function faults(catalog, products) {
  const { id } = catalog.roles;
  const chosen = new Map();
  const torn = new Set();
  let nameless = 0;
  for (const { fields, decision } of decided(products)) {
    const key = fields[id].trim();
    if (!key) nameless += 1;
    else if ((chosen.get(key) ?? decision) !== decision) torn.add(key);
    chosen.set(key, decision);
  }
  return { nameless, torn: [...torn] };
}

const decided = (products) => products.filter(({ decision }) => decision !== null);

/** Hand a text to the browser as a file. */
export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}

/** `catalog.csv` -> `catalog-tags.csv`. */
export const fileName = ({ title }, suffix) =>
  `${title.replace(/\.[^.]*$/, "").replaceAll(" ", "-")}-${suffix}.csv`;
