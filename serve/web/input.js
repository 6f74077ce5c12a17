// Where products come from: typed names, or a file that is chosen or dropped.

import { read, typed } from "./catalog.js";
import { BadFile } from "./csv.js";
import { byId, element } from "./element.js";
import { announce, hideProblem, showProblem } from "./notices.js";
import { number } from "./words.js";

const ROLES = ["name", "id", "description"];

/** @param ready (catalog) => called when a catalog is to be tagged.
 *  @param renamed (catalog) => called when another column is the id, which asks for no new tags. */
export function input({ ready, renamed }) {
  const state = { file: null, catalog: null, turn: 0 };

  async function take(file, header = null) {
    hideProblem();
    const turn = (state.turn += 1);
    const late = () => turn !== state.turn; // another file was given, and read sooner
    try {
      const catalog = await read(file, header);
      if (late()) return;
      state.catalog = catalog;
    } catch (error) {
      if (late()) return;
      put(null);
      if (!(error instanceof BadFile) && error.name !== "NotReadableError") throw error;
      showProblem(error instanceof BadFile ? `${error.message}.` : `${file.name} cannot be read.`);
      return;
    }
    put(file);
    byId("tag-file").focus();
  }

  /** Show what is known of a file; null puts it away. */
  function put(file) {
    state.turn += 1;
    state.file = file;
    byId("columns").hidden = file === null;
    if (file !== null) describe(state.catalog);
  }

  function choose(role) {
    const value = byId(`column-${role}`).value;
    state.catalog.roles[role] = value === "" ? null : Number(value);
    if (role === "id") renamed(state.catalog);
  }

  function submitTyped(event) {
    event?.preventDefault();
    hideProblem();
    try {
      const catalog = typed(byId("names").value);
      if (catalog.rows.length) ready(catalog);
      else byId("names").focus();
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      showProblem(`${error.message}.`);
    }
  }

  function dropped(event) {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.remove("dragging");
    const { files } = event.dataTransfer;
    if (files.length > 1) showProblem("Several files were dropped: give one at a time.");
    else if (files.length) take(files[0]);
  }

  for (const role of ROLES) byId(`column-${role}`).addEventListener("change", () => choose(role));
  const header = byId("column-header");
  header.addEventListener("change", () => take(state.file, header.checked));
  byId("columns-leave").addEventListener("click", () => put(null));
  byId("columns").addEventListener("submit", (event) => {
    event.preventDefault();
    ready(state.catalog);
  });
  byId("typing").addEventListener("submit", submitTyped);
  byId("names").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submitTyped(event);
  });
  byId("choose-file").addEventListener("click", () => byId("file").click());
  byId("file").addEventListener("change", ({ target }) => {
    if (target.files.length) take(target.files[0]);
    target.value = ""; // so that the same file, mended, can be chosen again
  });
  addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return; // a text may be dropped into the field
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) document.body.classList.remove("dragging");
  });
  addEventListener("drop", dropped);
}

const hasFiles = ({ dataTransfer }) => dataTransfer.types.includes("Files");

function describe({ title, columns, rows, roles, notes, named }) {
  const products = number(rows.length, "product");
  byId("columns-title").textContent = `${title}: ${products}`;
  byId("tag-file").textContent = `Tag ${products}`;
  byId("column-header").checked = named;
  for (const role of ROLES) fill(byId(`column-${role}`), columns, roles[role], role !== "name");
  byId("columns-notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
  announce([`${title}: ${products}.`, ...notes].join(" "));
}

function fill(select, columns, chosen, optional) {
  const options = columns.map((name, at) => element("option", { value: at }, name));
  if (optional) options.unshift(element("option", { value: "" }, "none"));
  select.replaceChildren(...options);
  select.value = chosen === null ? "" : String(chosen);
}
