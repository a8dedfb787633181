// The painter's routes, as calls. What the server refuses becomes a RequestRejected; a broken connection any other Error.

import { encodeRuns } from "../model/runs.js";

const TIMEOUT = 30_000; // milliseconds before a request is given up and tried again

/** What a server answers when it will not paint: `again` says whether trying the same once more makes sense. */
export class RequestRejected extends Error {
  constructor(message, again) {
    super(message);
    this.again = again;
  }
}

export class Server {
  constructor(base) {
    this.base = base; // URL that ends in "/"
    this.visitor = crypto.getRandomValues(new Uint32Array(4)).join("-");
    /** @type {Promise<any>} */
    this.last = Promise.resolve();
  }

  /**
   * {labels, model, variation, wall, sky, style, format: "shown" | "jpeg" | "png"} -> {picture: Blob, took: milliseconds of the
   * model's own}. "shown" is whatever comes soonest to be put on show. One call at a time; `signal` gives it up.
   * @param {import("../model/store.js").Request & {format: string}} job
   * @param {AbortSignal} [signal]
   * @returns {Promise<{picture: Blob | ImageData, took: number}>}
   */
  generate({ labels, model, variation, wall, sky, style, format }, signal) {
    const drawing = encodeRuns(labels);
    const sent = format === "shown" ? "jpeg" : format;
    const body = JSON.stringify({ drawing, model, variation, wall, sky, style, format: sent, visitor: this.visitor });
    const send = async () => {
      const asked = performance.now();
      const response = await this.#post("generate", body, TIMEOUT, signal);
      const picture = await response.blob();
      return { picture, took: paintingTime(response) ?? performance.now() - asked };
    };
    this.last = this.last.then(send, send);
    return this.last;
  }

  /** Resolves to {model, colours: whether it takes any, styles: their names} once it is loaded. */
  async load(model) {
    return (await this.#post("model", JSON.stringify({ model }), 15 * 60_000)).json();
  }

  async read(file) {
    return (await this.#post("read", file)).json();
  }

  /** A photo -> {corners: where the house front may be, as shares of it, or null}. */
  async corners(photo) {
    return (await this.#post("corners", photo)).json();
  }

  /** A photo and the corners of the house in it, as shares of it, "x,y x,y x,y x,y" -> what is read off it. */
  async segment(photo, corners, model) {
    return (await this.#post(`segment?${new URLSearchParams({ corners, model })}`, photo)).json();
  }

  async random(seed) {
    return (await this.#answer(fetch(new URL(`random/${seed}`, this.base)))).json();
  }

  /**
   * What can be started from, by number; `complete` says whether no more are to come.
   * @returns {Promise<{examples: import("../model/examples.js").Example[], complete: boolean}>}
   */
  async examples() {
    return (await this.#answer(fetch(new URL("examples", this.base)))).json();
  }

  async example(number) {
    return (await this.#answer(fetch(new URL(`examples/${number}`, this.base)))).json();
  }

  /** `picture` is "target" or "thumbnail". */
  pictureOf(example, picture) {
    return new URL(`examples/${example}/${picture}.jpg`, this.base).href;
  }

  /** @type {(route: string, body: BodyInit, timeout?: number, given?: AbortSignal | null) => Promise<Response>} */
  #post(route, body, timeout = TIMEOUT, given = null) {
    const late = AbortSignal.timeout(timeout);
    const signal = given ? AbortSignal.any([given, late]) : late;
    return this.#answer(fetch(new URL(route, this.base), { method: "POST", body, signal }));
  }

  async #answer(request) {
    const response = await request;
    if (response.ok) return response;
    const { error, again } = await response.json(); // a proxy's page is no JSON: that counts as a broken connection
    throw new RequestRejected(error, again);
  }
}

/** What the model took, by the answer's Server-Timing header; null where a proxy dropped it. */
function paintingTime(response) {
  const found = /\bgenerate;dur=([\d.]+)/.exec(response.headers.get("Server-Timing") ?? "");
  return found && Number(found[1]);
}
