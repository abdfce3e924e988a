// Distributions over poses: the view, and the sphere of directions with the probabilities.

function poses() {
  const drawn = model.distributions;
  const known = methods().filter(([i]) => drawn[i]);
  if (!known.length) return;
  byId("poses").hidden = false; // inside a section that is revealed already
  const chosen = byId("poses-method"), host = byId("poses-figure");
  fill(chosen, known);
  const redraw = () => host.replaceChildren(...drawn[chosen.value].map(({ object, view, drawing }) => {
    const sphere = make("figure");
    sphere.innerHTML = drawing; // made by report/poses.py from numbers
    if (object === null) return make("div", { class: "belief" }, sphere);
    const name = `${model.objects.classes[model.objects.class[object]]}, view ${view}`;
    const picture = make("img", { src: model.posed[`${object}.${view}`], alt: name, loading: "lazy" });
    return make("div", { class: "belief" }, make("figure", {}, picture, make("figcaption", {}, name)), sphere);
  }));
  chosen.addEventListener("change", redraw);
  redraw();
}
