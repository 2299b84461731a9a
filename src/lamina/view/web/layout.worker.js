// Runs in a worker behind dagre: places boxes of given sizes in ranks, from left to right.
self.onmessage = ({ data: { id, boxes, edges, rankGap, laneGap } }) => {
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
  self.postMessage({ id, places });
};
