// The page of a catalog manager: its parts, and what one tells another.
//
//   input --catalog--> tagging --tags--> table <--filter, choice--> decisions --> downloads

import { client } from "./api.js";
import { choice } from "./choice.js";
import { correctionsCsv, faults, fileName, resultCsv, save } from "./downloads.js";
import { byId } from "./element.js";
import { input } from "./input.js";
import { showModel } from "./model.js";
import { announce, askForKey, hideProblem, showProblem, showWaiting } from "./notices.js";
import { FILTERS, counts, departmentOf, productsOf } from "./products.js";
import { table } from "./table.js";
import { tagging } from "./tagging.js";
import { number, percent } from "./words.js";

const ask = client({ askForKey, waiting: showWaiting });
const state = {
  model: null,
  source: null, // the catalog as it was given, and as it was tagged: its columns may change
  catalog: null,
  products: [],
  run: null,
  running: false,
  told: 0, // quarters of the run that were announced
  filter: "all",
  unsaved: false, // decisions that were not downloaded
};
const grid = table(byId("grid"), { open: openChoice, undo: takeBack });
const choose = choice(decide);

async function loadModel() {
  try {
    [state.model] = await ask("v1/models");
    showModel(state.model);
  } catch (error) {
    showProblem(error.message, loadModel);
  }
}

function tagCatalog(source) {
  const question = "Corrections that were not downloaded are lost. Go on?";
  if (state.unsaved && !confirm(question)) return;
  state.run?.stop();
  const catalog = { ...source, roles: { ...source.roles } };
  const products = productsOf(catalog);
  const run = tagging(products, { ...catalog.roles }, ask, changed);
  Object.assign(state, { source, catalog, products, run, told: 0, unsaved: false });
  byId("tags").hidden = false;
  byId("filter").elements.filter.value = state.filter = "all";
  refresh();
  grid.focus();
  byId("tags").scrollIntoView();
  go();
}

/** Tag what is not tagged yet, until it is done, stopped or refused. */
async function go() {
  const run = state.run;
  hideProblem();
  state.running = true;
  announce(`Tagging ${number(run.progress().total, "product")}.`);
  const clock = setInterval(showProgress, 500);
  const failure = await run.start();
  clearInterval(clock);
  if (run !== state.run) return; // another catalog took its place
  state.running = false;
  refresh();
  ended(failure);
}

function ended(failure) {
  const { review, errors } = counts(state.products);
  const { done, total } = state.run.progress();
  const found = `${number(review)} for review, ${number(errors, "error")}`;
  const sofar = `${number(done)} of ${number(total, "product")}`;
  if (failure === null) announce(`Done: ${number(done, "product")}, ${found}.`);
  else if (failure.name === "AbortError") announce(`Stopped: ${sofar} are done.`);
  else showProblem(`${failure.message} ${sofar} are done.`, go);
}

/** Products have changed; `model` is whose tags they are, null for no tags. */
function changed(model) {
  if (model !== null && model !== state.model?.fingerprint) loadModel(); // replaced meanwhile
  refresh();
  tellQuarter();
}

function tellQuarter() {
  const { done, total } = state.run.progress();
  const quarter = Math.floor((4 * done) / total);
  if (quarter > state.told && quarter < 4) announce(`${number(done)} of ${number(total)} tagged.`);
  state.told = quarter;
}

/** Another column is the id: no new tags are needed. */
function renamed(source) {
  if (source !== state.source) return;
  state.catalog.roles.id = source.roles.id;
  refresh();
}

function refresh({ keep = true } = {}) {
  if (!state.catalog) return;
  const view = state.products.filter(FILTERS[state.filter]);
  grid.show(view, state.catalog.roles, { keep });
  byId("nothing").hidden = view.length > 0;
  const found = counts(state.products);
  for (const name of Object.keys(FILTERS)) byId(`count-${name}`).textContent = number(found[name]);
  const useless = state.catalog.roles.id === null;
  byId("corrections-note").hidden = !(useless && found.decided);
  byId("download-corrections").disabled = useless || !found.decided;
  showProgress();
}

function showProgress() {
  const { done, total, perSecond } = state.run.progress();
  const speed = done ? ` · ${number(perSecond)} names/s` : "";
  byId("progress").max = Math.max(total, 1);
  byId("progress").value = total ? done : 1;
  byId("progress-text").textContent = `${number(done)} of ${number(total)}${speed}`;
  byId("stop").textContent = state.running ? "Stop" : "Go on";
  byId("stop").hidden = !state.running && done === total;
}

function openChoice(product, letter) {
  const departments = state.model?.departments;
  if (!departments) return showProblem("The departments are not known yet.", loadModel);
  const { name, description } = state.catalog.roles;
  const about = description === null ? "" : product.fields[description];
  const { tag } = product;
  const said = tag ? `The model says ${tag.department}, ${percent(tag.confidence)}.` : "";
  choose(product, { name: product.fields[name], about, said, departments, letter });
}

function decide(product, department) {
  product.decision = department;
  state.unsaved = true;
  const stood = state.filter === "review"; // there, the next one takes its place
  refresh();
  grid.focus();
  if (!stood) grid.step(1);
  announce(`${product.fields[state.catalog.roles.name]}: ${department}.`);
}

function takeBack(product) {
  if (product.decision === null) return;
  product.decision = null;
  refresh();
  announce(`Taken back: ${departmentOf(product) ?? "no department"}.`);
}

function downloadCorrections() {
  const { catalog, products } = state;
  save(fileName(catalog, "corrections"), correctionsCsv(catalog, products));
  state.unsaved = false;
  const { nameless, torn } = faults(catalog, products);
  const said = [];
  if (nameless) said.push(`Left out, having no id: ${number(nameless, "product")}.`);
  if (torn.length) said.push(`Ids of two departments, not taken: ${torn.slice(0, 5).join(", ")}.`);
  if (said.length) showProblem(said.join(" "));
  else announce("Corrections downloaded.");
}

function downloadResult() {
  save(fileName(state.catalog, "tags"), resultCsv(state.catalog, state.products));
  announce("Result downloaded.");
}

byId("filter").addEventListener("change", ({ target }) => {
  state.filter = target.value;
  refresh({ keep: false });
});
byId("stop").addEventListener("click", () => (state.running ? state.run.stop() : go()));
byId("download-result").addEventListener("click", downloadResult);
byId("download-corrections").addEventListener("click", downloadCorrections);
addEventListener("beforeunload", (event) => {
  if (state.unsaved) event.preventDefault();
});

input({ ready: tagCatalog, renamed });
loadModel();
