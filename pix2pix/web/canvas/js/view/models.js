// The choice of the model. While another one loads, and when it does not load, the old one keeps working.

import { sentence } from "./status.js";

const OTHER = "Another…";

export class ModelChoice {
  /**
   * `fast_models` maps a model to the one that paints in its stead while the drawing changes; `others` says what
   * visitors may load beyond those listed: "bundled" (nothing), "hub" or "any".
   */
  constructor(element, { models: listed, fast_models: fastModels, others }, store, server, tell) {
    this.fastModels = { ...fastModels };
    this.store = store;
    this.server = server;
    this.tell = tell;
    this.requested = null; // the model that is loading
    this.select = element.querySelector("[data-control=model]");
    this.shown = element.querySelector("[data-shows=model]");
    this.shown.textContent = listed[0] ?? "none yet";
    this.progress = element.querySelector(".loading");
    this.dialog = element.querySelector("dialog.other");
    for (const name of listed) this.select.add(new Option(name));
    if (!listed.length) this.select.add(new Option("none yet", ""));
    if (others !== "bundled") this.select.add(new Option(OTHER));
    if (others === "any") this.dialog.querySelector("[data-shows=others]").textContent += ", or a folder of this machine";
    this.select.addEventListener("change", () => (this.select.value === OTHER ? this.#ask() : this.load(this.select.value)));
    this.dialog.addEventListener("close", () => this.#answered());
  }

  get current() {
    return this.store.choice.model;
  }

  /** Find out what the model takes that the page begins with; quietly, since painting tells what is wrong. */
  async loadFirst() {
    const name = this.current;
    const answer = await this.server.load(name).catch(() => null);
    if (answer && name === this.current) this.#take(name, answer);
  }

  async load(name) {
    const requested = (this.requested = name);
    this.progress.hidden = false;
    this.tell(`Loading ${name}…`);
    try {
      const answer = await this.server.load(name);
      if (this.requested !== requested) return;
      this.#list(name);
      this.tell(`${name} is painting now.`);
      this.#take(name, answer);
    } catch (error) {
      if (this.requested !== requested) return;
      const reason = error.again === undefined ? "The connection was lost while it was loading." : sentence(error.message);
      this.tell(reason + (this.current ? ` ${this.current} keeps painting.` : ""), "warning");
    } finally {
      if (this.requested === requested) {
        this.progress.hidden = true;
        this.select.value = this.current;
      }
    }
  }

  /** The fast model of a model does not load: the model paints everything. */
  forgetFastModel(model) {
    delete this.fastModels[model];
  }

  #take(name, { colours, styles = [] }) {
    this.shown.textContent = name;
    const { style } = this.store.choice;
    this.store.set({ model: name, takesColours: colours, styles, style: styles.includes(style) ? style : null });
  }

  #ask() {
    this.select.value = this.current;
    this.dialog.returnValue = "";
    this.dialog.showModal();
    this.dialog.querySelector("input").select(); // what was typed before may be corrected or replaced
  }

  #answered() {
    const name = this.dialog.querySelector("input").value.trim();
    if (this.dialog.returnValue === "load" && name) this.load(name);
  }

  #list(name) {
    if ([...this.select.options].some((option) => option.value === name)) return;
    this.select.add(new Option(name), this.select.options.length - 1);
  }
}
