// The text on the page ↔ the source: offsets count Unicode code points, as the server does; scripts count UTF-16.
// Each run of the text tells where it starts (data-at); one that is spelled out also where it ends (data-until).

function points(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const runOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-at]");
const isSpelled = (run) => run.dataset.until !== undefined;
const startOf = (run) => Number(run.dataset.at);
const endOf = (run) => (isSpelled(run) ? Number(run.dataset.until) : startOf(run) + points(run.textContent));

function offsetIn(run, node, index) {
  if (node.nodeType !== Node.TEXT_NODE) return index > 0 ? endOf(run) : startOf(run);
  if (isSpelled(run)) return index > 0 ? endOf(run) : startOf(run);
  return startOf(run) + points(node.data.slice(0, index));
}

/** The offset in the source of a place on the page; null where no text is. */
export function offsetAt(node, index) {
  const run = runOf(node);
  return run ? offsetIn(run, node, index) : null;
}

/** The span of the source that a range of the page holds, without white space at its ends; null: no text. */
export function spanOf(range, text) {
  const runs = [...text.querySelectorAll("[data-at]")].filter((run) => {
    if (!run.getClientRects().length || !range.intersectsNode(run)) return false;
    const inside = document.createRange();
    inside.selectNodeContents(run);
    return range.compareBoundaryPoints(Range.START_TO_END, inside) > 0 && range.compareBoundaryPoints(Range.END_TO_START, inside) < 0;
  });
  if (!runs.length) return null;
  const [first, last] = [runs[0], runs[runs.length - 1]];
  const start = first.contains(range.startContainer) ? offsetIn(first, range.startContainer, range.startOffset) : startOf(first);
  const end = last.contains(range.endContainer) ? offsetIn(last, range.endContainer, range.endOffset) : endOf(last);
  const said = runs.flatMap(charactersIn).filter((one) => one.start < end && start < one.end && one.text.trim());
  return said.length ? { start: said[0].start, end: said[said.length - 1].end } : null;
}

/** All characters of the text, as readers count them: where each starts and ends in the source, and what it is. */
export function charactersOf(text) {
  return [...text.querySelectorAll("[data-at]")].flatMap(charactersIn);
}

function charactersIn(run) {
  if (isSpelled(run)) return [{ start: startOf(run), end: endOf(run), text: run.textContent, run, index: 0, length: run.textContent.length }];
  const characters = [];
  let start = startOf(run), index = 0;
  for (const { segment } of graphemes.segment(run.textContent)) {
    const end = start + points(segment);
    characters.push({ start, end, text: segment, run, index, length: segment.length });
    start = end;
    index += segment.length;
  }
  return characters;
}

/** The range of the page from one character to another, both included. */
export function rangeOf(first, last) {
  const range = document.createRange();
  range.setStart(first.run.firstChild, first.index);
  range.setEnd(last.run.firstChild, last.index + last.length);
  return range;
}
