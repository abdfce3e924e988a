// Buttons below each chart that save it as SVG or PNG: with its legend, its colours, and no link to this page.

const STYLES_SAVED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin", "opacity",
  "paint-order", "font-family", "font-size", "font-weight", "text-anchor"];
const FINER = 2; // pixels of a PNG for each pixel of the page

/** A copy of an SVG element in which the page's styles are attributes. */
function styledCopy(original) {
  const copy = original.cloneNode(true), from = [original, ...original.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of STYLES_SAVED) element.setAttribute(name, style.getPropertyValue(name));
    for (const name of ["class", "style"]) element.removeAttribute(name);
  });
  return copy;
}

const nameOf = (host) => host.id.replace("-chart", "");
const legendOf = (host) => byId(`${nameOf(host)}-legend`);

/** A chart with its legend as one <svg>. */
function figure(host) {
  const chart = host.querySelector("svg"), legend = legendOf(host);
  const { width, height } = chart.getBoundingClientRect(), below = legend?.childElementCount ? legend.getBoundingClientRect() : null;
  const size = { width: Math.ceil(width), height: Math.ceil(height + (below ? below.height + 12 : 0)) };
  const whole = draw("svg", { xmlns: "http://www.w3.org/2000/svg", ...size, viewBox: `0 0 ${size.width} ${size.height}` });
  const page = getComputedStyle(document.body);
  whole.append(draw("rect", { width: "100%", height: "100%", fill: page.backgroundColor }), styledCopy(chart));
  for (const entry of below ? legend.children : []) {
    const at = entry.getBoundingClientRect(), x = at.left - below.left, y = height + 6 + at.top - below.top;
    const mark = styledCopy(entry.querySelector("svg"));
    for (const [name, value] of Object.entries({ x, y: y + at.height / 2 - 6, width: 22, height: 12 })) mark.setAttribute(name, value);
    const style = { fill: page.color, "font-family": page.fontFamily, "font-size": getComputedStyle(entry).fontSize };
    whole.append(mark, draw("text", { x: x + 26, y: y + at.height / 2 + 5, ...style }, entry.textContent.trim()));
  }
  return { svg: new XMLSerializer().serializeToString(whole), ...size };
}

function download(name, content) {
  const link = make("a", { download: name, href: URL.createObjectURL(content) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function png({ svg, width, height }, name) {
  const image = new Image(), canvas = make("canvas", { width: FINER * width, height: FINER * height });
  image.addEventListener("load", () => {
    URL.revokeObjectURL(image.src);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((content) => download(name, content), "image/png");
  });
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
}

function saving() {
  for (const host of document.querySelectorAll(".chart")) {
    const name = nameOf(host);
    const button = (kind, save) => {
      const element = make("button", { type: "button", title: `Save this chart as ${kind}` }, kind);
      element.addEventListener("click", save);
      return element;
    };
    const row = make("p", { class: "saving" },
      button("SVG", () => download(`${name}.svg`, new Blob([figure(host).svg], { type: "image/svg+xml" }))),
      button("PNG", () => png(figure(host), `${name}.png`)));
    (legendOf(host) ?? host).after(row);
    const show = () => { row.hidden = !host.querySelector("svg"); };
    new MutationObserver(show).observe(host, { childList: true });
    show();
  }
}
