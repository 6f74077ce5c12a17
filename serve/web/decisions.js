// What a person decides of the products, and takes away.

import { choice } from "./choice.js";
import { correctionsCsv, faults, fileName, resultCsv, save } from "./downloads.js";
import { byId } from "./element.js";
import { announce, showProblem } from "./notices.js";
import { FILTERS, departmentOf } from "./products.js";
import { number, percent } from "./words.js";

/**
 * @param state the page's: model, catalog, products, view, unsaved.
 * @param decided ({on}) => called when a decision was made, or taken back (`on` is false).
 * @returns {open, takeBack, showWhetherUseful}
 */
export function decisions(state, { loadModel, decided }) {
  const choose = choice(decide);

  /** Offer the departments for a product; those that begin with the letter, if any. */
  function open(product, letter) {
    const departments = state.model?.departments;
    if (!departments) return showProblem("The departments are not known yet.", loadModel);
    const { name, description } = state.catalog.roles;
    const about = description === null ? "" : product.fields[description];
    const { tag } = product;
    const said = tag ? `The model says ${tag.department}, ${percent(tag.confidence)}.` : "";
    return choose(product, { name: product.fields[name], about, said, departments, letter });
  }

  function decide(product, department) {
    product.decision = department;
    state.unsaved = true;
    decided({ on: true });
    announce(`${product.fields[state.catalog.roles.name]}: ${department}.`);
  }

  function takeBack(product) {
    if (product.decision === null) return;
    product.decision = null;
    decided({ on: false });
    announce(`Taken back: ${departmentOf(product) ?? "no department"}.`);
  }

  /** The model's department is right for every product for review that is shown. */
  function acceptShown() {
    const some = state.view.filter(FILTERS.review);
    const count = number(some.length, "product");
    if (!confirm(`Accept the model's department for ${count} for review?`)) return;
    for (const product of some) product.decision = product.tag.department;
    state.unsaved = true;
    decided({ on: false });
    announce(`Accepted: ${count}.`);
  }

  /** Corrections without ids are of no use to prepare, nor is accepting where nothing waits. */
  function showWhetherUseful() {
    const any = state.products.some(FILTERS.decided);
    const useless = state.catalog.roles.id === null;
    byId("corrections-note").hidden = !(useless && any);
    byId("download-corrections").disabled = useless || !any;
    byId("accept").disabled = !state.view.some(FILTERS.review);
  }

  function downloadCorrections() {
    const { catalog, products } = state;
    save(fileName(catalog, "corrections"), correctionsCsv(catalog, products));
    state.unsaved = false;
    const { nameless, torn } = faults(catalog, products);
    const said = [];
    if (nameless) said.push(`Left out, having no id: ${number(nameless, "product")}.`);
    if (torn.length) said.push(`Of two departments, which prepare rejects: id ${few(torn)}.`);
    if (said.length) showProblem(said.join(" "));
    else announce("Corrections downloaded.");
  }

  function downloadResult() {
    save(fileName(state.catalog, "tags"), resultCsv(state.catalog, state.products));
    announce("Result downloaded.");
  }

  byId("accept").addEventListener("click", acceptShown);
  byId("download-result").addEventListener("click", downloadResult);
  byId("download-corrections").addEventListener("click", downloadCorrections);
  return { open, takeBack, showWhetherUseful };
}

const few = (ids) => ids.slice(0, 5).join(", ") + (ids.length > 5 ? ", …" : "");
