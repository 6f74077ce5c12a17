// The page of a catalog manager: its parts, and what one tells another.
//
//   input --catalog--> tagging --tags--> table <--filter, choice--> decisions --> downloads

import { client } from "./api.js";
import { decisions } from "./decisions.js";
import { byId } from "./element.js";
import { input } from "./input.js";
import { showModel } from "./model.js";
import { announce, askForKey, hideProblem, showProblem, showWaiting } from "./notices.js";
import { FILTERS, counts, named, productsOf } from "./products.js";
import { table } from "./table.js";
import { tagging } from "./tagging.js";
import { number } from "./words.js";

const REPLACED = "The model was replaced meanwhile: these are tags of two. Tag again for one's.";

const state = {
  model: null,
  source: null, // the catalog as it was given, and as it was tagged: its columns may change
  catalog: null,
  products: [],
  view: [], // those that are shown
  run: null,
  running: false,
  told: 0, // quarters of the run that were announced
  models: new Set(), // fingerprints whose tags are shown
  filter: "all",
  sought: "", // a part of the names that are shown
  unsaved: false, // decisions that were not downloaded
};
const ask = client({ askForKey, waiting: showWaiting });
const decide = decisions(state, { loadModel, decided });
const grid = table(byId("grid"), { open: decide.open, undo: decide.takeBack });

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
  state.models.clear();
  byId("tags").hidden = false;
  byId("filter").elements.filter.value = state.filter = "all";
  byId("sought").value = state.sought = "";
  refresh({ keep: false });
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
  tellEnd(failure);
}

function tellEnd(failure) {
  const { review, errors } = counts(state.products);
  const { done, total } = state.run.progress();
  const found = `${number(review)} for review, ${number(errors, "error")}`;
  const sofar = `${number(done)} of ${number(total, "product")}`;
  if (failure === null) announce(`Done: ${number(done, "product")}, ${found}.`);
  else if (failure.name === "AbortError") announce(`Stopped: ${sofar} done.`);
  else showProblem(`${failure.message} ${sofar} done.`, go);
}

/** Products have changed; `model` is whose tags they are, null for no tags. */
function changed(model) {
  if (model !== null) checkModel(model);
  refresh();
  tellQuarter();
}

function checkModel(model) {
  const known = state.models.has(model);
  state.models.add(model);
  if (!known && state.models.size > 1) showProblem(REPLACED);
  if (model !== state.model?.fingerprint) loadModel();
}

function tellQuarter() {
  const { done, total } = state.run.progress();
  const quarter = Math.floor((4 * done) / total);
  if (quarter > state.told && quarter < 4) announce(`${number(done)} of ${number(total)} tagged.`);
  state.told = quarter;
}

/** A decision was made (`on`: go to the next product), or taken back. */
function decided({ on }) {
  const leaves = state.filter === "review"; // then the next one takes its place
  refresh();
  grid.focus();
  if (on && !leaves) grid.step(1);
}

/** Another column is the id: no new tags are needed. */
function renamed(source) {
  if (source !== state.source) return;
  state.catalog.roles.id = source.roles.id;
  refresh();
}

/** Show all that is known; `keep` leaves the active row where it is. */
function refresh({ keep = true } = {}) {
  const { roles } = state.catalog;
  const some = named(state.products, state.sought, roles);
  state.view = some.filter(FILTERS[state.filter]);
  grid.show(state.view, roles, { keep });
  byId("nothing").hidden = state.view.length > 0;
  const found = counts(some);
  for (const name of Object.keys(FILTERS)) byId(`count-${name}`).textContent = number(found[name]);
  decide.showWhetherUseful();
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

byId("filter").addEventListener("change", ({ target }) => {
  state.filter = target.value;
  refresh({ keep: false });
});
byId("sought").addEventListener("input", ({ target }) => {
  state.sought = target.value;
  refresh({ keep: false });
  announce(`${number(state.view.length, "product")} shown.`);
});
byId("stop").addEventListener("click", () => (state.running ? state.run.stop() : go()));
addEventListener("beforeunload", (event) => {
  if (state.unsaved) event.preventDefault();
});

input({ ready: tagCatalog, renamed });
loadModel();
