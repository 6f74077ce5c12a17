// The choice of a department: a combobox over a list, after
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/, in a modal dialog (Escape leaves it).

import { byId, element } from "./element.js";
import { choices, departmentOf } from "./products.js";
import { percent } from "./words.js";

/**
 * @param chosen (product, department) => called when one was chosen.
 * @returns open(product, {name, about, said, departments, letter})
 */
export function choice(chosen) {
  const dialog = byId("choice");
  const [field, list] = [byId("choice-field"), byId("choice-list")];
  const state = { product: null, all: [], shown: [], active: 0 };

  function open(product, { name, about, said, departments, letter }) {
    Object.assign(state, { product, all: choices(product, departments) });
    byId("choice-title").textContent = name;
    byId("choice-about").textContent = about;
    byId("choice-said").textContent = said;
    field.value = letter;
    filter();
    dialog.showModal();
    field.focus();
  }

  /** The departments that the field's text begins, then those that have it elsewhere. */
  function filter() {
    const sought = field.value.trim().toLowerCase();
    const at = (one) => one.name.toLowerCase().indexOf(sought);
    const begin = state.all.filter((one) => at(one) === 0);
    state.shown = [...begin, ...state.all.filter((one) => at(one) > 0)];
    state.active = 0;
    draw();
  }

  function draw() {
    const current = departmentOf(state.product);
    list.replaceChildren(...state.shown.map((one, at) => option(one, at, current)));
    byId("choice-none").hidden = state.shown.length > 0;
    const active = list.children[state.active];
    if (active) field.setAttribute("aria-activedescendant", active.id);
    else field.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  function option({ name, confidence, candidate }, at, current) {
    const attributes = {
      role: "option",
      id: `option-${at}`,
      class: candidate ? "candidate" : null,
      "aria-selected": String(at === state.active),
      "aria-current": name === current ? "true" : null,
    };
    const share = confidence === null ? null : percent(confidence);
    const notes = [candidate ? "candidate" : null, share].filter(Boolean);
    const note = element("span", { class: "small" }, notes.join(" · "));
    return element("li", attributes, element("span", {}, name), note);
  }

  function pick(at) {
    if (!state.shown[at]) return;
    dialog.close();
    chosen(state.product, state.shown[at].name);
  }

  function pressed(event) {
    const count = state.shown.length;
    const steps = { ArrowDown: 1, ArrowUp: count - 1 };
    if (event.key in steps && count) {
      state.active = (state.active + steps[event.key]) % count;
      draw();
    } else if (event.key === "Enter") {
      if (!event.repeat) pick(state.active); // the key that opened the choice must not take it
    } else return;
    event.preventDefault();
  }

  field.addEventListener("input", filter);
  field.addEventListener("keydown", pressed);
  list.addEventListener("click", (event) => {
    const chosenOption = event.target.closest("[role=option]");
    if (chosenOption) pick([...list.children].indexOf(chosenOption));
  });
  byId("choice-leave").addEventListener("click", () => dialog.close());
  return open;
}
