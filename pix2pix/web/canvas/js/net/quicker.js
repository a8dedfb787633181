// The server paints, or this browser where that was measured to be quicker. This is the whole rule:
//
// - The server comes first, so that nobody waits for 6 MB. Where its live pictures take longer than NOTICED, by the
//   median, the browser's painter is opened, once, when painting pauses; never where data are saved or metered.
// - That one paints the last drawing a few times on trial, unseen, and again at each pause while the server paints. From
//   then on whoever has the lower median paints.
// - Whichever fails, the other one paints that picture. After a failure of the browser's painter the server paints all.
//
// What is saved, and models that the browser does not have, comes from the server.

import { RequestRejected } from "./server.js";

const NOTICED = 40; // milliseconds: sooner is as good as at once
const ENOUGH = 8; // pictures of the server before its times are believed
const TRIALS = 8; // pictures at a pause, of which
const WARMING = 3; // are not counted: with the first everything is fetched, and then compiled for speed
const REMEMBERED = 9; // pictures
const PAUSE = 1500; // milliseconds without a picture: painting pauses
const AVOIDED = 30_000; // milliseconds without the server after it has failed
const PATIENCE = 10_000; // milliseconds for a picture in the browser

/** @typedef {{picture: Blob | ImageData, took: number, by?: string}} Answer `by`: "server" or "browser", where there are both */

export class Quicker {
  /**
   * `server.generate` and, once open, the `generate` of what `open()` resolves to answer the same jobs; `models` are
   * those that the browser may have; `tell(message)` says that the browser's painter has failed.
   * @param {{server: {generate: (job: any, signal?: AbortSignal) => Promise<Answer>}, models: string[],
   *   open: () => Promise<any>, tell?: (message: string) => void, mayFetch?: () => boolean, pause?: number, clock?: () => number}} options
   */
  constructor({ server, models, open, tell = () => {}, mayFetch = isUnmetered, pause = PAUSE, clock = () => performance.now() }) {
    this.server = server;
    this.models = models;
    this.open = open;
    this.tell = tell;
    this.mayFetch = mayFetch;
    this.pause = pause;
    this.clock = clock;
    /** @type {any} */
    this.painter = null; // the browser's, once it has painted on trial
    /** @type {Promise<any> | null} */
    this.opening = null; // it is opened only once
    this.avoided = -Infinity; // until when the server is
    /** @type {{server: number[], browser: number[]}} */
    this.times = { server: [], browser: [] }; // milliseconds of the last live pictures
    this.timer = setTimeout(() => {}, 0);
  }

  /** As Server's; the answer also tells by whom. @type {(job: any, signal?: AbortSignal) => Promise<Answer>} */
  async generate(job, signal) {
    clearTimeout(this.timer);
    const has = !!this.painter?.has(job.model) && job.format !== "png";
    if (has && (this.clock() < this.avoided || median(this.times.browser) < median(this.times.server))) {
      try {
        return await this.#inBrowser(job, signal);
      } catch (error) {
        signal?.throwIfAborted();
        this.#giveUp(error);
      }
    }
    try {
      return await this.#onServer(job, signal);
    } catch (error) {
      const isFinal = error instanceof RequestRejected && !error.again;
      if (!has || !this.painter || isFinal || signal?.aborted) throw error;
      this.avoided = this.clock() + AVOIDED;
      return this.#inBrowser(job, signal).catch(() => Promise.reject(error));
    }
  }

  async #onServer(job, signal) {
    const started = this.clock();
    const answer = await this.server.generate(job, signal);
    if (job.format === "shown" && this.models.includes(job.model)) {
      this.#remember("server", started);
      this.#openLater(job);
    }
    return this.painter ? { ...answer, by: "server" } : answer;
  }

  async #inBrowser(job, signal) {
    const started = this.clock();
    const late = AbortSignal.timeout(PATIENCE);
    const answer = await this.painter.generate(job, signal ? AbortSignal.any([signal, late]) : late);
    if (job.format === "shown") this.#remember("browser", started);
    return { ...answer, by: "browser" };
  }

  #openLater(job) {
    const { server } = this.times;
    if (server.length < ENOUGH || median(server) <= NOTICED || !this.mayFetch()) return;
    this.timer = setTimeout(() => this.#try(job), this.pause);
  }

  async #try(job) {
    this.opening ??= this.open();
    const painter = await this.opening.catch(() => null);
    if (!painter?.has(job.model)) return;
    try {
      for (let trial = 0; trial < TRIALS; trial++) {
        const started = this.clock();
        await painter.generate(job);
        if (trial >= WARMING) this.#remember("browser", started);
      }
      this.painter = painter;
    } catch (error) {
      this.#close(painter);
      console.info(`The server goes on painting: ${error.message}`); // nobody has missed anything
    }
  }

  #giveUp(error) {
    this.#close(this.painter);
    this.tell(`The server paints again: ${error.message}`);
  }

  /** Use a painter no more. */
  #close(painter) {
    painter.end();
    this.painter = null;
    this.opening = Promise.resolve(null);
  }

  #remember(who, started) {
    this.times[who] = [...this.times[who], this.clock() - started].slice(-REMEMBERED);
  }
}

function median(times) {
  return [...times].sort((one, other) => one - other)[times.length >> 1] ?? Infinity;
}

/** Whether some megabytes may be fetched unasked: data are neither saved nor metered, and there is memory to use them. */
function isUnmetered() {
  const { connection, deviceMemory = 8 } = /** @type {any} */ (navigator);
  const isSlow = ["slow-2g", "2g", "3g"].includes(connection?.effectiveType);
  const isSaved = connection?.saveData || connection?.type === "cellular" || matchMedia("(prefers-reduced-data: reduce)").matches;
  return !isSlow && !isSaved && deviceMemory >= 4;
}
