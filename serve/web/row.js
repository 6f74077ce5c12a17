// One product as a row of the table.

import { element } from "./element.js";
import { departmentOf, statusOf } from "./products.js";
import { number, percent } from "./words.js";

const WORDS = { waiting: "waiting", error: "error", tagged: "tagged", review: "review" };

/** A row; `place` is where it stands in the view, from 0. */
export function row(product, roles, place, active) {
  const status = statusOf(product);
  const attributes = {
    role: "row",
    id: `row-${product.number}`,
    class: `row ${status}`,
    "aria-rowindex": place + 2, // the header is the first
    "aria-selected": String(active),
  };
  const made = element(
    "div",
    attributes,
    cell("name", ...nameOf(product, roles)),
    cell("department", departmentButton(product)),
    cell("confidence", ...confidenceOf(product)),
    cell("others", ...othersOf(product)),
    cell("status", element("span", { class: "chip" }, WORDS[status] ?? status)),
  );
  made.style.setProperty("--place", place);
  return made;
}

const cell = (name, ...children) => element("div", { role: "gridcell", class: name }, ...children);

const small = (text) => element("span", { class: "small", title: text }, text);

function nameOf({ number: at, fields }, { name, id, description }) {
  const label = fields[name].trim() || "no name";
  const more = [id === null ? `row ${number(at + 1)}` : fields[id]];
  if (description !== null && fields[description]) more.push(fields[description]);
  return [element("span", { class: "main", title: fields[name] }, label), small(more.join(" · "))];
}

/** The keyboard has Enter on the row; the button is for the pointer. */
function departmentButton(product) {
  const department = departmentOf(product);
  const label = department ?? (statusOf(product) === "waiting" ? "…" : "choose");
  return element("button", { type: "button", tabindex: -1, class: "choose" }, label);
}

function confidenceOf({ tag, decision }) {
  if (!tag) return [];
  const moved = decision !== null && decision !== tag.department;
  if (moved) return [small(`was ${tag.department}, ${percent(tag.confidence)}`)];
  const bar = element("span", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", tag.confidence);
  return [element("span", { class: "figure" }, percent(tag.confidence)), bar];
}

function othersOf({ tag, error }) {
  if (error !== null) return [element("span", { class: "reason", title: error }, error)];
  if (!tag) return [];
  const others = tag.alternatives.map((one) => `${one.department} ${percent(one.confidence)}`);
  const held = tag.candidates.length > 1 ? `one of: ${tag.candidates.join(", ")}` : "";
  const main = element("span", { class: "main", title: others.join(", ") }, others.join(" · "));
  return [main, small(held)];
}
