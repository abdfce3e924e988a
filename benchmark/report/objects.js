// From a method's score down to its classes and objects, worst first.

const TILES = 12;

/** The values per object that `content.packed` made. */
function unpacked([low, high, text]) {
  return Array.from(atob(text), (letter) => low + ((high - low) * letter.charCodeAt(0)) / 255);
}

function objects() {
  const all = model.objects;
  if (!all || !Object.keys(all.values).length) return;
  reveal("objects");
  const method = byId("object-method"), metric = byId("object-metric"), table = byId("classes");
  const state = { values: [], worst: [], only: null, tiles: TILES };
  fill(metric, Object.keys(all.values).map((name) => [name, model.metrics[name].title]), model.sort);

  const views = (i) => {
    const { answers } = model, own = answers?.methods[method.value], at = answers?.objects.indexOf(i) ?? -1;
    const box = byId("object-views");
    box.hidden = !own || at < 0;
    if (box.hidden) return;
    byId("object-title").textContent = `Views of ${all.names[i]}, ${all.classes[all.class[i]]}`;
    byId("object-tiles").replaceChildren(...answers.views.map((view, k) => {
      const source = answers.pictures[`${i}.${view}`], name = own.classes[own.predicted[at][k]], right = name === all.classes[all.class[i]];
      const image = source ? make("img", { src: source, alt: `view ${view}`, loading: "lazy" }) : make("div", { class: "blank" });
      const degrees = own.degrees ? ` · ${own.degrees[at][k]}°` : "";
      return make("figure", { class: right ? "right" : "wrong" }, image, make("figcaption", {}, `${view}: ${name}${degrees}`));
    }));
  };

  const tiles = () => {
    byId("object-views").hidden = true;
    const chosen = state.worst.filter((i) => state.only === null || all.class[i] === state.only);
    const name = state.only === null ? "all classes" : all.classes[state.only];
    byId("worst-title").textContent = `Worst objects of ${name}, ${model.metrics[metric.value].title}`;
    byId("worst").replaceChildren(...chosen.slice(0, state.tiles).map((i) => {
      const source = all.pictures[`${i}.0`];
      const image = source ? make("img", { src: source, alt: all.names[i], loading: "lazy" }) : make("div", { class: "blank" });
      const figure = make("figure", { title: all.names[i] }, image,
        make("figcaption", {}, `${shown(metric.value, state.values[i])} · ${all.classes[all.class[i]]}`));
      if (!model.answers?.methods[method.value] || !model.answers.objects.includes(i)) return figure;
      const button = make("button", { type: "button", class: "tile", "aria-label": `views of ${all.names[i]}` }, figure);
      button.addEventListener("click", () => views(i));
      return button;
    }));
    byId("worst-more").hidden = chosen.length <= state.tiles;
    for (const row of table.tBodies[0].rows) row.setAttribute("aria-selected", String(Number(row.dataset.index) === state.only));
  };

  const classes = () => {
    const sign = model.metrics[metric.value].higher ? 1 : -1;
    const means = all.classes.map((name, index) => {
      const own = state.values.filter((_, i) => all.class[i] === index);
      return { name, index, count: own.length, mean: own.reduce((a, b) => a + b, 0) / own.length };
    }).sort((a, b) => sign * (a.mean - b.mean));
    const most = Math.max(...means.map(({ mean }) => Math.abs(mean))) || 1;
    const head = make("thead", {}, make("tr", {}, ...["class", "objects", model.metrics[metric.value].title, ""].map((t) => make("th", { scope: "col" }, t))));
    const rows = means.map(({ name, index, count, mean }) => {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => {
        Object.assign(state, { only: state.only === index ? null : index, tiles: TILES });
        tiles();
      });
      const bar = make("div");
      bar.style.width = `${(100 * Math.abs(mean)) / most}%`;
      return make("tr", { "data-index": index }, make("td", {}, button), make("td", {}, String(count)),
        make("td", {}, shown(metric.value, mean)), make("td", { class: "bar" }, bar));
    });
    table.replaceChildren(head, make("tbody", {}, ...rows));
  };

  const redraw = () => {
    const known = methods().filter(([i]) => all.values[metric.value][i]);
    fill(method, known, method.value);
    state.values = unpacked(all.values[metric.value][method.value]);
    const sign = model.metrics[metric.value].higher ? 1 : -1;
    state.worst = state.values.map((_, i) => i).sort((a, b) => sign * (state.values[a] - state.values[b]) || a - b);
    Object.assign(state, { only: null, tiles: TILES });
    classes();
    tiles();
  };
  byId("worst-more").addEventListener("click", () => {
    state.tiles += TILES;
    tiles();
  });
  for (const control of [method, metric]) control.addEventListener("change", redraw);
  redraw();
}
