// Behind dagre, in a worker or in the page: places boxes of given sizes in ranks, from left to right.
function placeBoxes({ boxes, edges, rankGap, laneGap }) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: rankGap, nodesep: laneGap, ranker: "longest-path" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const box of boxes) graph.setNode(box.id, { width: box.width, height: box.height });
  for (const [from, to] of edges) graph.setEdge(from, to);
  dagre.layout(graph);
  const places = {};
  for (const box of boxes) {
    const { x, y } = graph.node(box.id);
    places[box.id] = { x, y };
  }
  return places;
}

if (typeof WorkerGlobalScope !== "undefined") {
  self.onmessage = ({ data }) => self.postMessage({ id: data.id, places: placeBoxes(data) });
}
