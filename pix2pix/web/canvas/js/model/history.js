// Undo and redo: a list of whole states (64 kB each) and the place in it.

const MAX_UNDO = 200;

export class History {
  constructor(first) {
    this.states = [first];
    this.at = 0;
  }

  get current() {
    return this.states[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.states.length - 1;
  }

  /** Add a state after the current one; what was undone before is gone. */
  push(state) {
    this.states.splice(this.at + 1, Infinity, state);
    if (this.states.length > MAX_UNDO + 1) this.states.shift();
    this.at = this.states.length - 1;
  }

  /** Put a state in place of the current one: the next of a train of nudges is one step with the first. */
  replace(state) {
    this.states.splice(this.at, Infinity, state);
  }

  /** Step back (or forward); null when there is nothing to step to. */
  undo() {
    return this.canUndo ? this.states[--this.at] : null;
  }

  redo() {
    return this.canRedo ? this.states[++this.at] : null;
  }
}
