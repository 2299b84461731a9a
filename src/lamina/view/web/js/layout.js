// Where nodes stand: dagre in a worker, for the 3-D and the 2-D view alike.

/** @type {Promise<(question: object) => Promise<any>> | null} */
let ask = null;
let questions = 0;

async function source() {
  const embedded = document.getElementById("layout-worker");
  if (embedded) return embedded.textContent;
  const texts = await Promise.all(
    ["./vendor/dagre.min.js", "./layout.worker.js"].map((name) => fetch(name).then((answer) => answer.text())),
  );
  return texts.join("\n");
}

/** Start a worker; where a page may have none, as in some notebooks, the page itself does its work. */
async function start() {
  const text = await source();
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const started = new Worker(address);
    const ask = asking(started);
    await ask({ boxes: [], edges: [], rankGap: 0, laneGap: 0 });
    return ask;
  } catch {
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
    return async (question) => globalThis.placeBoxes(question);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** @param {Worker} worker @returns {(question: object) => Promise<any>} */
function asking(worker) {
  return (question) => {
    const id = ++questions;
    return new Promise((resolve, reject) => {
      const hear = ({ data }) => {
        if (data.id !== id) return;
        worker.removeEventListener("message", hear);
        resolve(data.places);
      };
      worker.addEventListener("message", hear);
      worker.addEventListener("error", reject, { once: true });
      worker.postMessage({ ...question, id });
    });
  };
}

/**
 * Break a long row of ranks into shelves, one below the other, so that it fills a frame.
 * @param {{id: string, width: number, height: number}[]} boxes
 * @param {Record<string, {x: number, y: number}>} places as `layout` gives them
 * @param {number} aspect width by height of the frame
 * @param {(ids: string[]) => number} heightOf how much room a shelf with some boxes takes
 * @param {number} [rows] number of shelves; by default that with the largest picture
 * @returns {Record<string, {x: number, y: number, shelf: number, top: number}>} `top` of each box's shelf
 */
export function shelves(boxes, places, aspect, heightOf, rows) {
  const left = (box) => places[box.id].x - box.width / 2;
  const right = (box) => places[box.id].x + box.width / 2;
  const sorted = [...boxes].sort((a, b) => left(a) - left(b));
  const runs = /** @type {{boxes: typeof boxes, start: number, end: number}[]} */ ([]);
  for (const box of sorted) {
    const last = runs[runs.length - 1];
    if (last && left(box) < last.end) {
      last.boxes.push(box);
      last.end = Math.max(last.end, right(box));
    } else runs.push({ boxes: [box], start: left(box), end: right(box) });
  }
  const broken = (count) => {
    const start = runs[0].start;
    const longest = Math.max((runs[runs.length - 1].end - start) / count, ...runs.map((run) => run.end - run.start));
    const lines = [[runs[0]]];
    for (const run of runs.slice(1)) {
      const line = lines[lines.length - 1];
      if ((run.start + run.end) / 2 - line[0].start > longest) lines.push([run]);
      else line.push(run);
    }
    const heights = lines.map((line) => heightOf(line.flatMap((run) => run.boxes.map((box) => box.id))));
    const width = Math.max(...lines.map((line) => line[line.length - 1].end - line[0].start));
    const height = heights.reduce((a, b) => a + b, 0);
    return { lines, heights, scale: Math.min(aspect / width, 1 / height) };
  };
  const counts = rows ? [rows] : Array.from({ length: Math.min(8, runs.length) }, (_, i) => i + 1);
  const best = counts.map(broken).reduce((a, b) => (b.scale > 1.08 * a.scale ? b : a));
  const placed = {};
  let top = 0;
  best.lines.forEach((line, shelf) => {
    for (const run of line) {
      for (const { id } of run.boxes) placed[id] = { x: places[id].x - line[0].start, y: places[id].y, shelf, top };
    }
    top += best.heights[shelf];
  });
  return placed;
}

/**
 * @param {{id: string, width: number, height: number}[]} boxes
 * @param {[string, string][]} edges
 * @param {number} rankGap @param {number} laneGap
 * @returns {Promise<Record<string, {x: number, y: number}>>} the middles of the boxes
 */
export async function layout(boxes, edges, rankGap, laneGap) {
  ask ??= start();
  return (await ask)({ boxes, edges, rankGap, laneGap });
}
