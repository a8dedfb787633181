// What can be started from. Numbers stay: what comes later, when a dataset has been fetched, stands behind.

/**
 * @typedef {object} Example
 * @property {string} name
 * @property {"photo" | "drawn" | null} target what its target is; null where nobody knows one
 */

export class Examples {
  /** @param {Example[]} listed */
  constructor(listed) {
    this.listed = listed;
    /** @type {((added: Example[], from: number) => void)[]} */
    this.listeners = [];
  }

  /** The number of the example of this name, -1 for none. @param {string | null} name */
  numberOf(name) {
    return this.listed.findIndex((each) => each.name === name);
  }

  /** Hear of all that there are and, later, of what is added. @param {(added: Example[], from: number) => void} listener */
  subscribe(listener) {
    this.listeners.push(listener);
    listener(this.listed, 0);
  }

  /** Take the list as it is by now. @param {Example[]} listed */
  update(listed) {
    const from = this.listed.length;
    this.listed = listed;
    if (listed.length > from) for (const listener of this.listeners) listener(listed.slice(from), from);
  }
}
