// An article at the desk: keys, selection, boundaries. Everything is decided by the forms of the page; the script sends
// them, and puts the page that comes back in the place of this one, so that the place in the text is not lost.
import { isTyping, say, sayWhatWasSaid } from "/static/desk.js";
import { Boundaries } from "/static/boundaries.js";
import { spanOf } from "/static/offsets.js";

let busy = false;
let isAfter = null;
let current = null;
let boundaries = null;

const root = () => document.querySelector(".article");
const text = () => document.getElementById("text");
const cards = () => [...document.querySelectorAll(".finding")];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

// One finding after the other

function choose(card, { focus = true, scroll = true } = {}) {
  if (boundaries) boundaries.end();
  boundaries = null;
  current = card;
  for (const one of cards()) one.toggleAttribute("aria-current", one === card);
  for (const mark of text().querySelectorAll("mark")) mark.classList.toggle("current", mark.dataset.finding === card?.dataset.finding);
  if (!card) return;
  card.setAttribute("aria-current", "true");
  const mark = text().querySelector("mark.current");
  if (scroll && mark && !isInView(mark)) mark.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
  scrollWithin(card);
  if (focus) card.focus({ preventScroll: true });
  if (mark && !isAfterShown()) {
    boundaries = new Boundaries(text(), card, root().dataset, say);
    if (boundaries.known) boundaries.draw();
  }
}

/** Whether a mark stands where it is read with ease: neither under the bars nor under the sheet of a phone. */
function isInView(mark) {
  const rect = mark.getBoundingClientRect();
  return rect.top > 130 && rect.bottom < innerHeight * (innerWidth < 960 ? 0.5 : 0.9);
}

function scrollWithin(card) {
  const side = card.closest(".found");
  if (side.scrollHeight <= side.clientHeight) return;
  const [box, own] = [side.getBoundingClientRect(), card.getBoundingClientRect()];
  if (own.top < box.top || own.bottom > box.bottom) side.scrollTop += own.top - box.top - 8;
}

function step(by) {
  const all = cards();
  if (!all.length) return;
  const at = all.indexOf(current) + by;
  if (at < 0 || at >= all.length) say(at < 0 ? root().dataset.first : root().dataset.end);
  choose(all[Math.min(Math.max(at, 0), all.length - 1)]);
}

// Sending forms

async function send(form, button) {
  if (busy) return;
  busy = true;
  const body = new URLSearchParams(new FormData(form, button));
  const was = { id: root().dataset.article, kept: typed(form), finding: current?.dataset.finding, does: button?.value };
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    if (new URL(answer.url).pathname === "/login") return complain(root().dataset.signedOut);
    turnTo(new DOMParser().parseFromString(await answer.text(), "text/html"), answer, was);
  } catch {
    complain(root().dataset.offline);
  } finally {
    busy = false;
  }
}

/** What was typed into other forms, and is not to be lost. */
function typed(sent) {
  const fields = document.querySelectorAll("main textarea, main input:not([type=hidden])");
  return [...fields].filter((field) => field.form !== sent && field.form?.id && field.value !== field.defaultValue && field.dataset.bound === undefined)
    .map((field) => [field.form.id, field.name, field.value]);
}

function turnTo(page, answer, was) {
  const main = page.querySelector("main");
  if (!main) return complain(root().dataset.offline);
  // What went wrong is told beside what was typed, which would be lost with the page.
  if (!answer.ok && !page.querySelector(".article")) return complain(main.querySelector("h1 + p").textContent);
  if (boundaries) boundaries.end();
  boundaries = null;
  hidePicker();
  document.title = page.title;
  document.querySelector("main").replaceWith(main);
  const isSame = root()?.dataset.article === was.id;
  if (isSame) for (const [id, name, value] of was.kept) if (document.getElementById(id)?.elements[name]) document.getElementById(id).elements[name].value = value;
  if (answer.redirected && !isSame) {
    history.pushState(null, "", answer.url);
    scrollTo(0, 0);
  }
  if (!root()) return main.focus();
  if (isSame) showAfter(isAfter);
  else isAfter = null;
  const warning = main.querySelector("[data-focus]");
  begin(isSame ? following(was, warning) : null, !warning);
  if (warning) {
    warning.focus();
    warning.scrollIntoView({ block: "center" });
  }
  sayWhatWasSaid();
}

/** The finding to look at: after something was decided the next one that is open, otherwise the same. */
function following(was, warning) {
  const all = cards();
  const at = all.findIndex((card) => card.dataset.finding === was.finding);
  if (warning || !["accept", "reject", "adjust"].includes(was.does)) return all[at] ?? null;
  const later = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  return later.find((card) => card.dataset.state === "open") ?? all[at];
}

function complain(words) {
  let notice = document.querySelector("main > .complaint");
  if (!notice) {
    notice = document.createElement("p");
    notice.className = "notice bad complaint";
    document.querySelector("main").prepend(notice);
  }
  notice.textContent = words;
  notice.scrollIntoView({ block: "center" });
  say(words);
}

function press(selector, within = document) {
  const button = within?.querySelector(selector);
  if (button) button.click();
  return Boolean(button);
}

// Before and after

const isAfterShown = () => text().classList.contains("after");

