// What makes a picture, in one place: the drawing, and beside it the model, the seed and the colours. Whoever shows or
// sends any of it reads it here; whoever changes it does so here, and all hear of it.

/** @import { Studio } from "./studio.js" */

/**
 * @typedef {object} Choice
 * @property {number | null} variation the seed; null for the picture without chance
 * @property {string | null} wall "#rrggbb", or null: automatic
 * @property {string | null} sky
 * @property {string} model "" while there is none
 * @property {boolean} takesColours whether that model does
 * @property {string | null} style the name of a style; null: automatic
 * @property {string[]} styles the names that the model has
 *
 * @typedef {object} Request what is to be painted; equal revisions are equal labels
 * @property {number} revision
 * @property {Uint8Array} labels
 * @property {number | null} variation
 * @property {string | null} wall
 * @property {string | null} sky
 * @property {string | null} style
 * @property {string} model
 *
 * @typedef {{painted: boolean, committed: boolean, chosen: boolean}} Change what listeners get: as from the studio, and
 *   whether anything beside the drawing was chosen
 */

export class Store {
  /**
   * @param {Studio} studio the drawing and all that is done to it
   * @param {Omit<Choice, "takesColours" | "style" | "styles"> & {style?: string | null}} choice
   */
  constructor(studio, choice) {
    this.studio = studio;
    /** @type {Choice} */
    this.choice = { takesColours: true, style: null, styles: [], ...choice }; // so it is taken for granted until the model is known
    /** @type {((change: Change) => void)[]} */
    this.listeners = [];
    this.loading = false;
    studio.subscribe((change) => this.#tell({ ...change, chosen: this.loading }));
  }

  /** @param {(change: Change) => void} listener */
  subscribe(listener) {
    this.listeners.push(listener);
  }

  /** @param {Partial<Choice>} choice */
  set(choice) {
    this.choice = { ...this.choice, ...choice };
    this.#tell({ painted: false, committed: false, chosen: true });
  }

  /**
   * Begin from another drawing and what was chosen with it, as one change.
   * @param {Uint8Array} labels
   * @param {Partial<Choice>} choice
   * @param {string | null} origin of what example or photo
   */
  load(labels, choice, origin = null) {
    this.choice = { ...this.choice, ...choice };
    this.loading = true;
    this.studio.load(labels, origin);
    this.loading = false;
  }

  /** What is to be painted now. @returns {Request} */
  get request() {
    const { revision, snapshot: labels } = this.studio;
    const { variation, wall, sky, style, model } = this.choice;
    return { revision, labels, variation, wall, sky, style, model };
  }

  /** What a browser keeps of all this. */
  get kept() {
    const { variation, wall, sky, style, model } = this.choice;
    return { labels: this.studio.snapshot, origin: this.studio.origin, settings: { variation, wall, sky, style, model } };
  }

  /** @param {Change} change */
  #tell(change) {
    for (const listener of this.listeners) listener(change);
  }
}
