// Progressive answers. While a drawing changes, the fast model paints it; when it rests, the model
// itself refines the picture. This is the whole rule:
//
// - The live picture comes first, always. What changed nothing for REST after it is refined.
// - Any change gives refining up: a picture of an older drawing never comes over a newer one.
// - Where the model itself takes longer than TOO_SLOW, by the median of the times that the server measured, the live
//   picture stays, the page says so, and refining is there for the asking. Every answer asked for is measured too.
//
// What is saved or copied is always refined. A model without a fast model paints everything itself.

import { RequestRejected } from "./server.js";

const REST = 120; // milliseconds: longer than between two nudges of a held key, shorter than people notice
const TOO_SLOW = 1500; // milliseconds
const ENOUGH = 3; // measured pictures before the median is believed: a model's first picture is its slowest
const REMEMBERED = 5; // measured pictures
const PAUSE = 4000; // milliseconds before a failed request is tried again

export class Refiner {
  /**
   * `describe()` and `same` as for Live; `paint(state, signal)` resolves to {picture, took: milliseconds};
   * `show(answer, milliseconds)` displays it; `say(condition, message)` gets "live only" when refining is found to be
   * too slow, "refining" when it was asked for, or "failed".
   * @param {{describe: () => any, same?: (one: any, other: any) => boolean,
   *   paint: (state: any, signal: AbortSignal) => Promise<{picture: any, took: number}>,
   *   show: (answer: any, milliseconds: number) => void, say: (condition: string, message?: string) => void,
   *   clock?: () => number}} options
   */
  constructor({ describe, same = Object.is, paint, show, say, clock = () => performance.now() }) {
    this.describe = describe;
    this.same = same;
    this.paint = paint;
    this.show = show;
    this.say = say;
    this.clock = clock;
    this.state = null; // what is about to be refined, is being refined, or is refined
    this.refined = false;
    this.times = new Map(); // model -> milliseconds of its last pictures
  }

  /** Whether the model of this state is too slow to refine by itself. */
  tooSlow({ model }) {
    const times = [...(this.times.get(model) ?? [])].sort((one, other) => one - other);
    return times.length >= ENOUGH && times[(times.length - 1) >> 1] > TOO_SLOW;
  }

  /** Something may have changed: give up what is not the state any more. */
  changed() {
    if (this.state && !this.same(this.describe(), this.state)) this.#stop();
  }

  /** The live picture of `state` is on show: refine it once it has rested. */
  rest(state) {
    if (this.state && this.same(state, this.state)) return;
    this.#stop();
    if (this.tooSlow(state)) return;
    this.#start(state, REST);
  }

  /** Refine now, however long it takes. */
  ask() {
    this.#stop();
    this.say("refining");
    this.#start(this.describe(), 0);
  }

  /** Show the model's answer {picture, took} to `state` that came another way, unless it is too late or known. */
  offer(state, answer, milliseconds) {
    if (this.refined || !this.same(state, this.describe())) return;
    this.#stop();
    this.state = state;
    this.#finish(answer, milliseconds);
  }

  #start(state, pause) {
    this.state = state;
    this.timer = setTimeout(() => this.#refine(), pause);
  }

  #stop() {
    clearTimeout(this.timer);
    this.stopper?.abort();
    this.state = null;
    this.refined = false;
  }

  async #refine() {
    const { signal } = (this.stopper = new AbortController());
    const started = this.clock();
    try {
      const answer = await this.paint(this.state, signal);
      if (!signal.aborted) this.#finish(answer, this.clock() - started);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RequestRejected && !error.again) this.say("failed", error.message);
      else this.timer = setTimeout(() => this.#refine(), PAUSE);
    }
  }

  #finish(answer, milliseconds) {
    const { model } = this.state;
    const before = this.tooSlow(this.state);
    this.times.set(model, [...(this.times.get(model) ?? []), answer.took].slice(-REMEMBERED));
    this.refined = true;
    this.show(answer, milliseconds);
    if (!before && this.tooSlow(this.state)) this.say("live only");
  }
}
