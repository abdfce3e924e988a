// Curves: logged values of training over steps.

/** Curves over x: lines of {method, name, points: [[x, y], ...]}, runs of one method told apart by their dashes. */
function curves(host, legend, lines, xTitle, yTitle) {
  const points = lines.flatMap((line) => line.points);
  const x = range(points.map((p) => p[0]), 0), y = range(points.map((p) => p[1]));
  const { svg, px, py } = axes(host, { x: x[0] < x[1] ? x : [x[0] - 1, x[1] + 1], y, xTitle, yTitle, height: 340 });
  const seen = new Map();
  const styles = lines.map(({ method }) => {
    const turn = seen.get(method) ?? 0;
    seen.set(method, turn + 1);
    return { stroke: colour(method), "stroke-width": 1.7, fill: "none", "stroke-dasharray": ["none", "6 3", "2 3", "8 3 2 3"][(turn + shapeOf(method)) % 4] };
  });
  lines.forEach(({ name, points }, i) => {
    const path = draw("path", { d: points.map(([a, b], k) => `${k ? "L" : "M"}${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join(""), ...styles[i] });
    path.append(draw("title", {}, name));
    svg.append(path);
  });
  legend.replaceChildren(...lines.map(({ name }, i) =>
    make("span", {}, draw("svg", { viewBox: "0 0 22 12" }, draw("path", { d: "M0 6H22", ...styles[i] })), ` ${name}`)));
}

function training() {
  const terms = Object.keys(model.curves);
  if (!terms.length) return;
  reveal("training");
  const term = byId("curve-term");
  fill(term, terms.map((name) => [name, name.replaceAll("_", " ")]), "loss");
  keepDrawn(() => curves(byId("curve-chart"), byId("curve-legend"), model.curves[term.value], "step", term.value.replaceAll("_", " ")), term);
}
