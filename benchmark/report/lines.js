// Curves: errors over an orbit, logged values of training over steps.

/** Curves over x: lines of {method, name, points: [[x, y], ...] or [[x, y, low, high], ...]}, and maybe `floor`, [[x, y],
 *  ...], drawn thin and dotted; runs of one method are told apart by their dashes, intervals are drawn as bands. */
function curves(host, legend, lines, xTitle, yTitle) {
  const points = lines.flatMap((line) => line.points);
  const x = range(points.map((p) => p[0]), 0), y = range([...points.flatMap((p) => p.slice(1)), ...lines.flatMap((line) => (line.floor ?? []).map((p) => p[1]))]);
  const { svg, px, py } = axes(host, { x: x[0] < x[1] ? x : [x[0] - 1, x[1] + 1], y, xTitle, yTitle, height: 340 });
  const seen = new Map();
  const styles = lines.map(({ method }) => {
    const turn = seen.get(method) ?? 0;
    seen.set(method, turn + 1);
    return { stroke: colour(method), "stroke-width": 1.7, fill: "none", "stroke-dasharray": ["none", "6 3", "2 3", "8 3 2 3"][(turn + shapeOf(method)) % 4] };
  });
  const along = (points) => points.map(([a, b]) => `${px(a).toFixed(1)} ${py(b).toFixed(1)}`).join("L");
  lines.forEach(({ name, points, floor }, i) => {
    if (floor?.length > 1) {
      const under = draw("path", { class: "under", d: `M${along(floor)}`, stroke: styles[i].stroke, "stroke-dasharray": "1 4", fill: "none" });
      under.append(draw("title", {}, `${name}: floor`));
      svg.append(under);
    }
    if (points[0].length > 2) {
      const there = points.map(([a, , low]) => [a, low]), back = points.map(([a, , , high]) => [a, high]).reverse();
      svg.append(draw("path", { class: "band", d: `M${along([...there, ...back])}Z`, fill: styles[i].stroke }));
    }
    const line = points.length > 1
      ? draw("path", { d: `M${along(points)}`, ...styles[i] })
      : draw("circle", { cx: px(points[0][0]), cy: py(points[0][1]), r: 4, fill: styles[i].stroke });
    line.append(draw("title", {}, name));
    svg.append(line);
  });
  legend.replaceChildren(...lines.map(({ name }, i) =>
    make("span", {}, draw("svg", { viewBox: "0 0 22 12" }, draw("path", { d: "M0 6H22", ...styles[i] })), ` ${name}`)));
}

/** Curves whose points are metrics named KIND, a number, "_" and a name, such as cosine2_rot_x: `id` is that of the
 *  block, its controls and chart; the title of the horizontal axis is made from the chosen name. */
function metricCurves(kind, id, xTitle, yTitle) {
  const point = new RegExp(`^${kind}([0-9]+)_(\\w+)$`), match = (metric) => point.exec(metric);
  const names = [...new Set(Object.keys(model.metrics).flatMap((metric) => match(metric)?.[2] ?? []))];
  if (!names.length) return;
  byId(id).hidden = false;
  const chosen = byId(`${id}-name`), part = byId(`${id}-part`);
  fill(chosen, names.map((name) => [name, name.replaceAll("_", " ")]));
  fill(part, parts().map((name) => [name, name]), WHOLE);
  const redraw = () => {
    const lines = model.rows.filter((row) => row.part === part.value).map((row) => {
      const points = Object.entries(row.values).flatMap(([metric, [value, low, high, floor]]) =>
        match(metric)?.[2] === chosen.value ? [[Number(match(metric)[1]), value, low, high, floor]] : []).sort((a, b) => a[0] - b[0]);
      const floor = points.map(([x, , , , y]) => [x, y]);
      return { method: row.method, name: model.methods[row.method], points: points.map((point) => point.slice(0, 4)), floor };
    });
    curves(byId(`${id}-chart`), byId(`${id}-legend`), lines.filter(({ points }) => points.length),
      xTitle(chosen.value.replaceAll("_", " ")), yTitle);
  };
  keepDrawn(redraw, chosen, part);
}

function descriptions() {
  metricCurves("cosine", "sensitivity", (factor) => `changes of ${factor}: 1 the smallest quarter, 4 the largest`, "cosine");
  metricCurves("risk", "uncertainty", (scalar) => `% of the views, those first that the ${scalar} makes most certain`, "share of wrong classes");
  metricCurves("match", "correspondence", (over) => ({ angle: "rotation between the views, degrees: upper end of the bin",
    depth: "depth of the stage, % of the encoder's stages" })[over], "share of right matches");
  metricCurves("mirror", "mirror", () => "angle between the two poses, degrees: upper end of the bin", "share of errors");
}

function orbits() {
  const sweeps = Object.keys(model.orbits);
  if (!sweeps.length) return;
  reveal("orbits");
  const sweep = byId("orbit-sweep"), curve = byId("orbit-curve"), part = byId("orbit-part"), of = byId("orbit-of");
  const [first] = Object.values(model.orbits);
  const partsOf = ({ curves: { similarity } }) => similarity.lines.map((line) => line.part);
  const everywhere = parts().filter((name) => Object.values(model.orbits).every((orbit) => partsOf(orbit).includes(name)));
  fill(sweep, sweeps.map((name) => [name, name]));
  fill(curve, Object.entries(first.curves).map(([name, { title }]) => [name, title]), "place_error");
  fill(part, everywhere.map((name) => [name, name]), WHOLE);
  fill(of, [["mean", "mean over objects"], ["worst", "worst object"]]);
  keepDrawn(() => {
    const { axis, curves: kinds } = model.orbits[sweep.value], { title, lines } = kinds[curve.value];
    const shown = lines.filter((line) => line.part === part.value).map((line) => ({ ...line, points: line[of.value] }));
    curves(byId("orbit-chart"), byId("orbit-legend"), shown, axis, title);
  }, sweep, curve, part, of);
}

function training() {
  const terms = Object.keys(model.curves);
  if (!terms.length) return;
  reveal("training");
  const term = byId("curve-term");
  fill(term, terms.map((name) => [name, name.replaceAll("_", " ")]), "loss");
  keepDrawn(() => curves(byId("curve-chart"), byId("curve-legend"), model.curves[term.value], "step", term.value.replaceAll("_", " ")), term);
}
