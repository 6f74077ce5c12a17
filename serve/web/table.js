// The table of products: a grid of which only the rows in sight are in the document, after
// https://www.w3.org/WAI/ARIA/apg/patterns/grid/. The focus stays on the grid, and
// aria-activedescendant names the active row, so that rows may come and go.

import { row } from "./row.js";

const SPARE = 6; // rows drawn above and below those in sight

/**
 * @param grid the element that scrolls; its `.body` holds the rows.
 * @param open (product, letter) => called for Enter, a letter or a click on a row.
 * @param undo (product) => called for Backspace and Delete.
 * @returns {show, step, focus}
 */
export function table(grid, { open, undo }) {
  const body = grid.querySelector(".body");
  const state = { view: [], roles: {}, active: 0, drawn: new Map(), frame: 0 };

  /** Show products, with the first of them active; `keep` leaves the place as it is. */
  function show(view, roles, { keep = false } = {}) {
    Object.assign(state, { view, roles, active: keep ? Math.min(state.active, last(view)) : 0 });
    if (!keep) grid.scrollTop = 0;
    refresh();
  }

  /** Draw anew those rows in sight that are other ones now. */
  function refresh() {
    for (const [place, drawn] of state.drawn) {
      const stays = place < state.view.length && drawn.isEqualNode(drawnRow(place));
      if (!stays) state.drawn.delete(place);
    }
    grid.setAttribute("aria-rowcount", state.view.length + 1);
    body.style.setProperty("--rows", state.view.length);
    schedule();
  }

  function schedule() {
    state.frame ||= requestAnimationFrame(() => ((state.frame = 0), draw()));
  }

  function draw() {
    const [first, end] = inSight();
    const drawn = new Map();
    for (let place = first; place < end; place += 1) {
      drawn.set(place, state.drawn.get(place) ?? drawnRow(place));
    }
    state.drawn = drawn;
    put([...drawn.values()]);
    describe();
  }

  /** Rows as the body's. One that stays is not touched: a pointer may be down on it, and would lose
   * its click were the row taken out for a moment. */
  function put(rows) {
    const wanted = new Set(rows);
    for (const old of [...body.children]) if (!wanted.has(old)) old.remove();
    for (const [at, one] of rows.entries()) {
      if (body.children[at] !== one) body.insertBefore(one, body.children[at] ?? null);
    }
  }

  const drawnRow = (place) => row(state.view[place], state.roles, place, place === state.active);

  function inSight() {
    const first = Math.floor(grid.scrollTop / rowHeight()) - SPARE;
    const end = Math.ceil((grid.scrollTop + grid.clientHeight) / rowHeight()) + SPARE;
    return [Math.max(first, 0), Math.min(end, state.view.length)];
  }

  /** In pixels; the style sheet says it in rem. */
  const rowHeight = () => body.offsetHeight / Math.max(state.view.length, 1) || 1;

  function describe() {
    const shown = state.drawn.get(state.active);
    if (shown) grid.setAttribute("aria-activedescendant", shown.id);
    else grid.removeAttribute("aria-activedescendant");
  }

  function move(place) {
    state.active = Math.max(0, Math.min(place, last(state.view)));
    reveal();
    refresh();
  }

  /** Scroll as little as needed for the active row. */
  function reveal() {
    const head = grid.querySelector(".head").offsetHeight;
    const top = state.active * rowHeight();
    const most = grid.clientHeight - head - rowHeight();
    grid.scrollTop = Math.min(Math.max(grid.scrollTop, top - most), top);
  }

  const active = () => state.view[state.active];

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !active()) return;
    const page = Math.max(Math.floor(grid.clientHeight / rowHeight()) - 2, 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    const edges = { Home: 0, End: Infinity };
    if (event.key in steps) move(state.active + steps[event.key]);
    else if (event.key in edges) move(edges[event.key]);
    else if (event.key === "Enter") open(active(), "");
    else if (event.key === "Backspace" || event.key === "Delete") undo(active());
    else if (/^[\p{L}\p{N}]$/u.test(event.key)) open(active(), event.key);
    else return;
    event.preventDefault();
  }

  function clicked(event) {
    const found = [...state.drawn].find(([, drawn]) => drawn.contains(event.target));
    if (!found) return;
    move(found[0]);
    if (event.target.closest(".choose")) open(active(), "");
  }

  grid.addEventListener("keydown", pressed);
  grid.addEventListener("click", clicked);
  grid.addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(schedule).observe(grid);
  const step = (count) => move(state.active + count);
  return { show, step, focus: () => grid.focus({ preventScroll: true }) };
}

const last = (view) => Math.max(view.length - 1, 0);