function showAfter(shown) {
  if (shown === null) return;
  isAfter = shown;
  text().classList.toggle("after", shown);
  for (const link of document.querySelectorAll("[data-show]")) {
    const isShown = (link.dataset.show === "after") === shown;
    if (isShown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function toggle(shown) {
  showAfter(shown);
  say(document.querySelector(`[data-show=${shown ? "after" : "before"}]`).firstChild.textContent.trim());
  choose(current, { focus: false, scroll: false });
}

// What is selected

let picked = null;

function onSelection() {
  const selection = getSelection();
  const range = selection.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
  const span = range && text()?.contains(range.commonAncestorContainer) ? spanOf(range, text()) : null;
  if (!span) return hidePicker();
  picked = { ...span, words: selection.toString().trim() };
  showPicker(range.getBoundingClientRect());
}

function showPicker(rect) {
  const picker = document.querySelector(".picker") ?? makePicker();
  picker.querySelector("[data-pick=adjust]").hidden = !current;
  const box = text().getBoundingClientRect();
  picker.style.top = `${rect.bottom - box.top + 10}px`;
  picker.style.left = `${Math.max(0, Math.min(rect.left - box.left, box.width - picker.offsetWidth))}px`;
}

function makePicker() {
  const picker = document.createElement("div");
  picker.className = "picker";
  for (const [name, button] of [["mark", document.querySelector("#mark [value=mark]")], ["adjust", document.querySelector(".finding .more-of-it [value=adjust]")]]) {
    const copy = document.createElement("button");
    copy.type = "button";
    copy.dataset.pick = name;
    copy.append(...[...(button?.childNodes ?? [])].map((node) => node.cloneNode(true)));
    copy.addEventListener("pointerdown", (event) => event.preventDefault());
    copy.addEventListener("click", () => (name === "mark" ? pickMark() : pickBoundaries()));
    picker.append(copy);
  }
  text().append(picker);
  return picker;
}

function hidePicker() {
  picked = null;
  document.querySelector(".picker")?.remove();
}

function pickMark() {
  const form = document.getElementById("mark");
  const { words, start, end } = picked ?? { words: "", start: "", end: "" };
  if (words) {
    form.elements.words.value = words;
    form.elements.start.value = start;
    form.elements.end.value = end;
  }
  hidePicker();
  form.scrollIntoView({ block: "center" });
  (words ? form.elements.category : form.elements.words).focus();
}

function pickBoundaries() {
  const span = picked;
  hidePicker();
  getSelection().removeAllRanges();
  boundaries?.setSpan(span.start, span.end);
}

// Keys

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => (boundaries?.isChanged ? saveBoundaries() : press("[value=accept]", current)),
  r: () => press("[value=reject]", current),
  // What was decided last may be that the article before this one is finished: the way back to it comes first.
  u: () => press("[data-back]") || press("[data-undo]") || say(root().dataset.nothing),
  A: () => press("#finish [value=all]") || press("#finish [value=finish]"),
  f: () => press("#finish [value=finish]"),
  n: () => press("[data-next]"),
  q: () => press(".head a"),
  b: () => toggle(!isAfterShown()),
  m: () => pickMark(),
  e: () => boundaries?.focus(),
  "[": () => boundaries?.move("start", -1, "word"),
  "{": () => boundaries?.move("start", 1, "word"),
  "]": () => boundaries?.move("end", 1, "word"),
  "}": () => boundaries?.move("end", -1, "word"),
  Enter: () => boundaries?.isChanged && saveBoundaries(),
  Escape: () => {
    hidePicker();
    boundaries?.discard();
  },
};

function saveBoundaries() {
  press(".pending [value=adjust]", current);
}

document.addEventListener("keydown", (event) => {
  const key = KEYS[event.key];
  const isOnControl = event.key === "Enter" && event.target.closest("a, button, summary") && !event.target.closest(".handle");
  if (!key || !root() || isTyping(event) || isOnControl || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  key();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-send]")) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

document.addEventListener("click", (event) => {
  if (!root()) return;
  const link = event.target.closest("[data-show], .place-link");
  if (link?.dataset.show) {
    event.preventDefault();
    return toggle(link.dataset.show === "after");
  }
  if (link) {
    event.preventDefault();
    return choose(link.closest(".finding"));
  }
  const stepper = event.target.closest("[data-step]");
  if (stepper) return step(Number(stepper.dataset.step));
  if (event.target.closest("[data-discard]")) return boundaries?.discard();
  const mark = event.target.closest("#text mark");
  if (mark && getSelection().isCollapsed) choose(document.getElementById(`finding-${mark.dataset.finding}`), { focus: false, scroll: false });
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.id === "mark" && event.target.name === "words") form.elements.start.value = form.elements.end.value = "";
});
document.addEventListener("focusin", (event) => {
  const card = event.target.closest(".finding");
  if (card && card !== current) choose(card, { focus: false });
});
document.addEventListener("selectionchange", () => root() && onSelection());
addEventListener("resize", () => boundaries?.draw());
addEventListener("popstate", () => location.reload());

/** card: where to begin; null: with the first finding that is open; isCalled: whether eyes and ears go there. */
function begin(card, isCalled) {
  const named = cards().find((one) => `#${one.id}` === location.hash);
  const first = card ?? named ?? cards().find((one) => one.dataset.state === "open") ?? cards()[0];
  // On a phone the card lies over the page: when all is decided it makes way for what finishes the article.
  const isDone = innerWidth < 960 && !named && !cards().some((one) => one.dataset.state === "open");
  choose(isDone ? null : first ?? null, { focus: isCalled, scroll: isCalled });
  if (isDone && card) document.querySelector(".finishing").scrollIntoView({ block: "center" });
}

begin(null, false);
if (current) choose(current, { focus: false });
