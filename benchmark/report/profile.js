// A method's metrics side by side, each on its way from the floor to the ceiling, part by part.

const HEAD = 30; // height of a topic's heading

/** How far a value is from the floor (0) to the ceiling, or to a perfect prediction where no ceiling is known (1). Where the
 *  floor is the best value, as of leaks, 1 is the floor, and less is worse. */
function share(metric, [, , , floor, ceiling], value) {
  const goal = ceiling ?? (model.metrics[metric].higher ? 1 : 0);
  return goal === floor ? 1 - Math.abs(value - floor) : (value - floor) / (goal - floor);
}

/** A text of one or two lines that ends at x and has its middle at y. */
function ending(lines, x, y) {
  const line = 14, first = y + 4 - ((lines.length - 1) * line) / 2;
  return draw("text", { "text-anchor": "end" }, ...lines.map((words, i) => draw("tspan", { x, y: first + i * line }, words)));
}

function profile() {
  const chosen = byId("profile-method"), other = byId("profile-other"), host = byId("profile-chart");
  fill(chosen, methods(), 0);
  fill(other, [["", "no other"], ...methods()], model.methods.length > 1 ? 1 : "");
  const redraw = () => {
    const lines = [...new Set([chosen.value, other.value])].filter((value) => value !== "").map(Number).flatMap((method, k) =>
      parts().map((part, i) => ({ row: rowOf(method, part), part, i, k })).filter(({ row, k }) => row && (k === 0 || row.part === WHOLE)));
    const metrics = Object.keys(model.metrics).filter((metric) => model.metrics[metric].ranked && lines.some(({ row }) => row.values[metric]));
    const width = Math.max(280, host.clientWidth), left = Math.min(210, width * 0.45), right = 14, top = 8;
    const topics = [...new Set(metrics.map((metric) => model.metrics[metric].topic))];
    metrics.sort((a, b) => topics.indexOf(model.metrics[a].topic) - topics.indexOf(model.metrics[b].topic));
    const heads = metrics.map((metric, m) => m === 0 || model.metrics[metric].topic !== model.metrics[metrics[m - 1]].topic);
    const titles = metrics.map((metric) => linesOf(model.metrics[metric].title, left - 8));
    const steps = titles.map((words, m) => 10 + 14 * words.length + (heads[m] ? HEAD : 0));
    const height = top + steps.reduce((sum, step) => sum + step, 0) + 30;
    const shares = lines.flatMap(({ row }) => metrics.filter((metric) => row.values[metric]).flatMap((metric) => [1, 2].map((end) => share(metric, row.values[metric], row.values[metric][end]))));
    const [low, high] = [Math.max(-0.5, Math.min(0, ...shares)) - 0.02, Math.max(1, Math.min(1.2, ...shares)) + 0.02];
    const px = (at) => left + ((Math.max(low, Math.min(high, at)) - low) / (high - low)) * (width - left - right);
    const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "profile" });
    for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
      svg.append(draw("path", { class: tick ? "grid" : "floor", d: `M${px(tick)} ${top}V${height - 24}` }));
      svg.append(draw("text", { x: px(tick), y: height - 8, "text-anchor": "middle" }, String(tick)));
    }
    let bottom = top;
    metrics.forEach((metric, m) => {
      const { title, about, topic } = model.metrics[metric], above = heads[m] ? HEAD : 0;
      const y = bottom + above + (steps[m] - above) / 2;
      if (above) svg.append(draw("text", { class: "topic", x: 0, y: bottom + above - 8 }, topic));
      bottom += steps[m];
      const text = ending(titles[m], left - 8, y);
      text.append(draw("title", {}, about));
      svg.append(text);
      lines.forEach(({ row, part, i, k }, slot) => {
        if (!row.values[metric]) return;
        const values = row.values[metric], place = (value) => px(share(metric, values, value));
        const at = y + (slot - (lines.length - 1) / 2) * 5;
        const fill = colour(row.method);
        svg.append(draw("path", { d: `M${place(values[1])} ${at}H${place(values[2])}`, stroke: fill, "stroke-opacity": 0.6, "stroke-width": 2 }));
        const mark = marker(i, place(values[0]), at, fill, k ? 3.5 : 4.5);
        mark.append(draw("title", {}, `${model.methods[row.method]}, ${part}: ${title} ${shown(metric, values[0])}`));
        svg.append(mark);
      });
    });
    host.replaceChildren(svg);
    byId("profile-legend").replaceChildren(...lines.map(({ row, part, i }) =>
      make("span", {}, draw("svg", { viewBox: "0 0 22 12" }, marker(i, 11, 6, colour(row.method), 4)), ` ${model.methods[row.method]}, ${part}`)));
  };
  keepDrawn(redraw, chosen, other);
}
