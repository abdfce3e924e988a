// Matrices as tables whose cells are coloured: transfer from views of one kind to another, confused classes.

/** A table of coloured cells. rows, columns : [key, text] pairs; cell : (row, column) -> null or {text, title, share}, with
 *  a share of the colour from 0 to 1, and `ends`, a second line, if it has an interval. */
function heat(host, corner, rows, columns, cell) {
  const head = make("tr", {}, make("td", {}, corner), ...columns.map(([, text]) => make("th", { scope: "col" }, make("span", {}, text))));
  const body = rows.map(([row, text]) => make("tr", {}, make("th", { scope: "row" }, text), ...columns.map(([column]) => {
    const shown = cell(row, column);
    if (!shown) return make("td", {}, "–");
    return make("td", { title: shown.title, style: `--share: ${(100 * Math.min(1, Math.max(0, shown.share))).toFixed(0)}%` }, shown.text,
      ...(shown.ends ? [make("small", {}, shown.ends)] : []));
  })));
  host.replaceChildren(make("table", { class: "heat" }, make("thead", {}, head), make("tbody", {}, ...body)));
}

/** A metric's interval, and its value with it. */
const ends = (metric, [, low, high]) => `[${shown(metric, low)}, ${shown(metric, high)}]`;
const withInterval = (metric, entry) => `${shown(metric, entry[0])} ${ends(metric, entry)}`;

const PAIRS = 6; // most confused pairs of classes that are named

function confusion() {
  if (!model.confusion) return;
  reveal("confusion");
  const { classes, counts } = model.confusion, method = byId("confusion-method");
  fill(method, methods().filter(([i]) => counts[i]));
  keepDrawn(() => {
    const own = counts[method.value], totals = classes.map(() => 0), at = new Map();
    for (const [row, column, count] of own) {
      totals[row] += count;
      at.set(`${row}.${column}`, count);
    }
    const keys = classes.map((name, i) => [i, name]), percent = (row, column) => (100 * (at.get(`${row}.${column}`) ?? 0)) / (totals[row] || 1);
    heat(byId("confusion-table"), "true class", keys, keys, (row, column) => {
      const share = percent(row, column), title = `${share.toFixed(1)} % of the views of ${classes[row]} are predicted as ${classes[column]}`;
      return { text: share >= 0.5 ? share.toFixed(0) : "", title, share: row === column ? 0 : share / 50 };
    });
    const pairs = own.filter(([row, column]) => row !== column).sort((a, b) => percent(b[0], b[1]) - percent(a[0], a[1])).slice(0, PAIRS);
    byId("confusion-pairs").textContent = pairs.length
      ? `Most confused: ${pairs.map(([row, column]) => `${classes[row]} as ${classes[column]} (${percent(row, column).toFixed(0)} %)`).join(", ")}.`
      : "No view is predicted as another class.";
  }, method);
}

function transfer() {
  const cell = /^(transfer|drop)_(\w+)_without_(\w+)$/, across = /^across_(pose_)?(\w+)_to_(\w+)$/, spaced = (name) => [name, name.replaceAll("_", " ")];
  const found = (pattern, group) => [...new Set(Object.keys(model.metrics).flatMap((metric) => pattern.exec(metric)?.[group] ?? []))].map(spaced);
  const held = found(cell, 3), targets = found(cell, 2);
  if (!held.length) return;
  byId("transfer").hidden = false;
  const method = byId("transfer-method"), predicted = byId("varied-target");
  fill(predicted, [["", "class"], ["pose_", "pose"]]);
  fill(method, methods().filter(([i]) => Object.keys(rowOf(i, WHOLE).values).some((metric) => cell.test(metric))));
  keepDrawn(() => {
    const { values } = rowOf(method.value, WHOLE);
    heat(byId("transfer-table"), "held out", held, targets, (row, column) => {
      const name = `transfer_${column}_without_${row}`, lost = `drop_${column}_without_${row}`;
      if (!values[name]) return null;
      const drop = values[lost]; // a score leaves out numbers that are too large
      const text = `${shown(name, values[name][0])} (${drop ? shown(lost, -drop[0]) : "–"})`;
      const title = `${model.metrics[name].about}: ${withInterval(name, values[name])}${drop ? `; drop ${withInterval(lost, drop)}` : ""}`;
      return { text, title, ends: ends(name, values[name]), share: drop?.[0] ?? 0 };
    });
    const varied = found(across, 2).filter(([name]) => Object.keys(values).some((metric) => across.exec(metric)?.[2] === name));
    byId("varied").hidden = !varied.length;
    heat(byId("varied-table"), "varies in train", varied, varied, (row, column) => {
      const name = `across_${predicted.value}${row}_to_${column}`, entry = values[name];
      return entry && { text: shown(name, entry[0]), title: `${model.metrics[name].about}: ${withInterval(name, entry)}`, ends: ends(name, entry), share: 1 - entry[0] };
    });
  }, method, predicted);
}
