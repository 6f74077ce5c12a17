// Products -> requests -> tags: a few hundred products a request, two requests at a time.
//
//   queue --up to MOST--> lane 1 --.
//         --up to MOST--> lane 2 --'--> a tag or an error for each; what a request did not bring
//                                       stands in the queue again
//
// So a run can be stopped, or fail, and go on.

import { Refused } from "./api.js";
import { asked } from "./products.js";

const MOST = 500;
const LANES = 2;
const TOP_K = 3;
const TOO_LARGE = 413;
const STRANGE = "The server's answer is not a tagger's.";

/**
 * A run over products of productsOf(): {start, stop, progress}.
 * @param ask as client() gives it.
 * @param changed called when products have changed, with the fingerprint of the model that tagged
 *   them, if any was.
 */
export function tagging(products, roles, ask, changed) {
  const queue = products.filter(({ unsendable }) => !unsendable);
  const total = queue.length;
  let most = MOST;
  let done = 0;
  let speed = () => 0;
  let stopped = new AbortController();

  /** Ends when the queue is empty: null, or with the error that ended it before (an AbortError
   * for stop()). */
  async function start() {
    stopped = new AbortController();
    speed = speedometer(() => done);
    await Promise.all(Array.from({ length: LANES }, () => lane(stopped)));
    speed = constant(speed());
    return stopped.signal.aborted ? stopped.signal.reason : null;
  }

  async function lane(run) {
    while (queue.length && !run.signal.aborted) {
      const some = queue.splice(0, most);
      let model = null;
      try {
        model = await send(some, run.signal);
      } catch (error) {
        if (error.status === TOO_LARGE) shrink(some, error);
        else run.abort(error); // the other lane too: the first error is the one that is told
      }
      const left = some.filter(waits);
      done += some.length - left.length;
      queue.unshift(...left);
      changed(model);
    }
  }

  /** Ask for the tags of some; the fingerprint of the model they are of. */
  async function send(some, signal) {
    const body = { products: some.map((one) => asked(one, roles)), top_k: TOP_K };
    const { model, tags, errors } = await ask("v1/tag", { body, signal });
    if (!Array.isArray(tags) || !Array.isArray(errors)) throw new Refused(200, STRANGE);
    for (const tag of tags) products[tag.id].tag = tag;
    for (const { index, reason } of errors) some[index].error = reason;
    for (const one of some.filter(waits)) one.error = "the server's answer left it out";
    return model;
  }

  /** The server takes less in one request than was sent. */
  function shrink(some, error) {
    if (some.length === 1) some[0].error = error.message;
    else most = Math.min(most, Math.ceil(some.length / 2));
  }

  const progress = () => ({ done, total, perSecond: speed() });
  return { start, stop: () => stopped.abort(), progress };
}

const waits = ({ tag, error }) => tag === null && error === null;

/** Counts a second since now. */
function speedometer(count) {
  const [before, began] = [count(), performance.now()];
  return () => (1000 * (count() - before)) / Math.max(performance.now() - began, 1);
}

const constant = (value) => () => value;
