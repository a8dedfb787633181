// "My drawings": what was painted in this browser, saved as it is painted, to be opened, named, doubled and taken along.

import { choiceOf } from "../model/link.js";
import { decodeRuns, encodeRuns } from "../model/runs.js";
import { newId } from "../model/shelf.js";
import { save } from "./exporter.js";
import { sentence } from "./status.js";

/** @import { Kept, Shelf } from "../model/shelf.js" */
/** @import { Store } from "../model/store.js" */

const PAUSE = 1500; // milliseconds without a stroke before a drawing is put on the shelf
const THUMBNAIL = 128; // pixels
const MAX_FILE = 50 * 2 ** 20; // bytes

export class ShelfView {
  /**
   * @param {HTMLElement} element
   * @param {Store} store
   * @param {Shelf} shelf
   * @param {{size: number, classes: any[]}} props
   * @param {string | null} current id of the drawing that is open, where it is on the shelf
   * @param {(text: string, kind?: string) => void} tell
   */
  constructor(element, store, shelf, { size, classes }, current, tell) {
    this.store = store;
    this.shelf = shelf;
    this.pixels = size * size;
    this.classes = classes.length;
    this.tell = tell;
    /** @type {Map<number, string>} */
    this.ids = new Map(current ? [[store.studio.document, current]] : []); // document -> id on the shelf
    /** @type {Kept | null} */
    this.deleted = null;
    const find = (/** @type {string} */ selector) => /** @type {any} */ (element.querySelector(selector));
    this.generated = find("canvas.generated");
    this.dialog = find("dialog.drawings");
    this.list = find("dialog.drawings .kept");
    this.status = find("dialog.drawings [role=status]");
    this.undoButton = find("[data-action=undelete]");
    this.count = find("[data-shows=drawings]");
    this.file = find("dialog.drawings input[type=file]");
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) this.#import(this.file.files[0]);
      this.file.value = "";
    });
    this.timer = 0;
    store.subscribe(({ committed, chosen }) => {
      if ((committed && store.studio.stroked) || ((committed || chosen) && this.current)) this.#keepSoon();
    });
    document.addEventListener("visibilitychange", () => document.hidden && this.timer && this.#keep());
  }

  async open() {
    await this.shelf.open();
    this.#show();
  }

  /** The id of the drawing that is open, where it is on the shelf. */
  get current() {
    return this.ids.get(this.store.studio.document) ?? null;
  }

  show() {
    if (this.timer) this.#keep();
    this.#say("");
    this.#show();
    this.dialog.showModal();
  }

  export() {
    save(new Blob([this.shelf.exported()], { type: "application/json" }), "pix2pix-drawings.json");
    this.#say(`Exported ${counted(this.shelf.kept.size)}.`);
  }

  import() {
    this.file.click();
  }

  async undelete() {
    if (!this.deleted) return;
    await this.shelf.put(this.deleted);
    this.#say(`“${this.deleted.name}” is back.`);
    this.deleted = null;
    this.#show();
  }

  #keepSoon() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.#keep(), PAUSE);
  }

  async #keep() {
    clearTimeout(this.timer);
    this.timer = 0;
    const { studio, kept } = this.store;
    const settings = { ...kept.settings, model: undefined };
    const id = this.current ?? newId();
    const before = this.shelf.kept.get(id);
    this.ids.set(studio.document, id);
    const name = before?.name ?? this.shelf.freeName("Drawing");
    const lasting = await this.shelf.put({ id, name, settings, drawing: encodeRuns(kept.labels), thumbnail: this.#thumbnail(), changed: Date.now() });
    if (!lasting && !this.told) {
      this.told = true;
      this.tell("This browser does not keep drawings (a private window, or full): save what you want to keep.", "warning");
    }
    this.#show();
  }

  #thumbnail() {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = THUMBNAIL;
    canvas.getContext("2d")?.drawImage(this.generated, 0, 0, THUMBNAIL, THUMBNAIL);
    return canvas.toDataURL("image/jpeg", 0.8);
  }

  #show() {
    const { listed } = this.shelf;
    this.count.textContent = listed.length ? ` (${listed.length})` : "";
    this.undoButton.hidden = !this.deleted;
    this.list.replaceChildren(...listed.map((each) => this.#card(each)));
    this.list.dataset.empty = String(!listed.length);
  }

  /** @param {Kept} drawing */
  #card(drawing) {
    const card = document.createElement("li");
    const open = button("", `Open “${drawing.name}”`, () => this.#open(drawing));
    open.className = "thumbnail";
    open.style.backgroundImage = drawing.thumbnail ? `url("${drawing.thumbnail}")` : "";
    if (drawing.id === this.current) open.setAttribute("aria-current", "true");
    const name = document.createElement("input");
    Object.assign(name, { type: "text", value: drawing.name, maxLength: 80, ariaLabel: "Name" });
    name.addEventListener("change", () => {
      drawing.name = name.value = name.value.trim() || drawing.name; // nothing is shown anew: a click may be on its way
      this.shelf.put(drawing);
    });
    const double = button("Duplicate", `Duplicate “${drawing.name}”`, async () => {
      await this.shelf.put({ ...drawing, id: newId(), name: this.shelf.freeName(drawing.name), changed: Date.now() });
      this.#say(`Duplicated “${drawing.name}”.`);
      this.#show();
    });
    const remove = button("Delete", `Delete “${drawing.name}”`, async () => {
      this.deleted = drawing;
      await this.shelf.remove(drawing.id);
      for (const [number, id] of this.ids) if (id === drawing.id) this.ids.delete(number);
      this.#say(`Deleted “${drawing.name}”.`);
      this.#show();
      this.undoButton.focus();
    });
    card.append(open, name, double, remove);
    return card;
  }

  /** @param {Kept} drawing */
  #open(drawing) {
    this.store.load(decodeRuns(drawing.drawing, this.pixels, this.classes), choiceOf(drawing.settings));
    this.ids.set(this.store.studio.document, drawing.id);
    this.#show();
    this.dialog.close();
    this.tell(`Opened “${drawing.name}”. Undo brings back what was here.`);
  }

  /** @param {File} file */
  async #import(file) {
    try {
      if (file.size > MAX_FILE) throw new Error("this file is too large to be one of drawings");
      const { added, refused } = await this.shelf.add(await file.text(), this.pixels, this.classes);
      this.#say(`Imported ${counted(added)}${refused ? `; ${refused} could not be read or have no room` : ""}.`);
    } catch (error) {
      this.#say(sentence(/** @type {Error} */ (error).message));
    }
    this.#show();
  }

  /** @param {string} text */
  #say(text) {
    this.status.textContent = text || (this.shelf.lasting ? "Kept in this browser as you paint." : "This browser keeps nothing beyond this page: export what you want to keep.");
  }
}

const counted = (/** @type {number} */ count) => (count === 1 ? "1 drawing" : `${count} drawings`);

/** @type {(text: string, label: string, act: () => void) => HTMLButtonElement} */
function button(text, label, act) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: text, ariaLabel: label });
  made.addEventListener("click", act);
  return made;
}
