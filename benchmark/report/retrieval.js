// Queries to a predictor: the source view, the retrieved view, and the target view.

function retrieval() {
  const queries = model.queries?.methods ?? {};
  const known = methods().filter(([i]) => queries[i]);
  if (!known.length) return;
  reveal("retrieval");
  const chosen = byId("retrieval-method"), host = byId("retrieval-figure");
  fill(chosen, known);
  const picture = (object, view, caption, kind = "") => make("figure", { class: kind },
    make("img", { src: model.queries.pictures[`${object}.${view}`], alt: caption, loading: "lazy" }), make("figcaption", {}, caption));
  const redraw = () => host.replaceChildren(...queries[chosen.value].map(({ object, source, target, retrieved, rank, among }) => {
    const question = make("figure"), turn = model.queries.turns[`${object}.${target}`];
    if (turn) question.innerHTML = turn[1]; // drawn by report/pictures.py from numbers
    question.append(make("figcaption", {}, turn ? `rotated by ${turn[0].toFixed(0)}°` : "another view"));
    const right = retrieved === target;
    const verdict = right ? "retrieved: the target view" : `retrieved: view ${retrieved}; the target has rank ${rank} of ${among}`;
    return make("div", { class: "question" }, picture(object, source, `${model.objects.classes[model.objects.class[object]]}, view ${source}`),
      question, picture(object, retrieved, verdict, right ? "right" : "wrong"), picture(object, target, `target: view ${target}`));
  }));
  chosen.addEventListener("change", redraw);
  redraw();
}
