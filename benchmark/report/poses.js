// Distributions over poses: the view, and the sphere of directions with the probabilities.

function poses() {
  const drawn = model.distributions;
  const known = methods().filter(([i]) => drawn[i]);
  if (!known.length) return;
  byId("poses").hidden = false; // inside a section that is revealed already
  const chosen = byId("poses-method"), host = byId("poses-figure");
  fill(chosen, known);
  const redraw = () => {
    const views = drawn[chosen.value];
    host.classList.toggle("both", views.some(({ drawings }) => Object.keys(drawings).length > 1));
    host.replaceChildren(...views.map(({ object, view, drawings }) => {
      const spheres = make("div", { class: "spheres" }, ...Object.entries(drawings).map(([caption, drawing]) => {
        const sphere = make("figure");
        sphere.innerHTML = drawing; // made by report/poses.py from numbers
        sphere.append(make("figcaption", {}, caption));
        return sphere;
      }));
      if (object === null) return make("div", { class: "belief" }, spheres);
      const name = `${model.objects.classes[model.objects.class[object]]}, view ${view}`;
      const picture = make("img", { src: model.posed[`${object}.${view}`], alt: name, loading: "lazy" });
      return make("div", { class: "belief" }, make("figure", {}, picture, make("figcaption", {}, name)), spheres);
    }));
  };
  chosen.addEventListener("change", redraw);
  redraw();
}
