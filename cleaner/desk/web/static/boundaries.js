// New boundaries for a finding, by keys or by dragging; nothing is decided before they are saved.
import { charactersOf, offsetAt, rangeOf } from "/static/offsets.js";

const isWord = (character) => /[\p{L}\p{N}\p{M}]/u.test(character);

export class Boundaries {
  /** card: of the finding; words: a dataset with what the handles are called; say: speaks. */
  constructor(text, card, words, say) {
    Object.assign(this, { text, card, words, say });
    this.characters = charactersOf(text);
    const [start, end] = [Number(card.dataset.start), Number(card.dataset.end)];
    // What stands in attributes comes last on the page, and earlier in the source.
    const isInside = (one) => one.start < end && start < one.end;
    this.first = this.characters.findIndex(isInside);
    this.last = this.characters.findLastIndex(isInside);
    this.known = this.first >= 0;
    this.original = [this.first, this.last];
    this.handles = {};
    this.redraw = () => this.draw();
  }

  get isChanged() { return this.first !== this.original[0] || this.last !== this.original[1]; }

  /** edge: "start" or "end"; by: characters or words, negative towards the start of the text. */
  move(edge, by, unit = "character") {
    if (!this.known) return;
    const at = edge === "start" ? this.first : this.last + 1;
    this.set(edge, unit === "word" ? this.wordFrom(at, Math.sign(by)) : at + by);
  }

  /** The next gap between words; a gap stands before the character with its number. */
  wordFrom(at, step) {
    const size = this.characters.length;
    const beside = (gap) => this.characters[step > 0 ? gap : gap - 1];
    let gap = at;
    while (beside(gap) && /\s/.test(beside(gap).text)) gap += step;
    const kind = beside(gap) && isWord(beside(gap).text);
    while (beside(gap) && !/\s/.test(beside(gap).text) && isWord(beside(gap).text) === kind) gap += step;
    return Math.min(Math.max(gap, 0), size);
  }

  set(edge, gap) {
    const size = this.characters.length;
    if (edge === "start") this.first = Math.min(Math.max(gap, 0), this.last);
    else this.last = Math.max(Math.min(gap, size) - 1, this.first);
    this.show();
  }

  /** To an offset of the source. */
  setOffset(edge, offset) {
    const gap = this.characters.findIndex((one) => one.start >= offset);
    this.set(edge, gap < 0 ? this.characters.length : gap);
  }

  setSpan(start, end) {
    const isInside = (one) => one.start >= start && one.end <= end;
    const first = this.characters.findIndex(isInside);
    if (first < 0) return;
    [this.first, this.last] = [first, this.characters.findLastIndex(isInside)];
    this.show();
  }

  show() {
    this.draw();
    const words = this.characters.slice(this.first, this.last + 1).map((one) => one.text).join("");
    const pending = this.card.querySelector(".pending");
    pending.hidden = !this.isChanged;
    pending.querySelector("[data-pending]").textContent = words;
    this.card.querySelector("[data-bound=start]").value = this.characters[this.first].start;
    this.card.querySelector("[data-bound=end]").value = this.characters[this.last].end;
    this.text.classList.toggle("adjusting", this.isChanged);
    if (this.isChanged) this.say(`${this.words.willCut}: ${words}`);
  }

  draw() {
    if (!this.known) return;
    const range = rangeOf(this.characters[this.first], this.characters[this.last]);
    if (window.Highlight && CSS.highlights) {
      if (this.isChanged) CSS.highlights.set("pending", new Highlight(range));
      else CSS.highlights.delete("pending");
    }
    const rects = [...range.getClientRects()].filter((rect) => rect.width);
    if (!rects.length) return this.hide();
    this.place("start", rects[0].left, rects[0]);
    this.place("end", rects[rects.length - 1].right, rects[rects.length - 1]);
  }

  place(edge, left, rect) {
    const handle = this.handles[edge] ??= this.make(edge);
    const box = this.text.getBoundingClientRect();
    Object.assign(handle.style, { left: `${left - box.left}px`, top: `${rect.top - box.top}px`, height: `${rect.height}px` });
    const at = edge === "start" ? this.first : this.last;
    const around = this.characters.slice(Math.max(this.first, at - 12), Math.min(this.last + 1, at + 13)).map((one) => one.text).join("");
    handle.setAttribute("aria-valuenow", edge === "start" ? this.characters[at].start : this.characters[at].end);
    handle.setAttribute("aria-valuetext", around);
  }

  make(edge) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "handle";
    handle.dataset.edge = edge;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", edge === "start" ? this.words.startLabel : this.words.endLabel);
    handle.setAttribute("aria-valuemin", 0);
    handle.setAttribute("aria-valuemax", this.words.sourceLength);
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      this.move(edge, by, event.ctrlKey || event.altKey ? "word" : "character");
    });
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const offset = this.offsetUnder(event.clientX, event.clientY);
      if (offset !== null) this.setOffset(edge, offset);
    });
    this.text.append(handle);
    return handle;
  }

  offsetUnder(x, y) {
    for (const handle of Object.values(this.handles)) handle.style.pointerEvents = "none";
    const place = document.caretPositionFromPoint?.(x, y);
    const range = place ? null : document.caretRangeFromPoint?.(x, y);
    for (const handle of Object.values(this.handles)) handle.style.pointerEvents = "";
    const [node, index] = place ? [place.offsetNode, place.offset] : range ? [range.startContainer, range.startOffset] : [];
    return node && this.text.contains(node) ? offsetAt(node, index) : null;
  }

  focus() { this.handles.start?.focus(); }

  hide() {
    for (const handle of Object.values(this.handles)) handle.remove();
    this.handles = {};
  }

  discard() {
    if (!this.known) return;
    [this.first, this.last] = this.original;
    this.show();
  }

  end() {
    this.hide();
    CSS.highlights?.delete("pending");
    this.text.classList.remove("adjusting");
  }
}
