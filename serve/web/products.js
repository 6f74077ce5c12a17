// The products of the page: what is known of each, and what a person decided.
//
//   waiting --tag--> tagged | review --person--> corrected | confirmed
//      '-- error ------------------------person--'

/** Products of a catalog: {number from 0, fields, tag, error, decision}, the last three null at
 * first; a `tag` is as POST /v1/tag gives it. */
export function productsOf(catalog) {
  return catalog.rows.map(({ fields, problem }, at) => ({
    number: at,
    fields,
    tag: null,
    error: problem,
    unsendable: problem !== null,
    decision: null,
  }));
}

/** `waiting`, `error`, `tagged`, `review`, `corrected` or `confirmed`. */
export function statusOf({ tag, error, decision }) {
  if (decision !== null) return decision === tag?.department ? "confirmed" : "corrected";
  if (error !== null) return "error";
  return tag === null ? "waiting" : tag.status;
}

/** The department that stands: a person's, else the model's, else null. */
export const departmentOf = ({ tag, decision }) => decision ?? tag?.department ?? null;

/** What the tagger is asked: its row number is the id. */
export function asked(product, { name, description }) {
  const request = { id: product.number, name: product.fields[name] };
  if (description !== null) request.description = product.fields[description];
  return request;
}

export const FILTERS = {
  all: () => true,
  review: (product) => statusOf(product) === "review",
  errors: (product) => statusOf(product) === "error",
  decided: ({ decision }) => decision !== null,
};

/** Products that have a text in the column of names, in whatever case; all have an empty one. */
export function named(products, sought, { name }) {
  const part = sought.trim().toLowerCase();
  if (!part) return products;
  return products.filter(({ fields }) => fields[name].toLowerCase().includes(part));
}

/** How many products each filter holds. */
export function counts(products) {
  const count = ([name, holds]) => [name, products.filter(holds).length];
  return Object.fromEntries(Object.entries(FILTERS).map(count));
}

/** Departments to choose from: the candidates first, then the other alternatives, then the rest
 * by name; each with the model's confidence where it said one. */
export function choices({ tag }, departments) {
  const said = new Map();
  if (tag) {
    said.set(tag.department, tag.confidence);
    for (const one of tag.alternatives) said.set(one.department, one.confidence);
  }
  const candidates = tag?.candidates ?? [];
  const rest = [...departments].sort((a, b) => a.localeCompare(b));
  const names = new Set([...candidates, ...said.keys(), ...rest]);
  return [...names].map((name) => ({
    name,
    confidence: said.get(name) ?? null,
    candidate: candidates.includes(name),
  }));
}
