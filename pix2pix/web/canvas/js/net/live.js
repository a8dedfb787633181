// The live loop: one request under way, the newest state waiting, and the last state always generated.

import { RequestRejected } from "./server.js";

const FIRST_PAUSE = 400; // milliseconds before a failed request is tried again; doubles each time
const MAX_PAUSE = 4000;
const SLOW = 3000; // milliseconds after which the page says that a picture takes long

export class Live {
  /**
   * `describe()` tells the state at that moment, `same` whether two states are; `generate(state)` resolves to its
   * picture; `show(picture, milliseconds, state)` displays it; `settled(state)` hears when the last one is on show;
   * `say(condition, message)` gets "painting", "slow", "live", "reconnecting" or "failed".
   * @param {{describe: () => any, same?: (one: any, other: any) => boolean, generate: (state: any) => Promise<any>,
   *   show: (picture: any, milliseconds: number, state: any) => void, settled?: (state: any) => void,
   *   say: (condition: string, message?: string) => void, clock?: () => number}} options
   */
  constructor({ describe, same = Object.is, generate, show, settled = () => {}, say, clock = () => performance.now() }) {
    this.describe = describe;
    this.same = same;
    this.generate = generate;
    this.show = show;
    this.settled = settled;
    this.say = say;
    this.clock = clock;
    this.painted = null; // the state of the last picture
    this.requested = false;
    this.running = false;
    /** @type {(value?: any) => void} */
    this.wake = () => {};
  }

  /** Something changed: generate the newest state as soon as the request under way is back. */
  request() {
    this.requested = true;
    if (!this.running) this.#run();
  }

  /** Try now what waits for its next attempt. */
  retryNow() {
    this.wake();
  }

  async #run() {
    this.running = true;
    let state;
    for (let pause = FIRST_PAUSE; this.requested; ) {
      this.requested = false;
      state = this.describe();
      // A pointer was lifted where it lay, or a change was taken back.
      if (this.painted !== null && this.same(state, this.painted)) {
        state = this.painted;
        continue;
      }
      const failure = await this.#attempt(state);
      if (!failure) {
        pause = FIRST_PAUSE;
      } else if (failure instanceof RequestRejected && !failure.again) {
        this.say("failed", failure.message);
      } else {
        this.say(failure instanceof RequestRejected ? "failed" : "reconnecting", failure.message);
        this.requested = true;
        await this.#sleep(pause);
        pause = Math.min(2 * pause, MAX_PAUSE);
      }
    }
    this.running = false;
    if (state === this.painted) this.settled(state);
  }

  async #attempt(state) {
    const started = this.clock();
    const slow = setTimeout(() => this.say("slow"), SLOW);
    try {
      this.say("painting");
      const picture = await this.generate(state);
      this.painted = state;
      this.show(picture, this.clock() - started, state);
      this.say("live");
      return null;
    } catch (error) {
      return error;
    } finally {
      clearTimeout(slow);
    }
  }

  #sleep(milliseconds) {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, milliseconds);
    });
  }
}
