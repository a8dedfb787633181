// What a drawing can start from: an example, a random facade, an empty wall, an uploaded image, a link.

import { choiceOf, drawingIn } from "../model/link.js";
import { factsIn } from "../model/png.js";
import { decodeRuns } from "../model/runs.js";
import { sentence } from "./status.js";

const SEEDS = 2 ** 31;
const MAX_SAVED = 8 * 2 ** 20; // bytes: larger files are not ours

export class Sources {
  /** `classes` is how many there are; `tell(message, kind)` shows a line to the person; `photos` takes what is no drawing. */
  constructor(element, store, server, examples, classes, tell, photos) {
    this.photos = photos;
    this.store = store;
    this.studio = store.studio;
    this.server = server;
    this.examples = examples;
    this.classes = classes;
    this.tell = tell;
    this.file = element.querySelector("#sheet-start input[type=file]");
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) this.open(this.file.files[0]);
      this.file.value = ""; // so that the same file can be chosen again
    });
    const shelf = element.querySelector(".examples");
    examples.subscribe((added, from) => shelf.append(...added.map((each, at) => this.#thumbnail(each, from + at))));
    this.#takeFiles(element);
  }

  #thumbnail({ name, target }, number) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", title: `Example ${name}`, ariaLabel: `Example ${name}` });
    button.dataset.example = number;
    button.dataset.target = target ?? "none";
    button.style.backgroundImage = `url("${this.server.pictureOf(number, "thumbnail")}")`;
    button.addEventListener("click", () => this.example(number));
    return button;
  }

  example(number) {
    return this.#load(() => this.server.example(number), this.examples.listed[number].name);
  }

  random() {
    return this.#load(() => this.server.random(Math.floor(Math.random() * SEEDS)));
  }

  empty() {
    this.studio.load(new Uint8Array(this.studio.drawing.labels.length).fill(this.studio.wall));
  }

  async open(file) {
    if (this.photos.isOpen) return this.photos.open(file);
    if (await this.#reopen(file)) return;
    const facts = await this.#load(() => this.server.read(file), null, (error) => this.#offer(file, error));
    if (!facts) return;
    const kind = facts.palette === "CMP" ? " in the CMP palette" : "";
    const some = `${facts.off.toLocaleString()} of ${facts.pixels.toLocaleString()} pixels`;
    const snapped = facts.off === 1 ? "was off the palette and is snapped to it" : "were off the palette and are snapped to it";
    const off = facts.off ? `${some} ${snapped}` : "no pixel was off the palette";
    this.tell(`Opened ${facts.width} × ${facts.height} labels${kind}; ${off}.`);
  }

  /** Open a picture that this page saved, as it was made; resolves to whether it is one. */
  async #reopen(file) {
    if (file.size > MAX_SAVED) return false;
    const facts = factsIn(new Uint8Array(await file.arrayBuffer()));
    const linked = typeof facts?.drawing === "string" && (await this.#drawingIn(facts.drawing).catch(() => null));
    if (!linked) return false;
    this.requested = null; // what was on its way
    this.store.load(linked.labels, choiceOf(linked.settings));
    const other = typeof facts.model === "string" && facts.model !== this.store.choice.model;
    this.tell(`Opened a saved picture as it was made${other ? ` (its model was ${facts.model.slice(0, 60)})` : ""}. Undo brings back what was here.`);
    return true;
  }

  #drawingIn(fragment) {
    return drawingIn(fragment, this.studio.drawing.labels.length, this.classes);
  }

  /** Open the drawing in the page's address, if there is one; resolves to whether there was. */
  async link() {
    const { hash } = location;
    try {
      const linked = await this.#drawingIn(hash);
      if (!linked) return false;
      this.store.load(linked.labels, choiceOf(linked.settings));
      this.tell("Opened the drawing from the link. Undo brings back what was here.");
      return true;
    } catch (error) {
      this.tell(`The drawing in this link cannot be opened: ${error.message}.`, "warning");
      return false;
    } finally {
      if (hash) history.replaceState(null, "", location.pathname + location.search); // it ages with the next stroke
    }
  }

  /** Let a photo be drawn that was opened where labels are expected; too large for the server, it is sent smaller. */
  #offer(file, { message }) {
    if (this.photos.isThere && /looks like a photo|too large|too costly/.test(message)) this.photos.open(file);
  }

  /** @type {(fetched: () => Promise<any>, origin?: string | null, refused?: (error: any) => void) => Promise<any>} */
  async #load(fetched, origin = null, refused = () => {}) {
    const requested = (this.requested = {});
    try {
      const answer = await fetched();
      if (this.requested !== requested) return null; // something else was chosen meanwhile
      this.studio.load(decodeRuns(answer.drawing, this.studio.drawing.labels.length, this.classes), origin);
      return answer;
    } catch (error) {
      const lost = error.again === undefined; // no answer of the server's
      this.tell(lost ? "This needs the connection, which is lost right now." : sentence(error.message), "warning");
      if (!lost) refused(error);
      return null;
    }
  }

  #takeFiles(element) {
    element.addEventListener("dragover", (event) => event.preventDefault());
    element.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files[0]) this.open(event.dataTransfer.files[0]);
    });
    const pasted = (event) => {
      if (!element.isConnected) return document.removeEventListener("paste", pasted);
      const file = event.clipboardData?.files[0];
      if (!file) return;
      event.preventDefault();
      this.open(file);
    };
    document.addEventListener("paste", pasted);
  }
}
