// Queries to a predictor: the source view, the wanted rotation, the retrieved view, and the target view.

/** The rotation between two views of an object: its angle, and the object's axes before (thin) and after (bold). */
function rotation(object, source, target) {
  const [before, after] = [source, target].map((view) => model.queries.poses[`${object}.${view}`]);
  if (!before || !after) return make("figure", {}, make("figcaption", {}, "another view"));
  const apart = (sign) => Math.hypot(...[0, 1, 2, 3].map((k) => before[k] - sign * after[k])); // q and -q are one rotation
  const degrees = (4 * Math.asin(Math.min(apart(1), apart(-1)) / 2) * 180) / Math.PI;
  const lines = Object.entries({ before, after }).flatMap(([name, pose]) => ["x", "y", "z"].map((axis, k) => {
    const [x, y] = [pose[4 + 2 * k], pose[5 + 2 * k]].map((end) => (48 + 40 * end).toFixed(1));
    return draw("path", { class: `${name} ${axis}`, d: `M48 48L${x} ${y}` });
  }));
  return make("figure", {}, draw("svg", { class: "axes", viewBox: "0 0 96 96", role: "img", "aria-label": "the rotation" }, ...lines),
    make("figcaption", {}, `rotated by ${degrees.toFixed(0)}°`));
}

/** A view's image; blank for a retrieved view that the page has no image of. */
function viewImage(object, view, alt) {
  const src = model.queries.pictures[`${object}.${view}`];
  return src ? make("img", { src, alt, loading: "lazy" }) : make("div", { class: "blank", role: "img", "aria-label": alt });
}

const classOf = (object) => model.objects.classes[model.objects.class[object]];

/** A name of several; with a number where it was there before. */
function numbered(names, k) {
  const before = names.slice(0, k).filter((name) => name === names[k]).length;
  return before ? `${names[k]} ${before + 1}` : names[k];
}

/** A query as four figures. */
function query({ object, source, target, retrieved, rank, among }) {
  const figure = (view, caption, kind = "") => make("figure", { class: kind }, viewImage(object, view, caption), make("figcaption", {}, caption));
  const right = retrieved === target;
  const verdict = right ? "retrieved: the target view" : `retrieved: view ${retrieved}; the target has rank ${rank} of ${among}`;
  return make("div", { class: "question" }, figure(source, `${classOf(object)}, view ${source}`), rotation(object, source, target),
    figure(retrieved, verdict, right ? "right" : "wrong"), figure(target, `target: view ${target}`));
}

function retrieval() {
  const queries = model.queries?.methods ?? {}, every = model.queries?.every ?? {};
  const known = methods().filter(([i]) => queries[i] || every[i]);
  if (!known.length) return;
  reveal("retrieval");
  const chosen = byId("retrieval-method");
  fill(chosen, known);
  const redraw = () => byId("retrieval-figure").replaceChildren(...(queries[chosen.value] ?? []).map(query));
  chosen.addEventListener("change", redraw);
  redraw();
  anyRetrieval(chosen, every);
}

/** Queries for a source and a target view that are chosen from all views of an object. */
function anyRetrieval(method, every) {
  const objects = byId("retrieval-object"), sources = byId("retrieval-sources"), targets = byId("retrieval-targets");
  const state = { source: 0, target: 1 }; // places among the views

  /** A view to choose, as a radio button with an image. */
  const choice = (kind, place, view) => {
    const input = make("input", { type: "radio", name: `retrieval-${kind}`, value: place });
    input.addEventListener("change", () => {
      state[kind] = place;
      show();
    });
    return make("label", {}, input, viewImage(objects.value, view, `view ${view}`), make("span", {}, String(view)));
  };

  const show = () => {
    const { views, retrieved, ranks, among, objects: own } = every[method.value], object = Number(objects.value);
    const { source } = state, row = ranks[own.indexOf(object)][source], column = (place) => place - (place > source);
    if (state.target === source) state.target = source ? 0 : 1;
    const at = column(state.target);
    byId("retrieval-query").replaceChildren(query({ object, source: views[source], target: views[state.target],
      retrieved: retrieved[own.indexOf(object)][source][at], rank: row[at], among }));
    [...sources.children].forEach((label, place) => { label.firstChild.checked = place === source; });
    [...targets.children].forEach((label, place) => {
      const [input, , text] = label.children, rank = row[column(place)];
      input.checked = place === state.target;
      input.disabled = place === source;
      label.className = place === source ? "off" : rank === 1 ? "right" : "";
      text.textContent = place === source ? "–" : rank;
    });
    byId("retrieval-count").textContent = `From view ${views[source]} of this object, ${row.filter((rank) => rank === 1).length} of ${row.length} targets are retrieved.`;
  };

  const redraw = () => {
    const own = every[method.value];
    byId("retrieval-every").hidden = !own;
    if (!own) return;
    fill(objects, own.objects.map((i, k) => [i, numbered(own.objects.map(classOf), k)]), objects.value);
    const last = own.views.length - 1;
    Object.assign(state, { source: Math.min(state.source, last), target: Math.min(state.target, last) });
    sources.replaceChildren(...own.views.map((view, place) => choice("source", place, view)));
    targets.replaceChildren(...own.views.map((view, place) => choice("target", place, view)));
    show();
  };
  for (const control of [method, objects]) control.addEventListener("change", redraw);
  redraw();
}
