// Who paints what: the live loop for the drawing as it changes, the refiner for the drawing at rest, and the model
// itself for all that people choose from or take with them.

import { Live } from "./live.js";
import { Refiner } from "./refiner.js";
import { RequestRejected } from "./server.js";

export const LIVE_ONLY = "live model only"; // who painted, where refining waits to be asked for
const TOO_SLOW = "Live model only: refining is too slow here. “Refine” above the photo does it once.";

const same = (one, other) => Object.keys(one).every((key) => key === "labels" || one[key] === other[key]);

/**
 * `describe()` tells what is to be painted, {revision, labels, variation, wall, sky, style, model}, of which equal
 * revisions are equal labels; `say(condition, message)` hears what the live loop is at.
 */
export function painting({ describe, server, models, pictures, say, tell }) {
  const generate = (state, signal) => server.generate({ format: "shown", ...state }, signal);

  async function paintLive(state) {
    const fastModel = models.fastModels[state.model];
    try {
      return await generate({ ...state, model: fastModel ?? state.model });
    } catch (error) {
      if (!fastModel || !(error instanceof RequestRejected) || error.again) throw error;
      models.forgetFastModel(state.model);
      return generate(state);
    }
  }

  const refiner = new Refiner({
    describe,
    same,
    paint: generate,
    show: ({ picture, by }, milliseconds) => pictures.show(picture, milliseconds, "refined", by),
    say(condition, message) {
      if (condition === "live only") tell(TOO_SLOW);
      else if (condition === "refining") pictures.awaitRefined();
      else say(condition, message);
    },
  });

  const live = new Live({
    describe,
    same,
    generate: paintLive,
    show({ picture, by }, milliseconds, state) {
      const painter = refiner.tooSlow(state) ? LIVE_ONLY : "live";
      pictures.show(picture, milliseconds, models.fastModels[state.model] ? painter : "", by);
    },
    settled: (state) => models.fastModels[state.model] && refiner.rest(state),
    say,
  });

  return {
    refiner,
    /** Something may have changed: paint it. */
    paint() {
      refiner.changed();
      live.request();
    },
    retryNow: () => live.retryNow(),
    /** The picture of another variation, as a Blob. */
    vary: async (variation) => (await generate({ ...describe(), variation, format: "jpeg" })).picture,
    /** The picture in another style, as a Blob, by the fast model where there is one. */
    restyle: async (style, signal) => {
      const state = describe();
      const model = models.fastModels[state.model] ?? state.model;
      return (await generate({ ...state, style, model, variation: null, format: "jpeg" }, signal)).picture;
    },
    /** The picture without loss, as a PNG Blob; where a live one was on show, it gives way to what is taken away. */
    async photo() {
      const state = describe();
      const started = performance.now();
      const answer = await generate({ ...state, format: "png" });
      if (models.fastModels[state.model]) refiner.offer(state, answer, performance.now() - started);
      return answer.picture;
    },
  };
}
