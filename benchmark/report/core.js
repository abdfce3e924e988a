// What every part of the page uses: the data, elements, colours, numbers, axes.

const model = JSON.parse(document.getElementById("model").textContent);
const WHOLE = "whole";
const PALETTE = ["#2b7bd1", "#d9652b", "#2f9e5b", "#b5489d", "#94801a", "#7562d6", "#c43d4b", "#1f97a5", "#737b86", "#a2632e"];
const SHAPES = ["circle", "square", "diamond", "triangle"];
const redraws = []; // called when the page's width has changed

const byId = (id) => document.getElementById(id);

/** An element with attributes and children; text becomes text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The same for SVG. */
function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const colour = (method) => PALETTE[method % PALETTE.length];

/** A method's or part's mark: colour tells the first ten apart, shape the next. */
function marker(kind, x, y, fill, size = 5) {
  const shape = SHAPES[kind % SHAPES.length];
  if (shape === "circle") return draw("circle", { cx: x, cy: y, r: size, fill });
  const outline = {
    square: `M${x - size} ${y - size}h${2 * size}v${2 * size}h${-2 * size}z`,
    diamond: `M${x} ${y - size * 1.3}l${size * 1.3} ${size * 1.3}l${-size * 1.3} ${size * 1.3}l${-size * 1.3} ${-size * 1.3}z`,
    triangle: `M${x} ${y - size * 1.2}l${size * 1.2} ${size * 2.2}h${-size * 2.4}z`,
  };
  return draw("path", { d: outline[shape], fill });
}

const shapeOf = (method) => Math.floor(method / PALETTE.length);

/** A metric's value as the tables print it. */
function shown(metric, value) {
  const { factor, digits } = model.metrics[metric];
  const text = (value * factor).toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** Round numbers inside [low, high], about `count` of them. */
function ticks(low, high, count = 5) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [10, 5, 2, 1].map((k) => k * power).find((s) => s <= 1.5 * rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

/** [low, high] of some numbers with a margin. */
function range(numbers, margin = 0.06) {
  const low = Math.min(...numbers), high = Math.max(...numbers);
  const pad = (high - low || Math.abs(high) || 1) * margin;
  return [low - pad, high + pad];
}

/** A title as one line, or as two, as even as its words allow, where it is wider than its room. */
function linesOf(title, room) {
  const letter = 7.2, ends = [...title.matchAll(/ /g)].map((space) => space.index);
  if (title.length * letter <= room || !ends.length) return [title];
  const cut = ends.reduce((best, end) => (Math.abs(title.length - 2 * end) < Math.abs(title.length - 2 * best) ? end : best));
  return [title.slice(0, cut), title.slice(cut + 1)];
}

/** An empty chart in `host`: its <svg>, and functions from values to pixels. A flipped axis has its least at the far end. */
function axes(host, { x, y, xTitle, yTitle, flipX = false, flipY = false, xText = String, yText = String, height = 380 }) {
  const width = Math.max(280, host.clientWidth), left = 62, right = 14, top = 12;
  const below = linesOf(xTitle, width - left - right), bottom = 30 + 14 * below.length;
  const place = (value, [low, high], from, to) => from + ((value - low) / (high - low)) * (to - from);
  const px = (value) => (flipX ? place(value, x, width - right, left) : place(value, x, left, width - right));
  const py = (value) => (flipY ? place(value, y, top, height - bottom) : place(value, y, height - bottom, top));
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${yTitle} over ${xTitle}` });
  for (const tick of ticks(...x, Math.max(3, Math.floor(width / 130)))) {
    svg.append(draw("path", { class: "grid", d: `M${px(tick)} ${top}V${height - bottom}` }));
    svg.append(draw("text", { x: px(tick), y: height - bottom + 16, "text-anchor": "middle" }, xText(tick)));
  }
  for (const tick of ticks(...y)) {
    svg.append(draw("path", { class: "grid", d: `M${left} ${py(tick)}H${width - right}` }));
    svg.append(draw("text", { x: left - 6, y: py(tick) + 4, "text-anchor": "end" }, yText(tick)));
  }
  below.forEach((words, i) => {
    const y = height - 8 - 14 * (below.length - 1 - i);
    svg.append(draw("text", { class: "soft", x: (left + width - right) / 2, y, "text-anchor": "middle" }, words));
  });
  const middle = (top + height - bottom) / 2;
  svg.append(draw("text", { class: "soft", x: 14, y: middle, "text-anchor": "middle", transform: `rotate(-90 14 ${middle})` }, yTitle));
  host.replaceChildren(svg);
  return { svg, px, py, width, height, left, right, top, bottom };
}

/** Options of a <select>: [value, text] pairs. */
function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  if (chosen !== undefined && options.some(([value]) => String(value) === String(chosen))) select.value = chosen;
}

/** Draw now, when a control changes, and when the page's width does. */
function keepDrawn(redraw, ...controls) {
  for (const control of controls) control.addEventListener("change", redraw);
  redraws.push(redraw);
  redraw();
}

/** Show a section that has something to show, and its link. */
function reveal(id) {
  byId(id).hidden = false;
  document.querySelector(`nav a[href="#${id}"]`).hidden = false;
}

const methods = () => model.methods.map((name, i) => [i, name]);
const parts = () => [...new Set(model.rows.map((row) => row.part))];
const rowOf = (method, part) => model.rows.find((row) => row.method === Number(method) && row.part === part);
