// One metric against another: a cross of intervals for every method.

function scatter() {
  const across = byId("across"), upwards = byId("upwards"), part = byId("scatter-part"), host = byId("scatter");
  const names = Object.keys(model.metrics).filter((name) => !model.metrics[name].point);
  const options = names.map((name) => [name, model.metrics[name].title]);
  const first = (wanted) => wanted.find((name) => names.includes(name)) ?? names[names.length - 1];
  fill(across, options, first(["top1"]));
  fill(upwards, options, first(["rotation_degrees_mean", "rotation_r2_mean"]));
  fill(part, parts().map((name) => [name, name]), WHOLE);
  const redraw = () => {
    const [a, b] = [across.value, upwards.value];
    const rows = model.rows.filter((row) => row.part === part.value && row.values[a] && row.values[b]);
    if (!rows.length) return host.replaceChildren(make("p", {}, "No method has both metrics for this part."));
    const ends = (metric) => range(rows.flatMap(({ values }) => [values[metric][1], values[metric][2], values[metric][3]]));
    const chart = axes(host, {
      x: ends(a), y: ends(b), xTitle: model.metrics[a].title, yTitle: model.metrics[b].title,
      flipX: !model.metrics[a].higher, flipY: !model.metrics[b].higher,
      xText: (value) => shown(a, value), yText: (value) => shown(b, value), height: 440,
    });
    const { svg, px, py } = chart;
    const floors = rows[0].values;
    svg.append(draw("path", { class: "floor", d: `M${px(floors[a][3])} ${chart.top}V${chart.height - chart.bottom}` }));
    svg.append(draw("path", { class: "floor", d: `M${chart.left} ${py(floors[b][3])}H${chart.width - chart.right}` }));
    const taken = [];
    for (const row of rows) {
      const [x, xLow, xHigh] = row.values[a].map(px), [y, yLow, yHigh] = row.values[b].map(py);
      const stroke = colour(row.method);
      const name = model.methods[row.method];
      const words = `${name}: ${shown(a, row.values[a][0])}, ${shown(b, row.values[b][0])}`;
      svg.append(draw("path", { d: `M${xLow} ${y}H${xHigh}M${x} ${yLow}V${yHigh}`, stroke, "stroke-opacity": 0.55, fill: "none" }));
      const point = marker(shapeOf(row.method), x, y, stroke);
      point.append(draw("title", {}, words));
      svg.append(point);
      taken.push({ of: row.method, left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 });
      row.at = [x, y];
    }
    for (const row of rows) label(chart, row, taken);
  };
  keepDrawn(redraw, across, upwards, part);
}

/**
 * A method's name beside its point and nearest to it, or further up or down with a line to it, where nothing else is
 * yet; the point's title has it in any case.
 */
function label({ svg, width, top, height, bottom, left }, { method, at: [x, y] }, taken) {
  const name = model.methods[method], wide = name.length * 6.6;
  const near = [[9, 4], [-9 - wide, 4], [-wide / 2, -11], [-wide / 2, 20]];
  const far = [26, 42, 58, 74, 90].flatMap((reach) => [-reach, reach + 8].flatMap((dy) => [[10, dy], [-10 - wide, dy]]));
  for (const [dx, dy] of [...near, ...far]) {
    const box = { left: x + dx, right: x + dx + wide, top: y + dy - 10, bottom: y + dy + 3 };
    const inside = box.left > left && box.right < width - 4 && box.top > top && box.bottom < height - bottom;
    const apart = (o, by) => box.right + by < o.left || box.left - by > o.right || box.bottom + by < o.top || box.top - by > o.bottom;
    if (inside && taken.every((o) => apart(o, o.of === undefined ? 2 : o.of === method ? 0 : 6))) {
      taken.push(box);
      const line = `M${x} ${y}L${dx > 0 ? box.left - 2 : box.right + 2} ${y + dy - 4}`;
      if (Math.abs(dy) > 20) svg.prepend(draw("path", { d: line, stroke: colour(method) }));
      svg.append(draw("text", { class: "label", x: box.left, y: y + dy }, name));
      return;
    }
  }
}
